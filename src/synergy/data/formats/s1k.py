r"""s1K-1.1 (simplescaling/s1K-1.1): questions in words, long reasoning of DeepSeek-R1 and Gemini; read only.

2507.07562, section 2.1 trains on both. The gold answer is `solution`: its \boxed{}, else the whole of it where it is
short enough to be one. Rows whose R1 attempt was graded wrong (`deepseek_grade`: No) are no demonstrations.
"""

from synergy.data.formats.format import Format
from synergy.data.layouts.answer_kinds import gradable
from synergy.data.layouts.chats import worked
from synergy.data.layouts.layout import Layout, Row, text


def _read(row: Row) -> Row | None:
    solution = str(row.get("solution") or "")
    found = gradable(worked(solution)[1] or solution)
    if found is None or str(row.get("deepseek_grade")).strip().lower() == "no":
        return None
    return {
        "question": text(row, "question"),
        "answer": found[0],
        "answer_kind": found[1],
        "source": "s1k",
        "family": str(row.get("cot_type") or "") or None,
        "trace": text(row, "deepseek_thinking_trajectory"),
        "gemini_trace": row.get("gemini_thinking_trajectory"),
    }


S1K = Format(
    name="s1k",
    layout=Layout(
        source="simplescaling/s1K-1.1, data set card",
        columns=("question", "solution", "deepseek_thinking_trajectory"),
        read=_read,
        traces=("trace", "gemini_trace"),
    ),
    detect=lambda columns, _: {"question", "solution", "deepseek_thinking_trajectory"} <= set(columns),
)
