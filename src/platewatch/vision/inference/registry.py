"""Detectors and recognizers by name, from the entry points of whatever is installed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final, Protocol, cast

from platewatch.errors import ModelError, UnknownBackendError
from platewatch.vision.inference.model_card import InstalledModel, list_models
from platewatch.vision.inference.own_backends import own_points
from platewatch.vision.inference.session import Provider
from platewatch.vision.types import Crop, Detection, ImageBgr, Transcript

OWN: Final = "platewatch"
"""The backends that run the project's own kind of model, built in or installed."""


class BackendKind(StrEnum):
    """The kind of a backend; the value ends the name of its entry point group."""

    DETECTOR = "detector"
    RECOGNIZER = "recognizer"

    @property
    def group(self) -> str:
        """The entry point group."""
        return f"platewatch.{self.value}s"


class Profile(StrEnum):
    """The detector's profile: time for each photo against small plates found."""

    FAST = "fast"
    """At 448 pixels and smaller."""
    BALANCED = "balanced"
    """At 640 pixels and smaller."""
    THOROUGH = "thorough"
    """As balanced, then once more and closer where small plates may be."""


class YoloLayout(StrEnum):
    """The layout of a YOLO export's output. AUTO finds it by metadata, rows and order."""

    AUTO = "auto"
    V5 = "v5"
    """N x (x, y, width, height, objectness, a score for each class)."""
    V8 = "v8"
    """N x (x, y, width, height, a score for each class); v11 is the same."""
    NMS_FREE = "nms-free"
    """N x (left, top, right, bottom, score, class), as v10, v26 and exports with `nms=True` give it."""


def _midnight() -> datetime:
    return datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LlmOptions:
    """Options of the recognizer `llm`.

    Nothing is sent anywhere unless `enabled`. `daily_cost` is how much all calls of one UTC day may cost, in the
    currency of the prices, which are per million tokens; it is counted in the file `ledger` (None: in this process
    alone), and the day is that of `now`. `timeout_s` is for the whole of one call.
    """

    enabled: bool = False
    url: str = "https://generativelanguage.googleapis.com"
    model: str = "gemini-2.5-flash"
    key: str | None = field(default=None, repr=False)
    timeout_s: float = 20.0
    retries: int = 2
    daily_cost: float = 1.0
    input_price: float = 0.30
    output_price: float = 2.50
    ledger: Path | None = None
    now: Callable[[], datetime] = field(default=_midnight, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class BackendOptions:
    """Options of the backends; each takes those that concern it.

    `threads` are set by PlateReader's own argument. `models` is the folder of installed models, each of which can be
    chosen by its name like a backend (None: there are none). `model` is the user's own ONNX file for the detector
    `yolo`, or the folder of a model for the detector `platewatch` (None: the built-in one), `recognizer_model` the
    folder of a model for the recognizer `platewatch` (None: the built-in one), `region_model` that of the region
    network which it asks where plates are from (None: the built-in one), `grammars` whether it settles look-alikes by
    how regions build their numbers, `profile` how closely the detector `platewatch` looks, `input_side` the longest
    side in pixels of the network's input where the model leaves it open (None: the profile's), `detector_class` which
    classes of a YOLO export are plates, by name or number, with commas between several, or `all` (None: those whose
    names say so). `char_yolo_model` is the ONNX file for the recognizer `char-yolo`, `easyocr_folder` the folder with
    the weights of the network `easyocr_network` for the recognizer `easyocr`, `ensemble` the recognizers that vote in
    the one of that name.
    """

    provider: Provider = Provider.AUTO
    threads: int = 1
    models: Path | None = None
    model: Path | None = None
    recognizer_model: Path | None = None
    region_model: Path | None = None
    grammars: bool = True
    profile: Profile = Profile.BALANCED
    layout: YoloLayout = YoloLayout.AUTO
    min_score: float | None = None
    max_iou: float = 0.5
    input_side: int | None = None
    detector_class: str | None = None
    char_yolo_model: Path | None = None
    easyocr_folder: Path | None = None
    easyocr_network: str = "english_g2"
    ensemble: tuple[str, ...] = ("platewatch", "rapidocr")
    llm: LlmOptions = LlmOptions()


class Detector(Protocol):
    """Finds plates.

    A detector may declare more of itself in an attribute `traits` (`inference.traits.DetectorTraits`).
    """

    def detect(self, image_bgr: ImageBgr) -> list[Detection]:
        """Proposals for plates, in pixels of `image_bgr`; they may overlap, the pipeline chooses."""
        ...

    def warm_up(self) -> None:
        """Run once, so that the first image is as fast as the others."""
        ...


class Recognizer(Protocol):
    """Reads crops.

    A recognizer may declare more of itself in an attribute `traits` (`inference.traits.RecognizerTraits`): how much it
    wants around the plate, and its optional steps.
    """

    def recognize(self, crops: Sequence[Crop]) -> list[Transcript]:
        """One transcript for each crop, in their order."""
        ...

    def warm_up(self) -> None:
        """Run once, so that the first crop is as fast as the others."""
        ...


@dataclass(frozen=True, slots=True)
class InstalledBackend:
    """A backend that can be chosen by `name`, and the package that brings it."""

    kind: BackendKind
    name: str
    package: str


def make_detector(name: str, options: BackendOptions) -> Detector:
    """The detector of that name: a backend, or an installed model.

    Raises:
        UnknownBackendError: None of that name is installed.
        ModelError: Its model can't be used.
    """
    name, options = _resolve(BackendKind.DETECTOR, name, options)
    return cast("Callable[[BackendOptions], Detector]", _load(BackendKind.DETECTOR, name, options))(options)


def make_recognizer(name: str, options: BackendOptions) -> Recognizer:
    """The recognizer of that name; raises like `make_detector`."""
    name, options = _resolve(BackendKind.RECOGNIZER, name, options)
    return cast("Callable[[BackendOptions], Recognizer]", _load(BackendKind.RECOGNIZER, name, options))(options)


def installed_backends() -> list[InstalledBackend]:
    """All that can be chosen, without loading any of them."""
    return [
        InstalledBackend(kind, name, point.dist.name if point.dist else OWN)
        for kind in BackendKind
        for name, point in sorted(_points(kind).items())
    ]


def choices(kind: BackendKind, models: Path | None) -> list[str]:
    """The names that can be chosen, sorted: of backends, and of the models in that folder.

    Raises:
        ModelFileError: A model's card can't be used.
    """
    return sorted({*_points(kind), *(model.card.name for model in _models_of(kind, models))})


def ready_choices(kind: BackendKind, options: BackendOptions) -> list[str]:
    """The choices that can be used with these options, sorted."""
    return [name for name in choices(kind, options.models) if problem_of(kind, name, options) is None]


def problem_of(kind: BackendKind, name: str, options: BackendOptions) -> str | None:
    """Why the backend or installed model of that name can't be used, None if it is ready."""
    try:
        require_ready(kind, name, options)
    except ModelError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 -- of another package, or of one that it needs
        return f"{type(error).__name__}: {error}"
    return None


def require_ready(kind: BackendKind, name: str, options: BackendOptions) -> None:
    """Do nothing if the backend or installed model of that name can be used.

    A backend that loads slowly has a class method `require_ready` for this; any other one is made.

    Raises:
        UnknownBackendError: None of that name is installed.
        ModelError: It can't be used; the message says what is missing.
    """
    name, options = _resolve(kind, name, options)
    backend = _load(kind, name, options)
    check = getattr(backend, "require_ready", backend)
    cast("Callable[[BackendOptions], object]", check)(options)


def _points(kind: BackendKind) -> dict[str, EntryPoint]:
    return own_points(kind.group) | {point.name: point for point in entry_points(group=kind.group)}


def _models_of(kind: BackendKind, models: Path | None) -> list[InstalledModel]:
    found = [] if models is None else list_models(models)
    return [model for model in found if model.card.kind == kind.value]


def _find_installed(kind: BackendKind, name: str, models: Path | None) -> Path | None:
    """The folder of the installed model of that name; a backend comes first."""
    if name in _points(kind):
        return None
    return next((model.folder for model in _models_of(kind, models) if model.card.name == name), None)


def _resolve(kind: BackendKind, name: str, options: BackendOptions) -> tuple[str, BackendOptions]:
    """The name of a backend, and for an installed model the options with its folder."""
    folder = _find_installed(kind, name, options.models)
    if folder is None:
        return name, options
    if kind is BackendKind.DETECTOR:
        return OWN, replace(options, model=folder)
    return OWN, replace(options, recognizer_model=folder)


def _load(kind: BackendKind, name: str, options: BackendOptions) -> object:
    points = _points(kind)
    if name not in points:
        raise UnknownBackendError(kind=kind.value, name=name, ready=ready_choices(kind, options))
    return points[name].load()
