"""A run's averaged weights as model folders that the server loads: fp32, and with convolutions in int8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from platewatch.vision.inference.model_card import (
    MODEL_NAME,
    Calibration,
    DataSource,
    ModelCard,
    ModelKind,
    Score,
    TrainingRun,
    sha256_of,
)
from platewatch.vision.inference.session import ModelSession, Provider
from platewatch.vision.recognizer.slot_codec import INPUT_HEIGHT, SLOTS, SlotCodec, to_input
from platewatch.vision.types import ImageBgr
from platewatch_training.datasets.labels import LabelledCrop
from platewatch_training.datasets.own import HELD_BACK
from platewatch_training.exporting.onnx import INT8_SUFFIX, ExportError, save_card, write_onnx
from platewatch_training.exporting.pixels import take_pixels
from platewatch_training.exporting.quantize import is_worth_it, quantize
from platewatch_training.recognizer.batches import real_crops
from platewatch_training.recognizer.calibrate import fit_line, fit_temperature
from platewatch_training.recognizer.config import RunConfig, load_config
from platewatch_training.recognizer.evaluate import crop_sets, read_answer
from platewatch_training.recognizer.loop import held_back_crops, load_run
from platewatch_training.recognizer.measure import (
    HELD_OUT_SEED,
    Measured,
    as_labelled,
    measure,
    middle_ms,
    read_folder,
    render_samples,
)
from platewatch_training.recognizer.network import PIXELS, Answer, RecognizerNetwork
from platewatch_training.recognizer.origin import data_sources
from platewatch_training.runs.config import RunError
from platewatch_training.runs.origin import training_run
from platewatch_training.runs.trainer import CONFIG
from platewatch_training.synthesis.samples import Sample

INPUT_NAME: Final = "crops"
# Logits are about 10 high, and rounding alone moved them by 3e-6; a tenth of a percent in a probability starts at 1e-3.
DRIFT_LIMIT: Final = 1e-3

_FIT_SEED: Final = 910_000_001
_CROPS_AT_ONCE: Final = 32
_RANGES: Final = 256


@dataclass(frozen=True, slots=True)
class Request:
    """Options of an export: the run, the folder to write, and `samples` rendered crops each for fitting and measuring.

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
    if config.head == "ctc":
        raise RunError(f"The run {str(request.run)!r} has steps alone. Only networks with slots can be exported.")
    network, codec, step = load_run(request.run)
    material = _material(request, config)
    run = training_run("recognizer train", request.run, config, step, request.commit)
    data = data_sources(config, step)
    folder, small = request.folder, request.folder.with_name(request.folder.name + INT8_SUFFIX)
    for one in (folder, small):
        one.mkdir(parents=True, exist_ok=True)
    ranges = [crop.crop_bgr for crop in material.fit[:: max(1, len(material.fit) // _RANGES)]]
    write_both(network, folder / MODEL_NAME, small / MODEL_NAME, ranges)
    everything = [*material.fit, *(crop for crops in material.sets.values() for crop in crops)]
    drift = check_drift(network, codec, folder / MODEL_NAME, everything)
    fp32, int8 = (
        _finish(one, _card(one, name, request.version, codec, (run, data)), codec, material)
        for one, name in ((folder, request.name), (small, request.name + INT8_SUFFIX))
    )
    better, reason = choose(fp32, int8)
    return Export(fp32, int8, drift, better, reason)


class _Outputs(nn.Module):
    """The network with a plain tuple of what it says."""

    def __init__(self, network: RecognizerNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, inputs: Tensor) -> tuple[Tensor, ...]:
        return tuple(part for part in self.network(inputs) if part is not None)


def write_both(network: RecognizerNetwork, fp32: Path, int8: Path, crops_bgr: Sequence[ImageBgr]) -> None:
    """Write the network twice: `crops` uint8 (N, 64, W, 3) to the logits of its heads.

    Args:
        network: what to write.
        fp32: the file of the one.
        int8: the file of the other.
        crops_bgr: what its ranges are taken from.
    """
    to_onnx(network, fp32)
    inputs = np.stack([to_input(crop_bgr, network.input_width) for crop_bgr in crops_bgr])
    batches = (PIXELS.planes(inputs[at : at + _CROPS_AT_ONCE]) for at in range(0, len(inputs), _CROPS_AT_ONCE))
    quantize(fp32, int8, batches, INPUT_NAME, PIXELS)
    for path in (fp32, int8):
        take_pixels(path, PIXELS)


def to_onnx(network: RecognizerNetwork, path: Path) -> None:
    """Write the network: `crops` float32 (N, 3, 64, W) to the logits of its heads, `slots`, `steps` and `regions`."""
    example = torch.zeros(2, 3, INPUT_HEIGHT, network.input_width)
    names = ("slots", "regions") if network.steps is None else ("slots", "steps", "regions")
    write_onnx(_Outputs(network), example, path, (INPUT_NAME, names), {0: torch.export.Dim("n", min=1, max=4096)})


def check_drift(network: RecognizerNetwork, codec: SlotCodec, model: Path, crops: Sequence[LabelledCrop]) -> float:
    """The largest difference between the ONNX model's logits and the network's.

    Raises:
        ExportError: farther than `DRIFT_LIMIT`, or a text or region that differs.
    """
    session = ModelSession(model, provider=Provider.CPU)
    outputs = _Outputs(network)
    worst = 0.0
    for at in range(0, len(crops), _CROPS_AT_ONCE):
        chosen = crops[at : at + _CROPS_AT_ONCE]
        inputs = np.stack([to_input(crop.crop_bgr, network.input_width) for crop in chosen])
        with torch.inference_mode():
            expected = list(outputs(torch.from_numpy(PIXELS.planes(inputs))))
        found = [torch.from_numpy(np.asarray(part, np.float32)) for part in session.run(inputs)]
        worst = max(worst, *(float((a - b).abs().max()) for a, b in zip(expected, found, strict=True)))
        for crop, known, read in zip(chosen, _decode(expected, codec), _decode(found, codec), strict=True):
            if known != read:
                raise ExportError(f"Of {crop.source} ONNX reads {read!r}, PyTorch {known!r}.")
    if worst > DRIFT_LIMIT:
        raise ExportError(f"The ONNX model's logits are up to {worst:.2g} off, allowed are {DRIFT_LIMIT:.0e}.")
    return worst


def _decode(parts: Sequence[Tensor], codec: SlotCodec) -> list[tuple[str, str]]:
    """Text and region of each crop."""
    answer = Answer(parts[0], parts[1] if len(parts) > len(("slots", "regions")) else None, parts[-1])
    regions = [codec.regions[index] for index in answer.regions.argmax(dim=1).tolist()]
    return [(one.text, region) for one, region in zip(read_answer(answer, codec), regions, strict=True)]


def choose(fp32: Exported, int8: Exported) -> tuple[Exported, str]:
    """The better trade of the two, and why in a sentence."""
    loss = _exact_of_all(fp32) - _exact_of_all(int8)
    is_better, reason = is_worth_it(loss, 1 - int8.single_ms / fp32.single_ms, "exact")
    return (int8 if is_better else fp32), reason


def _exact_of_all(exported: Exported) -> float:
    """Per cent over the plates of all sets together: small sets alone can't tell half a point."""
    return sum(one.exact * one.plates for one in exported.measured) / sum(one.plates for one in exported.measured)


def _material(request: Request, config: RunConfig) -> _Material:
    fit = as_labelled(render_samples(_FIT_SEED, request.samples))
    sets: dict[str, list[LabelledCrop]] = {}
    if own := held_back_crops(config, request.run):
        sets[HELD_BACK] = own
    if request.datasets is not None:
        sets |= crop_sets(request.datasets)
        # A network is more confident on its training data, so that only a run without real crops may be fitted on them.
        if config.real_share == 0 and config.own is None:
            fit += real_crops(config.model_copy(update={"real_share": 1.0, "datasets": request.datasets}))
    return _Material(fit, render_samples(HELD_OUT_SEED, request.samples), sets)


def _input_width(session: ModelSession) -> int:
    width = session.input_shapes[0][2]
    if width is None:
        raise ExportError("The network was written with an open width.")
    return width


def _steps(session: ModelSession) -> int | None:
    """The number of steps of the second head; None where the network has slots alone."""
    of_texts = session.output_shapes[:-1]
    return of_texts[1][1] if len(of_texts) > 1 else None


def _card(
    folder: Path, name: str, version: str, codec: SlotCodec, origin: tuple[TrainingRun, tuple[DataSource, ...]]
) -> ModelCard:
    session = ModelSession(folder / MODEL_NAME, provider=Provider.CPU)
    return ModelCard(
        kind=ModelKind.RECOGNIZER,
        name=name,
        version=version,
        input_width=_input_width(session),
        input_height=INPUT_HEIGHT,
        sha256=sha256_of(folder / MODEL_NAME),
        alphabet=codec.alphabet,
        slots=SLOTS,
        steps=_steps(session),
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
    width = _input_width(session)
    batches = (crops[at : at + _CROPS_AT_ONCE] for at in range(0, len(crops), _CROPS_AT_ONCE))
    return np.concatenate(
        [session.run(np.stack([to_input(crop.crop_bgr, width) for crop in batch]))[0] for batch in batches]
    )


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
