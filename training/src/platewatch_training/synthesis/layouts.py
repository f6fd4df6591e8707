"""Layouts of the world's plates: the entries of `layouts/*.yaml`, read and checked.

An entry says everything that makes a plate of one kind: size, colors, typefaces, bands, the rows of the number and what
else is on it. Millimeters have their zero in the plate's top left corner, x to the right, y down; places are centers.
docs/layouts.md explains every field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from re import fullmatch
from string import ascii_uppercase
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

import yaml
from numpy.random import Generator
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from platewatch.errors import PlatewatchError
from platewatch_training.synthesis.grammar import Grammar, text_of
from platewatch_training.synthesis.yaml_keys import repeated_keys

BUILT_IN: Final = Path(__file__).parent / "layouts"
FLAGS_FILE: Final = "flags.yaml"
_GAP_PER_HEIGHT: Final = 0.27

Color: TypeAlias = Annotated[str, Field(pattern="^#[0-9a-f]{6}$")]
InkColor: TypeAlias = Annotated[str, Field(pattern="^(ink|#[0-9a-f]{6})$")]
Name: TypeAlias = Annotated[str, Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
Region: TypeAlias = Annotated[str, Field(pattern="^[a-z]{2}(-[a-z0-9]{1,3})?$")]
Millimeters: TypeAlias = Annotated[float, Field(gt=0, le=2000)]
PlaceMm: TypeAlias = tuple[float, float]
Weight: TypeAlias = Annotated[float, Field(gt=0)]
Weights: TypeAlias = Annotated[dict[str, Weight], Field(min_length=1)]


class LayoutError(PlatewatchError):
    """A file of layouts that can't be used: which file, which entry, which field, and why."""

    def __init__(self, file: Path, problems: Sequence[str]) -> None:
        super().__init__(f"The layouts of {file} can't be used.\n" + "\n".join(f"  {problem}" for problem in problems))
        self.file = file
        self.problems = tuple(problems)


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _as_weights(value: object) -> object:
    return {value: 1.0} if isinstance(value, str) else value


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Flag(_Entry):
    """A flag as stripes of equal width, with a disc of `emblem` color in the middle where one is given."""

    stripes: Literal["horizontal", "vertical"]
    colors: Annotated[tuple[Color, ...], Field(min_length=1)]
    emblem: Color | None = None


def _flag_by_name(value: object, info: ValidationInfo) -> object:
    """The flag of that name, among those that the files of flags know."""
    flags: Mapping[str, Flag] = info.context or {}
    if isinstance(value, str) and value not in flags:
        raise ValueError(f"there is no flag {value!r}")
    return flags[value] if isinstance(value, str) else value


NamedFlag: TypeAlias = Annotated[Flag, BeforeValidator(_flag_by_name)]


class ColorScheme(_Entry):
    """One way a layout is colored; several background colors run into each other from top to bottom."""

    background: Annotated[tuple[Color, ...], BeforeValidator(_as_tuple), Field(min_length=1)]
    ink: Color
    weight: Weight = 1.0


class Border(_Entry):
    """A line round the plate, `inset_mm` inside its edge."""

    width_mm: Millimeters
    inset_mm: Annotated[float, Field(ge=0)] = 0.0
    radius_mm: Annotated[float, Field(ge=0)] = 8.0
    color: InkColor = "ink"


class Band(_Entry):
    """A strip of color along one side or a part of it; at the top and bottom `width_mm` is its height."""

    side: Literal["left", "right", "top", "bottom"]
    width_mm: Millimeters
    color: Color
    code: str | None = None
    text: str | None = None
    code_color: Color = "#ffffff"
    stars: bool = False
    flag: NamedFlag | None = None
    span_mm: tuple[Annotated[float, Field(ge=0)], Millimeters] | None = None


class Row(_Entry):
    """One line of the number."""

    pattern: Annotated[Weights, BeforeValidator(_as_weights)]
    height_mm: Millimeters
    stroke_scale: Annotated[float, Field(ge=0.5, le=2)] = 1.0
    width_scale: Annotated[float, Field(ge=0.4, le=2)] = 1.0
    gap_mm: Annotated[float, Field(gt=0, default_factory=lambda row: _GAP_PER_HEIGHT * row.get("height_mm", 0.0))]
    tracking_mm: Annotated[float, Field(ge=-5, le=60)] | None = None
    center_mm: PlaceMm | None = None
    letters: str = ascii_uppercase


class _Placed(_Entry):
    """Something at a place, or in the n-th gap of the number, counted from 1 over all rows."""

    at_mm: PlaceMm | None = None
    after_gap: Annotated[int, Field(ge=1)] | None = None
    offset_mm: PlaceMm = (0.0, 0.0)
    probability: Annotated[float, Field(gt=0, le=1)] = 1.0

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        if (self.at_mm is None) == (self.after_gap is None):
            raise ValueError("exactly one of `at_mm` and `after_gap` says where it is")
        return self


class Mark(_Placed):
    """Something on the plate that is no text."""

    kind: Literal["seal", "sticker", "bolt", "emblem", "flag", "picture"]
    diameter_mm: Millimeters | None = None
    size_mm: tuple[Millimeters, Millimeters] | None = None
    colors: tuple[Color, ...] = ()
    flag: NamedFlag | None = None

    @model_validator(mode="after")
    def _can_be_drawn(self) -> Self:
        if (self.diameter_mm is None) == (self.size_mm is None):
            raise ValueError("exactly one of `diameter_mm` and `size_mm` says how large it is")
        if (self.kind == "flag") != (self.flag is not None):
            raise ValueError("`flag` names the flag of a mark of the kind `flag`, and of no other")
        if not self.colors and self.kind != "flag":
            raise ValueError("`colors` is missing")
        return self


class Caption(_Placed):
    """Lettering that is no part of the number: one of the texts, or a number drawn from the pattern."""

    text: Annotated[tuple[str, ...], BeforeValidator(_as_tuple)] = ()
    pattern: Annotated[Weights, BeforeValidator(_as_weights)] | None = None
    height_mm: Millimeters
    width_scale: Annotated[float, Field(ge=0.4, le=3)] = 1.0
    color: InkColor = "ink"
    typeface: Literal["sans", "serif", "script", "arabic", "cjk"] = "sans"

    @model_validator(mode="after")
    def _has_one_text(self) -> Self:
        if bool(self.text) == (self.pattern is not None):
            raise ValueError("exactly one of `text` and `pattern` says what is written")
        _ = self.grammar
        return self

    @cached_property
    def grammar(self) -> Grammar | None:
        return None if self.pattern is None else Grammar(self.pattern)

    def sample(self, rng: Generator) -> str:
        """A random text of this caption."""
        return self.grammar.sample(rng) if self.grammar else self.text[int(rng.integers(len(self.text)))]


@dataclass(frozen=True, slots=True)
class PlateText:
    """One number: its rows as drawn, with gaps and separators, the text they are read as, and its region."""

    rows: tuple[str, ...]
    text: str
    region: str


class Layout(_Entry):
    """One kind of plate."""

    name: Name
    region: Region
    title: str
    source: str
    weight: Weight = 1.0
    size_mm: tuple[Millimeters, Millimeters]
    corner_mm: Annotated[float, Field(ge=0)] = 8.0
    relief: Literal["embossed", "flat"] = "embossed"
    handmade: bool = False
    typefaces: Annotated[dict[Name, Weight], Field(min_length=1)]
    zeros: Annotated[dict[Literal["plain", "slash", "bar"], Weight], Field(min_length=1)] = {"plain": 1.0}
    colors: Annotated[tuple[ColorScheme, ...], Field(min_length=1)]
    border: Border | None = None
    bands: tuple[Band, ...] = ()
    words: dict[str, str] = {}
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]
    regions: dict[str, Region] = {}
    marks: tuple[Mark, ...] = ()
    captions: tuple[Caption, ...] = ()

    @cached_property
    def grammars(self) -> tuple[Grammar, ...]:
        """The grammar of each row."""
        return tuple(Grammar(row.pattern, letters=row.letters, words=self.words) for row in self.rows)

    @cached_property
    def free_mm(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of what the bands along whole sides leave."""
        return self._left_by([band for band in self.bands if band.span_mm is None])

    def room_mm(self, top: float, bottom: float) -> tuple[float, float]:
        """Left and right of what the bands leave for a row between these heights."""
        beside = [band for band in self.bands if band.span_mm is None or _overlap(band.span_mm, (top, bottom))]
        left, _, right, _ = self._left_by(beside)
        return left, right

    def _left_by(self, bands: Sequence[Band]) -> tuple[float, float, float, float]:
        taken = {side: sum(band.width_mm for band in bands if band.side == side) for side in _SIDES}
        width, height = self.size_mm
        return taken["left"], taken["top"], width - taken["right"], height - taken["bottom"]

    @property
    def flags(self) -> set[Flag]:
        """The flags on the plate."""
        every = [*(band.flag for band in self.bands), *(mark.flag for mark in self.marks)]
        return {flag for flag in every if flag is not None}

    def sample(self, rng: Generator) -> PlateText:
        """A number of this layout."""
        rows = tuple(grammar.sample(rng) for grammar in self.grammars)
        text = text_of("".join(rows))
        return PlateText(rows, text, self.region_of(text))

    def matches(self, text: str) -> bool:
        """Whether the text (without gaps and separators, rows from top to bottom) can be a number of this layout."""
        return fullmatch("".join(grammar.expression for grammar in self.grammars), text) is not None

    def region_of(self, text: str) -> str:
        """The region of the text's beginning where `regions` has it, else the layout's."""
        known = (prefix for prefix in sorted(self.regions, key=len, reverse=True) if text.startswith(prefix))
        return self.regions.get(next(known, ""), self.region)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        problems = list(self._misplaced())
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _misplaced(self) -> Iterator[str]:
        left, top, right, bottom = self.free_mm
        stacked = sum(row.height_mm for row in self.rows if row.center_mm is None)
        if left >= right or max(stacked, *(row.height_mm for row in self.rows)) > bottom - top:
            yield f"the rows do not fit into the {right - left:g} x {bottom - top:g} mm that the bands leave"
        gaps = sum(grammar.most_gaps for grammar in self.grammars)
        for what, places in (("rows", [row.center_mm for row in self.rows]), *self._places()):
            for index, place in enumerate(places):
                if place and not (0 <= place[0] <= self.size_mm[0] and 0 <= place[1] <= self.size_mm[1]):
                    yield f"{what}.{index} at {place[0]:g}, {place[1]:g} mm is outside the plate"
        for index, band in enumerate(self.bands):
            along = self.size_mm[1] if band.side in {"left", "right"} else self.size_mm[0]
            if band.span_mm and not band.span_mm[0] < band.span_mm[1] <= along:
                yield f"bands.{index}: `span_mm` is no part of a side of {along:g} mm"
        for each in (*self.marks, *self.captions):
            if (each.after_gap or 0) > gaps:
                yield f"`after_gap: {each.after_gap}`, but the number has {gaps} gaps at most"

    def _places(self) -> Iterator[tuple[str, list[PlaceMm | None]]]:
        yield "marks", [mark.at_mm for mark in self.marks]
        yield "captions", [caption.at_mm for caption in self.captions]


_SIDES: Final = ("left", "right", "top", "bottom")
_FLAGS: Final = TypeAdapter(dict[str, Flag])


def _overlap(first: tuple[float, float], second: tuple[float, float]) -> bool:
    return first[0] < second[1] and second[0] < first[1]


def load_layouts(folder: Path | None = None) -> list[Layout]:
    """Every layout that comes with the package, then those of the user's folder.

    A layout of the user's folder takes the place of a built-in one of the same name.

    Raises:
        LayoutError: For a file that is missing, no YAML, or has an entry that can't be used.
    """
    flags = load_flags(folder)
    own = {} if folder is None else _load_folder(folder, flags)
    return list((_load_folder(BUILT_IN, flags) | own).values())


def load_flags(folder: Path | None = None) -> dict[str, Flag]:
    """The flags by name: the package's, and those of the user's folder if it has a `flags.yaml`.

    Raises:
        LayoutError: For a file with a flag that can't be used.
    """
    flags: dict[str, Flag] = {}
    for place in (BUILT_IN, folder):
        if place is not None and (place / FLAGS_FILE).is_file():
            file = place / FLAGS_FILE
            try:
                flags |= _FLAGS.validate_python(_read_yaml(file))
            except ValidationError as error:
                raise LayoutError(file, list(_problems(error, ""))) from error
    return flags


def _load_folder(folder: Path, flags: dict[str, Flag]) -> dict[str, Layout]:
    files = sorted(file for file in folder.glob("*.yaml") if file.name != FLAGS_FILE)
    if not files:
        raise LayoutError(folder, ["the folder does not exist or holds no .yaml file"])
    layouts: dict[str, Layout] = {}
    for file in files:
        for layout in _load_file(file, flags):
            if layout.name in layouts:
                raise LayoutError(file, [f"{layout.name}: another layout has this name"])
            layouts[layout.name] = layout
    return layouts


def _load_file(file: Path, flags: Mapping[str, Flag]) -> list[Layout]:
    layouts: list[Layout] = []
    problems: list[str] = []
    for index, entry in enumerate(_entries(file)):
        name = entry.get("name") if isinstance(entry, dict) else None
        try:
            layouts.append(Layout.model_validate(entry, context=flags))
        except ValidationError as error:
            problems.extend(_problems(error, f"entry {index + 1} ({name or 'without a name'}): "))
    if problems:
        raise LayoutError(file, problems)
    return layouts


def _entries(file: Path) -> list[object]:
    """The entries of a file: a list, or a mapping of `layouts` and what they share."""
    content = _read_yaml(file)
    if isinstance(content, dict) and set(content) <= {"shared", "layouts"}:
        content = content.get("layouts")
    if not isinstance(content, list):
        raise LayoutError(file, ["it has to be a list of layouts, or a mapping of `shared` and `layouts`"])
    return content


def _read_yaml(file: Path) -> Any:
    try:
        loader = yaml.CSafeLoader(file.read_text("utf-8"))
        try:
            node = loader.get_single_node()
            repeated = sorted(set(repeated_keys(node)))
            content = loader.construct_document(node) if node is not None and not repeated else None
        finally:
            loader.dispose()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LayoutError(file, [" ".join(str(error).split())]) from error
    if repeated:
        raise LayoutError(file, [f"line {line}: {key!r} stands here for the second time" for line, key in repeated])
    return content


def _problems(error: ValidationError, prefix: str) -> Iterator[str]:
    for problem in error.errors(include_url=False):
        field = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        yield f"{prefix}{field + ': ' if field else ''}{message}"
