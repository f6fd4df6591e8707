"""Composites: photos of streets and vehicles with drawn plates in them, and much that is none.

Real plates are painted out or covered where they are known; where nobody looked for them, they are ignored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from platewatch.vision.types import ImageBgr
from platewatch_training.synthesis.camera import turned
from platewatch_training.synthesis.exposure import expose
from platewatch_training.synthesis.sprites import Pool, Sprite
from platewatch_training.synthesis.views import (
    Matrix,
    Points,
    Pyramid,
    box_points,
    box_round,
    choose_turn,
    moved,
    through,
    view_onto,
)

SMALLEST_PX: Final = 7.0
LOWEST_PX: Final = 2.5
"""Narrower or lower than these, nobody can tell a plate."""
NARROWEST_PX: Final = 9.0
_WIDEST_SHARE: Final = 0.95
_MIN_SEEN: Final = 0.5
_WHOLE: Final = 0.97
_PLACES: Final = {"motorcycle": (0.2, 0.5), "bus": (0.1, 0.22), "truck": (0.1, 0.25), "car": (0.16, 0.4)}
"""Width of a plate as a share of the width of its vehicle."""
_PAINTED_PX: Final = 40
_TRIES: Final = 5

Box = NDArray[np.float32]
"""float32 (4,): left, top, right, bottom."""


@dataclass(frozen=True, slots=True)
class ScenePlate:
    """`corners` (4, 2) from top left clockwise; None where they are not known."""

    box_xyxy: Box
    corners: Points | None = None

    @property
    def points(self) -> Points:
        """The corners, or those of the box."""
        return box_points(self.box_xyxy) if self.corners is None else self.corners


@dataclass(slots=True)
class Scene:
    """A picture while plates are put into it; `ignored` are places that are neither plates nor background."""

    picture_bgr: ImageBgr
    plates: list[ScenePlate] = field(default_factory=list)
    ignored: list[Box] = field(default_factory=list)
    taken: list[Box] = field(default_factory=list)
    """Places that are taken."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        height, width = self.picture_bgr.shape[:2]
        return width, height

    def add(self, points: Points, *, corners_known: bool, within: Box | None = None) -> None:
        """Note a plate with these corners, as far as it is inside the picture, or the part `within`."""
        area = np.asarray((0, 0, *self.size), np.float32) if within is None else within
        whole = box_round(points)
        seen = np.concatenate([np.maximum(whole[:2], area[:2]), np.minimum(whole[2:], area[2:])])
        size = seen[2:] - seen[:2]
        if (size <= 0).any():
            return
        share = float(size.prod() / max(1e-6, float((whole[2:] - whole[:2]).prod())))
        if share < _MIN_SEEN or size[0] < SMALLEST_PX or size[1] < LOWEST_PX:
            self.ignored.append(grown(seen, 0.2))
            return
        self.plates.append(ScenePlate(seen, points if corners_known and share >= _WHOLE else None))
        self.taken.append(seen)

    def is_free(self, box_xyxy: Box) -> bool:
        """Whether nothing is there yet."""
        return all(
            (np.minimum(box_xyxy[2:], other[2:]) <= np.maximum(box_xyxy[:2], other[:2])).any() for other in self.taken
        )


@dataclass(frozen=True, slots=True)
class Vehicle:
    """The place of a vehicle in a backdrop."""

    box_xyxy: Box
    kind: str


@dataclass(frozen=True, slots=True)
class Backdrop:
    """A photo to put plates into.

    `plates` are the real ones that are known; `unsure` are places where plates may be that nobody labelled. `family` is
    the folder that it is of, and `squeezed` whether it was made a square.
    """

    pyramid: Pyramid
    family: str
    squeezed: bool = False
    plates: tuple[ScenePlate, ...] = ()
    vehicles: tuple[Vehicle, ...] = ()
    unsure: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Props:
    """The sprites put into scenes."""

    plates: Pool
    distractors: Pool
    lettering: Pool


class SceneSource:
    """Composites by seed: the same seed gives the same scenes in the same order."""

    def __init__(self, backdrops: Sequence[Backdrop], props: Props, rng: Generator) -> None:
        self._backdrops = backdrops
        self._props = props
        self._rng = rng
        self._chances = family_chances([one.family for one in backdrops])

    def next(self, size: tuple[int, int]) -> Scene:
        """The next scene, `size` pixels wide and high."""
        rng = self._rng
        backdrop = self._backdrops[int(rng.choice(len(self._backdrops), p=self._chances))]
        view = _view_of(backdrop, size, rng)
        scene = Scene(backdrop.pyramid.seen(view, size))
        self._replace(scene, backdrop, view)
        for box in backdrop.unsure:
            scene.ignored.append(box_round(through(view, box_points(box))))
        self._mount(scene, backdrop, view)
        self._scatter(scene)
        distract(scene, self._props, rng)
        scene.picture_bgr = expose(scene.picture_bgr, rng)
        return scene

    def _replace(self, scene: Scene, backdrop: Backdrop, view: Matrix) -> None:
        """Paint out the real plates, and put drawn ones where some of them were."""
        rng = self._rng
        for plate in backdrop.plates:
            seen = through(view, plate.points)
            paint_out(scene.picture_bgr, box_round(seen))
            width = float(np.linalg.norm(seen[1] - seen[0]))
            if rng.random() < 0.65 and width >= NARROWEST_PX:
                way = seen[1] - seen[0]
                tilt = float(np.degrees(np.arctan2(way[1], way[0])))
                self._put_plate(scene, seen.mean(axis=0), width * rng.uniform(0.85, 1.15), tilt)

    def _mount(self, scene: Scene, backdrop: Backdrop, view: Matrix) -> None:
        """Plates on the vehicles that have none that is known."""
        rng = self._rng
        for vehicle in backdrop.vehicles:
            seen = box_round(through(view, box_points(vehicle.box_xyxy)))
            wide, high = seen[2:] - seen[:2]
            least, most = _PLACES.get(vehicle.kind, _PLACES["car"])
            center = (
                seen[0] + wide * rng.normal(0.5, 0.12),
                seen[3] - high * rng.uniform(0.12, 0.45),
            )
            if rng.random() < 0.75:
                self._put_plate(scene, np.asarray(center, np.float32), wide * rng.uniform(least, most))

    def _scatter(self, scene: Scene) -> None:
        """Plates without a car: a few of any size, sometimes a crowd of small ones."""
        rng = self._rng
        width, height = scene.size
        count, widest = int(rng.choice([0, 1, 2, 3], p=[0.35, 0.35, 0.2, 0.1])), _WIDEST_SHARE * width
        if rng.random() < 0.06:
            count, widest = int(rng.integers(6, 20)), 0.2 * width
        for _ in range(count):
            center = np.asarray((rng.uniform(0.03, 0.97) * width, rng.uniform(0.05, 0.95) * height), np.float32)
            self._put_plate(scene, center, any_width(widest, rng))

    def _put_plate(self, scene: Scene, center: Points, width: float, tilt: float = 0.0) -> None:
        """Put a plate there, or near there, if there is room for it."""
        rng = self._rng
        if width < NARROWEST_PX * 0.8:
            return
        sprite = self._props.plates.take()
        for _ in range(_TRIES):
            quad = lying(sprite, center, min(width, _WIDEST_SHARE * scene.size[0]), rng, tilt)
            box = box_round(quad)
            if scene.is_free(box):
                put_down(scene.picture_bgr, sprite, quad, strength=rng.uniform(0.2, 1.0))
                scene.add(quad, corners_known=True)
                return
            center = center + rng.normal(0, 0.15 * scene.size[0], 2).astype(np.float32)


def distract(scene: Scene, props: Props, rng: Generator) -> None:
    """Put in what is no plate, where there is none."""
    width, height = scene.size
    for pool, mean in ((props.distractors, 1.4), (props.lettering, 0.7)):
        for _ in range(min(6, int(rng.poisson(mean)))):
            center = np.asarray((rng.uniform(0, 1) * width, rng.uniform(0, 1) * height), np.float32)
            sprite = pool.take()
            quad = lying(sprite, center, any_width(0.6 * width, rng), rng)
            if scene.is_free(box_round(quad)):
                put_down(scene.picture_bgr, sprite, quad, strength=rng.uniform(0, 0.6))
    if rng.random() < 0.15:
        stamp(scene, rng)


def family_chances(families: Sequence[str]) -> NDArray[np.float64]:
    """The weights of the folders, so that a large folder does not drown the small ones."""
    sizes: Mapping[str, int] = Counter(families)
    weights = np.asarray([sizes[family] ** -0.5 for family in families])
    return np.asarray(weights / weights.sum()) if len(weights) else weights


def any_width(widest: float, rng: Generator) -> float:
    """Small widths as often as large ones, in pixels."""
    return float(np.exp(rng.uniform(np.log(NARROWEST_PX), np.log(max(NARROWEST_PX + 1, widest)))))


def lying(sprite: Sprite, center: Points, width: float, rng: Generator, tilt: float = 0.0) -> Points:
    """The corners of the sprite's quad in the scene, at that width, turned as cameras see things."""
    high = width / sprite.aspect * rng.uniform(0.85, 1.1)
    flat = box_points(np.asarray((0, 0, width, high), np.float32))
    seen = turned(flat, rng)
    seen = seen - seen.mean(axis=0)
    angle = np.radians(tilt)
    turn = np.asarray([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    return np.asarray(seen @ turn.T + center, np.float32)


def put_down(picture_bgr: ImageBgr, sprite: Sprite, quad: Points, strength: float) -> None:
    """Blend the sprite into the picture; `strength` is how much of the light there falls on it, 0..1."""
    view = np.asarray(cv2.getPerspectiveTransform(sprite.quad, quad), np.float64)
    width, height = sprite.pyramid.size
    spread = box_round(through(view, box_points(np.asarray((0, 0, width, height), np.float32))))
    x0, y0 = np.maximum(np.floor(spread[:2]), 0).astype(int)
    x1, y1 = np.minimum(np.ceil(spread[2:]), picture_bgr.shape[1::-1]).astype(int)
    if x1 <= x0 or y1 <= y0:
        return
    layers = sprite.pyramid.seen(moved(-x0, -y0) @ view, (x1 - x0, y1 - y0), cv2.BORDER_CONSTANT)
    area = picture_bgr[y0:y1, x0:x1]
    light = float(area.mean()) / 120
    gain = np.float32((1 - strength) + strength * np.clip(light, 0.3, 1.3))
    shows = layers[..., 3:].astype(np.float32) / 255
    mixed = area + shows * (np.minimum(layers[..., :3] * gain, 255) - area)
    area[:] = mixed.astype(np.uint8)


def paint_out(picture_bgr: ImageBgr, box_xyxy: Box) -> None:
    """Fill the box with what is round it (Telea's inpainting, on few pixels)."""
    inner = grown(box_xyxy, 0.12)
    outer = grown(box_xyxy, 0.6)
    x0, y0 = np.maximum(outer[:2], 0).astype(int)
    x1, y1 = np.minimum(outer[2:] + 1, picture_bgr.shape[1::-1]).astype(int)
    if x1 - x0 < 3 or y1 - y0 < 3:  # nothing round it
        return
    area = picture_bgr[y0:y1, x0:x1]
    scale = min(1.0, _PAINTED_PX / max(area.shape[:2]))
    size = [max(1, round(side * scale)) for side in area.shape[1::-1]]  # a strip along the border can be thin
    small = cv2.resize(area, size, interpolation=cv2.INTER_AREA)
    mask = np.zeros(small.shape[:2], np.uint8)
    left, top, right, bottom = (inner - np.asarray((x0, y0, x0, y0))) * scale
    mask[max(0, int(top)) : int(np.ceil(bottom)), max(0, int(left)) : int(np.ceil(right))] = 255
    filled = cv2.resize(cv2.inpaint(small, mask, 3, cv2.INPAINT_TELEA), area.shape[1::-1])
    shows = cv2.resize(mask, area.shape[1::-1], interpolation=cv2.INTER_LINEAR)[..., None].astype(np.float32) / 255
    area[:] = (area + shows * (filled.astype(np.float32) - area)).astype(np.uint8)


def stamp(scene: Scene, rng: Generator) -> None:
    """Write date, hour or a camera's name along a border, as recorders do, unless a plate is there."""
    width, height = scene.size
    day = f"20{rng.integers(10, 30)}-{rng.integers(1, 13):02}-{rng.integers(1, 29):02}"
    hour = f"{rng.integers(24):02}:{rng.integers(60):02}:{rng.integers(60):02}"
    text = str(rng.choice([f"{day} {hour}", hour, f"CAM {rng.integers(1, 20)}", f"{rng.integers(200)} KM/H {hour}"]))
    size, thick, face = float(rng.uniform(0.3, 0.9)), int(rng.integers(1, 3)), int(rng.integers(0, 4))
    (long, high), _ = cv2.getTextSize(text, face, size, thick)
    x = int(rng.integers(2, max(3, width - long)))
    y = int(rng.choice([high + 4, height - 8])) + int(rng.integers(-4, 5))
    if not scene.is_free(np.asarray((x - 3, y - high - 3, x + long + 3, y + 6), np.float32)):
        return
    if rng.random() < 0.3:
        cv2.rectangle(scene.picture_bgr, (x - 3, y - high - 3), (x + long + 3, y + 6), (0.0,) * 3, -1)
    tone = (float(rng.choice([20, 255, 255])),) * 3
    cv2.putText(scene.picture_bgr, text, (x, y), face, size, tone, thick, cv2.LINE_AA)


def grown(box_xyxy: Box, share: float) -> Box:
    """The box with so much of its size added on each side."""
    size = (box_xyxy[2:] - box_xyxy[:2]) * share
    return np.concatenate([box_xyxy[:2] - size, box_xyxy[2:] + size]).astype(np.float32)


def _view_of(backdrop: Backdrop, size: tuple[int, int], rng: Generator) -> Matrix:
    """All of the backdrop, or a part of it, mostly one with a vehicle."""
    width, height = backdrop.pyramid.size
    turn = choose_turn(rng, strong=True, stretched=backdrop.squeezed)
    cover = max(size[0] / width, size[1] / height)
    scale = cover * float(np.exp(rng.uniform(-0.1, 0.8)))
    center = (float(rng.uniform(0.3, 0.7)) * width, float(rng.uniform(0.3, 0.7)) * height)
    if backdrop.vehicles and rng.random() < 0.6:
        box = backdrop.vehicles[int(rng.integers(len(backdrop.vehicles)))].box_xyxy
        center = (float(box[0] + box[2]) / 2, float(box[1] + 2 * box[3]) / 3)
        scale = min(4 * cover, size[0] * float(np.exp(rng.uniform(-1.6, 0.2))) / max(8.0, float(box[2] - box[0])))
        scale = max(scale, 0.8 * cover)
    return view_onto(center, (size[0] * rng.uniform(0.4, 0.6), size[1] * rng.uniform(0.4, 0.6)), scale, turn)
