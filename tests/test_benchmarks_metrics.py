"""How runs are summed up, on tables worked out by hand."""

import math
from collections.abc import Sequence

import pytest

from synergy.benchmarks.benchmark import Graded
from synergy.benchmarks.registry import BENCHMARKS, get_benchmark
from synergy.records import AnswerKind, Problem, Verdict, VerdictStatus


def graded(correct: bool | None, *, level: int | None = None, **tags: str) -> Graded:
    """An attempt; `correct` None is unscored."""
    problem = Problem(id="", question="?", answer="1", answer_kind=AnswerKind.NUMBER, level=level, tags=tags)
    status = VerdictStatus.UNSCORED if correct is None else [VerdictStatus.WRONG, VerdictStatus.CORRECT][correct]
    score = None if correct is None else float(correct)
    return Graded(problem=problem, verdict=Verdict(status=status, score=score, extracted=None, rule=""))


def summed(name: str, attempts: Sequence[Graded]) -> dict[str, tuple[float, int]]:
    return {key: (value.value, value.num) for key, value in get_benchmark(name).metrics(attempts).items()}


def test_dynamath_counts_a_question_only_where_every_variant_is_right() -> None:
    # question 1 is right in 3 of 3 variants, question 2 in 1 of 2, question 3 (another subject) in 0 of 1
    algebra = {"subject": "algebra", "knowledge_level": "high school"}
    attempts = [
        *[graded(True, qid="1", **algebra)] * 3,
        graded(True, qid="2", **algebra),
        graded(False, qid="2", **algebra),
        graded(False, qid="3", subject="chess", knowledge_level="high school"),
    ]
    assert summed("dynamath", attempts) == {
        "average": (4 / 6, 6),
        "worst_case": (1 / 3, 3),
        "subject/algebra": (4 / 5, 5),
        "subject/chess": (0.0, 1),
        "worst_case/algebra": (1 / 2, 2),
        "worst_case/chess": (0.0, 1),
        "knowledge_level/high school": (4 / 6, 6),
        "worst_case/high school": (1 / 3, 3),
    }


def wemath_problem(steps: str, whole: bool, *, number: str) -> list[Graded]:
    """A problem's rows; `steps` is "10" for the first of two steps right and the second wrong."""
    kind = f"{len(steps)}steps"
    parts = [(str(index), step == "1") for index, step in enumerate(steps, start=1)] + [("multi", whole)]
    return [graded(right, ID=number, key=f"{kind}_{part}") for part, right in parts]


def test_wemath_four_dimensions_strict_and_loose() -> None:
    attempts = [
        *wemath_problem("11", True, number="1"),  # mastered both ways
        *wemath_problem("10", True, number="2"),  # strict: by rote; loose: mastered
        *wemath_problem("00", True, number="3"),  # by rote both ways
        *wemath_problem("11", False, number="4"),  # not generalised
        *wemath_problem("01", False, number="5"),  # knowledge lacks
        *wemath_problem("111", True, number="1"),  # three steps: another problem than two steps' 1; mastered
        *wemath_problem("101", True, number="2"),  # strict: by rote; loose: mastered
        *wemath_problem("110", False, number="3"),  # knowledge lacks
    ]
    found = summed("wemath", attempts)
    # N = 8, IK = 2, IG = 1; strict CM = 2, RM = 3; loose CM = 4, RM = 1
    assert found["strict"] == ((8 - 0.5 * 1 - 3 - 2) / 8, 8)
    assert found["loose"] == ((8 - 0.5 * 1 - 1 - 2) / 8, 8)
    assert found["insufficient_knowledge"] == (2 / 8, 8)
    assert found["inadequate_generalization"] == (1 / 8, 8)
    assert found["strict/complete_mastery"] == (2 / 8, 8)
    assert found["loose/complete_mastery"] == (4 / 8, 8)
    assert found["strict/rote_memorization"] == (3 / 5, 5)
    assert found["loose/rote_memorization"] == (1 / 5, 5)
    assert found["one_step"] == (13 / 19, 19)
    assert found["two_steps"] == (3 / 5, 5)
    assert found["three_steps"] == (2 / 3, 3)
    assert found["accuracy"] == (18 / 27, 27)


def test_wemath_leaves_out_problems_with_rows_missing() -> None:
    found = summed("wemath", [*wemath_problem("11", True, number="1"), graded(True, ID="2", key="2steps_1")])
    assert found["strict"] == (1.0, 1)
    nothing = summed("wemath", [graded(True, ID="2", key="2steps_1")])
    assert math.isnan(nothing["strict"][0])
    assert nothing["strict"][1] == 0


def test_mathverse_has_two_named_metrics() -> None:
    attempts = [
        graded(True, problem_version="Text Lite", subject="Plane Geometry"),
        graded(True, problem_version="Vision Only", subject="Plane Geometry"),
        graded(False, problem_version="Vision Only", subject="Functions"),
    ]
    found = summed("mathverse", attempts)
    assert (found["all_versions"], found["vision_only"]) == ((2 / 3, 3), (1 / 2, 2))
    assert found["problem_version/Text Lite"] == (1.0, 1)
    assert found["subject/Plane Geometry"] == (1.0, 2)
    assert summed("mathverse", attempts[:1])["vision_only"][1] == 0


def test_mmmu_counts_questions_of_the_validation_split() -> None:
    attempts = [
        graded(True, split="validation", subject="Art", discipline="Art and Design"),
        graded(False, split="validation", subject="Math", discipline="Science"),
        graded(None, split="validation", subject="Math", discipline="Science"),
        graded(True, split="dev", subject="Math", discipline="Science"),
    ]
    found = summed("mmmu", attempts)
    assert found["overall"] == (1 / 3, 3)  # what nothing could score stays in the denominator
    assert found["discipline/Science"] == found["subject/Math"] == (0.0, 2)


def test_mmstar_has_the_mean_of_its_capabilities_too() -> None:
    attempts = [graded(True, category="math"), *[graded(False, category="logic")] * 3]
    found = summed("mmstar", attempts)
    assert (found["overall"], found["macro"]) == ((1 / 4, 4), (1 / 2, 2))


def test_several_labels_and_levels() -> None:
    attempts = [
        graded(True, level=1, skill="inductive; spatial"),
        graded(False, level=5, skill="spatial"),
        graded(True),
    ]
    assert summed("logicvista", attempts) == {
        "overall": (2 / 3, 3),
        "skill/inductive": (1.0, 1),
        "skill/spatial": (1 / 2, 2),
        "level/1": (1.0, 1),
        "level/5": (0.0, 1),
    }


@pytest.mark.parametrize("name", BENCHMARKS)
def test_the_main_metric_is_there_and_is_a_share(name: str) -> None:
    parts = [("1", True), ("2", True), ("multi", True)]
    attempts = [graded(right, qid="1", ID="1", key=f"2steps_{part}") for part, right in parts]
    values = get_benchmark(name).metrics(attempts)
    assert values[get_benchmark(name).main_metric].value == 1.0
    assert values[get_benchmark(name).main_metric].num in (1, 3)
