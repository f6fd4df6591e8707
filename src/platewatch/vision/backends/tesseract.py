"""Tesseract, tuned for the rows of a plate.

Tesseract reads lines of black print on white paper. So the characters are cut out of the plate first: connected
components of one height, set in a row, dark on white; what remains of frames, bands and seals is painted over. On 48
crops of split `train` this reads 8, the best of 24 ways to give it the crop as it is reads 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from platewatch.errors import MissingExtraError, ModelFileError
from platewatch.vision.image import to_gray
from platewatch.vision.inference.registry import BackendOptions
from platewatch.vision.types import Character, Crop, ImageBgr, Transcript

Gray = NDArray[np.uint8]

_WORKING_HEIGHT: Final = 96
_ROW_HEIGHT: Final = 36
_ROW_BORDER: Final = 16
_WIDEST_PX: Final = 1200
_WHITE: Final = 255
_THRESHOLD_WINDOW: Final = 61
_THRESHOLD_OFFSET: Final = 12
_CHARACTER_HEIGHT: Final = (0.28, 0.95)
_WIDEST_CHARACTER: Final = 1.1
_OF_THE_MEDIAN: Final = (0.75, 1.3)
_ANOTHER_ROW: Final = 0.6
_MAX_ROWS: Final = 2
_CONFIG: Final = (
    "--oem 1 --psm 7 -c load_system_dawg=0 -c load_freq_dawg=0 "
    "-c 'tessedit_char_whitelist=ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 '"
)
"""Without the space in the list, a gap would make the confidence of the whole line 0."""
_TIMEOUT_S: Final = 10
_LANGUAGE: Final = "eng"
_HOW_TO_GET: Final = "Install it, on Debian with `apt install tesseract-ocr tesseract-ocr-eng`."


@dataclass(frozen=True, slots=True)
class _Component:
    label: int
    left: int
    top: int
    width: int
    height: int

    @property
    def middle(self) -> float:
        return self.top + self.height / 2


class TesseractRecognizer:
    """Reads crops with Debian's Tesseract, one process a row: slow, and good for clean large plates only.

    Raises:
        ModelFileError: Tesseract or its Python package is not installed.
    """

    def __init__(self, options: BackendOptions) -> None:
        del options  # it runs in processes of its own, on one thread each
        try:
            import pytesseract  # type: ignore[import-untyped]  # noqa: PLC0415 (an optional extra)
        except ImportError as error:
            raise MissingExtraError("pytesseract", extra="tesseract") from error
        try:
            languages = pytesseract.get_languages()
        except pytesseract.TesseractNotFoundError as error:
            raise ModelFileError(f"The program 'tesseract' is not installed. {_HOW_TO_GET}") from error
        except (pytesseract.TesseractError, OSError, ValueError) as error:
            raise ModelFileError(f"The program 'tesseract' does not run: {error}. {_HOW_TO_GET}") from error
        if _LANGUAGE not in languages:
            raise ModelFileError(f"The program 'tesseract' lacks its language {_LANGUAGE!r}. {_HOW_TO_GET}")
        self._tesseract = pytesseract

    def recognize(self, crops: Sequence[Crop]) -> list[Transcript]:
        """One transcript for each crop, in their order; a word's confidence is that of each of its characters."""
        return [
            Transcript(tuple(character for row in self.pre_process(crop) for character in self.forward(row)))
            for crop in crops
        ]

    def pre_process(self, crop: Crop) -> list[Gray]:
        """The rows of the plate, upper first: uint8 (H, W), dark on white; none where no characters stand out."""
        found = [(gray, *_characters(gray)) for gray in _both_ways(crop.image_bgr)]
        gray, labels, components = max(found, key=lambda way: len(way[2]))
        return [_print(gray, labels, row) for row in _by_rows(components)]

    def forward(self, row: Gray) -> Iterator[Character]:
        """The characters of one row.

        Raises:
            ModelFileError: The program does not end in time, or fails.
        """
        try:
            words = self._tesseract.image_to_data(
                row, config=_CONFIG, output_type=self._tesseract.Output.DICT, timeout=_TIMEOUT_S
            )
        except (RuntimeError, self._tesseract.TesseractError) as error:
            raise ModelFileError(f"Tesseract failed: {error}. Try again, or choose another recognizer.") from error
        for text, confidence in zip(words["text"], words["conf"], strict=True):
            for sign in str(text).strip():
                yield Character(sign, min(1.0, max(0.0, float(confidence) / 100)))

    def warm_up(self) -> None:
        """Nothing: each row is a process of its own."""


def _both_ways(crop_bgr: ImageBgr) -> tuple[Gray, Gray]:
    """The crop with dark characters and with bright ones turned dark, as high as the thresholds are made for."""
    gray = to_gray(crop_bgr)
    scale = _WORKING_HEIGHT / gray.shape[0]
    size = (int(np.clip(round(gray.shape[1] * scale), 8, _WIDEST_PX)), _WORKING_HEIGHT)
    resized = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA))
    return np.asarray(resized, np.uint8), np.asarray(_WHITE - resized, np.uint8)


def _characters(gray: Gray) -> tuple[NDArray[np.int32], list[_Component]]:
    """The components that are as high as characters, and about as high as each other."""
    dark = cv2.adaptiveThreshold(
        cv2.GaussianBlur(gray, (5, 5), 0),
        _WHITE,
        cv2.ADAPTIVE_THRESH_MEAN_C,
        cv2.THRESH_BINARY_INV,
        _THRESHOLD_WINDOW,
        _THRESHOLD_OFFSET,
    )
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(dark)
    rows = [_Component(label, *(int(value) for value in statistics[label][:4])) for label in range(1, count)]
    fitting = [one for one in rows if _like_a_character(one, gray.shape[1])]
    if not fitting:
        return np.asarray(labels, np.int32), []
    median = float(np.median([one.height for one in fitting]))
    low, high = (share * median for share in _OF_THE_MEDIAN)
    return np.asarray(labels, np.int32), [one for one in fitting if low < one.height < high]


def _like_a_character(one: _Component, width: int) -> bool:
    low, high = (share * _WORKING_HEIGHT for share in _CHARACTER_HEIGHT)
    inside = one.left > 0 and one.top > 0 and one.left + one.width < width and one.top + one.height < _WORKING_HEIGHT
    return inside and low < one.height < high and one.width < _WIDEST_CHARACTER * one.height


def _by_rows(components: Sequence[_Component]) -> list[list[_Component]]:
    """Upper row first; a component whose middle is much lower than any before begins the next."""
    rows: list[list[_Component]] = []
    for one in sorted(components, key=lambda component: component.middle):
        if rows and one.middle - rows[-1][-1].middle < _ANOTHER_ROW * one.height:
            rows[-1].append(one)
        elif len(rows) < _MAX_ROWS:
            rows.append([one])
    return rows


def _print(gray: Gray, labels: NDArray[np.int32], row: Sequence[_Component]) -> Gray:
    """The components of a row alone, on white."""
    kept = np.isin(labels, [one.label for one in row]).astype(np.uint8)
    around = cv2.dilate(kept, np.ones((3, 3), np.uint8))
    clean = np.where(around > 0, gray, _WHITE).astype(np.uint8)
    top, bottom = min(one.top for one in row), max(one.top + one.height for one in row)
    left, right = min(one.left for one in row), max(one.left + one.width for one in row)
    cut = clean[top:bottom, left:right]
    scale = _ROW_HEIGHT / cut.shape[0]
    resized = cv2.resize(cut, (max(1, round(cut.shape[1] * scale)), _ROW_HEIGHT), interpolation=cv2.INTER_AREA)
    border = (_ROW_BORDER,) * 4
    return np.asarray(cv2.copyMakeBorder(resized, *border, cv2.BORDER_CONSTANT, value=_WHITE), np.uint8)
