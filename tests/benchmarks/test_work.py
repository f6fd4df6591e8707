from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import typer
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner

from benchmarks.usual_detector import usual_detector
from benchmarks.work import Work, measure, multiply_adds, peak, table, work
from platewatch.vision.detector.plate_detector import detector_model
from platewatch.vision.inference.session import ModelSession, Provider
from platewatch.vision.recognizer.slot_recognizer import recognizer_model

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(work)


def test_each_weight_of_a_convolution_counts_once_for_each_place(tmp_path: Path) -> None:
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 3, "rows", "columns"))
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    weights = numpy_helper.from_array(np.zeros((5, 3, 3, 3), np.float32), "w")
    node = helper.make_node("Conv", ["x", "w"], ["y"], strides=[2, 2], pads=[1, 1, 1, 1])
    graph = helper.make_graph([node], "conv", [given], [out], [weights])
    onnx.save(helper.make_model(graph), tmp_path / "conv.onnx")
    assert multiply_adds(onnx.load(tmp_path / "conv.onnx"), (1, 3, 8, 16)) == 4 * 8 * 5 * 3 * 9
    assert multiply_adds(onnx.load(tmp_path / "conv.onnx"), (2, 3, 16, 16)) == 2 * 8 * 8 * 5 * 3 * 9


def test_a_product_of_matrices_counts_its_inner_side_for_each_sign(tmp_path: Path) -> None:
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, ("count", 7))
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    weights = numpy_helper.from_array(np.zeros((7, 4), np.float32), "w")
    nodes = [helper.make_node("MatMul", ["x", "w"], ["z"]), helper.make_node("Relu", ["z"], ["y"])]
    onnx.save(helper.make_model(helper.make_graph(nodes, "product", [given], [out], [weights])), tmp_path / "m.onnx")
    assert multiply_adds(onnx.load(tmp_path / "m.onnx"), (3, 7)) == 3 * 4 * 7


def test_the_built_in_networks_are_counted_and_timed() -> None:
    found = measure(detector_model(None), recognizer_model(None))
    assert [one.network for one in found] == ["platewatch-detector", *["platewatch-recognizer"] * 2]
    assert found[2].multiply_adds_m == pytest.approx(4 * found[1].multiply_adds_m)
    assert all(one.multiply_adds_m > 50 and one.median_ms > 0 for one in found)
    assert {one.kind for one in found} == {"int8"}


def test_the_usual_detector_has_the_published_size() -> None:
    network = onnx.load_from_string(usual_detector())
    onnx.checker.check_model(network, full_check=True)
    weights = sum(int(np.prod(one.dims)) for one in network.graph.initializer)
    assert weights / 1e6 == pytest.approx(3.2, abs=0.1)
    assert 2 * multiply_adds(network, (1, 3, 640, 640)) / 1e9 == pytest.approx(8.7, abs=0.1)


def test_the_usual_detector_gives_maps_of_three_sizes() -> None:
    session = ModelSession(usual_detector(), provider=Provider.CPU)
    shapes = [np.asarray(out).shape for out in session.run(np.zeros((1, 3, 64, 96), np.float32))]
    sizes = [(8, 12), (4, 6), (2, 3)]
    assert shapes == [(1, channels, *size) for size in sizes for channels in (64, 80)]


def test_each_network_has_a_row_with_its_share_of_the_best() -> None:
    grid = table([Work("eyes", "int8", (1, 3, 8, 16), 500.0, 10.0)], {"fp32": 80.0, "int8": 200.0})
    assert grid.rows == (("eyes (int8)", "1 x 3 x 8 x 16", "500", "10.00", "50.0", "25"),)


def test_a_processor_has_a_best_in_both() -> None:
    assert peak("fp32") > 0.1
    assert peak("int8") > 0.1


def test_a_folder_without_a_model_is_an_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--model", str(tmp_path)])
    assert result.exit_code == 2
    assert "There is no model card" in result.stderr
