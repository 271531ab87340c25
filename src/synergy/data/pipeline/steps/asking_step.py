"""A step that asks a language model: the prompt, which server, asking again, and what of a reply is no reply."""

import hashlib
from collections.abc import Callable, Mapping

from synergy.config.pipeline_steps import AskingSection
from synergy.data.pipeline.asking import Asker
from synergy.data.pipeline.replies import StoredReply
from synergy.data.pipeline.requests import ChatRequest
from synergy.data.pipeline.sample import Fate, Outcome, Sample, StepRecord
from synergy.data.pipeline.templates import PromptTemplate
from synergy.http_json import NoAnswerError, UnfitRequestError

#: from a sample and the text of a reply to what it says
Reader = Callable[[Sample, str], Outcome]

_CUT_OFF = frozenset({"length", "max_tokens"})
_REFUSED = frozenset({"refusal", "content_filter"})
UNFIT, UNANSWERED = "unfit_request", "unanswered"


class AskingStep:
    """One of the steps caption, distil, rewrite, verify; `read` makes the difference."""

    def __init__(self, name: str, config: AskingSection, template: PromptTemplate, asker: Asker, read: Reader) -> None:
        self.name = name
        self._config, self._template, self._asker, self._read = config, template, asker, read

    def run(self, sample: Sample) -> StepRecord:
        """The last try's outcome."""
        keys: list[str] = []
        outcome = Outcome()
        for attempt in range(self._config.tries):
            try:
                reply = self._ask(sample, attempt)
            except UnfitRequestError as error:
                return self._record(Fate.DROPPED, Outcome(drop=UNFIT, details={"error": str(error)}), keys)
            except NoAnswerError as error:
                return self._record(Fate.FAILED, Outcome(drop=UNANSWERED, details={"error": str(error)}), keys)
            keys.append(reply.key)
            outcome = self._outcome(sample, reply)
            if not outcome.is_unusable:
                break
        return self._record(Fate.DROPPED if outcome.drop else Fate.KEPT, outcome, keys)

    def _ask(self, sample: Sample, attempt: int) -> StoredReply:
        system, user = self._template.render(sample.values())
        name = choose_endpoint(self._config.endpoints, sample.key, self.name)
        request = ChatRequest(
            model=self._asker.endpoints[name].config.model,
            system=system,
            user=user,
            images=sample.problem.images if self._config.images else (),
            sampling=self._config.sampling,
            attempt=attempt,
        )
        return self._asker.ask(name, request, self.name)

    def _outcome(self, sample: Sample, reply: StoredReply) -> Outcome:
        start = reply.text.lstrip().lower().replace("’", "'")
        if reply.finish_reason in _REFUSED or any(start.startswith(each.lower()) for each in self._config.refusals):
            return Outcome(drop="refused", is_unusable=True)
        if reply.finish_reason in _CUT_OFF:
            return Outcome(drop="cut_off", is_unusable=True)
        if not reply.text.strip():
            return Outcome(drop="empty", is_unusable=True)
        return self._read(sample, reply.text)

    def _record(self, fate: Fate, outcome: Outcome, keys: list[str]) -> StepRecord:
        return StepRecord(
            step=self.name,
            fate=fate,
            reason=outcome.drop or "",
            changed=outcome.changed,
            details=outcome.details,
            replies=tuple(keys),
        )


def choose_endpoint(weights: Mapping[str, float], sample_key: str, step: str) -> str:
    """One of the endpoints with a chance by its weight; the same sample and step always get the same."""
    digest = hashlib.sha256(f"{step}\0{sample_key}".encode()).digest()
    left = int.from_bytes(digest[:8], "big") / 2**64 * sum(weights.values())
    for name, weight in weights.items():
        left -= weight
        if left < 0:
            return name
    return list(weights)[-1]
