"""A network's convolutions in int8, with the ranges that real inputs have."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray
from onnxruntime.quantization import (  # type: ignore[import-untyped]  # no stubs are published
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process  # type: ignore[import-untyped]

from platewatch_training.exporting.pixels import PixelRange

# int8 is worth having where it costs at most so many points of its measure and saves at least this share of the time.
_WORST_LOSS: Final = 0.5
_MIN_GAIN: Final = 0.15
# The head is a tenth of the work, and attention loses most by coarse numbers. A ReLU becomes the end of the range of
# the convolution before it: rounded on its own, a convolution's answers below zero would take half of the range.
_OPERATORS: Final = ["Conv", "Relu"]


class _Inputs(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime publishes no types
    def __init__(self, name: str, batches: Iterator[NDArray[np.float32]]) -> None:
        self._name = name
        self._batches = batches

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        batch = next(self._batches, None)
        return None if batch is None else {self._name: batch}


def quantize(
    model: Path,
    output: Path,
    batches: Iterable[NDArray[np.float32]],
    input_name: str,
    pixels: PixelRange,
    left_out: Collection[str] = (),
) -> None:
    """Write the model with quantized convolutions: int8 weights a channel, uint8 activations, as QDQ pairs.

    Args:
        model: the fp32 network.
        output: the file to write.
        batches: float32 (N, 3, H, W) each, as the network will see them.
        input_name: what the network calls its input.
        pixels: which numbers its input may be, whatever the batches have of them.
        left_out: names of convolutions that stay as they are.
    """
    # It warns on the root logger that it should be called on a pre-processed model, which this is.
    logging.getLogger().addFilter(_is_no_advice)
    try:
        with TemporaryDirectory() as folder:
            prepared = Path(folder, "prepared.onnx")
            quant_pre_process(str(model), str(prepared), skip_symbolic_shape=True)
            quantize_static(
                str(prepared),
                str(output),
                _Inputs(input_name, iter(batches)),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=_OPERATORS,
                nodes_to_exclude=list(left_out),
                per_channel=True,
                # Without VNNI, pairs of products are added in 16 bits; seven-bit weights keep that from overflowing.
                reduce_range=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=CalibrationMethod.MinMax,
                extra_options={"TensorQuantOverrides": {input_name: [_as_pixels(pixels)]}},
            )
    finally:
        logging.getLogger().removeFilter(_is_no_advice)


def _as_pixels(pixels: PixelRange) -> dict[str, object]:
    return {
        "quant_type": QuantType.QUInt8,
        "scale": np.asarray(pixels.scale, np.float32),
        "zero_point": np.asarray(pixels.zero_point, np.uint8),
    }


def is_worth_it(loss: float, gain: float, measure: str) -> tuple[bool, str]:
    """Whether int8 is the better trade, and why in a sentence.

    Args:
        loss: points of the measure that int8 costs.
        gain: share of the time that it saves.
        measure: what the points are of.
    """
    figures = f"int8 loses {loss:.2f} points of {measure} over all plates and saves {100 * gain:.0f} % of the time"
    if loss <= _WORST_LOSS and gain >= _MIN_GAIN:
        return True, f"{figures}."
    return False, f"{figures}; worth it are at most {_WORST_LOSS} points for at least {100 * _MIN_GAIN:.0f} %."


def _is_no_advice(record: logging.LogRecord) -> bool:
    return "pre-processing before quantization" not in record.getMessage()
