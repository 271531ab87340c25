"""Our own columns (`synergy.data.rows`), as `synergy pocket export` and `synergy distil` write them."""

from synergy.data.layouts.layout import Layout, Row


def _read(row: Row) -> Row:
    return row


SYNERGY = Layout(source="synergy.data.rows", columns=("id", "question", "answer", "answer_kind"), read=_read)
