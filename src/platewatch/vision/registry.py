"""Detectors and recognizers by name, from the entry points of whatever is installed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Protocol, cast

from platewatch.errors import UnknownBackendError
from platewatch.vision.session import Provider
from platewatch.vision.types import Crop, Detection, ImageBgr, Transcript


class BackendKind(StrEnum):
    """What a backend does; the value ends the name of its entry point group."""

    DETECTOR = "detector"
    RECOGNIZER = "recognizer"

    @property
    def group(self) -> str:
        """The entry point group."""
        return f"platewatch.{self.value}s"


class YoloLayout(StrEnum):
    """How the rows of a YOLO export's output are laid out. AUTO tells it by the shape."""

    AUTO = "auto"
    V5 = "v5"
    """N x (x, y, width, height, objectness, a score for each class)."""
    V8 = "v8"
    """N x (x, y, width, height, a score for each class); v11 is the same."""
    NMS_FREE = "nms-free"
    """N x (left, top, right, bottom, score, class), as v10 and v26 give it."""


@dataclass(frozen=True, slots=True)
class BackendOptions:
    """What a backend may be told; each takes what concerns it.

    `threads` are set by PlateReader's own argument. `model` is the user's own ONNX file for the detector,
    `recognizer_model` the folder of a model for the recognizer `platewatch` (None: the built-in one), `grammars`
    whether it settles look-alikes by how regions build their numbers, `input_side` the side in pixels of the
    network's input where the model leaves it open, `class_index` the class that means "plate" in a model with several
    (None: all of them).
    """

    provider: Provider = Provider.AUTO
    threads: int = 1
    model: Path | None = None
    recognizer_model: Path | None = None
    grammars: bool = True
    layout: YoloLayout = YoloLayout.AUTO
    min_score: float | None = None
    max_iou: float = 0.5
    input_side: int | None = None
    class_index: int | None = None


class Detector(Protocol):
    """Finds plates. `input_side` is the longest side in pixels from which more resolution doesn't help it."""

    input_side: int

    def detect(self, image_bgr: ImageBgr) -> list[Detection]:
        """Where plates may be, in pixels of `image_bgr`; proposals may overlap, the pipeline chooses."""
        ...

    def warm_up(self) -> None:
        """Run once, so that the first image is as fast as the others."""
        ...


class Recognizer(Protocol):
    """Reads crops."""

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
    """The detector of that name.

    Raises:
        UnknownBackendError: None of that name is installed.
        ModelError: Its model can't be used.
    """
    return cast("Callable[[BackendOptions], Detector]", _load(BackendKind.DETECTOR, name))(options)


def make_recognizer(name: str, options: BackendOptions) -> Recognizer:
    """The recognizer of that name; raises like `make_detector`."""
    return cast("Callable[[BackendOptions], Recognizer]", _load(BackendKind.RECOGNIZER, name))(options)


def installed_backends() -> list[InstalledBackend]:
    """All that can be chosen, without loading any of them."""
    return [
        InstalledBackend(kind, name, point.dist.name if point.dist else "")
        for kind in BackendKind
        for name, point in sorted(_points(kind).items())
    ]


def _points(kind: BackendKind) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=kind.group)}


def _load(kind: BackendKind, name: str) -> object:
    points = _points(kind)
    if name not in points:
        raise UnknownBackendError(kind=kind.value, name=name, known=list(points))
    return points[name].load()
