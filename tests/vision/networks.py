"""Small ONNX networks, built node by node."""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Size = int | str


def constant_network(output: NDArray[np.float32], input_shape: tuple[Size, ...] = (1, 3, 64, 64)) -> bytes:
    """A network that answers `output`, whatever it is shown."""
    node = helper.make_node("Constant", [], ["out"], value=numpy_helper.from_array(output.astype(np.float32)))
    return _model([node], input_shape, output.shape)


def doubling_network(input_shape: tuple[Size, ...] = ("n", 3)) -> bytes:
    """A network that doubles its input."""
    two = helper.make_node("Constant", [], ["two"], value=numpy_helper.from_array(np.array(2, dtype=np.float32)))
    return _model([two, helper.make_node("Mul", ["x", "two"], ["out"])], input_shape, input_shape)


def _model(nodes: list[onnx.NodeProto], input_shape: tuple[Size, ...], output_shape: tuple[Size, ...]) -> bytes:
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, input_shape)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, output_shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
