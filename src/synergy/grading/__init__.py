"""Grading: is an answer right, by which rule, and was the response laid out as asked?"""

from synergy.grading.extract import Extraction, extract
from synergy.grading.free_extract import extract_freely
from synergy.grading.grade import Attempt, grade, grade_answer, grade_many
from synergy.grading.layout import follows_format
from synergy.grading.pool import WorkerPool, shared_pool

__all__ = [
    "Attempt",
    "Extraction",
    "WorkerPool",
    "extract",
    "extract_freely",
    "follows_format",
    "grade",
    "grade_answer",
    "grade_many",
    "shared_pool",
]
