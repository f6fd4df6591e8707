"""A network of YOLOv8n's size with random weights: what the usual detector of plates costs, without its licence.

Widths, depths and heads are those that its authors publish (3.2 million weights, 8.7 billion operations on 640 x 640
pixels, https://docs.ultralytics.com/models/yolov8/); nothing is taken from their
code, and nothing can be found with it.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET: Final = 18
IR: Final = 10
"""The format that the pinned ONNX Runtime knows; onnx itself writes newer ones."""
_BINS: Final = 64
"""Channels from which a box is made."""
_CLASSES: Final = 80


def usual_detector() -> bytes:
    """The ONNX file: `images` float32 (1, 3, H, W), sides divisible by 32; three maps each of boxes and of classes."""
    content: bytes = _Builder().network().SerializeToString()
    return content


class _Builder:
    """Lays one operation behind the other; a value is known by its name and its channels."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []
        self._rng = np.random.default_rng(1)
        self._channels: dict[str, int] = {"images": 3}

    def network(self) -> onnx.ModelProto:
        fine = self._stage(self._conv(self._conv("images", 16, stride=2), 32, stride=2), 32, 1)
        eighth = self._stage(self._conv(fine, 64, stride=2), 64, 2)
        sixteenth = self._stage(self._conv(eighth, 128, stride=2), 128, 2)
        last = self._pool(self._stage(self._conv(sixteenth, 256, stride=2), 256, 1))
        middle = self._stage(self._join(self._enlarge(last), sixteenth), 128, 1, residual=False)
        first = self._stage(self._join(self._enlarge(middle), eighth), 64, 1, residual=False)
        second = self._stage(self._join(self._conv(first, 64, stride=2), middle), 128, 1, residual=False)
        third = self._stage(self._join(self._conv(second, 128, stride=2), last), 256, 1, residual=False)
        maps = [one for level in (first, second, third) for one in self._heads(level)]
        shape = (1, None, None, None)
        outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in maps]
        given = helper.make_tensor_value_info("images", TensorProto.FLOAT, (1, 3, "height", "width"))
        graph = helper.make_graph(self._nodes, "usual", [given], outputs, self._weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)

    def _heads(self, level: str) -> tuple[str, str]:
        boxes = self._conv(self._conv(level, _BINS), _BINS)
        classes = self._conv(self._conv(level, _CLASSES), _CLASSES)
        return self._conv(boxes, _BINS, side=1, active=False), self._conv(classes, _CLASSES, side=1, active=False)

    def _stage(self, value: str, channels: int, depth: int, *, residual: bool = True) -> str:
        """Half of the channels go through blocks of two convolutions, and all that came on the way is joined."""
        half = channels // 2
        mixed = self._conv(value, channels, side=1)
        parts = self._halves(mixed)
        for _ in range(depth):
            block = self._conv(self._conv(parts[-1], half), half)
            parts.append(self._add("Add", [block, parts[-1]], half) if residual else block)
        return self._conv(self._join(*parts), channels, side=1)

    def _pool(self, value: str) -> str:
        channels = self._channels[value]
        parts = [self._conv(value, channels // 2, side=1)]
        for _ in range(3):
            parts.append(
                self._add("MaxPool", [parts[-1]], channels // 2, kernel_shape=[5, 5], pads=[2, 2, 2, 2], strides=[1, 1])
            )
        return self._conv(self._join(*parts), channels, side=1)

    def _halves(self, value: str) -> list[str]:
        half = self._channels[value] // 2
        names = [f"{value}_left", f"{value}_right"]
        self._nodes.append(helper.make_node("Split", [value], names, axis=1, num_outputs=2))
        self._channels |= dict.fromkeys(names, half)
        return names

    def _join(self, *values: str) -> str:
        return self._add("Concat", list(values), sum(self._channels[value] for value in values), axis=1)

    def _enlarge(self, value: str) -> str:
        scales = self._store(np.asarray([1, 1, 2, 2], np.float32))
        return self._add("Resize", [value, "", scales], self._channels[value], mode="nearest")

    def _conv(self, value: str, channels: int, *, side: int = 3, stride: int = 1, active: bool = True) -> str:
        before = self._channels[value]
        drawn = self._rng.standard_normal((channels, before, side, side), np.float32) / np.sqrt(before * side * side)
        inputs = [value, self._store(drawn.astype(np.float32)), self._store(np.zeros(channels, np.float32))]
        edges = [side // 2] * 4
        done = self._add("Conv", inputs, channels, kernel_shape=[side, side], pads=edges, strides=[stride, stride])
        if not active:
            return done
        return self._add("Mul", [done, self._add("Sigmoid", [done], channels)], channels)

    def _store(self, values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> str:
        name = f"w{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(values, name))
        return name

    def _add(self, operation: str, inputs: list[str], channels: int, **attributes: Any) -> str:
        name = f"v{len(self._nodes)}"
        self._nodes.append(helper.make_node(operation, inputs, [name], **attributes))
        self._channels[name] = channels
        return name
