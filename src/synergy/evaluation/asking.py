"""How a protocol asks one model: the prompt that is sent, and where its answer is looked for."""

from dataclasses import replace

from synergy.config.protocol import ProtocolConfig
from synergy.errors import InputError
from synergy.prompts import PromptPreset, get_preset


def prompt_of(protocol: ProtocolConfig, *, is_tuned: bool | None) -> PromptPreset | None:
    """The prompt for a model; None where the bare question is asked.

    Raises InputError where the protocol asks tuned and untuned models differently and nobody said which this is.
    """
    asking = protocol.asking
    if asking.preset is None:
        return None if asking.system is None else _system_alone(asking.system)
    if is_tuned is None and asking.tells_models_apart:
        raise InputError(
            f"protocol {protocol.name} asks tuned and untuned models differently; expected to know which this one is: "
            "give --tuned or --base"
        )
    preset = get_preset(asking.preset)
    is_instructed = asking.instruct_base if is_tuned is False else asking.instruct_tuned
    return replace(
        preset,
        system=asking.system if asking.system is not None else preset.system,
        instruction=preset.instruction if is_instructed else None,
    )


def extraction_of(protocol: ProtocolConfig) -> PromptPreset | None:
    """The preset whose form alone counts as an answer, None where every dress does."""
    preset = protocol.asking.preset
    return get_preset(preset) if protocol.extraction == "preset" and preset is not None else None


def _system_alone(text: str) -> PromptPreset:
    """The bare question after a system turn; where its answer stands is for the extraction to find."""
    return PromptPreset(name="none", source="protocol", system=text, instruction=None, answer_form="boxed")
