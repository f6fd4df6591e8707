"""Models on disk: a folder with `model.onnx` and `card.yaml`, trusted only if its SHA-256 fits."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from platewatch.errors import ModelFileError
from platewatch.vision.inference.session import ModelSession, Provider

BUILT_IN_MODELS: Final = Path(__file__).parents[1] / "models"
CARD_NAME: Final = "card.yaml"
MODEL_NAME: Final = "model.onnx"
SCORE: Final = "score"
"""A detector's threshold from which on something is proposed."""
STATE: Final = "state"
"""The threshold of a region network: from here on the state is reported, below it its country alone."""
_CHUNK_BYTES: Final = 1 << 20
_MAX_CARD_BYTES: Final = 1 << 18
_MAX_BRACKETS: Final = 20
_MAX_PROBLEMS: Final = 10

Share = Annotated[float, Field(gt=0, lt=1)]
Side = Annotated[int, Field(ge=8, le=8192)]
Count = Annotated[int, Field(ge=0, le=10**12)]
# Weights and shifts of logits: those of real networks are between 0.1 and 5, and beyond 50 every confidence is 0 or 1.
Weight = Annotated[float, Field(ge=0.01, le=50)]
Shift = Annotated[float, Field(ge=-50, le=50)]


class ModelKind(StrEnum):
    """The kind of a model."""

    DETECTOR = "detector"
    RECOGNIZER = "recognizer"
    VEHICLES = "vehicles"
    REGIONS = "regions"


class _CardPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DataSource(_CardPart):
    """Data that a model was trained on."""

    name: str
    license: str
    images: Count | None = None


class TrainingRun(_CardPart):
    """The training run of a model."""

    commit: str
    finished: date
    command: str
    samples: Count | None = None


class Score(_CardPart):
    """One measured figure."""

    data: str
    measure: str
    value: Annotated[float, Field(ge=0, le=1_000_000)]


class Calibration(_CardPart):
    """The calibration of a recognizer's confidences; the defaults leave the network's own as they are.

    Logits of slots are divided by `temperature`; the logit of the whole text's probability is then multiplied by
    `slope` and moved by `offset` (see vision/recognizer/calibration.py).
    """

    temperature: Weight = 1.0
    slope: Weight = 1.0
    offset: Shift = 0.0


class Joint(_CardPart):
    """The weights of a detector's score and a recognizer's confidence, as logits, in the logit of a reading's."""

    found: Annotated[float, Field(ge=0, le=50)]
    read: Weight
    offset: Shift


_THRESHOLDS: Final = {
    ModelKind.DETECTOR: frozenset({SCORE}),
    ModelKind.RECOGNIZER: frozenset[str](),
    ModelKind.VEHICLES: frozenset({SCORE}),
    ModelKind.REGIONS: frozenset({STATE}),
}


class RegionWeights(_CardPart):
    """Weights of the evidence for a plate's region: powers of probabilities.

    Among named states count the region network (`looks`) and the recognizer's guess (`states`); between countries the
    recognizer's guess (`guess`), and whether the network sees a name at all (`named`), with `elsewhere` added (in
    logarithms) where it sees none. `text` is how the regions build their numbers.
    """

    looks: Annotated[float, Field(ge=0, le=10)] = 1.0
    states: Annotated[float, Field(ge=0, le=10)] = 0.0
    guess: Annotated[float, Field(ge=0, le=10)] = 1.0
    named: Annotated[float, Field(ge=0, le=10)] = 1.0
    elsewhere: Annotated[float, Field(ge=-20, le=20)] = 0.0
    text: Annotated[float, Field(ge=0, le=10)] = 1.0


class ModelCard(_CardPart):
    """All that is known about a model; sizes in pixels, thresholds between 0 and 1.

    `alphabet`, `slots` (characters at most), `steps` (of its second head, if it has one) and `regions` (the order of
    its classes) are a slot recognizer's; a detector that was measured together with one has `joint`. A region network
    has `regions` and `region_weights`.
    """

    kind: ModelKind
    name: Annotated[str, Field(max_length=100, pattern=r"^[a-z0-9][a-z0-9._-]*$")]
    version: Annotated[str, Field(max_length=100)]
    input_width: Side
    input_height: Side
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    alphabet: str | None = None
    slots: Annotated[int, Field(ge=1, le=64)] | None = None
    steps: Annotated[int, Field(ge=1, le=512)] | None = None
    regions: tuple[Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z0-9]{1,3})?$")], ...] = ()
    calibration: Calibration | None = None
    joint: Joint | None = None
    region_weights: RegionWeights | None = None
    thresholds: dict[str, Share] = {}
    training: TrainingRun | None = None
    data: tuple[DataSource, ...] = ()
    scores: tuple[Score, ...] = ()

    @field_validator("alphabet")
    @classmethod
    def _check_alphabet(cls, alphabet: str | None) -> str | None:
        letters = alphabet or ""
        if doubled := _duplicates(letters):
            raise ValueError(f"each character is one class of the network, {', '.join(doubled)} is there twice")
        # Plates are kept in upper case and without separators.
        if odd := [letter for letter in letters if not letter.isalnum() or letter != letter.upper()]:
            raise ValueError(
                f"{', '.join(map(repr, odd))}: only upper-case letters and digits are characters of plates"
            )
        return alphabet

    @field_validator("regions")
    @classmethod
    def _check_regions(cls, regions: tuple[str, ...]) -> tuple[str, ...]:
        if doubled := _duplicates(regions):
            raise ValueError(f"each region is one class of the network, {', '.join(doubled)} is there twice")
        return regions

    @model_validator(mode="after")
    def _check_thresholds(self) -> Self:
        known = _THRESHOLDS[self.kind]
        if unknown := sorted(set(self.thresholds) - known):
            meant = ", ".join(sorted(known)) or "none"
            raise ValueError(f"thresholds: {', '.join(unknown)} is not known; a {self.kind.value} has: {meant}")
        return self


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model folder with its card; the model itself is not yet checked."""

    folder: Path
    card: ModelCard

    @property
    def model_path(self) -> Path:
        """The path of the network's file."""
        return self.folder / MODEL_NAME

    def verify(self) -> None:
        """Return if the model is the one that the card is about.

        Raises:
            ModelFileError: It is missing, or its SHA-256 differs.
        """
        if not self.model_path.is_file():
            raise ModelFileError(
                f"The model {self.card.name!r} has no file {str(self.model_path)!r}. Install it again."
            )
        found = sha256_of(self.model_path)
        if found != self.card.sha256:
            raise ModelFileError(
                f"The file {str(self.model_path)!r} is damaged or not the one of its card (SHA-256 {found[:12]}, "
                f"expected {self.card.sha256[:12]}). Install the model {self.card.name!r} again.",
            )

    def load(self, *, provider: Provider = Provider.AUTO, threads: int = 1) -> ModelSession:
        """A session of the verified model; raises ModelError."""
        self.verify()
        return ModelSession(self.model_path, provider=provider, threads=threads, keep_buffers=True)


def load_card(folder: Path) -> InstalledModel:
    """The model of that folder.

    Raises:
        ModelFileError: There is no card, or it has fields that are missing, unknown or wrong.
    """
    path = folder / CARD_NAME
    try:
        return InstalledModel(folder, ModelCard.model_validate(_read_card(path)))
    except OSError as error:
        raise ModelFileError(f"There is no model card {str(path)!r}. A model is a folder with a card.") from error
    except ValidationError as error:
        problems = error.errors(include_url=False)
        wrong = "; ".join(_describe(problem) for problem in problems[:_MAX_PROBLEMS])
        more = f"; and {len(problems) - _MAX_PROBLEMS} more" if len(problems) > _MAX_PROBLEMS else ""
        raise ModelFileError(f"The model card {str(path)!r} can't be used: {wrong}{more}.") from error


def _read_card(path: Path) -> object:
    """The content of a card.

    Raises:
        ModelFileError: It is too large, nested too deep, or no YAML.
        OSError: It can't be read.
    """
    with path.open("rb") as file:
        data = file.read(_MAX_CARD_BYTES + 1)
    if len(data) > _MAX_CARD_BYTES:
        raise ModelFileError(f"The model card {str(path)!r} has more than {_MAX_CARD_BYTES} bytes. Shorten it.")
    try:
        text = data.decode("utf-8")
        # Looked at before parsing, which takes seconds for some thousand open brackets.
        if _depth(text) > _MAX_BRACKETS:
            raise ModelFileError(f"The model card {str(path)!r} is nested too deep. Write it like the built-in ones.")
        return yaml.safe_load(text)
    except RecursionError as error:
        raise ModelFileError(
            f"The model card {str(path)!r} is nested too deep. Write it like the built-in ones."
        ) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise ModelFileError(f"The model card {str(path)!r} is no YAML: {str(error)[:300]}") from error


def _describe(problem: ErrorDetails) -> str:
    """The field and what is wrong with it."""
    field = ".".join(str(part)[:40] for part in problem["loc"]) or "card"
    return f"{field}: {problem['msg'].removeprefix('Value error, ')}"


def _depth(text: str) -> int:
    """The depth of the deepest bracket."""
    depth = deepest = 0
    for sign in text:
        if sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "]}":
            depth = max(0, depth - 1)
    return deepest


def _duplicates(values: Sequence[str]) -> list[str]:
    """The values that occur more than once."""
    return [value for value, count in Counter(values).items() if count > 1]


def list_models(*folders: Path) -> list[InstalledModel]:
    """The models in these folders (default: the built-in ones), by name; a folder that isn't there holds none.

    Raises:
        ModelFileError: A card can't be used.
    """
    found = [
        load_card(card.parent) for folder in folders or (BUILT_IN_MODELS,) for card in folder.glob(f"*/{CARD_NAME}")
    ]
    return sorted(found, key=lambda model: (model.card.kind, model.card.name, model.card.version))


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in lower-case hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
