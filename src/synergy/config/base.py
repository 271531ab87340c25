"""The base of every config section and document: frozen, strict, no unknown keys.

A field's docstring is its description, shown where the field is missing. A union of sections carries a
discriminator, so that an error speaks of the section that was meant. For a stable hash no field is a set, and
the default of a float has a point (1.0): defaults are not validated.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict


class Config(BaseModel):
    """A section or a document; `synergy.config.load` makes one from a file.

    Strict: `"5"` is no number and `1` is no truth value; a file's list is a tuple and its text a path or an
    enumeration, as JSON has none of these.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )

    @classmethod
    def completed(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Values of a file with what one of them says about others laid in; called before they are validated.

        Not a validator: one that runs before pydantic's own takes from strict mode that a file's list is a tuple.
        """
        return values
