"""A run's averaged weights as model folders that the server loads: fp32, and with convolutions in int8."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from platewatch.vision.detector.maps import LONGEST_SIDE, STRIDES, canvas_size, letterbox
from platewatch.vision.detector.plate_detector import PlateDetector
from platewatch.vision.inference.model_card import (
    CARD_NAME,
    MODEL_NAME,
    SCORE,
    DataSource,
    ModelCard,
    ModelKind,
    Score,
    TrainingRun,
    sha256_of,
)
from platewatch.vision.inference.registry import BackendOptions
from platewatch.vision.inference.session import ModelSession, Provider
from platewatch.vision.types import ImageBgr
from platewatch_training.datasets.own import HELD_BACK
from platewatch_training.datasets.photos import LabelledPhoto, photo_sets, training_photos
from platewatch_training.detector.config import RunConfig, load_config
from platewatch_training.detector.evaluate import MIN_SCORE, Find, Findings, evaluate, finder, together
from platewatch_training.detector.loop import held_back_photos, learned_photos, load_run
from platewatch_training.detector.network import GEOMETRY, PIXELS, DetectorNetwork
from platewatch_training.detector.origin import data_sources
from platewatch_training.exporting.onnx import INT8_SUFFIX, ExportError, save_card, write_onnx
from platewatch_training.exporting.pixels import take_pixels
from platewatch_training.exporting.quantize import is_worth_it, quantize
from platewatch_training.runs.config import RunError
from platewatch_training.runs.origin import training_run
from platewatch_training.runs.trainer import CONFIG

INPUT_NAME: Final = "photos"
OUTPUT_NAMES: Final = tuple(f"stride{stride}" for stride in STRIDES)
# Logits are about 10 high and rounding moves them by some 1e-5; a tenth of a percent in a score starts at 4e-3.
DRIFT_LIMIT: Final = 1e-3

_DRIFTED: Final = 12
_RANGES: Final = 200
_TIMED: Final = 40
_WARM_UPS: Final = 3
_USUAL_PHOTO: Final = (720, 1280)


@dataclass(frozen=True, slots=True)
class Request:
    """Options of an export: the run, the folder to write, and the folder with train/ and evaluation/.

    A run with own data needs no `datasets`. `false_per_photo` is how many false proposals a photo there may be on the
    dev photos of train/ and on what was held back: it makes the card's threshold, low since the recognizer decides.
    `commit` is that of the code which trained, None to ask Git.
    """

    run: Path
    folder: Path
    name: str
    version: str
    datasets: Path | None
    false_per_photo: float = 0.5
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """One model folder and what was measured on it: its threshold, and one thread's time for a 720p photo."""

    folder: Path
    findings: tuple[Findings, ...]
    threshold: float
    photo_ms: float
    size_bytes: int

    @property
    def recall(self) -> float:
        """Per cent over the plates of all sets, at the model's threshold."""
        return together("all", self.findings).recall(self.threshold)


@dataclass(frozen=True, slots=True)
class Export:
    """Both models, how far ONNX is from PyTorch at most, and which of the two is the better trade and why."""

    fp32: Exported
    int8: Exported
    drift: float
    better: Exported
    reason: str


@dataclass(frozen=True, slots=True)
class _Material:
    """Photos by their use: those that the network has `seen`, and sets to measure on, `dev` of them for thresholds."""

    seen: list[LabelledPhoto]
    sets: dict[str, list[LabelledPhoto]]
    dev: set[str]


def export(request: Request) -> Export:
    """Write both model folders and measure them.

    Raises:
        RunError: the run can't be read, or there are no photos.
        DatasetError: the photos can't be read, or their licence is not known.
        ExportError: the ONNX model does not answer like the network.
    """
    config = load_config(request.run / CONFIG)
    network, step = load_run(request.run)
    origin = training_run("detector train", request.run, config, step, request.commit), data_sources(config, step)
    material = _material(request, config)
    folder, small = request.folder, request.folder.with_name(request.folder.name + INT8_SUFFIX)
    for one in (folder, small):
        one.mkdir(parents=True, exist_ok=True)
    ranges = [photo.image_bgr for photo in material.seen[:: max(1, len(material.seen) // _RANGES)]]
    write_both(network, folder / MODEL_NAME, small / MODEL_NAME, ranges)
    drift = check_drift(network, folder / MODEL_NAME, ranges[:_DRIFTED])
    fp32, int8 = (
        _finish(one, _card(one, name, request.version, origin), material, request.false_per_photo)
        for one, name in ((folder, request.name), (small, request.name + INT8_SUFFIX))
    )
    better, reason = choose(fp32, int8)
    return Export(fp32, int8, drift, better, reason)


def _material(request: Request, config: RunConfig) -> _Material:
    sets: dict[str, list[LabelledPhoto]] = {}
    seen = learned_photos(config, request.run)
    if own := held_back_photos(config, request.run):
        sets[HELD_BACK] = own
    dev = set(sets)
    if request.datasets is not None:
        sets |= photo_sets(request.datasets)
        seen += training_photos(request.datasets, "train", LONGEST_SIDE)
        dev |= {one.name for one in (request.datasets / "train").iterdir()}
    if not sets:
        raise RunError(f"The run {str(request.run)!r} has no data of its own. Name photos to measure on: --datasets.")
    return _Material(seen, sets, dev)


def write_both(network: DetectorNetwork, fp32: Path, int8: Path, photos_bgr: Sequence[ImageBgr]) -> None:
    """Write the network twice: `photos` uint8 (N, H, W, 3), H and W multiples of 32, to a map for each stride.

    Args:
        network: what to write.
        fp32: the file of the one.
        int8: the file of the other.
        photos_bgr: what its ranges are taken from.
    """
    to_onnx(network, fp32)
    batches = (PIXELS.planes(to_input(photo_bgr)) for photo_bgr in photos_bgr)
    quantize(fp32, int8, batches, INPUT_NAME, PIXELS, predictions(fp32))
    for path in (fp32, int8):
        take_pixels(path, PIXELS)


def to_onnx(network: DetectorNetwork, path: Path) -> None:
    """Write the network: `photos` float32 (N, 3, H, W), H and W multiples of 32, to a map for each stride."""
    coarsest = STRIDES[-1]
    rows, columns = (torch.export.Dim(name, min=1, max=256) for name in ("rows", "columns"))
    open_sizes = {2: coarsest * rows, 3: coarsest * columns}
    example = torch.zeros(1, 3, 4 * coarsest, 5 * coarsest)
    write_onnx(network, example, path, (INPUT_NAME, OUTPUT_NAMES), open_sizes)


def to_input(image_bgr: ImageBgr) -> NDArray[np.uint8]:
    """The photo as the server shows it to the network: uint8 (1, H, W, 3)."""
    height, width = image_bgr.shape[:2]
    return letterbox(image_bgr, *canvas_size(width, height))[0][np.newaxis]


def open_finder(folder: Path, longest_side: int = LONGEST_SIDE) -> Find:
    """A detector with the averaged weights of a run, or with an exported model.

    Raises:
        RunError: it is neither, or can't be read.
        ModelError: the exported model can't be used.
    """
    if (folder / CARD_NAME).is_file():
        return PlateDetector(replace(_options(folder), input_side=longest_side)).detect
    return finder(load_run(folder)[0], longest_side)


def check_drift(network: DetectorNetwork, model: Path, images_bgr: Sequence[ImageBgr]) -> float:
    """The largest difference between the ONNX model's outputs and the network's.

    Raises:
        ExportError: farther than `DRIFT_LIMIT`.
    """
    session = ModelSession(model, provider=Provider.CPU)
    worst = 0.0
    for image_bgr in images_bgr:
        inputs = to_input(image_bgr)
        with torch.inference_mode():
            expected = [part.numpy() for part in network.eval()(torch.from_numpy(PIXELS.planes(inputs)))]
        pairs = zip(expected, session.run(inputs), strict=True)
        worst = max(worst, *(float(np.abs(one - other).max()) for one, other in pairs))
    if worst > DRIFT_LIMIT:
        raise ExportError(f"The ONNX model's answers are up to {worst:.2g} off, allowed are {DRIFT_LIMIT:.0e}.")
    return worst


def predictions(model: Path) -> list[str]:
    """The names of the last convolutions: a score's logit or a size in 256 steps would be too coarse."""
    graph = onnx.load(str(model)).graph
    shapes = {one.name: tuple(one.dims) for one in graph.initializer}
    return [
        node.name
        for node in graph.node
        if node.op_type == "Conv" and shapes[node.input[1]][0] in {1, GEOMETRY} and shapes[node.input[1]][2:] == (1, 1)
    ]


def choose(fp32: Exported, int8: Exported) -> tuple[Exported, str]:
    """The better trade of the two, and why in a sentence."""
    is_better, reason = is_worth_it(fp32.recall - int8.recall, 1 - int8.photo_ms / fp32.photo_ms, "recall")
    return (int8 if is_better else fp32), reason


def middle_ms(folder: Path, shape: tuple[int, int] = _USUAL_PHOTO) -> float:
    """The middle time of a photo of that height and width on one thread, in milliseconds, decoding of files aside."""
    detector = PlateDetector(_options(folder))
    photo: ImageBgr = np.full((*shape, 3), 90, np.uint8)
    times_s = []
    for _ in range(_WARM_UPS + _TIMED):
        began = time.perf_counter()
        detector.detect(photo)
        times_s.append(time.perf_counter() - began)
    return 1000 * statistics.median(times_s[_WARM_UPS:])


def scores(findings: Sequence[Findings], threshold: float) -> tuple[Score, ...]:
    """The figures of each set as a card has them, at that threshold."""
    return tuple(score for one in findings for score in _scores_of(one, threshold))


def _scores_of(found: Findings, threshold: float) -> Iterator[Score]:
    values: Mapping[str, float | None] = {
        "recall at IoU 0.5": found.recall(threshold) if found.plates else None,
        "recall at IoU 0.7": found.recall(threshold, 70) if found.plates else None,
        "false plates an image": found.false_per_photo(threshold),
        "corner error": found.corner_error(),
    }
    for name, value in values.items():
        if value is not None:
            yield Score(data=found.name, measure=name, value=round(value, 3))


def _card(folder: Path, name: str, version: str, origin: tuple[TrainingRun, tuple[DataSource, ...]]) -> ModelCard:
    return ModelCard(
        kind=ModelKind.DETECTOR,
        name=name,
        version=version,
        input_width=LONGEST_SIDE,
        input_height=LONGEST_SIDE,
        sha256=sha256_of(folder / MODEL_NAME),
        training=origin[0],
        data=origin[1],
    )


def _finish(folder: Path, card: ModelCard, material: _Material, false_per_photo: float) -> Exported:
    """Measure the network in the folder, choose its threshold, and leave its card there."""
    save_card(folder, card)
    detector = PlateDetector(_options(folder))
    findings = tuple(evaluate(name, photos, detector.detect) for name, photos in material.sets.items())
    dev = together("dev", [one for one in findings if one.name in material.dev])
    threshold = round(dev.threshold_for(false_per_photo), 3)
    card = card.model_copy(update={"thresholds": {SCORE: threshold}, "scores": scores(findings, threshold)})
    save_card(folder, card)
    return Exported(folder, findings, threshold, middle_ms(folder), (folder / MODEL_NAME).stat().st_size)


def _options(folder: Path) -> BackendOptions:
    return BackendOptions(provider=Provider.CPU, threads=1, model=folder, min_score=MIN_SCORE)
