"""EasyOCR as a recognizer, with weights that the user puts into a folder: nothing is downloaded.

EasyOCR brings PyTorch, which the server itself does without; so it is an extra, and loaded only when it is chosen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from platewatch.errors import MissingExtraError, ModelFileError, ModelShapeError
from platewatch.vision.backends.rows import best_transcript, split_rows
from platewatch.vision.image import to_gray
from platewatch.vision.inference.registry import BackendOptions
from platewatch.vision.inference.session import Provider
from platewatch.vision.types import Character, Crop, ImageBgr, Transcript

_ALLOWED: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_LANGUAGES: Final = ("en",)


class EasyOcrRecognizer:
    """Reads crops with one of EasyOCR's recognition networks, its own or the user's.

    Raises:
        ModelFileError: EasyOCR or the weights are missing or damaged; the message says which file goes where.
        ModelShapeError: The weights are not those of the network.
    """

    @classmethod
    def require_ready(cls, options: BackendOptions) -> None:
        """Do nothing if package and folder are there; the weights are looked at when they are loaded, with PyTorch.

        Raises:
            ModelFileError: one is missing.
        """
        if find_spec("easyocr") is None:
            raise MissingExtraError("easyocr", extra="easyocr", brings="PyTorch")
        folder = _weights_folder(options)
        if not any(folder.glob("*.pth")):
            raise ModelFileError(
                f"The folder {str(folder)!r} has no weights. Put {options.easyocr_network}.pth into it."
            )

    def __init__(self, options: BackendOptions) -> None:
        try:
            import easyocr  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 (an optional extra)
            from easyocr import config  # noqa: PLC0415 (an optional extra)
        except ImportError as error:
            raise MissingExtraError("easyocr", extra="easyocr", brings="PyTorch") from error
        folder = _weights_folder(options)
        own_networks: dict[str, dict[str, str]] = {
            **config.recognition_models["gen1"],
            **config.recognition_models["gen2"],
        }
        network = options.easyocr_network
        if network in own_networks:
            _check_own(folder, network, own_networks[network])
        else:
            _check_of_the_user(folder, network, list(own_networks))
        self._reader = _load(easyocr, folder, network, use_gpu=options.provider in {Provider.CUDA, Provider.AUTO})

    def recognize(self, crops: Sequence[Crop]) -> list[Transcript]:
        """One transcript for each crop, in their order; a line's confidence is that of each of its characters."""
        return [best_transcript([self.forward(line) for line in split_rows(crop.image_bgr)]) for crop in crops]

    def forward(self, line_bgr: ImageBgr) -> tuple[Character, ...]:
        """The characters of one line."""
        height, width = line_bgr.shape[:2]
        read = self._reader.recognize(
            to_gray(line_bgr), horizontal_list=[[0, width, 0, height]], free_list=[], allowlist=_ALLOWED
        )
        return tuple(
            Character(sign, min(1.0, max(0.0, float(confidence)))) for _, text, confidence in read for sign in str(text)
        )

    def warm_up(self) -> None:
        """Nothing: its first line takes as long as the others."""


def _weights_folder(options: BackendOptions) -> Path:
    folder = options.easyocr_folder
    if folder is None:
        raise ModelFileError(
            "The recognizer 'easyocr' needs the folder with its weights. Name it: PLATEWATCH_EASYOCR_FOLDER.",
        )
    if not folder.is_dir():
        raise ModelFileError(
            f"There is no folder {str(folder)!r} for EasyOCR's weights. Make it and put {options.easyocr_network}.pth "
            "into it.",
        )
    return folder


def _check_own(folder: Path, network: str, described: dict[str, str]) -> None:
    """Do nothing if the weights are EasyOCR's own; others could run code when they are loaded."""
    weights = folder / described["filename"]
    where = f"Download {described['url']}, unpack it, and put {weights.name!r} into {str(folder)!r}."
    if not weights.is_file():
        raise ModelFileError(f"The weights of EasyOCR's network {network!r} are missing: {str(weights)!r}. {where}")
    # EasyOCR itself identifies its files by this checksum.
    if hashlib.md5(weights.read_bytes(), usedforsecurity=False).hexdigest() != described["md5sum"]:
        raise ModelFileError(f"The file {str(weights)!r} is not EasyOCR's {network!r}, or is damaged. {where}")


def _check_of_the_user(folder: Path, network: str, own: Sequence[str]) -> None:
    missing = [
        name for name in (f"{network}.{kind}" for kind in ("pth", "yaml", "py")) if not (folder / name).is_file()
    ]
    if missing:
        raise ModelFileError(
            f"{network!r} is none of EasyOCR's networks ({', '.join(sorted(own))}), and as a network of your own it "
            f"lacks {', '.join(missing)} in {str(folder)!r}. Put these files there, as EasyOCR's custom_model.md "
            "describes them, or set PLATEWATCH_EASYOCR_NETWORK to one of its own.",
        )


def _load(easyocr: Any, folder: Path, network: str, *, use_gpu: bool) -> Any:
    try:
        return easyocr.Reader(
            list(_LANGUAGES),
            gpu=use_gpu,
            model_storage_directory=str(folder),
            user_network_directory=str(folder),
            recog_network=network,
            download_enabled=False,
            detector=False,
            verbose=False,
            quantize=False,
        )
    except RuntimeError as error:
        # PyTorch names the expected and the found shapes of each layer.
        raise ModelShapeError(
            f"The weights of {network!r} in {str(folder)!r} don't fit its network: {str(error)[:600]}. "
            "Take the weights that were trained with it.",
        ) from error
    except Exception as error:  # weights, configuration and code are the user's: anything can go wrong in them
        raise ModelFileError(
            f"EasyOCR can't load the network {network!r} from {str(folder)!r}: {type(error).__name__}: {error}. "
            "Check the files there.",
        ) from error
