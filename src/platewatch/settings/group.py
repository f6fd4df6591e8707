"""The base of the groups of settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias, TypeVar

from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_settings import NoDecode

from platewatch import setting_values as values
from platewatch.environment import PREFIX

Item = TypeVar("Item")
CommaList: TypeAlias = Annotated[tuple[Item, ...], NoDecode, BeforeValidator(values.split_commas)]
"""Values that are written with commas between them."""

UserPath: TypeAlias = Annotated[Path, AfterValidator(values.usable_path)]
"""A file or folder; `~` is the user's home."""

FiniteNumber: TypeAlias = Annotated[float, Field(allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class ShownDefault:
    """The default as the documents show it, where the field's own says nothing, such as None; in Markdown."""

    text: str


class SettingsGroup(BaseModel):
    """The fields of one group; the docstring of a field is its description in the documents, in Markdown.

    Pydantic's `use_attribute_docstrings` would read them at each start, which takes 55 ms, so only `docs` reads them.
    A group is used as a part of `Settings` only, so pydantic builds nothing for it alone.
    """

    model_config = ConfigDict(defer_build=True)


def carwatch_name(name: str) -> AliasChoices:
    """Platewatch's own name of a setting, then CarWatch's, which counts where the other is not given."""
    return AliasChoices(f"{PREFIX}{name}", name)
