r"""Eureka-Distill (2507.07562, section 2.1): MM-Eureka's queries with self-distilled long reasoning.

**Its columns are not known**: the project's README says "coming soon". The study trained with LLaMA-Factory, so this
reads that framework's chat format (`conversations` or `messages`, pictures in `images`) with the paper's layout of a
response, <think> … </think> and \boxed{}. A table of other columns is refused, naming them. As the published answers
are not known either, the gold answer is the response's own, which the paper says was checked.
"""

from synergy.data.layouts.answer_kinds import gradable
from synergy.data.layouts.chats import turns, worked
from synergy.data.layouts.layout import Layout, Row, images
from synergy.errors import InputError
from synergy.prompts import BOXED


def _read(row: Row) -> Row | None:
    chat = turns(row, "conversations", "messages")
    trace, answer = worked(chat.get("assistant", ""))
    if not trace or answer is None:
        raise InputError("the assistant's turn has no <think> … </think> with \\boxed{} after it; expected both")
    found = gradable(answer)
    if found is None:
        return None
    return {
        **({"id": str(row["id"])} if row.get("id") is not None else {}),
        "question": chat["user"].removesuffix(BOXED.instruction or "").strip(),
        "answer": found[0],
        "answer_kind": found[1],
        "images": images(row, "images"),
        "source": "eureka_distill",
        "trace": trace,
    }


EUREKA_DISTILL = Layout(
    source="not published; LLaMA-Factory, data/README.md",
    columns=("conversations|messages", "images"),
    read=_read,
    traces=("trace",),
)
