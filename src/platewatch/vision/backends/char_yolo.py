"""CarWatch's way with two YOLO exports: one finds plates, the other each character of a plate.

Its numbers are kept: plates from 0.5 with an overlap of at most 0.5, cut with 10 pixels around them; characters from
0.1 with an overlap of at most 0.3, sorted from left to right, row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final

import numpy as np

from platewatch.errors import ModelFileError, ModelShapeError, PlateTextError
from platewatch.plates.text import as_written, plate_key, reading_key, spelling
from platewatch.vision.backends.yolo import YoloDetector
from platewatch.vision.backends.yolo_network import YoloBox, YoloNetwork
from platewatch.vision.backends.yolo_notes import ALL_CLASSES
from platewatch.vision.inference.registry import BackendOptions, YoloLayout
from platewatch.vision.inference.traits import RecognizerTraits
from platewatch.vision.types import Character, Crop, Transcript

PLATE_MIN_SCORE: Final = 0.5
PLATE_MAX_IOU: Final = 0.5
PADDING_PX: Final = 10
CHARACTER_MIN_SCORE: Final = 0.1
CHARACTER_MAX_IOU: Final = 0.3

# Of the characters' median height: how much lower than the one above it a character begins the next row.
_NEXT_ROW: Final = 0.5


class CharYoloDetector(YoloDetector):
    """The detector `yolo` with CarWatch's thresholds."""

    name: ClassVar[str] = "char-yolo"
    default_min_score: ClassVar[float] = PLATE_MIN_SCORE

    def __init__(self, options: BackendOptions) -> None:
        super().__init__(replace(options, max_iou=PLATE_MAX_IOU))


class CharYoloRecognizer:
    """Reads crops character by character.

    Raises:
        ModelFileError: No model was given, or it can't be loaded.
        ModelShapeError: It isn't a YOLO detection export, no class of it is a character, or a class is a letter that
            plates are not compared by.
    """

    traits: ClassVar = RecognizerTraits(padding_px=PADDING_PX)

    @classmethod
    def require_ready(cls, options: BackendOptions) -> None:
        """Do nothing if the export can be loaded and its output is understood.

        Raises:
            ModelError: it can't, or is not.
        """
        cls(options).warm_up()

    def __init__(self, options: BackendOptions) -> None:
        model = options.char_yolo_model
        if model is None:
            raise ModelFileError(
                "The recognizer 'char-yolo' needs a model. Give the path of a YOLO export (ONNX) whose classes are "
                "characters: PLATEWATCH_CHAR_YOLO_MODEL.",
            )
        # Layout, class and side are settings of the detector's model. In this one every class is a character.
        own = replace(options, layout=YoloLayout.AUTO, detector_class=ALL_CLASSES, input_side=None)
        self._network = YoloNetwork(model, own, min_score=CHARACTER_MIN_SCORE, max_iou=CHARACTER_MAX_IOU)
        names = self._network.class_names
        self._signs = {index: sign for index, name in names.items() if (sign := _sign_of(name, model))}
        if not self._signs:
            listed = ", ".join(repr(name) for name in list(names.values())[:5]) or "none"
            raise ModelShapeError(
                f"No class of {model} is a single character; its metadata name these classes: {listed}. Expected are "
                "names such as '0' or 'A'. Export the character model, with its names.",
            )

    def recognize(self, crops: Sequence[Crop]) -> list[Transcript]:
        """One transcript for each crop, in their order."""
        return [self.post_process(self._network.find(crop.image_bgr)) for crop in crops]

    def post_process(self, found: Sequence[YoloBox]) -> Transcript:
        """The characters in reading order; things that are no characters are left out."""
        signs = [box for box in found if box.class_index in self._signs]
        return Transcript(
            tuple(Character(self._signs[box.class_index], box.score) for row in by_rows(signs) for box in row)
        )

    def warm_up(self) -> None:
        """Run once on an empty crop; shows at once whether the output is understood."""
        self._network.find(np.zeros((self._network.height, self._network.width, 3), dtype=np.uint8))


def by_rows(boxes: Sequence[YoloBox]) -> list[list[YoloBox]]:
    """Upper row first, each from left to right.

    Each character is compared with the one just above it, so that a tilted row stays one.
    """
    if not boxes:
        return []
    height = float(np.median([bottom - top for _, top, _, bottom in (box.box_xyxy for box in boxes)]))
    ordered = sorted(boxes, key=_middle)
    rows = [[ordered[0]]]
    for box in ordered[1:]:
        if _middle(box) - _middle(rows[-1][-1]) > _NEXT_ROW * height:
            rows.append([])
        rows[-1].append(box)
    return [sorted(row, key=lambda box: box.box_xyxy[0] + box.box_xyxy[2]) for row in rows]


def _sign_of(name: str, model: Path) -> str:
    """The key of a class named by one character; empty for any other class.

    Raises:
        ModelShapeError: The class is a letter or digit without a key: without it another plate would be read.
    """
    written = as_written(name)
    if len(written) == 1 and written.isalnum():
        try:
            return plate_key(written)
        except PlateTextError as error:
            raise ModelShapeError(
                f"A class of {model} can't be used: {error} Export the model with another name for this class, or with "
                "the name '-' if plates are to be read without this letter.",
            ) from error
    return reading_key(name) if len(spelling(name)) == 1 else ""


def _middle(box: YoloBox) -> float:
    return (box.box_xyxy[1] + box.box_xyxy[3]) / 2
