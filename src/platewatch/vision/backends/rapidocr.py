"""Plates from the general text models (PP-OCR) that the RapidOCR wheel carries.

Only the wheel's two ONNX files are used, through our own session: RapidOCR's Python code checks for downloads,
sets up loggers and takes seconds to import. Detection follows differentiable binarization (arXiv 1911.08947):
a probability map is cut, its blobs are boxed and grown back by the share that training had shrunk them.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, PackagePath, files
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from platewatch.errors import MissingExtraError, ModelShapeError
from platewatch.vision.backends.ctc import decode_greedy
from platewatch.vision.backends.rows import best_transcript, split_rows
from platewatch.vision.backends.textlines import propose
from platewatch.vision.geometry import clip_corners, grow_corners, quad_around, quad_size, scale_corners
from platewatch.vision.inference.registry import BackendOptions
from platewatch.vision.inference.session import ModelSession
from platewatch.vision.types import Character, Crop, Detection, ImageBgr, Transcript

_PACKAGE: Final = "rapidocr"
_DETECTION_FILES: Final = "*_det_*.onnx"
_RECOGNITION_FILES: Final = "*_rec_*.onnx"
_EXTRA: Final = "rapidocr"

_STRIDE: Final = 32
_MIN_SHORT_SIDE: Final = 736
_MAX_LONG_SIDE: Final = 1280
_INK_THRESHOLD: Final = 0.3
_MIN_LINE_SCORE: Final = 0.5
_UNCLIP_RATIO: Final = 1.6
_MIN_LINE_SIDE: Final = 3.0

_LINE_HEIGHT: Final = 48
_MIN_LINE_WIDTH: Final = 320
_MAX_LINE_WIDTH: Final = 960
_LINES_PER_BATCH: Final = 8

Maps = NDArray[np.float32]


class RapidOcrDetector:
    """Text lines as plate proposals, far more than there are plates: the pipeline judges them by what they say."""

    @classmethod
    def require_ready(cls, options: BackendOptions) -> None:
        """Do nothing if the models are there.

        Raises:
            ModelFileError: the package is not installed, or carries none.
        """
        del options
        model_files()

    def __init__(self, options: BackendOptions) -> None:
        self._longest_side = options.input_side or _MAX_LONG_SIDE
        self._min_score = _MIN_LINE_SCORE if options.min_score is None else options.min_score
        self._session = ModelSession(
            options.model or model_file(_DETECTION_FILES),
            provider=options.provider,
            threads=options.threads,
        )

    def detect(self, image_bgr: ImageBgr) -> list[Detection]:
        """Proposals in pixels of `image_bgr`."""
        return self.post_process(self.forward(self.pre_process(image_bgr)), image_bgr)

    def pre_process(self, image_bgr: ImageBgr) -> Maps:
        """The network's input, float32 (1, 3, H, W) in -1..1, sides multiples of 32."""
        height, width = image_bgr.shape[:2]
        scale = max(1.0, _MIN_SHORT_SIDE / min(height, width))
        scale = min(scale, self._longest_side / max(height, width))
        size = (_to_stride(width * scale), _to_stride(height * scale))
        resized = cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        return _as_input(resized)[np.newaxis]

    def forward(self, batch: Maps) -> Maps:
        """The probability that a pixel is text, float32 (H, W) in 0..1."""
        (output,) = self._session.run(batch)
        if output.ndim != 4 or output.shape[:2] != (1, 1):  # noqa: PLR2004 (N, 1, H, W)
            raise ModelShapeError(
                f"A text detection model must give (1, 1, height, width), this one gives {output.shape}. "
                "Choose another model, or the detector `yolo` for a YOLO export.",
            )
        return np.asarray(output[0, 0], dtype=np.float32)

    def post_process(self, text_map: Maps, image_bgr: ImageBgr) -> list[Detection]:
        """Proposals in pixels of `image_bgr`."""
        height, width = image_bgr.shape[:2]
        scale_x, scale_y = width / text_map.shape[1], height / text_map.shape[0]
        lines = [
            Detection(clip_corners(scale_corners(line.corners, scale_x, scale_y), width, height), line.confidence)
            for line in _text_lines(text_map, self._min_score)
        ]
        return propose(lines)

    def warm_up(self) -> None:
        """Run once on the size that most photos get."""
        self.detect(np.zeros((_MIN_SHORT_SIDE, _MIN_SHORT_SIDE, 3), dtype=np.uint8))


class RapidOcrRecognizer:
    """Reads a crop as one row, and as two where it is not wide; the likelier plate is kept."""

    @classmethod
    def require_ready(cls, options: BackendOptions) -> None:
        """Do nothing if the models are there.

        Raises:
            ModelFileError: the package is not installed, or carries none.
        """
        del options
        model_files()

    def __init__(self, options: BackendOptions) -> None:
        self._session = ModelSession(
            model_file(_RECOGNITION_FILES),
            provider=options.provider,
            threads=options.threads,
        )
        # The file's own list leaves out the space, which is its last class.
        self._alphabet = [*self._session.metadata.get("character", "").splitlines(), " "]
        classes = self._session.output_shapes[0][-1]
        if classes is not None and classes != len(self._alphabet) + 1:
            raise ModelShapeError(
                f"The recognition model has {classes} classes but names {len(self._alphabet)}. Install RapidOCR again.",
            )

    def recognize(self, crops: Sequence[Crop]) -> list[Transcript]:
        """One transcript for each crop, in their order."""
        rows = [split_rows(crop.image_bgr) for crop in crops]
        lines = [line for crop_rows in rows for line in crop_rows]
        read: list[tuple[Character, ...]] = [()] * len(lines)
        by_width = sorted(range(len(lines)), key=lambda index: _line_width(lines[index]))
        for start in range(0, len(by_width), _LINES_PER_BATCH):
            chosen = by_width[start : start + _LINES_PER_BATCH]
            scores = self.forward(self.pre_process([lines[index] for index in chosen]))
            for index, characters in zip(chosen, self.post_process(scores), strict=True):
                read[index] = characters
        rest = iter(read)
        return [best_transcript([next(rest) for _ in crop_rows]) for crop_rows in rows]

    def pre_process(self, lines: Sequence[ImageBgr]) -> Maps:
        """The lines 48 pixels high in -1..1, padded with 0 on the right: float32 (N, 3, 48, W)."""
        width = max(_MIN_LINE_WIDTH, *(_line_width(line) for line in lines))
        batch = np.zeros((len(lines), 3, _LINE_HEIGHT, width), dtype=np.float32)
        for index, line in enumerate(lines):
            own_width = _line_width(line)
            batch[index, :, :, :own_width] = _as_input(cv2.resize(line, (own_width, _LINE_HEIGHT)))
        return batch

    def forward(self, batch: Maps) -> Maps:
        """Probabilities, float32 (N, steps, classes)."""
        (output,) = self._session.run(batch)
        return np.asarray(output, dtype=np.float32)

    def post_process(self, probabilities: Maps) -> list[tuple[Character, ...]]:
        """The characters of each line."""
        return [decode_greedy(line, self._alphabet) for line in probabilities]

    def warm_up(self) -> None:
        """Run once on an empty line."""
        self.forward(self.pre_process([np.zeros((_LINE_HEIGHT, _MIN_LINE_WIDTH, 3), dtype=np.uint8)]))


def model_file(pattern: str) -> Path:
    """The wheel's model whose name fits the pattern.

    Raises:
        ModelFileError: RapidOCR is not installed, or its wheel carries no such model.
    """
    spec = find_spec(_PACKAGE)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    found = sorted(path for folder in folders for path in Path(folder, "models").glob(pattern))
    if not found:
        raise MissingExtraError(_PACKAGE, extra=_EXTRA)
    return found[-1]


def model_files() -> list[Path]:
    """The two files that are used; raises ModelFileError like `model_file`."""
    return [model_file(_DETECTION_FILES), model_file(_RECOGNITION_FILES)]


def is_installed() -> bool:
    """Whether the extra is there."""
    return find_spec(_PACKAGE) is not None


def damaged_files() -> list[Path]:
    """The `model_files` whose SHA-256 is not the one that the wheel was built with.

    Raises:
        ModelFileError: RapidOCR is not installed.
    """
    try:
        recorded = files(_PACKAGE) or []
    except PackageNotFoundError as error:
        raise MissingExtraError(_PACKAGE, extra=_EXTRA) from error
    models = [path for path in recorded if path.match(_DETECTION_FILES) or path.match(_RECOGNITION_FILES)]
    return [Path(str(path.locate())) for path in models if not _as_recorded(path)]


def _as_recorded(path: PackagePath) -> bool:
    if path.hash is None:
        return True
    on_disk = Path(str(path.locate()))
    if not on_disk.is_file():
        return False
    digest = hashlib.new(path.hash.mode, on_disk.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == path.hash.value


def _as_input(image_bgr: NDArray[np.uint8] | cv2.typing.MatLike) -> Maps:
    scaled = np.asarray(image_bgr, dtype=np.float32) * (2.0 / 255.0) - 1.0
    return np.ascontiguousarray(scaled.transpose(2, 0, 1), dtype=np.float32)


def _to_stride(side: float) -> int:
    return max(_STRIDE, round(side / _STRIDE) * _STRIDE)


def _text_lines(text_map: Maps, min_score: float) -> list[Detection]:
    """Lines in pixels of the map."""
    ink = np.asarray(text_map > _INK_THRESHOLD, dtype=np.uint8)
    ink = np.asarray(cv2.dilate(ink, np.ones((2, 2), dtype=np.uint8)), dtype=np.uint8)
    contours, _ = cv2.findContours(ink, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    lines: list[Detection] = []
    for contour in contours:
        core = quad_around((float(x), float(y)) for x, y in contour.reshape(-1, 2))
        width, height = quad_size(core)
        if min(width, height) < _MIN_LINE_SIDE:
            continue
        score = _mean_inside(text_map, np.asarray(core, dtype=np.float32))
        if score >= min_score:
            growth = width * height * _UNCLIP_RATIO / (2 * (width + height))
            lines.append(Detection(grow_corners(core, growth, growth), score))
    return lines


def _mean_inside(text_map: Maps, quad: NDArray[np.float32]) -> float:
    left, top = np.maximum(np.floor(quad.min(axis=0)).astype(int), 0)
    right, bottom = np.ceil(quad.max(axis=0)).astype(int) + 1
    part = text_map[top:bottom, left:right]
    mask = np.zeros(part.shape, dtype=np.uint8)
    cv2.fillPoly(mask, [(quad - (left, top)).astype(np.int32)], 1)
    return float(cv2.mean(part, mask)[0])


def _line_width(line: ImageBgr) -> int:
    height, width = line.shape[:2]
    width_px: int = math.ceil(_LINE_HEIGHT * width / height)
    return min(_MAX_LINE_WIDTH, max(1, width_px))
