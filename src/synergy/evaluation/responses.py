"""One response as evaluation keeps it: a line of JSON, the same from a model of ours, a server or a file of others."""

import json
from dataclasses import dataclass
from typing import Any

from synergy.errors import InputError
from synergy.grading.extract import after_thinking
from synergy.records import StopReason


@dataclass(frozen=True, kw_only=True)
class Response:
    """What was said to one problem in one run."""

    problem_id: str
    run: int  #: from 0
    text: str
    stop_reason: StopReason | None  #: None where a file does not say
    num_tokens: int | None  #: of the response; None where nobody counted
    num_prompt_tokens: int | None  #: of the prompt, images included

    @property
    def failed(self) -> bool:
        """Whether the back-end had no response."""
        return self.stop_reason is StopReason.FAILED

    @property
    def unfinished(self) -> bool:
        """Whether its thinking never ended."""
        return after_thinking(self.text) is None

    @property
    def truncated(self) -> bool:
        """Whether the token limit cut it off, or its thinking never ended, which is what such a cut leaves."""
        return self.stop_reason is StopReason.LENGTH or (not self.failed and self.unfinished)

    def line(self) -> str:
        """As one line of JSON."""
        fields = {
            "id": self.problem_id,
            "run": self.run,
            "response": self.text,
            "stop_reason": self.stop_reason,
            "num_tokens": self.num_tokens,
            "num_prompt_tokens": self.num_prompt_tokens,
        }
        return json.dumps(fields) + "\n"  # ASCII: a lone surrogate in a text would not be UTF-8


def read_line(line: str, label: str) -> Response:
    """The response in a line that `Response.line` wrote; raises InputError for any other."""
    try:
        fields: Any = json.loads(line)
        reason = fields["stop_reason"]
        return Response(
            problem_id=fields["id"],
            run=fields["run"],
            text=fields["response"],
            stop_reason=None if reason is None else StopReason(reason),
            num_tokens=fields["num_tokens"],
            num_prompt_tokens=fields["num_prompt_tokens"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{label}: a line is no response of ours ({type(error).__name__}: {error}); expected it as it was written: "
            "remove the file and run the same command again"
        ) from None
