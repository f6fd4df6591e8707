"""The camera: perspective, light, weather, lens, sensor and file, and the crop as a detector cuts it."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from platewatch.vision.types import ImageBgr
from platewatch_training.synthesis.plates import Picture
from platewatch_training.synthesis.surface import smooth_noise

Quad = NDArray[np.float32]
"""float32 (4, 2): top left, top right, bottom right, bottom left."""

NARROWEST_PX: Final = 40
WIDEST_PX: Final = 320
NARROWEST_CHARACTER_PX: Final = 6.5
_NUMBER_SHARE: Final = 0.8
"""About that much of a plate's width is its number."""
_RECTIFIED_SHARE: Final = 0.6
_COMBED_FROM_PX: Final = 32
_BLOOMING: Final = 0.4


def choose_width(
    rng: Generator, characters: int = 1, *, widest: float = WIDEST_PX, narrowest: float = NARROWEST_PX
) -> float:
    """A random width of a plate in the photo, in pixels, by its characters in a row; small ones as often as large.

    Where a character has fewer pixels than `NARROWEST_CHARACTER_PX`, people only guess.
    """
    readable = NARROWEST_CHARACTER_PX * characters / _NUMBER_SHARE
    narrowest = min(widest, max(NARROWEST_PX, narrowest, readable))
    return float(np.exp(rng.uniform(np.log(narrowest), np.log(widest))))


def choose_harshness(rng: Generator) -> float:
    """The harshness of a photo's light, lens, sensor and file, 0..1: most photos in front of a gate are good."""
    return float(rng.random() ** 1.5)


def take_crop(scene: Picture, margin_px: int, wanted_px: float, rng: Generator, *, flaws: bool = True) -> ImageBgr:
    """The crop of one plate: uint8 (H, W, 3).

    Args:
        scene: The plate and what is round it, seen straight.
        margin_px: How far the scene reaches beyond the plate on each side.
        wanted_px: About how wide the plate is in the photo.
        rng: What decides.
        flaws: Whether light, lens, sensor and file leave their traces.
    """
    height, width = scene.shape[0] - 2 * margin_px, scene.shape[1] - 2 * margin_px
    crop = _project(scene, margin_px, (width, height), wanted_px, rng)
    if not flaws:
        return np.asarray(np.clip(crop, 0, 255), np.uint8)
    harsh = choose_harshness(rng)
    crop = _light(crop, harsh, rng)
    crop = _blur(crop, harsh, rng)
    crop = _sense(crop, harsh, rng)
    return _save(np.asarray(np.clip(crop, 0, 255), np.uint8), harsh, rng)


def retake(crop_bgr: ImageBgr, rng: Generator) -> ImageBgr:
    """A real crop photographed once more: cut a little otherwise, in other light, with other flaws."""
    height, width = crop_bgr.shape[:2]
    scale = min(1.0, WIDEST_PX / width) * float(rng.uniform(0.6, 1.0) if width > 2 * NARROWEST_PX else 1.0)
    corners = np.asarray([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    cut = corners + rng.normal(0, rng.uniform(0.005, 0.05) * height, (4, 2)).astype(np.float32)
    size = (max(8, round(width * scale)), max(6, round(height * scale)))
    target = np.asarray([(0, 0), (size[0], 0), size, (0, size[1])], np.float32)
    moved = cv2.warpPerspective(
        crop_bgr, cv2.getPerspectiveTransform(cut, target), size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    crop = np.asarray(moved, np.float32)
    harsh = 0.8 * choose_harshness(rng)
    if rng.random() < 0.6:
        crop = _light(crop, harsh, rng)
    if rng.random() < 0.5:
        crop = _blur(crop, harsh, rng)
    if rng.random() < 0.5:
        crop = _sense(crop, harsh, rng)
    return _save(np.asarray(np.clip(crop, 0, 255), np.uint8), harsh, rng)


def _project(scene: Picture, margin_px: int, size: tuple[int, int], wanted_px: float, rng: Generator) -> Picture:
    """The scene in perspective, cut as detectors do: straightened by corners, or the upright box round the plate."""
    width, height = size
    flat = np.asarray([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    seen = turned(flat, rng) * (wanted_px / width)
    cut = _jittered_corners(seen, rng) if rng.random() < _RECTIFIED_SHARE else _jittered_box(seen, rng)
    out_width = max(8, round(float(np.linalg.norm(cut[1] - cut[0]) + np.linalg.norm(cut[2] - cut[3])) / 2))
    out_height = max(6, round(float(np.linalg.norm(cut[3] - cut[0]) + np.linalg.norm(cut[2] - cut[1])) / 2))
    target = np.asarray([(0, 0), (out_width, 0), (out_width, out_height), (0, out_height)], np.float32)
    to_image = cv2.getPerspectiveTransform(flat + np.float32(margin_px), seen)
    to_crop = cv2.getPerspectiveTransform(cut, target)
    scene = _curve(scene, rng)
    shrink = wanted_px / width
    if shrink < 0.6:  # the warp alone would skip pixels
        scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), 0.4 / shrink), np.float32)
    return np.asarray(
        cv2.warpPerspective(
            scene, to_crop @ to_image, (out_width, out_height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        ),
        np.float32,
    )


def turned(flat: Quad, rng: Generator) -> Quad:
    """The plate's corners seen by a camera somewhere in front of it."""
    strong = rng.random() < 0.3
    yaw, pitch = np.radians(rng.normal(0, (16, 13)) * (1.7 if strong else 0.8))
    roll = np.radians(rng.normal(0, 9 if strong else 3))
    yaw, pitch = np.clip((yaw, pitch), -1.0, 1.0)
    center = flat.mean(axis=0)
    span = float(flat[1, 0] - flat[0, 0])
    points = np.concatenate([flat - center, np.zeros((4, 1), np.float32)], axis=1)
    turn = _rotation(yaw, 1) @ _rotation(pitch, 0) @ _rotation(roll, 2)
    points = points @ turn.T
    distance = span * rng.uniform(2.2, 9.0)
    seen = points[:, :2] * (distance / (distance + points[:, 2:3]))
    return np.asarray(seen - seen.min(axis=0), np.float32)


def _rotation(angle: float, axis: int) -> NDArray[np.float64]:
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.eye(3)
    first, second = [index for index in range(3) if index != axis]
    matrix[first, first] = matrix[second, second] = cos
    matrix[first, second], matrix[second, first] = -sin, sin
    return matrix


def _jittered_corners(seen: Quad, rng: Generator) -> Quad:
    height = float(np.linalg.norm(seen[3] - seen[0]))
    noise = rng.normal(0, rng.uniform(0.01, 0.07) * height, (4, 2))
    center = seen.mean(axis=0)
    across, down = _margins(rng)
    grow = (1 + across.sum(), 1 + down.sum())
    return np.asarray((seen - center) * grow + center + noise, np.float32)


def _jittered_box(seen: Quad, rng: Generator) -> Quad:
    (left, top), (right, bottom) = seen.min(axis=0), seen.max(axis=0)
    across, down = _margins(rng)
    left, right = left - (right - left) * across[0], right + (right - left) * across[1]
    top, bottom = top - (bottom - top) * down[0], bottom + (bottom - top) * down[1]
    return np.asarray([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)


def _margins(rng: Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The margins of a cut left and right, above and below, as shares of the plate; negative for a tight cut."""
    kind = rng.random()
    if kind < 0.12:
        limits = ((-0.03, 0.0), (-0.03, 0.02))
    elif kind < 0.8:
        limits = ((-0.01, 0.05), (-0.01, 0.1))
    else:
        limits = ((0.02, 0.12), (0.04, 0.25))
    return rng.uniform(*limits[0], 2), rng.uniform(*limits[1], 2)


def _curve(scene: Picture, rng: Generator) -> Picture:
    """The plate bent along its length, in a sixth of the cases."""
    if rng.random() > 0.16:
        return scene
    height, width = scene.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    bend = (np.square(x / width * 2 - 1) * height * rng.uniform(-0.06, 0.06)).astype(np.float32)
    return np.asarray(cv2.remap(scene, x, y + bend, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _light(crop: Picture, harsh: float, rng: Generator) -> Picture:
    shape = crop.shape[:2]
    kind = rng.random()
    if kind < 0.14:
        crop = _to_infrared(crop, rng)
    elif kind < 0.26:
        crop = (
            crop
            * np.float32(rng.uniform(0.6 - 0.46 * harsh, 0.65 - 0.15 * harsh))
            * rng.uniform(0.75, 1.2, 3).astype(np.float32)
        )  # night
    else:
        crop = crop * rng.normal(1, 0.08, 3).astype(np.float32) * np.float32(rng.uniform(0.8 - 0.3 * harsh, 1.25))
    if rng.random() < 0.35:  # a gradient or the edge of a shadow
        shade = smooth_noise(shape, 2, rng)
        if rng.random() < 0.5:
            shade = np.clip((shade - 0.5) * rng.uniform(2, 14) + 0.5, 0, 1)
        crop = crop * (1 - shade * rng.uniform(0.05, 0.25 + 0.4 * harsh))[..., None]
    if rng.random() < 0.12:
        crop = crop + _glare(shape, rng)[..., None] * np.float32(0.3 + 0.7 * harsh)
    if rng.random() < 0.3:  # haze, low contrast
        crop = crop * np.float32(rng.uniform(0.8 - 0.55 * harsh, 0.95)) + np.float32(rng.uniform(0, 40 + 80 * harsh))
    gamma = float(np.exp(rng.normal(-0.03, 0.25)))
    return np.asarray(255 * np.power(np.clip(crop, 0, 255) / 255, gamma), np.float32)


def _to_infrared(crop: Picture, rng: Generator) -> Picture:
    weights = rng.dirichlet((1.5, 2, 3)).astype(np.float32)
    gray = crop @ weights
    contrast = rng.uniform(0.6, 1.6)
    gray = (gray - gray.mean()) * contrast + rng.uniform(40, 190)
    if rng.random() < _BLOOMING:  # light that the plate throws back runs over into what is dark
        bright = np.clip(gray - rng.uniform(90, 150), 0, 200).astype(np.float32)
        run_over = cv2.GaussianBlur(bright, (0, 0), max(0.5, rng.uniform(0.01, 0.04) * gray.shape[0]))
        gray = gray + run_over * rng.uniform(0.5, 1.6)
    tint = rng.uniform(0.15, 1.0, 3) if rng.random() < 0.3 else np.ones(3)  # many such cameras see green or violet
    return np.asarray(gray[..., None] * tint, np.float32)


def _glare(shape: tuple[int, int], rng: Generator) -> NDArray[np.float32]:
    height, width = shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    center_x, center_y = rng.uniform(0, width), rng.uniform(0, height)
    reach = rng.uniform(0.15, 0.6) * width
    squeeze = rng.uniform(0.6, 2.5)
    distance = np.hypot(x - center_x, (y - center_y) * squeeze) / reach
    return np.asarray(rng.uniform(60, 330) * np.exp(-distance * distance * 2), np.float32)


def _blur(crop: Picture, harsh: float, rng: Generator) -> Picture:
    kind = rng.random()
    height = crop.shape[0]
    if kind < 0.4:
        return np.asarray(cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.3, 0.4 + 0.03 * harsh * height)), np.float32)
    if kind < 0.6:
        return _blur_by_motion(crop, harsh, rng)
    if kind < 0.75:  # few pixels blown up, as a digital zoom or a scaled recording does
        least = max(1 - 0.7 * harsh, 34 / crop.shape[1])
        factor = rng.uniform(least, 0.98) if least < 0.98 else 1.0
        small = cv2.resize(crop, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        way = int(rng.choice([cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
        return np.asarray(cv2.resize(small, crop.shape[1::-1], interpolation=way), np.float32)
    if kind < 0.85:
        soft = cv2.GaussianBlur(crop, (0, 0), 1.0)
        return np.asarray(crop + (crop - soft) * rng.uniform(0.5, 2.5), np.float32)  # oversharpened in the camera
    return crop


def _blur_by_motion(crop: Picture, harsh: float, rng: Generator) -> Picture:
    if crop.shape[0] >= _COMBED_FROM_PX and rng.random() < 0.2:  # the two fields of an interlaced recording
        shift = int(rng.integers(1, 2 + round(0.03 * crop.shape[0])))
        combed = crop.copy()
        combed[::2] = np.roll(crop[::2], shift, axis=1)
        return combed
    length = int(rng.integers(2, 3 + round(max(2, 0.1 * crop.shape[0]) * harsh)))
    kernel = np.zeros((length, length), np.float32)
    angle = rng.normal(0, 0.5)
    half = (length - 1) / 2
    reach = np.asarray((np.cos(angle), np.sin(angle))) * half
    start, end = np.round(half - reach).astype(int), np.round(half + reach).astype(int)
    cv2.line(kernel, (int(start[0]), int(start[1])), (int(end[0]), int(end[1])), 1.0, 1)
    return np.asarray(cv2.filter2D(crop, -1, kernel / kernel.sum()), np.float32)


def _sense(crop: Picture, harsh: float, rng: Generator) -> Picture:
    if rng.random() < 0.1:
        crop = _rain(crop, rng)
    level = min(20.0, rng.exponential(1.5 + 5.0 * harsh)) if rng.random() < 0.7 else 0.0
    if level > 0.5:
        noise = rng.standard_normal(crop.shape, np.float32) * np.float32(level)
        if rng.random() < 0.4:
            noise = np.repeat(noise[..., :1], 3, axis=2)
        crop = crop + noise
    if rng.random() < 0.04:  # single dead or hot pixels
        hit = rng.random(crop.shape[:2]) < rng.uniform(0.002, 0.03)
        crop = np.where(hit[..., None], rng.choice([0.0, 255.0], crop.shape[:2])[..., None], crop)
    if rng.random() < 0.22:
        crop = np.repeat(crop.mean(axis=2, keepdims=True), 3, axis=2)
    return np.asarray(crop, np.float32)


def _rain(crop: Picture, rng: Generator) -> Picture:
    height, width = crop.shape[:2]
    streaks = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(3, 16))):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        length = int(rng.integers(2, max(3, height // 3)))
        cv2.line(streaks, (x, y), (x + int(rng.normal(0, 2)), y + length), float(rng.uniform(20, 110)), 1, cv2.LINE_AA)
    return np.asarray(crop + streaks[..., None], np.float32)


def _save(crop: ImageBgr, harsh: float, rng: Generator) -> ImageBgr:
    if rng.random() < 0.25:
        return crop
    quality = int(rng.integers(88 - round(66 * harsh), 97))
    done, data = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8) if done else crop
