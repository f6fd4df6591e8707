"""A user's own dataset, in any format that `platewatch dataset` reads, and the part of it that is held back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from platewatch.datasets.convert import require_whole
from platewatch.datasets.folders import read_dataset
from platewatch.datasets.reading import IMAGE_LIMITS
from platewatch.datasets.split import Share, split
from platewatch.datasets.types import ImageLabels, PlateLabel
from platewatch.errors import ImageError
from platewatch.plates.text import reading_key
from platewatch.vision.geometry import corners_from_box
from platewatch.vision.image import open_image
from platewatch.vision.recognizer.slot_codec import ALPHABET, SLOTS
from platewatch.vision.rectify import rectify
from platewatch.vision.types import Detection, ImageBgr
from platewatch_training.datasets.labels import CROP_MARGIN, DatasetError, LabelledCrop
from platewatch_training.datasets.photos import LabelledPhoto, LabelledPlate, scaled_down
from platewatch_training.runs.config import OwnData, RunError

SPLIT: Final = "split.json"
"""In a run's folder: which images are learned from and which are held back."""
TRAIN: Final = "train"
HELD_BACK: Final = "held back"


@dataclass(frozen=True, slots=True)
class OwnImages:
    """The images that can be used, by their part."""

    train: tuple[ImageLabels, ...]
    held_back: tuple[ImageLabels, ...]

    def save(self, run: Path) -> None:
        """Note in the run's folder which is which, so that a run that goes on keeps to it."""
        parts = {TRAIN: self.train, HELD_BACK: self.held_back}
        names = {part: [image.name for image in images] for part, images in parts.items()}
        (run / SPLIT).write_text(json.dumps(names, indent=1, ensure_ascii=False), encoding="utf-8")


def own_images(own: OwnData, seed: int, run: Path, usable: Callable[[ImageLabels], bool]) -> OwnImages:
    """The usable images, parted as the run noted; in a new run as their labels say, or else by chance.

    The labels decide where they name `train` and another part: what isn't `train` is held back. By chance, images that
    are alike or show one plate are never in both parts.

    Raises:
        LabelsError: the folder is no dataset, or labels can't be understood.
        RunError: too few images can be used, or images of the run are gone.
    """
    dataset = read_dataset(own.folder, own.format)
    if own.skip_bad:
        dataset = dataset.without_problems()
    require_whole(dataset)
    images = [image for image in dataset.images if usable(image)]
    if (run / SPLIT).is_file():
        return _as_noted(images, run / SPLIT)
    named = {image.split for image in images if image.split}
    if TRAIN in named and len(named) > 1:
        parted = images
    else:
        shares = [Share(TRAIN, 1 - own.held_back), Share(HELD_BACK, own.held_back)]
        parted = list(split(images, shares, seed, lambda *_: None).images)
    found = OwnImages(
        tuple(image for image in parted if image.split in {TRAIN, None}),
        tuple(image for image in parted if image.split not in {TRAIN, None}),
    )
    if not found.train or not found.held_back:
        raise RunError(
            f"Of the {len(dataset.images)} images in {str(own.folder)!r}, {len(found.train)} could be learned from and "
            f"{len(found.held_back)} held back; both parts need some. Look at them with `platewatch dataset stats`."
        )
    return found


def own_crops(images: Iterable[ImageLabels]) -> list[LabelledCrop]:
    """The crop of every plate that can be read, straightened where its corners are known.

    Raises:
        DatasetError: an image can't be read.
    """
    return [crop for image in images for crop in _crops_of(image)]


def own_photos(images: Iterable[ImageLabels], longest_side: int) -> list[LabelledPhoto]:
    """The photos with the places of their plates, at most `longest_side` pixels long; raises DatasetError."""
    return [_photo_of(image, longest_side) for image in images]


def has_text(image: ImageLabels) -> bool:
    """Whether a plate of it has a text that the recognizer can learn, and a place."""
    return any(_text_of(plate) and _has_place(image, plate) for plate in image.plates or ())


def has_places(image: ImageLabels) -> bool:
    """Whether it is a photo in which every plate is labelled with its place; one without plates is, too."""
    return not image.crop and image.plates is not None and all(plate.outline_xyxy is not None for plate in image.plates)


def _as_noted(images: Sequence[ImageLabels], path: Path) -> OwnImages:
    by_name = {image.name: image for image in images}
    try:
        noted = json.loads(path.read_text(encoding="utf-8"))
        return OwnImages(*(tuple(by_name[name] for name in noted[part]) for part in (TRAIN, HELD_BACK)))
    except KeyError as error:
        raise RunError(f"The run has learned from {error} in its data, which is gone. Begin a new run.") from error
    except (OSError, ValueError, TypeError) as error:
        raise RunError(f"{str(path)!r} can't be read: {error}. Begin a new run.") from error


def _crops_of(image: ImageLabels) -> Iterator[LabelledCrop]:
    readable = [plate for plate in image.plates or () if _text_of(plate) and _has_place(image, plate)]
    if not readable:
        return
    photo_bgr = _read(image)
    for plate in readable:
        crop = photo_bgr if _is_crop(image, plate) else _straight(photo_bgr, plate)
        yield LabelledCrop(crop, _text_of(plate), _source(image))


def _photo_of(image: ImageLabels, longest_side: int) -> LabelledPhoto:
    photo_bgr, scale = scaled_down(_read(image), longest_side)
    plates = tuple(
        LabelledPlate(
            np.asarray(plate.outline_xyxy, np.float32) * scale,
            None if plate.corners is None else np.asarray(plate.corners, np.float32) * scale,
        )
        for plate in image.plates or ()
    )
    return LabelledPhoto(photo_bgr, plates, (), _source(image))


def _source(image: ImageLabels) -> str:
    return f"own/{image.name}"


def _text_of(plate: PlateLabel) -> str:
    """The text as the network writes it; empty where it can't."""
    text = reading_key(plate.text or "")
    return text if len(text) <= SLOTS and set(text) <= set(ALPHABET) else ""


def _has_place(image: ImageLabels, plate: PlateLabel) -> bool:
    return plate.outline_xyxy is not None or _is_crop(image, plate)


def _is_crop(image: ImageLabels, plate: PlateLabel) -> bool:
    """Whether the image is the plate; formats that can't say so have an image of one plate without a place."""
    return image.crop or (plate.outline_xyxy is None and len(image.plates or ()) == 1)


def _straight(photo_bgr: ImageBgr, plate: PlateLabel) -> ImageBgr:
    corners = plate.corners
    if corners is None and plate.outline_xyxy is not None:
        corners = corners_from_box(plate.outline_xyxy)
    if corners is None:
        return photo_bgr
    return rectify(photo_bgr, Detection(corners, 1.0), CROP_MARGIN).image_bgr


def _read(image: ImageLabels) -> ImageBgr:
    try:
        return open_image(image.path.read_bytes(), IMAGE_LIMITS).decode()
    except (ImageError, OSError) as error:
        raise DatasetError(f"The image {str(image.path)!r} can't be read: {error}") from error
