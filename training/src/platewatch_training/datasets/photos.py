"""Folders with `images/` and `labels.jsonl` as whole photos with the places of their plates and vehicles."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from platewatch.vision.types import ImageBgr
from platewatch_training.datasets.labels import DatasetError, label_lines, read_image

STRETCHED: Final = frozenset({"exp_plates", "oi_lp", "id_scan", "openimages"})
"""Folders whose photos were brought to a square whatever their shape was."""
_POINTS: Final = 4


@dataclass(frozen=True, slots=True)
class LabelledPlate:
    """`box_xyxy` float32 (4,); `corners` float32 (4, 2) from top left clockwise, None where only the box is known.

    `text` as the label has it, None where it has none.
    """

    box_xyxy: NDArray[np.float32]
    corners: NDArray[np.float32] | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class LabelledVehicle:
    """`box_xyxy` float32 (4,); `kind` such as `car`."""

    box_xyxy: NDArray[np.float32]
    kind: str


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """A photo, scaled down where it was larger than wanted; all places are in its pixels.

    `plates` is None where nobody looked for plates; `source` is folder/image.
    """

    image_bgr: ImageBgr
    plates: tuple[LabelledPlate, ...] | None
    vehicles: tuple[LabelledVehicle, ...]
    source: str

    @property
    def stretched(self) -> bool:
        """Whether the photo's aspect was changed before it was labelled."""
        return self.source.split("/", maxsplit=1)[0] in STRETCHED


def labelled_photos(
    folder: Path, split: Literal["train", "dev"] | None = None, longest_side: int | None = None
) -> Iterator[LabelledPhoto]:
    """Every photo that is no crop, at most `longest_side` pixels long.

    Raises:
        DatasetError: the labels are missing or damaged.
    """
    for number, line in enumerate(label_lines(folder), 1):
        if line.get("crop") or (split is not None and line.get("split") != split):
            continue
        image, scale = scaled_down(read_image(folder, str(line["image"]), number), longest_side)
        try:
            plates = None if line.get("plates") is None else tuple(_plates(line["plates"], scale))
            vehicles = tuple(
                LabelledVehicle(np.asarray(one["box"], np.float32) * scale, str(one["class"]))
                for one in line.get("vehicles") or []
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DatasetError(f"{folder / 'labels.jsonl'}:{number} has a place that is no box: {error!r}") from error
        yield LabelledPhoto(image, plates, vehicles, f"{folder.name}/{line['image']}")


def scaled_down(image_bgr: ImageBgr, longest_side: int | None) -> tuple[ImageBgr, float]:
    """The image, at most so many pixels long, and by how much its places are scaled."""
    scale = min(1.0, (longest_side or max(image_bgr.shape)) / max(image_bgr.shape[:2]))
    if scale == 1:
        return image_bgr, scale
    smaller = cv2.resize(image_bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(smaller, np.uint8), scale


def photo_sets(datasets: Path, names: Collection[str] = ()) -> dict[str, list[LabelledPhoto]]:
    """The photos with plates of each set (default: of every one): all of `evaluation/`, the dev rows of `train/`."""
    splits: tuple[tuple[str, Literal["dev"] | None], ...] = (("evaluation", None), ("train", "dev"))
    sets: dict[str, list[LabelledPhoto]] = {}
    for room, split in splits:
        for folder in _folders(datasets / room):
            if not names or folder.name in names:
                photos = labelled_photos(folder, split)
                sets[folder.name] = [photo for photo in photos if photo.plates is not None]
    return {name: photos for name, photos in sets.items() if photos}


def training_photos(datasets: Path, room: Literal["train", "vehicles"], longest_side: int) -> list[LabelledPhoto]:
    """The photos of split `train` in that room; raises DatasetError if there are none."""
    found = [photo for folder in _folders(datasets / room) for photo in labelled_photos(folder, "train", longest_side)]
    if not found:
        raise DatasetError(f"There are no photos of split `train` under {str(datasets / room)!r}.")
    return found


def training_sources(datasets: Path, room: Literal["train", "vehicles"]) -> list[str]:
    """Folder and image of each of these photos, without reading them."""
    return [
        f"{folder.name}/{line['image']}"
        for folder in _folders(datasets / room)
        for line in label_lines(folder)
        if line.get("split") == "train" and not line.get("crop")
    ]


def _folders(room: Path) -> list[Path]:
    if not room.is_dir():
        raise DatasetError(f"There is no folder {str(room)!r}. Name one with train/, vehicles/ and evaluation/.")
    return sorted(one for one in room.iterdir() if one.is_dir())


def _plates(plates: list[dict[str, Any]], scale: float) -> Iterator[LabelledPlate]:
    for plate in plates:
        corners = None
        if plate.get("corners"):
            corners = np.asarray(plate["corners"], np.float32).reshape(_POINTS, 2) * scale
        if plate.get("box"):
            box = np.asarray(plate["box"], np.float32).reshape(_POINTS) * scale
        elif corners is not None:
            box = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
        else:
            continue
        yield LabelledPlate(np.asarray(box, np.float32), corners, plate.get("text") or None)
