"""A cache of readings by the hash of the photo's bytes, the models and the options."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from platewatch.ephemeral.cache import ResultCache
from platewatch.reading.photos import Photo, ReadPhoto
from platewatch.settings import Settings
from platewatch.vision.types import Character, Detection, ImageReadings, Reading

_FORMAT = "3"
_HEAD = struct.Struct(">I")


class KnownReadings:
    """Readings in a cache that may forget them at any time."""

    def __init__(self, cache: ResultCache, options: str) -> None:
        """`options` distinguishes settings that would read one photo differently."""
        self._cache = cache
        self._options = f"{_FORMAT}\n{options}".encode()

    def get(self, photo: Photo) -> ReadPhoto | None:
        """The cached readings of these bytes; `duration_ms` is 0, since nothing was read now."""
        packed = self._cache.get(self._key(photo))
        return None if packed is None else _unpack(packed, photo)

    def put(self, read: ReadPhoto) -> None:
        self._cache.put(self._key(read.photo), _pack(read))

    def _key(self, photo: Photo) -> str:
        return hashlib.sha256(self._options + b"\0" + photo.digest).hexdigest()


def reading_options(settings: Settings, version: str, model_folders: Iterable[Path]) -> str:
    """A text that differs where the program, the models or the settings would read one photo differently.

    Model files count by size and time of change, so that a big one is not read for that.
    """
    chosen = (settings.detector, settings.detector_layout, settings.profile, settings.recognizer, settings.provider)
    engines = (settings.easyocr_network, settings.ensemble, settings.llm_url, settings.llm_model)
    parts: list[object] = [version, *chosen, settings.min_confidence, *engines]
    own = (settings.detector_model, settings.recognizer_model, settings.char_yolo_model, settings.easyocr_folder)
    for folder in (*own, *model_folders):
        files = [folder] if folder is not None and folder.is_file() else sorted(folder.rglob("*")) if folder else []
        for file in files:
            stat = file.stat()
            parts.append((str(file), stat.st_size, stat.st_mtime_ns))
    return json.dumps(parts)


def _pack(read: ReadPhoto) -> bytes:
    crops = [zlib.compress(np.ascontiguousarray(reading.crop_bgr).tobytes(), 1) for reading in read.found.readings]
    described = {
        "width": read.found.width,
        "height": read.found.height,
        "detector": read.detector,
        "recognizer": read.recognizer,
        "readings": [
            {
                "text": reading.text,
                "confidence": float(reading.confidence),
                "characters": [[one.text, float(one.confidence)] for one in reading.characters],
                "region": reading.region,
                "region_confidence": None if reading.region_confidence is None else float(reading.region_confidence),
                "alternatives": [[text, float(confidence)] for text, confidence in reading.alternatives],
                "corners": [[float(x), float(y)] for x, y in reading.detection.corners],
                "detected": float(reading.detection.confidence),
                "crop_shape": reading.crop_bgr.shape,
                "crop_bytes": len(crop),
            }
            for reading, crop in zip(read.found.readings, crops, strict=True)
        ],
    }
    head = json.dumps(described).encode()
    return b"".join([_HEAD.pack(len(head)), head, *crops])


def _unpack(packed: bytes, photo: Photo) -> ReadPhoto:
    (length,) = _HEAD.unpack_from(packed)
    at = _HEAD.size + length
    described = json.loads(packed[_HEAD.size : at])
    readings = []
    for one in described["readings"]:
        readings.append(_reading(one, packed[at : at + one["crop_bytes"]]))
        at += one["crop_bytes"]
    found = ImageReadings(tuple(readings), described["width"], described["height"], 0.0)
    return ReadPhoto(photo, found, described["detector"], described["recognizer"])


def _reading(described: dict[str, Any], crop: bytes) -> Reading:
    a, b, c, d = ((x, y) for x, y in described["corners"])
    pixels = np.frombuffer(zlib.decompress(crop), np.uint8).reshape(described["crop_shape"])
    return Reading(
        text=described["text"],
        confidence=described["confidence"],
        characters=tuple(Character(text, confidence) for text, confidence in described["characters"]),
        region=described["region"],
        alternatives=tuple((text, confidence) for text, confidence in described["alternatives"]),
        detection=Detection((a, b, c, d), described["detected"]),
        crop_bgr=pixels,
        region_confidence=described["region_confidence"],
    )
