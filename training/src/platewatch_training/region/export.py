"""A run's averaged weights as model folders that the server loads: fp32, and with convolutions in int8."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch

from platewatch.vision.geometry import corners_from_box
from platewatch.vision.inference.model_card import MODEL_NAME, STATE, ModelCard, ModelKind, Score, sha256_of
from platewatch.vision.inference.registry import BackendOptions
from platewatch.vision.inference.session import ModelSession, Provider
from platewatch.vision.recognizer.region_network import RegionClassifier, to_strips
from platewatch.vision.recognizer.slot_recognizer import SlotRecognizer, recognizer_model
from platewatch.vision.types import Crop, Detection, ImageBgr, Transcript
from platewatch_training.datasets.labels import LabelledCrop
from platewatch_training.exporting.onnx import INT8_SUFFIX, ExportError, save_card, write_onnx
from platewatch_training.exporting.pixels import take_pixels
from platewatch_training.exporting.quantize import is_worth_it, quantize
from platewatch_training.region.batches import RenderedSource
from platewatch_training.region.config import RegionConfig, load_config
from platewatch_training.region.evaluate import Naming, RegionScore, region_sets, score_regions
from platewatch_training.region.loop import load_run
from platewatch_training.region.network import PIXELS, RegionNetwork
from platewatch_training.region.origin import data_sources
from platewatch_training.region.weigh import WeighedCrop, fit_threshold, fit_weights
from platewatch_training.runs.config import RunError
from platewatch_training.runs.origin import training_run
from platewatch_training.runs.trainer import CONFIG

INPUT_NAME: Final = "crops"
RENDERED: Final = "rendered"
DRIFT_LIMIT: Final = 1e-3
_FIT_SEED: Final = 910_000_001
_HELD_OUT_SEED: Final = 920_000_001
_AT_ONCE: Final = 32
_RANGES: Final = 256
_TIMED: Final = 60
_WARM_UPS: Final = 5
_DEV: Final = "train"


@dataclass(frozen=True, slots=True)
class RegionRequest:
    """Options of an export: the run, the folder to write, and `samples` rendered crops each for fitting and measuring.

    `datasets` is the folder with evaluation/ and train/, None for rendered crops alone; `commit` that of the code which
    trained, None to ask Git.
    """

    run: Path
    folder: Path
    name: str
    version: str
    datasets: Path | None = None
    samples: int = 1000
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class RegionExported:
    """One model folder and what was measured on it; the time on one thread, in milliseconds a crop."""

    folder: Path
    scores: tuple[RegionScore, ...]
    crop_ms: float
    size_bytes: int


@dataclass(frozen=True, slots=True)
class RegionExport:
    """Both models, how far ONNX is from PyTorch in logits, and which is the better trade and why."""

    fp32: RegionExported
    int8: RegionExported
    drift: float
    better: RegionExported
    reason: str


def export(request: RegionRequest) -> RegionExport:
    """Write both model folders, fit how much they count and measure them.

    Raises:
        RunError: the run can't be read.
        ExportError: the ONNX model does not say what the network says.
    """
    config = load_config(request.run / CONFIG)
    network, all_regions, step = load_run(request.run)
    naming = Naming(network, all_regions).eval()
    fit, held_out = (_render(config, seed, request.samples) for seed in (_FIT_SEED, _HELD_OUT_SEED))
    sets = {} if request.datasets is None else region_sets(request.datasets)
    trained = _names_of_train(request.datasets)
    # The rows of train/ that are kept for validation choose the weights; what measures chooses nothing.
    fit += [crop for name, crops in sets.items() if name in trained for crop in crops]
    measured = {RENDERED: held_out} | {name: crops for name, crops in sets.items() if name not in trained}
    origin = (training_run("region train", request.run, config, step, request.commit), data_sources(config, step))
    small = request.folder.with_name(request.folder.name + INT8_SUFFIX)
    for one in (request.folder, small):
        one.mkdir(parents=True, exist_ok=True)
    write_both(naming, request.folder / MODEL_NAME, small / MODEL_NAME, [crop.crop_bgr for crop in fit[:_RANGES]])
    drift = check_drift(naming, request.folder / MODEL_NAME, [crop.crop_bgr for crop in fit[:_RANGES]])
    reader = SlotRecognizer(BackendOptions(provider=Provider.CPU))
    transcripts = {RENDERED: _read(reader, held_out), **{name: _read(reader, measured[name]) for name in measured}}
    fit_transcripts = _read(reader, fit)
    done = []
    for folder, name in ((request.folder, request.name), (small, request.name + INT8_SUFFIX)):
        card = ModelCard(
            kind=ModelKind.REGIONS,
            name=name,
            version=request.version,
            input_width=config.input_width,
            input_height=config.input_height,
            sha256=sha256_of(folder / MODEL_NAME),
            regions=naming.regions,
            training=origin[0],
            data=origin[1],
        )
        save_card(folder, card)
        card = _fit_weights(folder, card, list(zip(fit, fit_transcripts, strict=True)))
        scores = tuple(_scores(folder, set_name, crops, transcripts[set_name]) for set_name, crops in measured.items())
        save_card(folder, card.model_copy(update={"scores": tuple(_as_scores(scores))}))
        size = (folder / MODEL_NAME).stat().st_size
        done.append(RegionExported(folder, scores, middle_ms(folder, held_out), size))
    fp32, int8 = done
    is_better, reason = is_worth_it(_right(fp32) - _right(int8), 1 - int8.crop_ms / fp32.crop_ms, "right regions")
    return RegionExport(fp32, int8, drift, int8 if is_better else fp32, reason)


def write_both(naming: Naming, fp32: Path, int8: Path, crops_bgr: Sequence[ImageBgr]) -> None:
    """Write the network twice, `crops` uint8 (N, H, W, 3) to `regions`; the crops give the ranges of int8."""
    example = torch.zeros(2, 3, naming.network.input_height, naming.network.input_width)
    write_onnx(naming, example, fp32, (INPUT_NAME, ("regions",)), {0: torch.export.Dim("n", min=1, max=4096)})
    inputs = _inputs(naming.network, crops_bgr)
    batches = (PIXELS.planes(inputs[at : at + _AT_ONCE]) for at in range(0, len(inputs), _AT_ONCE))
    quantize(fp32, int8, batches, INPUT_NAME, PIXELS)
    for path in (fp32, int8):
        take_pixels(path, PIXELS)


def check_drift(naming: Naming, model: Path, crops_bgr: Sequence[ImageBgr]) -> float:
    """The largest difference between the ONNX model's logits and the network's.

    Raises:
        ExportError: farther than `DRIFT_LIMIT`, or a region that differs.
    """
    session = ModelSession(model, provider=Provider.CPU)
    worst = 0.0
    inputs = _inputs(naming.network, crops_bgr)
    for at in range(0, len(inputs), _AT_ONCE):
        chosen = inputs[at : at + _AT_ONCE]
        with torch.inference_mode():
            expected = naming.eval()(torch.from_numpy(PIXELS.planes(chosen))).numpy()
        found = np.asarray(session.run(chosen)[0], np.float32)
        worst = max(worst, float(np.abs(expected - found).max()))
        if worst > DRIFT_LIMIT or (expected.argmax(1) != found.argmax(1)).any():
            raise ExportError(f"The ONNX model's logits are up to {worst:.2g} off, allowed are {DRIFT_LIMIT:.0e}.")
    return worst


def middle_ms(folder: Path, crops: Sequence[LabelledCrop]) -> float:
    """The middle time of one crop on one thread, in milliseconds."""
    classifier = RegionClassifier(folder, provider=Provider.CPU)
    crop_bgr = crops[0].crop_bgr
    for _ in range(_WARM_UPS):
        classifier.probabilities([crop_bgr])
    times_s = []
    for _ in range(_TIMED):
        began = time.perf_counter()
        classifier.probabilities([crop_bgr])
        times_s.append(time.perf_counter() - began)
    return 1000 * statistics.median(times_s)


def _fit_weights(folder: Path, card: ModelCard, fit: Sequence[tuple[LabelledCrop, Transcript]]) -> ModelCard:
    """The card with the fitted weights and threshold, saved in the folder."""
    classifier = RegionClassifier(folder, recognizer_model(None).card.regions, provider=Provider.CPU)
    by_looks = classifier.probabilities([crop.crop_bgr for crop, _ in fit]).tolist()
    crops = [
        WeighedCrop(dict(zip(classifier.named, looks, strict=True)), transcript, crop.region or "")
        for looks, (crop, transcript) in zip(by_looks, fit, strict=True)
    ]
    weights = fit_weights(crops, classifier.regions)
    thresholds = {STATE: fit_threshold(crops, classifier.regions, weights)}
    card = card.model_copy(update={"region_weights": weights, "thresholds": thresholds})
    save_card(folder, card)
    return card


def _scores(folder: Path, name: str, crops: Sequence[LabelledCrop], transcripts: Sequence[Transcript]) -> RegionScore:
    """The regions that the server reports with that model for crops with these transcripts."""
    classifier = RegionClassifier(folder, recognizer_model(None).card.regions, provider=Provider.CPU)
    classified = classifier.classify([_as_crop(crop.crop_bgr) for crop in crops], transcripts)
    return score_regions(name, crops, [one.region for one in classified])


def _as_scores(scores: Sequence[RegionScore]) -> list[Score]:
    found = []
    for one in scores:
        if one.state is not None:
            found.append(Score(data=one.name, measure="state", value=round(one.state, 2)))
        found.append(Score(data=one.name, measure="country", value=round(one.country, 2)))
    return found


def _right(exported: RegionExported) -> float:
    """Per cent of all plates of all sets whose state, or where the label has none, whose country is right."""
    shares = [(one.country if one.state is None else one.state, one.plates) for one in exported.scores]
    return sum(share * plates for share, plates in shares) / sum(plates for _, plates in shares)


def _render(config: RegionConfig, seed: int, count: int) -> list[LabelledCrop]:
    # Half of them name a state: where the server stands is not known, and neither half is to be thought likelier.
    source = RenderedSource(config.model_copy(update={"states_share": 0.5}), seed=seed)
    samples = [source.next() for _ in range(count)]
    return [LabelledCrop(one.crop_bgr, one.text, one.layout, one.region) for one in samples]


def _read(reader: SlotRecognizer, crops: Sequence[LabelledCrop]) -> list[Transcript]:
    return reader.recognize([_as_crop(crop.crop_bgr) for crop in crops])


def _names_of_train(datasets: Path | None) -> set[str]:
    if datasets is None:
        return set()
    folder = datasets / _DEV
    if not folder.is_dir():
        raise RunError(f"There is no folder {str(folder)!r}.")
    return {one.name for one in folder.iterdir()}


def _inputs(network: RegionNetwork, crops_bgr: Sequence[ImageBgr]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    size = (network.input_width, network.input_height)
    return np.stack([to_strips(crop_bgr, *size) for crop_bgr in crops_bgr])


def _as_crop(crop_bgr: ImageBgr) -> Crop:
    height, width = crop_bgr.shape[:2]
    return Crop(crop_bgr, Detection(corners_from_box((0.0, 0.0, float(width), float(height))), 1.0))
