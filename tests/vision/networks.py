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


def answering_network(
    *outputs: NDArray[np.float32], input_shape: tuple[Size, ...] = (1, 3, 64, 64), weights_file: str | None = None
) -> bytes:
    """A network that answers these outputs, whatever it is shown; its weights are said to be in `weights_file`."""
    nodes, values, tensors = [], [], []
    for number, output in enumerate(outputs):
        tensors.append(numpy_helper.from_array(output.astype(np.float32), f"weights{number}"))
        nodes.append(helper.make_node("Identity", [f"weights{number}"], [f"output{number}"]))
        values.append(helper.make_tensor_value_info(f"output{number}", TensorProto.FLOAT, output.shape))
    given = helper.make_tensor_value_info("images", TensorProto.FLOAT, input_shape)
    graph = helper.make_graph(nodes, "answers", [given], values, tensors)
    if weights_file is None:
        return _checked(graph)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.external_data_helper.convert_model_to_external_data(model, location=weights_file, size_threshold=0)
    for tensor in model.graph.initializer:
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
    return bytes(model.SerializeToString())


def with_metadata(network: bytes, **notes: str) -> bytes:
    """The network with notes as exports carry them."""
    model = onnx.load_from_string(network)
    helper.set_model_props(model, notes)
    return bytes(model.SerializeToString())


def half_network(shape: tuple[Size, ...] = ("n", 3)) -> bytes:
    """A network that takes float16."""
    given, out = (helper.make_tensor_value_info(name, TensorProto.FLOAT16, shape) for name in ("x", "out"))
    return _checked(helper.make_graph([helper.make_node("Neg", ["x"], ["out"])], "half", [given], [out]))


def doubling_network(input_shape: tuple[Size, ...] = ("n", 3)) -> bytes:
    """A network that doubles its input."""
    two = helper.make_node("Constant", [], ["two"], value=numpy_helper.from_array(np.array(2, dtype=np.float32)))
    return _model([two, helper.make_node("Mul", ["x", "two"], ["out"])], input_shape, input_shape)


def slot_network(
    white: tuple[NDArray[np.float32], ...],
    black: tuple[NDArray[np.float32], ...],
    size: tuple[int, int] = (64, 160),
) -> bytes:
    """A recognizer that answers a white crop with the logits (slots, classes), perhaps (steps, classes), and (regions,)
    of `white`, a black one with those of `black`, and a gray one with what lies between."""
    nodes = [
        helper.make_node("Cast", ["crops"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["numbers"], ["mean"], axes=[1, 2, 3], keepdims=0),
        *_constant("white", np.array(255)),
        helper.make_node("Div", ["mean", "white"], ["share"]),
    ]
    outputs = []
    names = {1: ("regions",), 2: ("slots", "regions"), 3: ("slots", "steps", "regions")}[len(white)]
    for name, bright, dark in zip(names, white, black, strict=True):
        nodes += [
            helper.make_node("Constant", [], [f"{name}-axes"], value_ints=list(range(1, bright.ndim + 1))),
            helper.make_node("Unsqueeze", ["share", f"{name}-axes"], [f"{name}-share"]),
            *_constant(f"{name}-way", bright - dark),
            *_constant(f"{name}-dark", dark),
            helper.make_node("Mul", [f"{name}-share", f"{name}-way"], [f"{name}-part"]),
            helper.make_node("Add", [f"{name}-part", f"{name}-dark"], [name]),
        ]
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ("n", *bright.shape)))
    crops = helper.make_tensor_value_info("crops", TensorProto.UINT8, ("n", *size, 3))
    return _checked(helper.make_graph(nodes, "slots", [crops], outputs))


def detector_network(log_size: tuple[float, float] = (1.5, 0.7), channels: int = 13, strides: int = 3) -> bytes:
    """A plate detector that proposes a plate of e^`log_size` cells in the middle of each bright cell of 8 x 8 pixels,
    turned clockwise by a tenth of its size; its coarser maps are empty."""
    nodes = [
        helper.make_node("Transpose", ["photo"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["planes"], ["numbers"], to=TensorProto.FLOAT),
    ]
    outputs = []
    for number in range(strides):
        stride = 8 << number
        weights = np.zeros((channels, 3, stride, stride), np.float32)
        bias = np.zeros(channels, np.float32)
        bias[0] = -14
        if number == 0:
            weights[0] = 24 / (3 * 255 * stride * stride)
            bias[3:5] = log_size
            bias[5:13] = [0.1, 0, 0, 0.1, -0.1, 0, 0, -0.1]
        name = f"stride{stride}"
        nodes += [*_constant(f"{name}-weights", weights), *_constant(f"{name}-bias", bias)]
        inputs = ["numbers", f"{name}-weights", f"{name}-bias"]
        nodes.append(helper.make_node("Conv", inputs, [name], kernel_shape=[stride, stride], strides=[stride, stride]))
        shape = ("n", channels, f"rows{stride}", f"columns{stride}")
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    photo = helper.make_tensor_value_info("photo", TensorProto.UINT8, ("n", "height", "width", 3))
    return _checked(helper.make_graph(nodes, "detector", [photo], outputs))


def _constant(name: str, value: NDArray[np.floating]) -> list[onnx.NodeProto]:
    return [helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value.astype(np.float32)))]


def _model(nodes: list[onnx.NodeProto], input_shape: tuple[Size, ...], output_shape: tuple[Size, ...]) -> bytes:
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, input_shape)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, output_shape)],
    )
    return _checked(graph)


def _checked(graph: onnx.GraphProto) -> bytes:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
