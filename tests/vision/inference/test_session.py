from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort  # type: ignore[import-untyped]  # no stubs are published
import pytest

from platewatch.errors import ModelError, ModelFileError, ModelShapeError
from platewatch.vision.inference.session import ModelSession, Provider, choose_provider, installed_providers
from tests.vision.networks import constant_network, detector_network, doubling_network, half_network


def pretend_installed(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr(ort, "get_available_providers", lambda: list(names))


def test_a_network_runs_from_bytes_and_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "doubling.onnx"
    path.write_bytes(doubling_network())
    given = np.array([[1, 2, 3]], dtype=np.float32)
    for model in (path, path.read_bytes()):
        (doubled,) = ModelSession(model, provider=Provider.CPU, threads=2).run(given)
        assert doubled.tolist() == [[2, 4, 6]]


def test_shapes_tell_open_sizes_as_none() -> None:
    session = ModelSession(doubling_network(("n", 3, "h", 4)))
    assert session.input_shapes == [(None, 3, None, 4)]
    assert session.output_shapes == [(None, 3, None, 4)]


def test_warm_up_fits_fixed_and_open_sizes() -> None:
    ModelSession(constant_network(np.zeros((1, 2), dtype=np.float32))).warm_up()
    ModelSession(doubling_network(("n", 3, "h", "w"))).warm_up()


def test_warm_up_of_numbers_that_nobody_gives_is_reported_as_what_does_not_fit() -> None:
    with pytest.raises(ModelShapeError, match="float16"):
        ModelSession(half_network()).warm_up()


def test_warm_up_fits_networks_that_take_pixels() -> None:
    ModelSession(detector_network()).warm_up()


def test_an_input_that_does_not_fit_names_what_is_expected() -> None:
    session = ModelSession(doubling_network(("n", 3)))
    with pytest.raises(ModelShapeError, match=r"\(1, 5\).*\(None, 3\)"):
        session.run(np.zeros((1, 5), dtype=np.float32))


def test_a_wrong_number_of_inputs_is_an_error() -> None:
    with pytest.raises(ModelShapeError):
        ModelSession(doubling_network()).run()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"nowhere\.onnx"):
        ModelSession(tmp_path / "nowhere.onnx")


@pytest.mark.parametrize("content", [b"", b"no model", doubling_network()[:40]], ids=["empty", "text", "truncated"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "damaged.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"damaged\.onnx"):
        ModelSession(path)


@pytest.mark.parametrize(
    ("installed", "asked", "chosen"),
    [
        (["CPUExecutionProvider"], "auto", "cpu"),
        (["CUDAExecutionProvider", "CPUExecutionProvider"], "auto", "cuda"),
        (["OpenVINOExecutionProvider", "CPUExecutionProvider"], "auto", "openvino"),
        (["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"], "auto", "cuda"),
        (["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"], "tensorrt", "tensorrt"),
        (["CUDAExecutionProvider", "CPUExecutionProvider"], "cpu", "cpu"),
    ],
)
def test_the_provider_is_the_one_asked_for_or_the_best(
    monkeypatch: pytest.MonkeyPatch,
    installed: list[str],
    asked: str,
    chosen: str,
) -> None:
    pretend_installed(monkeypatch, *installed)
    assert choose_provider(Provider(asked)) is Provider(chosen)


def test_a_provider_that_is_not_installed_is_refused_with_those_that_are(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_installed(monkeypatch, "OpenVINOExecutionProvider", "CPUExecutionProvider", "AzureExecutionProvider")
    assert installed_providers() == [Provider.OPENVINO, Provider.CPU]
    with pytest.raises(ModelError, match=r"'cuda'.*openvino, cpu"):
        ModelSession(doubling_network(), provider=Provider.CUDA)


class FallenBackSession:
    """What ONNX Runtime gives when a provider's driver is missing: the CPU, and no error."""

    def __init__(self, *_: object, **__: object) -> None:
        self.used = ["CPUExecutionProvider"]

    def get_providers(self) -> list[str]:
        return self.used

    def get_inputs(self) -> list[object]:
        return []


def test_a_silent_fallback_is_an_error_only_for_who_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_installed(monkeypatch, "CUDAExecutionProvider", "CPUExecutionProvider")
    monkeypatch.setattr(ort, "InferenceSession", FallenBackSession)
    assert ModelSession(b"", provider=Provider.AUTO).provider is Provider.CPU
    with pytest.raises(ModelError, match="driver"):
        ModelSession(b"", provider=Provider.CUDA)
