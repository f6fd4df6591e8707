"""The networks' computations, and how near they are to the processor's best: `python -m benchmarks.work`."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import onnx
import typer
from onnx import TensorProto, helper

from benchmarks.circumstances import RESULTS, Used, circumstances
from benchmarks.library import spread
from benchmarks.report import Grid, Measured, figure, publish
from benchmarks.usual_detector import IR, OPSET, usual_detector
from platewatch.errors import PlatewatchError
from platewatch.vision.detector.maps import LONGEST_SIDE
from platewatch.vision.detector.plate_detector import detector_model
from platewatch.vision.inference.model_card import InstalledModel
from platewatch.vision.inference.registry import OWN
from platewatch.vision.inference.session import ModelSession, Provider
from platewatch.vision.recognizer.slot_recognizer import recognizer_model

NAME: Final = "work"
_USAGE: Final = 2
_RUNS: Final = 30
_WARM_UPS: Final = 3
_PEAK_SIDE: Final = 1024
_MILLION: Final = 1e6
_MS: Final = 1000.0
_WIDE: Final = (384, LONGEST_SIDE)
_SQUARE: Final = (1, 3, 640, 640)
_CROPS: Final = 4

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """One network's work in one call: millions of multiply-adds, and the median time of one thread."""

    network: str
    kind: str
    """Of its numbers, fp32 or int8."""
    shape: Shape
    multiply_adds_m: float
    median_ms: float

    @property
    def rate_g(self) -> float:
        """Billions of multiply-adds a second."""
        return self.multiply_adds_m / self.median_ms


def work(
    *,
    model: Annotated[Path | None, typer.Option(help="Folder of another detector.")] = None,
    recognizer_model_folder: Annotated[
        Path | None, typer.Option("--recognizer-model", help="Folder of another recognizer.")
    ] = None,
    output: Annotated[Path, typer.Option(help="Folder for the JSON file.")] = RESULTS,
    write: Annotated[Path | None, typer.Option(help="Page whose figures to replace.")] = None,
) -> None:
    """Count multiply-adds of both networks and time them, beside the usual detector and products of large matrices."""
    try:
        used = Used((OWN,), OWN, recognizer_folder=recognizer_model_folder, detector_folder=model)
        how = circumstances("benchmarks.work", used)
        found = [*measure(detector_model(model), recognizer_model(recognizer_model_folder)), *beside()]
        best = {kind: peak(kind) for kind in ("fp32", "int8")}
        grids = [table(found, best)]
        notes = [
            f"one thread; the processor's best, by a product of matrices {_PEAK_SIDE} wide: "
            + ", ".join(f"{kind} {figure(rate)} billion multiply-adds a second" for kind, rate in best.items())
        ]
        publish(Measured(NAME, how, notes, grids, found), output, write)
    except PlatewatchError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(_USAGE) from error


def measure(detector: InstalledModel, recognizer: InstalledModel) -> list[Work]:
    """The work of the detector on a wide photo and of the recognizer on one crop and on some together."""
    size = (recognizer.card.input_height, recognizer.card.input_width, 3)
    asked = [(detector, (1, *_WIDE, 3)), (recognizer, (1, *size)), (recognizer, (_CROPS, *size))]
    return [_work(model, shape) for model, shape in asked]


def beside() -> list[Work]:
    """The work of a detector as others use it, on a square canvas and on a wide one."""
    content = usual_detector()
    model = onnx.load_from_string(content)
    session = ModelSession(content, provider=Provider.CPU, threads=1)
    return [_time_model("of YOLOv8n's size", model, session, shape) for shape in (_SQUARE, (1, 3, *_WIDE))]


def multiply_adds(model: onnx.ModelProto, shape: Shape) -> int:
    """The number of multiply-adds of the network's convolutions and matrix products for this input."""
    sizes = model.graph.input[0].type.tensor_type.shape.dim
    for dimension, size in zip(sizes, shape, strict=True):
        dimension.Clear()
        dimension.dim_value = size
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    shapes: dict[str, Shape] = {one.name: tuple(one.dims) for one in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        shapes[value.name] = tuple(dimension.dim_value for dimension in value.type.tensor_type.shape.dim)
    return sum(_of_node(node, shapes) for node in graph.node)


def peak(kind: str) -> float:
    """The billions of multiply-adds a second of one thread in a product of two large matrices, fp32 or int8."""
    side = _PEAK_SIDE
    operation, left, right, out = {
        "fp32": ("MatMul", TensorProto.FLOAT, TensorProto.FLOAT, TensorProto.FLOAT),
        "int8": ("MatMulInteger", TensorProto.UINT8, TensorProto.INT8, TensorProto.INT32),
    }[kind]
    weights = np.ones((side, side), np.float32 if kind == "fp32" else np.int8)
    given = helper.make_tensor_value_info("x", left, (side, side))
    product = helper.make_tensor_value_info("y", out, (side, side))
    stored = onnx.numpy_helper.from_array(weights, "w")
    node = helper.make_node(operation, ["x", "w"], ["y"])
    assert stored.data_type == right  # noqa: S101 -- both are written here
    graph = helper.make_graph([node], "peak", [given], [product], [stored])
    content = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR
    ).SerializeToString()
    session = ModelSession(content, provider=Provider.CPU)
    values = np.ones((side, side), np.float32 if kind == "fp32" else np.uint8)
    return side**3 / _MILLION / _median_ms(lambda: session.run(values))


def table(found: Sequence[Work], best: Mapping[str, float]) -> Grid:
    """A row for each network and input."""
    return Grid(
        "Work of the networks",
        ("network", "input", "million multiply-adds", "ms", "billion a second", "% of the best"),
        tuple(
            (
                f"{one.network} ({one.kind})",
                " x ".join(map(str, one.shape)),
                figure(one.multiply_adds_m, 0),
                figure(one.median_ms, 2),
                figure(one.rate_g),
                figure(100 * one.rate_g / best[one.kind], 0),
            )
            for one in found
        ),
    )


def _work(model: InstalledModel, shape: Shape) -> Work:
    session = model.load(provider=Provider.CPU, threads=1)
    return _time_model(model.card.name, onnx.load(str(model.model_path)), session, shape)


def _time_model(name: str, model: onnx.ModelProto, session: ModelSession, shape: Shape) -> Work:
    values = np.random.default_rng(1).random(shape, np.float32)
    if model.graph.input[0].type.tensor_type.elem_type == TensorProto.UINT8:
        values = (255 * values).astype(np.uint8)
    kind = "int8" if any(node.op_type == "DequantizeLinear" for node in model.graph.node) else "fp32"
    count = multiply_adds(model, shape) / _MILLION
    return Work(name, kind, shape, count, _median_ms(lambda: session.run(values)))


def _of_node(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> int:
    if node.op_type == "Conv":
        return math.prod(shapes[node.output[0]]) * math.prod(shapes[node.input[1]][1:])
    if node.op_type in {"MatMul", "Gemm"}:
        return math.prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]
    return 0


def _median_ms(run: Callable[[], object]) -> float:
    for _ in range(_WARM_UPS):
        run()
    times = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * _MS)
    return spread(times).median_ms


if __name__ == "__main__":
    typer.run(work)
