"""The wrapper of ONNX Runtime: providers, threads, typed input and output."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

import numpy as np
import onnxruntime as ort  # type: ignore[import-untyped]  # no stubs are published
from numpy.typing import NDArray

from platewatch.errors import ModelError, ModelFileError, ModelShapeError

Tensor: TypeAlias = NDArray[Any]
Shape: TypeAlias = tuple[int | None, ...]
"""Sizes of a tensor's dimensions; None where the model leaves one open."""


class Provider(StrEnum):
    """The execution provider. AUTO is the best one present."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    OPENVINO = "openvino"
    TENSORRT = "tensorrt"


_RUNTIME_NAMES: Final = {
    Provider.TENSORRT: "TensorrtExecutionProvider",
    Provider.CUDA: "CUDAExecutionProvider",
    Provider.OPENVINO: "OpenVINOExecutionProvider",
    Provider.CPU: "CPUExecutionProvider",
}
# TensorRT is left out: it builds engines for minutes on first use, which only a user can ask for.
_BEST_FIRST: Final = (Provider.CUDA, Provider.OPENVINO, Provider.CPU)
_ERRORS_ONLY: Final = 3
# A size for dimensions that a model leaves open, when it is warmed up.
_OPEN_SIZE: Final = 64
_PIXELS: Final = "tensor(uint8)"


def installed_providers() -> list[Provider]:
    """The providers of the installed ONNX Runtime, fastest first."""
    present = set(ort.get_available_providers())
    return [provider for provider, name in _RUNTIME_NAMES.items() if name in present]


def choose_provider(asked: Provider) -> Provider:
    """The provider to use.

    Raises:
        ModelError: The one that was asked for is not installed.
    """
    installed = installed_providers()
    if asked is Provider.AUTO:
        return next(provider for provider in _BEST_FIRST if provider in installed)
    if asked not in installed:
        raise ModelError(
            f"The provider {asked.value!r} is not in the installed ONNX Runtime. "
            f"Installed are: {', '.join(installed)}. Choose one of them, or `auto`.",
        )
    return asked


class ModelSession:
    """One loaded network. `run` may be called from several threads at once.

    `keep_buffers` leaves memory with the session between calls, as much as the largest input took: worth it for small
    networks, which otherwise spend a tenth of their time on allocating it again.

    Raises:
        ModelError: The provider is not installed.
        ModelFileError: The model is missing or no ONNX model.
    """

    def __init__(
        self,
        model: Path | bytes,
        *,
        provider: Provider = Provider.AUTO,
        threads: int = 1,
        keep_buffers: bool = False,
    ) -> None:
        self.provider = choose_provider(provider)
        self._name = "given as bytes" if isinstance(model, bytes) else str(model)
        if isinstance(model, Path) and not model.is_file():
            raise ModelFileError(f"There is no model file {self._name!r}. Check the path.")
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        # Threads that wait for the next call by running in circles take the processor from what is between the calls.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.enable_cpu_mem_arena = keep_buffers
        names = list(dict.fromkeys((_RUNTIME_NAMES[self.provider], _RUNTIME_NAMES[Provider.CPU])))
        try:
            source = model if isinstance(model, bytes) else str(model)
            self._session = ort.InferenceSession(source, sess_options=options, providers=names)
        except Exception as error:  # ONNX Runtime has no common root for its errors
            raise ModelFileError(f"The model {self._name} can't be loaded: {_first_line(error)}") from error
        if self.provider is not Provider.CPU and names[0] not in self._session.get_providers():
            # ONNX Runtime itself falls back to the CPU without an error when a driver is missing.
            self._refuse_fallback(asked=provider)
        self._input_names = [value.name for value in self._session.get_inputs()]

    @property
    def input_shapes(self) -> list[Shape]:
        """A shape for each input."""
        return [_shape(value.shape) for value in self._session.get_inputs()]

    @property
    def input_types(self) -> list[str]:
        """A type for each input, as ONNX Runtime writes it: `tensor(float)`."""
        return [value.type for value in self._session.get_inputs()]

    @property
    def output_shapes(self) -> list[Shape]:
        """The shape of each output, as far as the model declares it."""
        return [_shape(value.shape) for value in self._session.get_outputs()]

    @property
    def metadata(self) -> dict[str, str]:
        """The model's own notes, such as its alphabet."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

    def run(self, *inputs: Tensor) -> list[Tensor]:
        """The outputs in the model's order.

        Raises:
            ModelShapeError: The inputs don't fit the model.
        """
        try:
            outputs = self._session.run(None, dict(zip(self._input_names, inputs, strict=True)))
        except Exception as error:  # ONNX Runtime has no common root for its errors
            given = ", ".join(str(value.shape) for value in inputs)
            raise ModelShapeError(
                f"The model {self._name} can't run on {given}; it expects {self.input_shapes}: {_first_line(error)}",
            ) from error
        return cast("list[Tensor]", outputs)

    def warm_up(self) -> None:
        """Run once on zeros, so that the first real image doesn't pay for memory and kernels."""
        self.run(
            *(
                np.zeros(
                    [1, *(_OPEN_SIZE if size is None else size for size in shape[1:])],
                    np.uint8 if value.type == _PIXELS else np.float32,
                )
                for value, shape in zip(self._session.get_inputs(), self.input_shapes, strict=True)
            ),
        )

    def _refuse_fallback(self, asked: Provider) -> None:
        if asked is not Provider.AUTO:
            raise ModelError(
                f"The provider {asked.value!r} is installed but can't start here (driver or library missing). "
                "Repair it, or choose `auto` or `cpu`.",
            )
        self.provider = Provider.CPU


def _shape(sizes: list[int | str | None]) -> Shape:
    return tuple(size if isinstance(size, int) and size > 0 else None for size in sizes)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:300]
