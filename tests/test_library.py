from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import platewatch
from platewatch import PlateReader, Reading, Sighting
from platewatch.vision.geometry import iou
from platewatch.vision.image import open_image
from platewatch.vision.types import BoxXyxy, ImageReadings
from tests.vision.pictures import SAMPLES


@pytest.fixture(scope="module")
def reader() -> PlateReader:
    return PlateReader(threads=2)


@pytest.fixture(scope="module")
def labels() -> dict[str, tuple[str, BoxXyxy]]:
    rows = [json.loads(line) for line in (SAMPLES / "labels.jsonl").read_text(encoding="utf-8").splitlines()]
    return {row["image"]: (row["plates"][0]["text"], tuple(row["plates"][0]["box"])) for row in rows}


def test_the_public_names_are_few() -> None:
    assert sorted(platewatch.__all__) == ["PlateReader", "Reading", "Sighting", "__version__"]
    assert (Reading.__name__, Sighting.__name__) == ("Reading", "Sighting")
    with pytest.raises(AttributeError, match="nope"):
        platewatch.nope  # noqa: B018 (the access is what is tested)


def test_the_import_is_light() -> None:
    probe = "import sys, platewatch; print(sorted({'numpy', 'cv2', 'onnxruntime', 'fastapi'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_at_least_five_of_the_six_samples_are_read_exactly(
    reader: PlateReader,
    labels: dict[str, tuple[str, BoxXyxy]],
) -> None:
    assert len(labels) == 6
    exact = []
    for outcome in reader.read_many(SAMPLES / name for name in labels):
        text, box = labels[outcome.path.name]
        assert outcome.result is not None
        exact += [reading for reading in outcome.result.readings if reading.text == text and iou(reading.box_xyxy, box)]
    assert len(exact) >= 5
    assert all(iou(reading.box_xyxy, labels_box) > 0.4 for reading, labels_box in zip_boxes(exact, labels))


def zip_boxes(exact: list[Reading], labels: dict[str, tuple[str, BoxXyxy]]) -> list[tuple[Reading, BoxXyxy]]:
    boxes = dict(labels.values())
    return [(reading, boxes[reading.text]) for reading in exact]


def test_paths_bytes_arrays_and_opened_images_give_the_same(reader: PlateReader) -> None:
    path = SAMPLES / "spain.jpg"
    image = open_image(path.read_bytes())
    results: list[ImageReadings] = [
        reader.read(path),
        reader.read(str(path)),
        reader.read_bytes(path.read_bytes()),
        reader.read_array(image.decode()),
        reader.read_image(image),
    ]
    assert {tuple(reading.text for reading in result.readings) for result in results} == {("0695DVH",)}
    assert {(result.width, result.height) for result in results} == {(416, 416)}


def test_a_reading_has_everything_that_is_promised(reader: PlateReader) -> None:
    (reading,) = reader.read(SAMPLES / "spain.jpg").readings
    assert reading.text == "0695DVH"
    assert reading.region == "es"
    assert reading.region_confidence is not None
    assert 0.5 < reading.region_confidence <= 1
    assert 0.9 < reading.confidence <= 1
    assert [character.text for character in reading.characters] == list("0695DVH")
    assert all(0 < character.confidence <= 1 for character in reading.characters)
    left, top, right, bottom = reading.box_xyxy
    assert all(left <= x <= right and top <= y <= bottom for x, y in reading.corners)
    assert reading.crop_bgr.shape[2] == 3
    with pytest.raises(AttributeError):
        reading.text = "other"  # type: ignore[misc]  # it is frozen, which is what is tested


def test_a_missing_file_is_an_os_error(reader: PlateReader, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        reader.read(tmp_path / "nowhere.jpg")


def test_the_samples_are_small_and_named_in_their_readme() -> None:
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    photos = sorted(SAMPLES.glob("*.jpg"))
    assert len(photos) == 6
    for photo in photos:
        assert f"`{photo.name}`" in readme
        assert photo.stat().st_size <= 150_000
        image = open_image(photo.read_bytes())
        assert max(image.width, image.height) <= 800


def test_the_version_is_that_of_the_installed_package() -> None:
    assert platewatch.__version__ == version("platewatch")
