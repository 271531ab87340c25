"""What is wrong with a checkpoint, said in one line before anything is loaded."""

from pathlib import Path

from transformers import AutoConfig, AutoModelForImageTextToText, PretrainedConfig, ProcessorMixin

from synergy.config.model import ModelConfig
from synergy.errors import FileError, InputError

_WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
_TOKENIZERS = (
    "tokenizer.json",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "vocab.json",
    "tekken.json",
)
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")


def one_line(error: BaseException) -> str:
    """An error's text without line breaks, cut at 300 characters."""
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else f"{text[:297]}..."


def check_folder(folder: Path) -> None:
    """Raise FileError where a local checkpoint is none; a hub id is no folder and passes."""
    if not folder.exists():
        named_as_folder = folder.is_absolute() or folder.parts[0] in (".", "..") or len(folder.parts) > 2
        if named_as_folder:
            raise FileError(
                f"checkpoint {folder} does not exist; expected a folder made by save_pretrained, or a hub id"
            )
        return
    if not folder.is_dir():
        raise FileError(f"checkpoint {folder} is a file; expected a folder made by save_pretrained")
    if not (folder / "config.json").exists():
        raise FileError(f"checkpoint {folder} has no config.json; expected a folder made by save_pretrained")


def check_files(folder: Path) -> None:
    """Raise FileError where a local checkpoint lacks its tokenizer or its weights."""
    if not folder.is_dir():
        return
    if not _any_file(folder, _TOKENIZERS):  # transformers would make an empty one
        raise FileError(f"checkpoint {folder} has no tokenizer; expected tokenizer.json: copy it there")
    if _any_file(folder, _WEIGHTS):
        return
    if any(any(folder.glob(pattern)) for pattern in _PICKLES):
        raise FileError(
            f"checkpoint {folder} has pickled weights only; expected model.safetensors, as unpickling runs code: "
            "load it where you trust it and save it with save_pretrained"
        )
    raise FileError(f"checkpoint {folder} has no weights; expected model.safetensors: copy it there or download again")


def _any_file(folder: Path, names: tuple[str, ...]) -> bool:
    return any((folder / name).exists() for name in names)


def read_config(config: ModelConfig) -> PretrainedConfig:
    """The checkpoint's config; raises InputError for what is no vision-language model."""
    try:
        found = AutoConfig.from_pretrained(
            config.checkpoint, revision=config.revision, trust_remote_code=config.trust_remote_code
        )
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot read the config of checkpoint '{config.checkpoint}': {one_line(error)}; "
            "expected a folder or a hub id of a model that transformers knows"
        ) from error
    mapping = AutoModelForImageTextToText._model_mapping
    remote = config.trust_remote_code and "AutoModelForImageTextToText" in (getattr(found, "auto_map", None) or {})
    if type(found) not in mapping and not remote:
        raise InputError(
            f"checkpoint '{config.checkpoint}' is a model of type '{found.model_type}', which takes no images with "
            "text; expected a vision-language model that AutoModelForImageTextToText loads"
        )
    return found


def check_processor(processor: object, checkpoint: str) -> ProcessorMixin:
    """The processor, if it has what rendering needs; raises InputError."""
    lacks = [name for name in ("image_processor", "tokenizer") if getattr(processor, name, None) is None]
    if not isinstance(processor, ProcessorMixin) or lacks:
        what = " and ".join(lacks) or "processor"
        raise InputError(
            f"checkpoint '{checkpoint}' has no {what}; expected processor_config.json (or preprocessor_config.json) "
            "and the tokenizer's files beside the weights: copy them from the model it was made from"
        )
    if not processor.chat_template:
        raise InputError(
            f"checkpoint '{checkpoint}' has no chat template; expected chat_template.jinja: "
            "use the instruction-tuned model, or copy its template"
        )
    return processor
