"""A run's averaged weights as model folders that the server loads: fp32, and with convolutions in int8."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
import yaml
from numpy.typing import NDArray
from torch import nn

from platewatch.errors import PlatewatchError
from platewatch.vision.recognize import INPUT_HEIGHT, INPUT_WIDTH, SLOTS, SlotCodec, to_batch, to_input
from platewatch.vision.session import ModelSession, Provider
from platewatch.vision.zoo import (
    CARD_NAME,
    MODEL_NAME,
    Calibration,
    DataSource,
    ModelCard,
    ModelKind,
    Score,
    TrainingRun,
    sha256_of,
)
from platewatch_training.datasets.labels import LabelledCrop
from platewatch_training.recognizer.batches import real_crops
from platewatch_training.recognizer.calibrate import fit_line, fit_temperature
from platewatch_training.recognizer.config import RunConfig, RunError, load_config
from platewatch_training.recognizer.evaluate import crop_sets
from platewatch_training.recognizer.loop import CONFIG, load_run
from platewatch_training.recognizer.measure import (
    HELD_OUT_SEED,
    Measured,
    as_labelled,
    measure,
    middle_ms,
    read_folder,
    render_samples,
)
from platewatch_training.recognizer.origin import data_sources, training_run
from platewatch_training.recognizer.quantize import quantize
from platewatch_training.synthesis.samples import Sample

# The newest that the exporter writes without converting; every ONNX Runtime of the server's requirements reads it.
OPSET: Final = 18
INPUT_NAME: Final = "crops"
OUTPUT_NAMES: Final = ("slots", "regions")
# Logits are about 10 high, and rounding alone moved them by 3e-6; a tenth of a percent in a probability starts at 1e-3.
DRIFT_LIMIT: Final = 1e-3
INT8_SUFFIX: Final = "-int8"
# int8 is worth having where it costs at most so much of exactness and saves at least this share of the time.
WORST_LOSS: Final = 0.5
LEAST_GAIN: Final = 0.15

_FIT_SEED: Final = 910_000_001
_CROPS_AT_ONCE: Final = 32
_RANGES: Final = 256


class ExportError(PlatewatchError):
    """An export that must not be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to export: the run, the folder to write, and `samples` rendered crops for fitting and for measuring each.

    `datasets` is the folder with evaluation/ and train/, None for rendered crops alone; `commit` that of the code which
    trained, None to ask Git.
    """

    run: Path
    folder: Path
    name: str
    version: str
    datasets: Path | None = None
    samples: int = 2000
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """One model folder and what was measured on it; times on one thread, in milliseconds a crop."""

    folder: Path
    measured: tuple[Measured, ...]
    single_ms: float
    batch_ms: float
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Export:
    """Both models, how far ONNX is from PyTorch in logits, and which of the two is the better trade and why."""

    fp32: Exported
    int8: Exported
    drift: float
    better: Exported
    reason: str


@dataclass(frozen=True, slots=True)
class _Material:
    """Crops by their use; none of `fit` is ever measured, none of `held_out` and `sets` is fitted on."""

    fit: list[LabelledCrop]
    held_out: list[Sample]
    sets: dict[str, list[LabelledCrop]]


def export(request: Request) -> Export:
    """Write both model folders, fit their calibration and measure them.

    Raises:
        RunError: the run can't be read, or its network has no slots.
        ExportError: the ONNX model does not read like the network.
    """
    config = load_config(request.run / CONFIG)
    if config.head != "slots":
        raise RunError(f"The run {str(request.run)!r} has the head {config.head!r}. Only slots can be exported.")
    network, codec, step = load_run(request.run)
    material = _material(request, config)
    run, data = training_run(request.run, config, step, request.commit), data_sources(config, step)
    folder, small = request.folder, request.folder.with_name(request.folder.name + INT8_SUFFIX)
    for one in (folder, small):
        one.mkdir(parents=True, exist_ok=True)
    to_onnx(network, folder / MODEL_NAME)
    everything = [*material.fit, *(crop for crops in material.sets.values() for crop in crops)]
    drift = check_drift(network, codec, folder / MODEL_NAME, everything)
    ranges = to_batch([to_input(crop.crop_bgr) for crop in material.fit[:: max(1, len(material.fit) // _RANGES)]])
    quantize(folder / MODEL_NAME, small / MODEL_NAME, list(ranges), INPUT_NAME)
    fp32, int8 = (
        _finish(one, _card(one, name, request.version, codec, (run, data)), codec, material)
        for one, name in ((folder, request.name), (small, request.name + INT8_SUFFIX))
    )
    better, reason = choose(fp32, int8)
    return Export(fp32, int8, drift, better, reason)


def to_onnx(network: nn.Module, path: Path) -> None:
    """Write the network: `crops` float32 (N, 3, 64, 160) to logits `slots` (N, 12, classes) and `regions`."""
    # It tells at length that torchvision, which nothing here uses, is not installed.
    logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of the exporter about itself
        program = torch.onnx.export(
            network.eval(),
            (torch.zeros(2, 3, INPUT_HEIGHT, INPUT_WIDTH),),
            input_names=[INPUT_NAME],
            output_names=list(OUTPUT_NAMES),
            opset_version=OPSET,
            dynamic_shapes=({0: torch.export.Dim("n", min=1, max=4096)},),
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise ExportError("PyTorch gave no ONNX program. Try again with the pinned versions.")
    program.save(str(path))


def check_drift(network: nn.Module, codec: SlotCodec, model: Path, crops: Sequence[LabelledCrop]) -> float:
    """How far the ONNX model's logits are from the network's at most.

    Raises:
        ExportError: farther than `DRIFT_LIMIT`, or a text or region that differs.
    """
    session = ModelSession(model, provider=Provider.CPU)
    worst = 0.0
    for at in range(0, len(crops), _CROPS_AT_ONCE):
        chosen = crops[at : at + _CROPS_AT_ONCE]
        inputs = to_batch([to_input(crop.crop_bgr) for crop in chosen])
        with torch.inference_mode():
            expected = [part.numpy() for part in network(torch.from_numpy(inputs))]
        found = session.run(inputs)
        worst = max(worst, *(float(np.abs(a - b).max()) for a, b in zip(expected, found, strict=True)))
        for crop, *logits in zip(chosen, *expected, *found, strict=True):
            texts = [codec.decode(logits[which], logits[which + 1]) for which in (0, 2)]
            if (texts[0].text, texts[0].region) != (texts[1].text, texts[1].region):
                raise ExportError(f"Of {crop.source} ONNX reads {texts[1].text!r}, PyTorch {texts[0].text!r}.")
    if worst > DRIFT_LIMIT:
        raise ExportError(f"The ONNX model's logits are up to {worst:.2g} off, allowed are {DRIFT_LIMIT:.0e}.")
    return worst


def choose(fp32: Exported, int8: Exported) -> tuple[Exported, str]:
    """The better trade of the two, and why in a sentence."""
    loss = _exact_of_all(fp32) - _exact_of_all(int8)
    gain = 1 - int8.single_ms / fp32.single_ms
    figures = f"int8 loses {loss:.2f} points of exact over all plates and saves {100 * gain:.0f} % of the time"
    if loss <= WORST_LOSS and gain >= LEAST_GAIN:
        return int8, f"{figures}."
    return fp32, f"{figures}; worth it are at most {WORST_LOSS} points for at least {100 * LEAST_GAIN:.0f} %."


def _exact_of_all(exported: Exported) -> float:
    """Per cent over the plates of all sets together: small sets alone can't tell half a point."""
    return sum(one.exact * one.plates for one in exported.measured) / sum(one.plates for one in exported.measured)


def save_card(folder: Path, card: ModelCard) -> None:
    """Write the card; fields that are as by default are left out."""
    content = card.model_dump(mode="json", exclude_defaults=True)
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)
    (folder / CARD_NAME).write_text(text, encoding="utf-8")


def _material(request: Request, config: RunConfig) -> _Material:
    fit = as_labelled(render_samples(_FIT_SEED, request.samples))
    sets: dict[str, list[LabelledCrop]] = {}
    if request.datasets is not None:
        sets = crop_sets(request.datasets)
        # A network is surer of what it was trained on, so that only a run without real crops may be fitted on them.
        if config.real_share == 0:
            fit += real_crops(config.model_copy(update={"real_share": 1.0, "datasets": request.datasets}))
    return _Material(fit, render_samples(HELD_OUT_SEED, request.samples), sets)


def _card(
    folder: Path, name: str, version: str, codec: SlotCodec, origin: tuple[TrainingRun, tuple[DataSource, ...]]
) -> ModelCard:
    return ModelCard(
        kind=ModelKind.RECOGNIZER,
        name=name,
        version=version,
        input_width=INPUT_WIDTH,
        input_height=INPUT_HEIGHT,
        sha256=sha256_of(folder / MODEL_NAME),
        alphabet=codec.alphabet,
        slots=SLOTS,
        regions=codec.regions,
        training=origin[0],
        data=origin[1],
    )


def _finish(folder: Path, card: ModelCard, codec: SlotCodec, material: _Material) -> Exported:
    """Calibrate and measure the network in the folder, and leave its card there."""
    logits = slot_logits(folder / MODEL_NAME, material.fit)
    targets = np.stack([codec.encode(crop.text) for crop in material.fit])
    calibration = Calibration(temperature=round(fit_temperature(logits, targets), 4))
    save_card(folder, card.model_copy(update={"calibration": calibration}))
    slope, offset = fit_line(read_folder(folder, material.fit)[0])
    calibration = calibration.model_copy(update={"slope": round(slope, 4), "offset": round(offset, 4)})
    card = card.model_copy(update={"calibration": calibration})
    save_card(folder, card)
    measured = measure(folder, material.held_out, material.sets)
    save_card(folder, card.model_copy(update={"scores": scores(measured)}))
    crops = as_labelled(material.held_out)
    size = (folder / MODEL_NAME).stat().st_size
    return Exported(folder, tuple(measured), middle_ms(folder, crops), middle_ms(folder, crops, 8), size)


def slot_logits(model: Path, crops: Sequence[LabelledCrop]) -> NDArray[np.float32]:
    """float32 (N, slots, classes) of that ONNX model, before softmax."""
    session = ModelSession(model, provider=Provider.CPU)
    batches = (crops[at : at + _CROPS_AT_ONCE] for at in range(0, len(crops), _CROPS_AT_ONCE))
    return np.concatenate([session.run(to_batch([to_input(crop.crop_bgr) for crop in batch]))[0] for batch in batches])


def scores(measured: Sequence[Measured]) -> tuple[Score, ...]:
    """The figures as a card has them, in per cent."""
    found = []
    for one in measured:
        values: Mapping[str, float | None] = {
            "exact": one.exact,
            "exact without grammars": one.as_read,
            "folded": one.folded,
            "calibration error": one.calibration_error,
            "region": one.region,
        }
        found += [
            Score(data=one.name, measure=name, value=round(value, 2))
            for name, value in values.items()
            if value is not None
        ]
    return tuple(found)
