"""MM-Eureka's K12 evaluation set: 500 exam questions with figures (ModalMinds/MM-EUREKA, eval/k12/k12.json).

Columns id, question, answer, image_path. The answers are LaTeX, numbers, words, several parts, sometimes a whole
derivation; `answer_kinds` decides which of them can be graded, a row whose answer cannot is no problem. The set has no
reasoning: `answer_only` is a trace that states the answer and nothing else, for stages that cannot do without.
"""

from synergy.data.layouts.answer_kinds import gradable
from synergy.data.layouts.layout import Layout, Row, text


def _read(row: Row) -> Row | None:
    found = gradable(text(row, "answer"))
    if found is None:
        return None
    answer, kind = found
    return {
        "id": text(row, "id"),
        "question": text(row, "question"),
        "answer": answer,
        "answer_kind": kind,
        "images": [text(row, "image_path")],
        "source": "mm_eureka_k12",
        "family": kind.value,
        "answer_only": f"The answer is {answer}.",
    }


MM_EUREKA_K12 = Layout(
    source="ModalMinds/MM-EUREKA, eval/k12",
    columns=("id", "question", "answer", "image_path"),
    read=_read,
    traces=("answer_only",),
)
