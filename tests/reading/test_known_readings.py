from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from platewatch.clock import SetClock
from platewatch.ephemeral.cache import NoCache, ProcessCache
from platewatch.reading.known_readings import KnownReadings, reading_options
from platewatch.reading.photos import Photo, ReadPhoto, open_photo
from platewatch.settings import Settings
from platewatch.vision.image import ImageLimits
from platewatch.vision.types import Character, Detection, ImageReadings, Reading
from tests.redis_server import redis_url
from tests.servers import SAMPLES, Server, upload

BRITAIN = SAMPLES / "britain.jpg"
LIMITS = ImageLimits(16_000_000, 50_000_000)


def photo(name: str = "a.jpg", path: Path = BRITAIN) -> Photo:
    return open_photo(name, path.read_bytes(), LIMITS)


def reading(text: str, region: str | None) -> Reading:
    generator = np.random.default_rng(len(text))
    return Reading(
        text=text,
        confidence=0.123456789,
        characters=tuple(Character(letter, 1 / (index + 3)) for index, letter in enumerate(text)),
        region=region,
        alternatives=((text[::-1], 0.25),) if text else (),
        detection=Detection(((0.1, 0.2), (10.5, 0.3), (10.4, 5.0), (0.0, 4.9)), 0.875),
        crop_bgr=generator.integers(0, 256, (8 + len(text), 31, 3), np.uint8),
        region_confidence=None if region is None else 0.3456789,
    )


@pytest.mark.parametrize(
    "readings",
    [(), (reading("AB12CDE", "gb"),), (reading("ŽÜ1", None), reading("", "us-ca"), reading("京A12345", "cn"))],
    ids=["none", "one", "several"],
)
def test_what_was_read_comes_back_as_it_was(clock: SetClock, readings: tuple[Reading, ...]) -> None:
    known = KnownReadings(ProcessCache(clock, 1_000_000), "options")
    known.put(ReadPhoto(photo("first.jpg"), ImageReadings(readings, 640, 480, 123.4), "yolo", "slots"))
    found = known.get(photo("second.jpg"))
    assert found is not None
    assert (found.photo.name, found.detector, found.recognizer) == ("second.jpg", "yolo", "slots")
    assert found.found == ImageReadings(readings, 640, 480, 0.0)
    for before, after in zip(readings, found.found.readings, strict=True):
        np.testing.assert_array_equal(before.crop_bgr, after.crop_bgr)


def test_every_field_of_a_reading_is_kept() -> None:
    """A new field has to be added to the packing, or it would be lost on the second upload."""
    assert {field.name for field in dataclasses.fields(Reading)} == {
        "text",
        "confidence",
        "characters",
        "region",
        "region_confidence",
        "alternatives",
        "detection",
        "crop_bgr",
    }
    assert {field.name for field in dataclasses.fields(Detection)} == {"corners", "confidence"}
    assert {field.name for field in dataclasses.fields(ImageReadings)} == {"readings", "width", "height", "duration_ms"}


def test_other_bytes_and_other_options_are_not_known(clock: SetClock) -> None:
    cache = ProcessCache(clock, 1_000_000)
    KnownReadings(cache, "a").put(ReadPhoto(photo(), ImageReadings((), 1, 1, 0.0), "d", "r"))
    assert KnownReadings(cache, "a").get(photo()) is not None
    assert KnownReadings(cache, "b").get(photo()) is None
    other = next(path for path in sorted(SAMPLES.glob("*.jpg")) if path != BRITAIN)
    assert KnownReadings(cache, "a").get(photo(path=other)) is None


def test_without_a_cache_nothing_is_known() -> None:
    known = KnownReadings(NoCache(), "a")
    known.put(ReadPhoto(photo(), ImageReadings((), 1, 1, 0.0), "d", "r"))
    assert known.get(photo()) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"detector": "yolo"},
        {"recognizer": "rapidocr"},
        {"min_confidence": 0.5},
        {"detector_layout": "v8"},
        {"profile": "fast"},
    ],
    ids=str,
)
def test_settings_that_read_differently_are_distinguished(changed: dict[str, Any]) -> None:
    assert reading_options(Settings(**changed), "1", []) != reading_options(Settings(), "1", [])


def test_versions_and_model_files_are_distinguished(tmp_path: Path) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(b"x")
    first = reading_options(Settings(), "1", [tmp_path])
    assert reading_options(Settings(), "1", [tmp_path]) == first
    assert reading_options(Settings(), "2", [tmp_path]) != first
    os.utime(model, ns=(0, 0))
    assert reading_options(Settings(), "1", [tmp_path]) != first


@pytest.mark.parametrize("with_redis", [False, True], ids=["process", "redis"])
def test_a_photo_that_comes_again_is_read_once_and_answered_alike(
    start_server: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, with_redis: bool
) -> None:
    server = start_server(redis_url=redis_url() if with_redis else None, min_confidence=0.3 + with_redis / 1000)
    admin = server.admin()
    first = admin.post("/api/v1/read", files=upload(BRITAIN)).json()["images"][0]

    def refuse(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(server.runtime.reading.readers, "run", refuse)
    again = admin.post("/api/v1/read", files=upload(BRITAIN)).json()["images"][0]
    assert again.pop("ms") == 0
    assert first.pop("ms") >= 0
    assert again == first
    recorded = admin.post("/api/v1/sightings", files=upload(BRITAIN))
    assert recorded.status_code == 201
    assert admin.get(recorded.json()["images"][0]["sightings"][0]["crop_url"]).status_code == 200
