"""Networks that learned from planes of numbers, made to take the pixels of pictures as they lie in memory.

In int8, a pixel is already the number that the first convolution wants: nothing is left to be done to a picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

_CHANNELS_FIRST: Final = (0, 3, 1, 2)


@dataclass(frozen=True, slots=True)
class PixelRange:
    """The quantized value of a pixel: its value times `scale`, plus `offset`."""

    scale: float
    offset: float = 0.0

    @property
    def zero_point(self) -> int:
        """The pixel that is nearest to zero."""
        return round(-self.offset / self.scale)

    def planes(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 (N, H, W, 3) as float32 (N, 3, H, W)."""
        planes = np.ascontiguousarray(pixels.transpose(_CHANNELS_FIRST)).astype(np.float32)
        planes *= np.float32(self.scale)
        planes += np.float32(self.offset)
        return planes


def take_pixels(path: Path, pixels: PixelRange) -> None:
    """Change the network in the file: its input is uint8 (N, H, W, 3) then, no longer float32 (N, 3, H, W).

    One in int8 must have been made so for this range: its first rounding falls away, as pixels are round already.
    """
    model = onnx.load(str(path))
    graph = model.graph
    given = graph.input[0]
    count, channels, height, width = given.type.tensor_type.shape.dim
    sizes = [size.dim_param or size.dim_value for size in (count, height, width, channels)]
    planes = f"{given.name}_planes"
    nodes = [helper.make_node("Transpose", [given.name], [planes], perm=_CHANNELS_FIRST)]
    readers = [node for node in graph.node if given.name in node.input]
    quantizer = next((node for node in readers if node.op_type == "QuantizeLinear"), None)
    if quantizer is None:
        numbers = f"{given.name}_numbers"
        _rename_input(graph, given.name, numbers)
        nodes += _to_numbers(graph, planes, numbers, pixels)
    else:
        _rename_input(graph, quantizer.output[0], planes)
        graph.node.remove(quantizer)
    for place, node in enumerate(nodes):
        graph.node.insert(place, node)
    given.CopyFrom(helper.make_tensor_value_info(given.name, TensorProto.UINT8, sizes))
    _save(model, path)


def _save(model: onnx.ModelProto, path: Path) -> None:
    graph = model.graph
    used = {name for node in graph.node for name in node.input}
    for one in [one for one in graph.initializer if one.name not in used]:
        graph.initializer.remove(one)
    # What it says of the sizes between is of the network as it was.
    del graph.value_info[:]
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _to_numbers(graph: onnx.GraphProto, planes: str, numbers: str, pixels: PixelRange) -> list[NodeProto]:
    scale, offset = f"{numbers}_scale", f"{numbers}_offset"
    for name, value in ((scale, pixels.scale), (offset, pixels.offset)):
        graph.initializer.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
    return [
        helper.make_node("Cast", [planes], [f"{planes}_float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", [f"{planes}_float", scale], [f"{planes}_scaled"]),
        helper.make_node("Add", [f"{planes}_scaled", offset], [numbers]),
    ]


def _rename_input(graph: onnx.GraphProto, old: str, new: str) -> None:
    for node in graph.node:
        for place, name in enumerate(node.input):
            if name == old:
                node.input[place] = new
