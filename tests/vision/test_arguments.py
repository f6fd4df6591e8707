"""Calls of PlateReader with an argument of another method."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from platewatch.vision.image import open_image
from platewatch.vision.pipeline import PlateReader
from tests.vision.pictures import SAMPLES

SPAIN = SAMPLES / "spain.jpg"
DATA = SPAIN.read_bytes()
ARRAY = np.zeros((40, 60, 3), np.uint8)


@pytest.mark.parametrize(
    ("method", "given", "advice"),
    [
        ("read", DATA, "Use read_bytes(data)"),
        ("read", bytearray(DATA), "Use read_bytes(data)"),
        ("read", memoryview(DATA), "Use read_bytes(data)"),
        ("read", ARRAY, "Use read_array(image_bgr)"),
        ("read", Image.new("RGB", (60, 40)), "Use read_array(numpy.asarray(image.convert('RGB'))[..., ::-1])"),
        ("read", io.BytesIO(DATA), "Use read_bytes(file.read())"),
        ("read", open_image(DATA), "Use read_image(image)"),
        ("read", [SPAIN], "Use read_many(paths)"),
        ("read", None, "takes the path of an image file, not NoneType."),
        ("read", 3, "not int."),
        ("read_bytes", str(SPAIN), "Use read(path)"),
        ("read_bytes", SPAIN, "Use read(path)"),
        ("read_bytes", ARRAY, "Use read_array(image_bgr)"),
        ("read_array", DATA, "Use read_bytes(data)"),
        ("read_array", SPAIN, "Use read(path)"),
        ("read_array", Image.new("RGB", (60, 40)), "image.convert('RGB')"),
        ("read_image", SPAIN, "Use read(path)"),
        ("read_image", DATA, "Use read_bytes(data)"),
        ("read_crop", ARRAY, "takes a Crop"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_an_argument_of_another_method_is_told_which(
    reader: PlateReader, method: str, given: object, advice: str
) -> None:
    with pytest.raises(TypeError) as caught:
        getattr(reader, method)(given)
    assert str(caught.value).startswith(f"PlateReader.{method} takes ")
    assert advice in str(caught.value)


@pytest.mark.parametrize("given", [str(SPAIN), SPAIN, DATA, ARRAY, None], ids=lambda value: type(value).__name__)
def test_read_many_takes_paths_and_no_single_one(reader: PlateReader, given: Any) -> None:
    with pytest.raises(TypeError, match=r"PlateReader\.read_many takes the paths"):
        next(reader.read_many(given))


def test_something_else_among_many_paths_is_reported(reader: PlateReader) -> None:
    with pytest.raises(TypeError, match=r"Use read_bytes\(data\)"):
        next(reader.read_many([DATA]))  # type: ignore[list-item]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_of_every_type_are_read(reader: PlateReader, kind: Callable[[bytes], Any]) -> None:
    assert [reading.text for reading in reader.read_bytes(kind(DATA)).readings] == ["0695DVH"]


def test_the_constructor_explains_its_arguments() -> None:
    text = PlateReader.__doc__ or ""
    for name in ("detector", "recognizer", "threads", "min_confidence", "limits", "options"):
        assert f"        {name}: " in text
    assert PlateReader.__init__.__doc__


def test_a_pillow_image_is_read_as_the_advice_says(reader: PlateReader) -> None:
    with Image.open(Path(SPAIN)) as image:
        array = np.ascontiguousarray(np.asarray(image.convert("RGB"))[..., ::-1])
    assert [reading.text for reading in reader.read_array(array).readings] == ["0695DVH"]
