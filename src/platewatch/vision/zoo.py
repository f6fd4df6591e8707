"""Models on disk: a folder with `model.onnx` and `card.yaml`, trusted only if its SHA-256 fits."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from platewatch.errors import ModelFileError
from platewatch.vision.session import ModelSession, Provider

BUILT_IN_MODELS: Final = Path(__file__).with_name("models")
CARD_NAME: Final = "card.yaml"
MODEL_NAME: Final = "model.onnx"
_CHUNK_BYTES: Final = 1 << 20

Share = Annotated[float, Field(ge=0, le=1)]
Side = Annotated[int, Field(ge=1, le=8192)]


class ModelKind(StrEnum):
    """What a model does."""

    DETECTOR = "detector"
    RECOGNIZER = "recognizer"
    VEHICLES = "vehicles"


class _CardPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataSource(_CardPart):
    """Data that a model was trained on."""

    name: str
    license: str
    images: Annotated[int, Field(ge=0)] | None = None


class TrainingRun(_CardPart):
    """How a model came about."""

    commit: str
    finished: date
    command: str
    samples: Annotated[int, Field(ge=0)] | None = None


class Score(_CardPart):
    """One measured figure."""

    data: str
    measure: str
    value: float


class Calibration(_CardPart):
    """What makes a recognizer's confidences probabilities; the defaults leave the network's own as they are.

    Logits of slots are divided by `temperature`; the logit of the whole text's probability is then multiplied by
    `slope` and moved by `offset` (see vision/calibration.py).
    """

    temperature: Annotated[float, Field(gt=0, le=100)] = 1.0
    slope: Annotated[float, Field(gt=0, le=100)] = 1.0
    offset: Annotated[float, Field(ge=-100, le=100)] = 0.0


class Joint(_CardPart):
    """The weights of a detector's score and a recognizer's confidence, as logits, in the logit of a reading's."""

    found: Annotated[float, Field(ge=0, le=100)]
    read: Annotated[float, Field(gt=0, le=100)]
    offset: Annotated[float, Field(ge=-100, le=100)]


class ModelCard(_CardPart):
    """All that is known about a model; sizes in pixels, thresholds in 0..1.

    `alphabet`, `slots` (characters at most), `steps` (of its second head, if it has one) and `regions` (the order of
    its classes) are a slot recognizer's; a detector that was measured together with one has `joint`.
    """

    kind: ModelKind
    name: Annotated[str, Field(min_length=1, pattern=r"^[a-z0-9][a-z0-9._-]*$")]
    version: str
    input_width: Side
    input_height: Side
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    alphabet: str | None = None
    slots: Annotated[int, Field(ge=1, le=64)] | None = None
    steps: Annotated[int, Field(ge=1, le=512)] | None = None
    regions: tuple[Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z0-9]{1,3})?$")], ...] = ()
    calibration: Calibration | None = None
    joint: Joint | None = None
    thresholds: dict[str, Share] = {}
    training: TrainingRun | None = None
    data: tuple[DataSource, ...] = ()
    scores: tuple[Score, ...] = ()


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model folder with its card; the model itself is not yet checked."""

    folder: Path
    card: ModelCard

    @property
    def model_path(self) -> Path:
        """Where the network is."""
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
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return InstalledModel(folder, ModelCard.model_validate(content))
    except OSError as error:
        raise ModelFileError(f"There is no model card {str(path)!r}. A model is a folder with a card.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ModelFileError(f"The model card {str(path)!r} is no YAML: {error}") from error
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'card'}: {problem['msg']}"
            for problem in error.errors()
        )
        raise ModelFileError(f"The model card {str(path)!r} can't be used: {wrong}.") from error


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
