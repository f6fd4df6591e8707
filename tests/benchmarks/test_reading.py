from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from benchmarks.datasets import LabeledPhoto, PhotoSet
from benchmarks.reading import FalsePlate, Outcome, WrongReading, measure_set, read_crop, read_photo, score_set
from benchmarks.scores import LabeledPlate, PredictedPlate
from platewatch.vision.image import encode_jpeg, open_image
from platewatch.vision.pipeline import PlateReader
from tests.servers import SAMPLES

BOX = (0.0, 0.0, 100.0, 20.0)
FAR = (500.0, 500.0, 600.0, 520.0)
SPAIN = (122.3, 304.0, 287.8, 342.0)


@pytest.fixture
def spain_crop(tmp_path: Path) -> Path:
    left, top, right, bottom = (round(side) for side in SPAIN)
    photo_bgr = open_image((SAMPLES / "spain.jpg").read_bytes()).decode()
    path = tmp_path / "crop.jpg"
    path.write_bytes(encode_jpeg(photo_bgr[top:bottom, left:right]))
    return path


def outcome(
    predictions: list[PredictedPlate],
    *plates: LabeledPlate,
    crop: bool = False,
    error: str | None = None,
    ms: float = 10.0,
) -> Outcome:
    return Outcome(LabeledPhoto(Path("images/one.jpg"), crop, plates), tuple(predictions), ms, error)


def set_of(*outcomes: Outcome) -> PhotoSet:
    return PhotoSet("one", tuple(one.photo for one in outcomes), 9)


def test_an_empty_set_has_no_figures() -> None:
    result = score_set(PhotoSet("none", (), 0), [])
    assert (result.images, result.text.plates, result.mean_ms, result.median_ms, result.wrong) == (0, 0, None, None, ())


def test_a_photo_is_scored_end_to_end_and_its_misses_are_named() -> None:
    one = outcome(
        [PredictedPlate("AB13", 0.87654, BOX), PredictedPlate("TAXI", 0.4, FAR)],
        LabeledPlate("AB12", BOX),
        LabeledPlate(None, (0.0, 100.0, 100.0, 120.0)),
    )
    result = score_set(set_of(one), [one])
    assert (result.text.plates, result.text.exact, result.available) == (1, 0.0, 9)
    assert result.finding is not None
    assert (result.finding.plates, result.finding.recall[0.5], result.finding.false_per_image) == (2, 0.5, 1.0)
    assert result.wrong == (WrongReading("one.jpg", "AB12", "AB13", 0.8765),)
    assert result.false == (FalsePlate("one.jpg", "TAXI", 0.4, FAR),)


def test_crops_are_scored_by_their_text_alone() -> None:
    crops = [
        outcome([PredictedPlate("ab-12", 0.9, FAR)], LabeledPlate("AB12", None), crop=True),
        outcome([], LabeledPlate("CD34", None), crop=True, ms=30.0),
    ]
    result = score_set(set_of(*crops), crops)
    assert (result.crops, result.text.plates, result.text.exact, result.finding) == (True, 2, 0.5, None)
    assert result.wrong == (WrongReading("one.jpg", "CD34", "", 0.0),)
    assert (result.mean_ms, result.median_ms, result.false) == (20.0, 20.0, ())


def test_an_image_that_can_not_be_read_counts_as_nothing_found_but_not_in_the_time() -> None:
    outcomes = [
        outcome([], LabeledPlate("AB12", BOX), error="The image is damaged.", ms=0.0),
        outcome([PredictedPlate("AB12", 0.9, BOX)], LabeledPlate("AB12", BOX), ms=10.0),
    ]
    result = score_set(set_of(*outcomes), outcomes)
    assert result.unreadable == ("one.jpg: The image is damaged.",)
    assert (result.text.exact, result.median_ms) == (0.5, 10.0)


def test_a_real_photo_is_measured_end_to_end(reader: PlateReader) -> None:
    photo = LabeledPhoto(SAMPLES / "spain.jpg", False, (LabeledPlate("0695DVH", SPAIN),))
    calls: list[None] = []
    result = measure_set(reader, PhotoSet("one", (photo,), 1), lambda: calls.append(None))
    assert result.text.exact == 1.0
    assert result.finding is not None
    assert result.finding.recall[0.3] == 1.0
    assert result.median_ms is not None
    assert result.median_ms > 0
    assert len(calls) == 1


def test_a_crop_is_read_whole_without_a_detector(reader: PlateReader, spain_crop: Path) -> None:
    image = open_image(spain_crop.read_bytes())
    result = read_crop(reader, image)
    (reading,) = result.readings
    assert reading.text == "0695DVH"
    assert list(reading.box_xyxy) == [0, 0, image.width, image.height]
    assert result.duration_ms > 0


def test_a_crop_that_says_nothing_has_an_empty_text(reader: PlateReader, tmp_path: Path, spain_crop: Path) -> None:
    pixels = open_image(spain_crop.read_bytes()).decode()
    gray = tmp_path / "gray.png"
    assert cv2.imwrite(str(gray), pixels * 0 + 127)
    done = read_photo(reader, LabeledPhoto(gray, True, (LabeledPlate("AB12", None),)))
    assert (done.error, [one.text for one in done.predictions]) == (None, [""])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "empty", id="0 bytes"),
        pytest.param(b"no image at all", "not an image", id="no image"),
        pytest.param(None, "No such file", id="no file"),
    ],
)
def test_a_bad_image_is_an_outcome_of_its_own(
    reader: PlateReader,
    tmp_path: Path,
    content: bytes | None,
    message: str,
) -> None:
    path = tmp_path / "bad.jpg"
    if content is not None:
        path.write_bytes(content)
    done = read_photo(reader, LabeledPhoto(path, False, ()))
    assert done.predictions == ()
    assert done.error is not None
    assert message in done.error
