"""A dataset in another format, in a new folder."""

from __future__ import annotations

import os
import secrets
import shutil
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from platewatch.datasets.folders import write_labels
from platewatch.datasets.label_format import LabelFormat
from platewatch.datasets.placing import Placing, place, storage_error
from platewatch.datasets.types import Dataset, ImageLabels, PlateLabel
from platewatch.errors import FieldError, LabelsError
from platewatch.installation import own_command

_LISTED: Final = 10


@dataclass(frozen=True, slots=True)
class Loss:
    """What the format can't hold, and how many times that was lost."""

    what: str
    count: int


def convert(dataset: Dataset, target: Path, label_format: LabelFormat, placing: Placing) -> list[Loss]:
    """The losses of the conversion. The labels are then in `target`, the images in `target/images`, under their names.

    It appears as a whole or not at all: what is written is beside it until it is complete.

    Raises:
        FieldError: The target is there already, or images should be moved.
        LabelsError: Some labels can't be understood.
        StorageError: It can't be written.
    """
    require_whole(dataset)
    write_dataset(dataset.images, target, label_format, placing)
    return losses(dataset.images, label_format)


def require_whole(dataset: Dataset) -> None:
    """Do nothing if all labels were understood.

    Raises:
        LabelsError: Some were not; the message names the first ones.
    """
    if not dataset.problems:
        return
    first = "\n  ".join(str(problem) for problem in dataset.problems[:_LISTED])
    raise LabelsError(
        f"{len(dataset.problems)} thing(s) are wrong with {str(dataset.folder)!r}:\n  {first}\n"
        f"Correct them (`{own_command('dataset check')}` lists all), or leave those images out with --skip-bad."
    )


def write_dataset(images: Sequence[ImageLabels], target: Path, label_format: LabelFormat, placing: Placing) -> None:
    """Write the images and their labels into a new folder; raises like `convert`."""
    if placing is Placing.MOVE:
        raise FieldError("placing", "Images are copied or linked into the new dataset, never moved out of the old one.")
    if target.exists():
        raise FieldError(
            "target", f"{str(target)!r} is there already. Name a folder that isn't; nothing is overwritten."
        )
    images = with_own_names(images)
    aside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        aside.mkdir(parents=True)
        for image in images:
            place(image.path, aside / "images" / image.name, placing)
        write_labels(aside, label_format, images)
        # A folder that others made meanwhile is replaced only if it is empty.
        aside.rename(target)
    except OSError as error:
        raise storage_error(error, target) from error
    finally:
        with suppress(OSError):
            if aside.exists():
                shutil.rmtree(aside)


def with_own_names(images: Sequence[ImageLabels]) -> list[ImageLabels]:
    """The images with names that no two share, also without their suffixes: label files have none of them."""
    taken: set[str] = set()
    renamed = []
    for image in images:
        stem, suffix = os.path.splitext(image.name)  # noqa: PTH122 (the folders of the name stay)
        free, number = stem, 2
        while free.lower() in taken:
            free, number = f"{stem}-{number}", number + 1
        taken.add(free.lower())
        renamed.append(replace(image, name=free + suffix))
    return renamed


def losses(images: Sequence[ImageLabels], label_format: LabelFormat) -> list[Loss]:
    """Labels that the format can't hold."""
    lost: Counter[str] = Counter()
    for image in images:
        for plate in image.plates or ():
            lost.update(_lost(plate, label_format))
        if image.crop and label_format is not LabelFormat.JSONL:
            lost["marks of crops"] += 1
    return [Loss(what, count) for what, count in sorted(lost.items())]


def _lost(plate: PlateLabel, label_format: LabelFormat) -> list[str]:
    if label_format is not LabelFormat.YOLO:
        return []
    lost = [what for what, value in (("texts", plate.text), ("regions", plate.region)) if value is not None]
    if plate.box_xyxy is not None and plate.corners is not None:
        lost.append("corners")
    if plate.outline_xyxy is None:
        lost.append("plates without a place")
    return lost
