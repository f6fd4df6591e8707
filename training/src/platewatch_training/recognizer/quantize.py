"""A network's convolutions in int8, with the ranges that real inputs have."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
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

_CROPS_AT_ONCE: Final = 16
# The head is a tenth of the work, and attention loses most by coarse numbers.
_OPERATORS: Final = ["Conv"]


class _Inputs(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime publishes no types
    def __init__(self, name: str, batches: Iterator[NDArray[np.float32]]) -> None:
        self._name = name
        self._batches = batches

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        batch = next(self._batches, None)
        return None if batch is None else {self._name: batch}


def quantize(model: Path, output: Path, inputs: Sequence[NDArray[np.float32]], input_name: str) -> None:
    """Write the model with quantized convolutions: int8 weights a channel, uint8 activations, as QDQ pairs.

    Args:
        model: the fp32 network.
        output: the file to write.
        inputs: float32 (3, H, W) each, as the network will see them.
        input_name: what the network calls its input.
    """
    batches = (np.stack(inputs[at : at + _CROPS_AT_ONCE]) for at in range(0, len(inputs), _CROPS_AT_ONCE))
    # It warns on the root logger that it should be called on a pre-processed model, which this is.
    logging.getLogger().addFilter(_is_no_advice)
    try:
        with TemporaryDirectory() as folder:
            prepared = Path(folder, "prepared.onnx")
            quant_pre_process(str(model), str(prepared), skip_symbolic_shape=True)
            quantize_static(
                str(prepared),
                str(output),
                _Inputs(input_name, batches),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=_OPERATORS,
                per_channel=True,
                # Without VNNI, pairs of products are added in 16 bits; seven-bit weights keep that from overflowing.
                reduce_range=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=CalibrationMethod.MinMax,
            )
    finally:
        logging.getLogger().removeFilter(_is_no_advice)


def _is_no_advice(record: logging.LogRecord) -> bool:
    return "pre-processing before quantization" not in record.getMessage()
