"""Labelled photos from disk: which sets there are, and the rows of one that can be scored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Annotated, Final, Literal

import yaml
from pydantic import BaseModel, Field, ValidationError

from benchmarks.errors import DatasetError
from benchmarks.scores import LabeledPlate, letters_and_digits
from platewatch.vision.types import BoxXyxy

LABELS_NAME: Final = "labels.jsonl"
_EVALUATION: Final = "evaluation"
_TRAIN: Final = "train"
_CUT_MARGIN: Final = 0.06
_CORRECTIONS: Final = Path(__file__).parent / "corrections.yaml"


class _PlateLine(BaseModel):
    box: BoxXyxy | None = None
    text: str | None = None
    region: str | None = None


class _PhotoLine(BaseModel):
    """A line of `labels.jsonl`; fields that no score needs are passed over."""

    image: Annotated[str, Field(min_length=1)]
    split: Literal["train", "dev"] = "dev"
    crop: bool = False
    plates: list[_PlateLine] | None = None


@dataclass(frozen=True, slots=True)
class LabeledPhoto:
    """One image with everything that is known to be on it; for a crop the box is None.

    A crop is the whole image, or what `cut_xyxy` cuts out of it.
    """

    path: Path
    is_crop: bool
    plates: tuple[LabeledPlate, ...]
    cut_xyxy: BoxXyxy | None = None

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name


@dataclass(frozen=True, slots=True)
class PhotoSet:
    """The images of one folder that can be scored. `available` counts them before a limit was applied."""

    name: str
    photos: tuple[LabeledPhoto, ...]
    available: int

    @property
    def is_crops(self) -> bool:
        """Whether the images are plates already."""
        return all(photo.is_crop for photo in self.photos)


def names_in(listed: str) -> tuple[str, ...]:
    """The names that stand in an option with commas between them, each once."""
    return tuple(dict.fromkeys(name.strip() for name in listed.split(",") if name.strip()))


def load_sets(root: Path, names: tuple[str, ...] = ()) -> list[PhotoSet]:
    """The sets of `evaluation/` and the dev rows of those of `train/`, or only those named; empty ones are left out.

    Raises:
        DatasetError: The folder is missing, a name is unknown or a label can't be used.
    """
    folders = _folders(root)
    if unknown := sorted(set(names) - set(folders)):
        raise DatasetError(f"There is no set {unknown[0]!r} below {str(root)!r}. There are: {', '.join(folders)}.")
    sets = [load_set(folder, name) for name, folder in folders.items() if not names or name in names]
    return [one for one in sets if one.photos]


def load_set(folder: Path, name: str) -> PhotoSet:
    """The dev rows of a folder whose labels say something: a text for crops, plates (or certainly none) for photos.

    Raises:
        DatasetError: The labels are missing or can't be used.
    """
    path = folder / LABELS_NAME
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DatasetError(f"The labels {str(path)!r} can't be read: {error.strerror}.") from error
    photos = []
    for number, line in enumerate(lines, start=1):
        try:
            row = _PhotoLine.model_validate(json.loads(line))
        except (ValidationError, json.JSONDecodeError) as error:
            raise DatasetError(f"Line {number} of {str(path)!r} is no label: {error}") from error
        photo = _photo(folder, row)
        if row.split == "dev" and photo is not None:
            photos.append(photo)
    if len({photo.is_crop for photo in photos}) > 1:
        raise DatasetError(f"{str(path)!r} holds crops and photos, which are scored apart. Make two sets of it.")
    return PhotoSet(name, tuple(photos), len(photos))


def limited(photo_set: PhotoSet, limit: int | None, seed: int) -> PhotoSet:
    """The set, or `limit` of its images in their order, chosen by chance and always the same for one `seed`."""
    if limit is None or limit >= len(photo_set.photos):
        return photo_set
    chance = Random(f"{seed} {photo_set.name}")  # noqa: S311 (no secret; must repeat)
    chosen = sorted(chance.sample(range(len(photo_set.photos)), limit))
    return PhotoSet(photo_set.name, tuple(photo_set.photos[index] for index in chosen), photo_set.available)


def corrected(photo_set: PhotoSet) -> PhotoSet:
    """The set with the texts that were read again by eye in place of wrong labels; only images of one plate have such.

    Raises:
        DatasetError: A correction names an image that the set doesn't have.
    """
    texts: dict[str, str] = (yaml.safe_load(_CORRECTIONS.read_text(encoding="utf-8")) or {}).get(photo_set.name, {})
    if gone := sorted(set(texts) - {photo.name for photo in photo_set.photos}):
        raise DatasetError(f"{str(_CORRECTIONS)!r} corrects {gone[0]!r}, which is not in {photo_set.name}.")
    photos = (
        replace(photo, plates=(replace(photo.plates[0], text=texts[photo.name]),)) if photo.name in texts else photo
        for photo in photo_set.photos
    )
    return replace(photo_set, photos=tuple(photos))


def cut_by_labels(photo_set: PhotoSet) -> PhotoSet:
    """The plates with a text as crops of their own, cut by their labelled boxes with a small margin."""
    crops = tuple(
        photo
        if photo.is_crop
        else LabeledPhoto(photo.path, True, (replace(plate, box_xyxy=None),), _cut(plate.box_xyxy))
        for photo in photo_set.photos
        for plate in photo.plates
        if plate.text and (photo.is_crop or plate.box_xyxy)
    )
    return PhotoSet(photo_set.name, crops, photo_set.available if photo_set.is_crops else len(crops))


def _cut(box_xyxy: BoxXyxy | None) -> BoxXyxy | None:
    if box_xyxy is None:
        return None
    left, top, right, bottom = box_xyxy
    margin = _CUT_MARGIN * (bottom - top)
    return left - margin, top - margin, right + margin, bottom + margin


def _folders(root: Path) -> dict[str, Path]:
    if not (root / _EVALUATION).is_dir():
        raise DatasetError(
            f"There are no labelled photos in {str(root)!r} (no folder {_EVALUATION!r}). "
            "Name the folder that holds them with --datasets.",
        )
    labels = [path for group in (_EVALUATION, _TRAIN) for path in sorted(root.glob(f"{group}/*/{LABELS_NAME}"))]
    return {path.parent.name: path.parent for path in labels}


def _photo(folder: Path, row: _PhotoLine) -> LabeledPhoto | None:
    if row.plates is None:
        return None
    plates = tuple(_plate(plate) for plate in row.plates)
    if row.crop and not any(plate.text for plate in plates):
        return None
    if not row.crop and any(plate.box_xyxy is None for plate in plates):
        raise DatasetError(f"The photo {row.image!r} of {str(folder)!r} has a plate without a box.")
    return LabeledPhoto(folder / row.image, row.crop, plates)


def _plate(line: _PlateLine) -> LabeledPlate:
    # A text that the scores would empty says nothing.
    text = line.text if line.text and letters_and_digits(line.text) else None
    return LabeledPlate(text, line.box, line.region)


def photos_of(sets: Sequence[PhotoSet], count: int, seed: int) -> tuple[Path, ...]:
    """Up to `count` whole photos of all sets together, chosen by chance and always the same for one `seed`.

    Raises:
        DatasetError: The sets hold crops only.
    """
    paths = [photo.path for one in sets for photo in one.photos if not photo.is_crop]
    if not paths:
        raise DatasetError("The labelled sets hold no whole photos. Leave --datasets out to use the samples.")
    chance = Random(seed)  # noqa: S311 (no secret; must repeat)
    return tuple(sorted(chance.sample(paths, min(count, len(paths)))))
