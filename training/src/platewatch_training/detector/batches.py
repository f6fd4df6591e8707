"""Composites and real photos as tensors, made by worker processes while the network trains."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from platewatch.vision.denoise import without_impulses
from platewatch.vision.types import ImageBgr
from platewatch_training.datasets.photos import LabelledPhoto, LabelledVehicle, training_photos
from platewatch_training.detector.config import RunConfig
from platewatch_training.detector.losses import Targets
from platewatch_training.detector.nearer import close_ups
from platewatch_training.detector.photos import PhotoSource
from platewatch_training.runs.config import RunError
from platewatch_training.runs.workers import drawn_ahead
from platewatch_training.synthesis.layouts import load_layouts
from platewatch_training.synthesis.scenes import Backdrop, Box, Props, Scene, ScenePlate, SceneSource, Vehicle
from platewatch_training.synthesis.sprites import DistractorSprites, PlateSprites, Pool, lettering_sprite
from platewatch_training.synthesis.views import Pyramid

NEGATIVES: Final = "negatives"
UNSURE: Final = "unsure.jsonl"
_ABOVE_PLATES: Final = 0.2
"""Share of a vehicle's height, from above, where there is no plate."""
_POOLED: Final = 160

Mined = dict[str, list[list[float]]]
"""By source, the boxes where plates may be, in shares of the photo's width and height."""


@dataclass(frozen=True, slots=True)
class Batch:
    """`photos` uint8 (N, 3, H, W), BGR, and what is in them."""

    photos: Tensor
    targets: Targets


@dataclass(frozen=True, slots=True)
class Material:
    """The sources of pictures: labelled photos, backdrops for plates, crops without plates, own photos."""

    photos: list[Backdrop]
    backdrops: list[Backdrop]
    negatives: list[ImageBgr]
    own: list[Backdrop] = field(default_factory=list)


class PictureSource:
    """Pictures of both kinds by seed."""

    def __init__(self, material: Material, config: RunConfig, *, seed: int) -> None:
        own, pools, real, drawn = (
            np.random.default_rng(one) for one in np.random.SeedSequence(seed).generate_state(4).tolist()
        )
        self._rng = own
        self._close_ups: list[Scene] = []
        self._own_share = 0.0 if config.own is None else config.own.share
        # Without other real photos, all that is not the user's own is drawn.
        self._share = config.composite_share if material.photos else 1.0
        props = Props(
            Pool(PlateSprites(load_layouts(), config.two_rows), pools),
            Pool(DistractorSprites(material.negatives), pools, _POOLED),
            Pool(lettering_sprite, pools, _POOLED),
        )
        self._real = PhotoSource(material.photos, props, real)
        self._own = PhotoSource(material.own, props, real)
        self._composites = SceneSource(material.backdrops, props, drawn)

    def next(self, size: tuple[int, int]) -> Scene:
        """The next picture, `size` pixels wide and high, as the server prepares it."""
        scene = self._draw_scene(size)
        scene.picture_bgr = without_impulses(scene.picture_bgr)
        return scene

    def _draw_scene(self, size: tuple[int, int]) -> Scene:
        if self._own_share and self._rng.random() < self._own_share:
            return self._own.next(size)
        source = self._composites if self._rng.random() < self._share else self._real
        return source.next(size)

    def close_up(self, size: tuple[int, int]) -> Scene:
        """The next close-up, of a plate in a picture of that size."""
        while not self._close_ups:
            self._close_ups = close_ups(self.next(size), self._rng)
        return self._close_ups.pop()


class PictureBatches(IterableDataset[tuple[Tensor, ...]]):
    """Batches without end; each worker has a seed of its own, and none repeats what was drawn before a resumption."""

    def __init__(self, material: Material, config: RunConfig, *, first_step: int = 0) -> None:
        self._material = material
        self._config = config
        self._first_step = first_step

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        worker = get_worker_info()
        own = [self._config.seed, self._first_step, worker.id if worker else 0]
        seed, canvas_seed = np.random.SeedSequence(own).generate_state(2).tolist()
        source = PictureSource(self._material, self._config, seed=seed)
        rng = np.random.default_rng(canvas_seed)
        canvases = self._config.canvases
        while True:
            size = canvases[int(rng.integers(len(canvases)))]
            make = source.close_up if rng.random() < self._config.close_ups else source.next
            yield to_tensors([make(size) for _ in range(self._config.batch)])


def loader(batches: PictureBatches, workers: int) -> Iterator[Batch]:
    """The batches, drawn ahead by so many processes (none: in this one)."""
    for photos, boxes, corners, ignored in drawn_ahead(batches, workers):
        yield Batch(photos, Targets(boxes, corners, ignored))


def to_tensors(scenes: Sequence[Scene]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """`photos`, and the three of `Targets`; scenes of one size."""
    photos = np.stack([scene.picture_bgr for scene in scenes])
    most = max(1, *(len(scene.plates) for scene in scenes))
    boxes = np.zeros((len(scenes), most, 4), np.float32)
    corners = np.full((len(scenes), most, 8), np.nan, np.float32)
    ignored = np.zeros((len(scenes), max(1, *(len(scene.ignored) for scene in scenes)), 4), np.float32)
    for number, scene in enumerate(scenes):
        for place, plate in enumerate(scene.plates):
            boxes[number, place] = plate.box_xyxy
            if plate.corners is not None:
                corners[number, place] = plate.corners.ravel()
        if scene.ignored:
            ignored[number, : len(scene.ignored)] = scene.ignored
    # A view: pixels stay in the order that `channels_last` wants.
    shown = torch.from_numpy(photos).permute(0, 3, 1, 2)
    return shown, torch.from_numpy(boxes), torch.from_numpy(corners), torch.from_numpy(ignored)


def load_material(config: RunConfig, own_photos: Sequence[LabelledPhoto] = ()) -> Material:
    """The photos of split `train` and what was mined from them, and a user's own photos, which composites are made of.

    Raises:
        RunError: no folder of photos is named, nor are there own ones, or what was mined can't be read.
        DatasetError: the photos can't be read.
    """
    own = [as_backdrop(photo, None) for photo in own_photos]
    if config.datasets is None and own:
        return Material([], own, [], own)
    if config.datasets is None:
        raise RunError("The detector needs `datasets`, the folder with train/ and vehicles/.")
    mined, negatives = (None, []) if config.mined is None else read_mined(config.mined)
    train = training_photos(config.datasets, "train", config.longest_side)
    vehicles = training_photos(config.datasets, "vehicles", config.longest_side)
    photos = [as_backdrop(photo, mined) for photo in train if photo.plates is not None]
    others = [as_backdrop(photo, mined) for photo in [*train, *vehicles] if photo.plates is None]
    return Material(photos, [*photos, *others, *own], negatives, own)


def as_backdrop(photo: LabelledPhoto, mined: Mined | None) -> Backdrop:
    """The photo with its plates, and where others may be: what was mined, or else all of its vehicles."""
    height, width = photo.image_bgr.shape[:2]
    if mined is not None:
        size = np.asarray((width, height, width, height), np.float32)
        unsure = tuple(np.asarray(box, np.float32) * size for box in mined.get(photo.source, []))
    elif photo.plates is None:
        unsure = tuple(where_plates_are(vehicle) for vehicle in photo.vehicles)
    else:
        unsure = ()
    return Backdrop(
        pyramid=Pyramid(photo.image_bgr),
        family=photo.source.split("/", maxsplit=1)[0],
        squeezed=photo.stretched,
        plates=tuple(ScenePlate(plate.box_xyxy, plate.corners) for plate in photo.plates or ()),
        vehicles=tuple(Vehicle(one.box_xyxy, one.kind) for one in photo.vehicles),
        unsure=unsure,
    )


def where_plates_are(vehicle: LabelledVehicle) -> Box:
    """The part of a vehicle in which a plate may be."""
    left, top, right, bottom = vehicle.box_xyxy
    return np.asarray((left, top + _ABOVE_PLATES * (bottom - top), right, bottom + 2), np.float32)


def read_mined(folder: Path) -> tuple[Mined, list[ImageBgr]]:
    """The output of `detector mine`: places where plates may be, and crops without plates.

    Raises:
        RunError: it is missing or damaged.
    """
    try:
        rows = [json.loads(line) for line in (folder / UNSURE).read_text().splitlines()]
        mined: Mined = {str(row["source"]): [[float(side) for side in box] for box in row["boxes"]] for row in rows}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"What was mined can't be read from {str(folder / UNSURE)!r}: {error!r}") from error
    crops = [cv2.imread(str(path), cv2.IMREAD_COLOR) for path in sorted((folder / NEGATIVES).glob("*.png"))]
    return mined, [_check(crop, folder) for crop in crops]


def _check(crop: NDArray[np.integer[Any] | np.floating[Any]] | None, folder: Path) -> ImageBgr:
    if crop is None:
        raise RunError(f"A crop in {str(folder / NEGATIVES)!r} is damaged. Remove it, or mine again.")
    return np.asarray(crop, np.uint8)
