from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort  # type: ignore[import-untyped]  # no stubs are published
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from platewatch_training.exporting.onnx import write_onnx
from platewatch_training.exporting.pixels import PixelRange, take_pixels
from platewatch_training.exporting.quantize import quantize
from platewatch_training.networks.layers import convolution

FROM_ZERO, ROUND_ZERO = PixelRange(1 / 255), PixelRange(2 / 255, -1.0)
RNG = np.random.default_rng(4)


def pictures(count: int = 3, least: int = 0, most: int = 255) -> NDArray[np.uint8]:
    shown = RNG.integers(least, most, (count, 32, 48, 3), dtype=np.uint8, endpoint=True)
    shown[:, :4], shown[:, 4:8] = least, most
    return shown


def network() -> nn.Module:
    torch.manual_seed(3)
    return nn.Sequential(convolution(3, 8, 2), convolution(8, 8), nn.Conv2d(8, 2, 1)).eval()


def written(folder: Path) -> Path:
    path = folder / "fp32.onnx"
    sizes = {0: torch.export.Dim("n", min=1, max=16)}
    write_onnx(network(), torch.zeros(2, 3, 32, 48), path, ("shown", ["out"]), sizes)
    return path


def answer(path: Path, inputs: NDArray[np.generic]) -> NDArray[np.float32]:
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"shown": inputs})[0], np.float32)


def test_planes_are_bgr_in_the_range() -> None:
    shown = np.zeros((2, 4, 5, 3), np.uint8)
    shown[1, 2, 3] = (255, 51, 0)
    planes = FROM_ZERO.planes(shown)
    assert planes.shape == (2, 3, 4, 5)
    assert planes.dtype == np.float32
    assert planes.flags.c_contiguous
    assert planes[1, :, 2, 3].tolist() == pytest.approx([1.0, 0.2, 0.0])
    assert ROUND_ZERO.planes(shown)[1, :, 2, 3].tolist() == pytest.approx([1.0, -0.6, -1.0])


@pytest.mark.parametrize("pixels", [FROM_ZERO, ROUND_ZERO], ids=["from zero", "round zero"])
def test_a_network_says_of_pixels_what_it_said_of_planes(tmp_path: Path, pixels: PixelRange) -> None:
    path, shown = written(tmp_path), pictures()
    expected = answer(path, pixels.planes(shown))
    take_pixels(path, pixels)
    assert np.allclose(answer(path, shown), expected, atol=1e-5)
    (given,) = onnx.load(str(path)).graph.input
    assert [size.dim_param or size.dim_value for size in given.type.tensor_type.shape.dim] == ["n", 32, 48, 3]


@pytest.mark.parametrize("pixels", [FROM_ZERO, ROUND_ZERO], ids=["from zero", "round zero"])
def test_so_does_one_in_int8_and_nothing_is_done_to_its_pixels(tmp_path: Path, pixels: PixelRange) -> None:
    fp32, int8, shown = written(tmp_path), tmp_path / "int8.onnx", pictures()
    quantize(fp32, int8, [pixels.planes(shown)], "shown", pixels)
    expected = answer(int8, pixels.planes(shown))
    take_pixels(int8, pixels)
    found = answer(int8, shown)
    assert np.abs(found - expected).max() < 0.05 * np.abs(expected).max()
    kinds = [node.op_type for node in onnx.load(str(int8)).graph.node]
    assert kinds[0] == "Transpose"
    assert "Cast" not in kinds


def test_no_relu_is_left_between_two_convolutions_in_int8(tmp_path: Path) -> None:
    fp32, int8 = written(tmp_path), tmp_path / "int8.onnx"
    quantize(fp32, int8, [FROM_ZERO.planes(pictures())], "shown", FROM_ZERO)
    assert "Relu" in [node.op_type for node in onnx.load(str(fp32)).graph.node]
    assert "Relu" not in [node.op_type for node in onnx.load(str(int8)).graph.node]


def test_a_network_calibrated_on_gray_pictures_takes_black_and_white_too(tmp_path: Path) -> None:
    fp32, int8, shown = written(tmp_path), tmp_path / "int8.onnx", pictures(least=90, most=160)
    quantize(fp32, int8, [FROM_ZERO.planes(shown)], "shown", FROM_ZERO)
    take_pixels(int8, FROM_ZERO)
    expected = answer(fp32, FROM_ZERO.planes(shown))
    assert np.abs(answer(int8, shown) - expected).max() < 0.1 * np.abs(expected).max()
