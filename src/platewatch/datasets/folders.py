"""A folder as a dataset: which format its labels are in, and reading it with the right reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from platewatch.datasets.formats import coco, csv_labels, jsonl, voc, yolo
from platewatch.datasets.judging import only_plates, with_boxes_judged
from platewatch.datasets.label_format import LabelFormat
from platewatch.datasets.types import Dataset, ImageLabels
from platewatch.errors import LabelsError


@dataclass(frozen=True, slots=True)
class _Format:
    recognizes: Callable[[Path], bool]
    read: Callable[[Path], Dataset]
    write: Callable[[Path, Sequence[ImageLabels]], None]


# The most specific first: YOLO's text files could be anything.
_FORMATS: Final = {
    LabelFormat.JSONL: _Format(jsonl.recognizes, jsonl.read, jsonl.write),
    LabelFormat.COCO: _Format(coco.recognizes, coco.read, coco.write),
    LabelFormat.VOC: _Format(voc.recognizes, voc.read, voc.write),
    LabelFormat.CSV: _Format(csv_labels.recognizes, csv_labels.read, csv_labels.write),
    LabelFormat.YOLO: _Format(yolo.recognizes, yolo.read, yolo.write),
}


def read_dataset(folder: Path, label_format: LabelFormat | None = None, plate_class: str | None = None) -> Dataset:
    """The dataset in the folder; without a format, the one that its files look like.

    Of labels of several classes those count that are named as plates, or that `plate_class` names (see `only_plates`).

    Raises:
        LabelsError: There is no such folder, it has no labels, or they can't be read at all; or nothing says which of
            several classes is the plate.
    """
    if not folder.is_dir():
        raise LabelsError(f"There is no folder {str(folder)!r}. Name the folder of a dataset.")
    try:
        dataset = _FORMATS[label_format or recognize_format(folder)].read(folder)
    except OSError as error:
        raise LabelsError(f"{str(error.filename or folder)!r} can't be read: {error.strerror or error}.") from error
    return with_boxes_judged(only_plates(dataset, plate_class))


def recognize_format(folder: Path) -> LabelFormat:
    """The format that the folder's files look like.

    Raises:
        LabelsError: None.
    """
    for label_format, known in _FORMATS.items():
        if known.recognizes(folder):
            return label_format
    raise LabelsError(
        f"{str(folder)!r} has no labels that are known: labels.jsonl, COCO's JSON, VOC's XML, a CSV file with a column "
        "`image`, or YOLO's text files. Name another folder.",
    )


def write_labels(folder: Path, label_format: LabelFormat, images: Sequence[ImageLabels]) -> None:
    """Write the labels of images that are below `folder/images` under their names."""
    _FORMATS[label_format].write(folder, images)
