"""Distractors that look like plates: badges, signs, time stamps, telephone numbers, grilles."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from platewatch.vision.types import ImageBgr
from platewatch_training.synthesis.camera import choose_width, take_crop
from platewatch_training.synthesis.plates import Picture
from platewatch_training.synthesis.surface import mount, smooth_noise
from platewatch_training.synthesis.typefaces import load_typeface

_WORDS: Final = (
    *(
        "TURBO",
        "TDI",
        "GTI",
        "HYBRID",
        "4x4",
        "QUATTRO",
        "AUTOMATIC",
        "DIESEL",
        "SPORT",
        "V6",
        "V8",
        "4MATIC",
        "xDrive",
    ),
    *("TAXI", "POLICE", "AMBULANCE", "BUS", "SCHOOL BUS", "STOP", "EXIT", "PARKING", "NO PARKING", "HOTEL", "CAFE"),
    *(
        "BANK",
        "MARKET",
        "PIZZA",
        "OPEN",
        "SALE",
        "FOR SALE",
        "Mercedes-Benz",
        "Volkswagen",
        "TOYOTA",
        "HONDA",
        "NISSAN",
    ),
    *(
        "MAZDA",
        "FORD",
        "VOLVO",
        "SCANIA",
        "IVECO",
        "RENAULT",
        "AUDI",
        "SKODA",
        "TATA",
        "MARUTI",
        "LEXUS",
        "JEEP",
        "KIA",
    ),
)
_NUMBERS: Final = (
    *(
        "0## ### ####",
        "555-####",
        "#:##:##",
        "2#:##:##",
        "20##-0#-1#",
        "1#/0#/20##",
        "##",
        "#",
        "#0 km",
        "A##",
        "CAM 0#",
    ),
    *("# ###.##", "#.##", "1 555 ####"),
)
_TYPEFACES: Final = (
    "liberation-sans",
    "liberation-sans-italic",
    "liberation-serif",
    "liberation-mono",
    "roboto-condensed",
    "bebas-neue",
    "roadgeek-d",
)
_HEIGHT_PX: Final = (24, 90)


def distractor(rng: Generator) -> ImageBgr:
    """A crop without a plate: uint8 (H, W, 3), BGR."""
    kind = rng.random()
    if kind < 0.6:
        picture = _sign(rng)
    elif kind < 0.8:
        picture = _grille(rng)
    else:
        picture = _patches(rng)
    scene, margin = mount(picture, np.ones(picture.shape[:2], np.float32), rng)
    return take_crop(scene, margin, choose_width(rng), rng)


def lettering(rng: Generator) -> NDArray[np.float32]:
    """The ink of a word or number, float32 (H, W), 0..1."""
    return load_typeface(str(rng.choice(_TYPEFACES))).line_mask(_text(rng), int(rng.integers(*_HEIGHT_PX)))


def _sign(rng: Generator) -> Picture:
    """A word or number on a ground of one color, or straight on paint."""
    text = _text(rng)
    height = int(rng.integers(*_HEIGHT_PX))
    mask = load_typeface(str(rng.choice(_TYPEFACES))).line_mask(text, max(8, round(height * rng.uniform(0.4, 0.8))))
    width = mask.shape[1] + int(rng.integers(4, height + 5))
    tall = max(height, mask.shape[0] + 2)
    picture = np.ones((tall, width, 3), np.float32) * rng.uniform(0, 255, 3).astype(np.float32)
    if rng.random() < 0.5:
        picture += ((smooth_noise((tall, width), 3, rng) - 0.5) * rng.uniform(10, 120))[..., None]
    top, left = (tall - mask.shape[0]) // 2, (width - mask.shape[1]) // 2
    area = picture[top : top + mask.shape[0], left : left + mask.shape[1]]
    area += mask[..., None] * (rng.uniform(0, 255, 3).astype(np.float32) - area)
    return np.asarray(np.clip(picture, 0, 255), np.float32)


def _text(rng: Generator) -> str:
    if rng.random() < 0.6:
        return str(rng.choice(_WORDS))
    form = str(rng.choice(_NUMBERS))
    return "".join(str(rng.integers(10)) if sign == "#" else sign for sign in form)


def _grille(rng: Generator) -> Picture:
    height, width = int(rng.integers(30, 90)), int(rng.integers(80, 320))
    picture: NDArray[np.float32] = np.full((height, width, 3), rng.uniform(0, 120), np.float32)
    tone = float(rng.uniform(60, 255))
    step, thick = int(rng.integers(4, 20)), int(rng.integers(1, 5))
    if rng.random() < 0.6:
        for y in range(0, height, step):
            cv2.line(picture, (0, y), (width, y + int(rng.integers(-3, 4))), (tone,) * 3, thick)
    if rng.random() < 0.6:
        for x in range(0, width, step):
            cv2.line(picture, (x, 0), (x + int(rng.integers(-3, 4)), height), (tone,) * 3, thick)
    return picture


def _patches(rng: Generator) -> Picture:
    """Windows, lamps and shadows: soft and hard patches."""
    height, width = int(rng.integers(30, 90)), int(rng.integers(60, 320))
    picture = np.zeros((height, width, 3), np.float32)
    for _ in range(int(rng.integers(1, 5))):
        soft = smooth_noise((height, width), int(rng.integers(2, 12)), rng)
        mask = np.clip((soft - 0.5) * rng.uniform(1, 20) + 0.5, 0, 1)[..., None]
        picture += mask * (rng.uniform(0, 255, 3).astype(np.float32) - picture)
    return picture
