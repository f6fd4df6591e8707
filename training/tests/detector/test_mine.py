from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from platewatch.errors import FieldError
from platewatch.vision.types import BoxXyxy, Detection, ImageBgr
from platewatch_training.datasets.photos import LabelledPhoto, LabelledPlate, LabelledVehicle
from platewatch_training.detector.batches import NEGATIVES, UNSURE, read_mined
from platewatch_training.detector.mine import SHEET, Mined, Thresholds, mine, sort_out

THRESHOLDS = Thresholds(sure=0.5, wrong=0.1, possible=0.04)
PLATE = (40.0, 60.0, 80.0, 70.0)
ELSEWHERE = (120.0, 10.0, 150.0, 18.0)
ON_CAR = (30.0, 100.0, 60.0, 110.0)


def photo(*, labelled: bool) -> LabelledPhoto:
    plate = LabelledPlate(np.asarray(PLATE, np.float32))
    car = LabelledVehicle(np.asarray((10, 20, 110, 120), np.float32), "car")
    plates = (plate,) if labelled else None
    return LabelledPhoto(np.zeros((150, 200, 3), np.uint8), plates, (car,), "own/images/a.png")


def detection(box: BoxXyxy, score: float) -> Detection:
    left, top, right, bottom = box
    return Detection(((left, top), (right, top), (right, bottom), (left, bottom)), score)


@pytest.mark.parametrize(
    ("labelled", "box", "score", "negative", "unsure"),
    [
        pytest.param(True, PLATE, 0.9, 0, 0, id="a labelled plate"),
        pytest.param(True, (42, 61, 50, 69), 0.9, 0, 0, id="a part of a labelled plate"),
        pytest.param(True, ELSEWHERE, 0.3, 1, 0, id="an error beside it"),
        pytest.param(True, ELSEWHERE, 0.8, 0, 1, id="very sure: a plate without a label"),
        pytest.param(True, ELSEWHERE, 0.05, 0, 0, id="not sure enough to learn from"),
        pytest.param(True, ON_CAR, 0.3, 1, 0, id="an error on the car of a labelled photo"),
        pytest.param(False, ON_CAR, 0.3, 0, 1, id="on a car of an unlabelled photo: perhaps a plate"),
        pytest.param(False, ON_CAR, 0.05, 0, 1, id="even if it is unlikely"),
        pytest.param(False, ON_CAR, 0.01, 0, 0, id="but not if nothing speaks for it"),
        pytest.param(False, (30, 22, 60, 30), 0.3, 1, 0, id="on the roof of a car"),
        pytest.param(False, ELSEWHERE, 0.3, 1, 0, id="far from any car"),
    ],
)
def test_detections_are_sorted_by_what_they_may_be(
    labelled: bool, box: BoxXyxy, score: float, negative: int, unsure: int
) -> None:
    negatives, places = sort_out(photo(labelled=labelled), [detection(box, score)], THRESHOLDS)
    assert (len(negatives), len(places)) == (negative, unsure)
    for place in places:
        assert place[0] < box[0]
        assert place[3] > box[3]


def everywhere(image_bgr: ImageBgr) -> list[Detection]:
    """An error near the top right of every photo, surer in brighter ones."""
    return [detection((120, 2, 150, 10), 0.2 + float(image_bgr.mean()) / 2550), detection((20, 70, 60, 80), 0.06)]


def test_errors_are_kept_for_the_next_run(datasets: Path, tmp_path: Path) -> None:
    done = mine(datasets, everywhere, tmp_path / "mined")
    mined, crops = read_mined(tmp_path / "mined")
    rows = [json.loads(line) for line in (tmp_path / "mined" / UNSURE).read_text().splitlines()]
    assert done == Mined(negatives=len(crops), unsure=1, photos=1)
    assert len(crops) >= 4
    assert [row["source"] for row in rows] == ["openimages/images/0.png"]
    (box,) = mined["openimages/images/0.png"]
    assert box == pytest.approx([(20 - 12) / 160, (70 - 3) / 120, (60 + 12) / 160, (80 + 3) / 120], abs=1e-3)
    assert all(crop.shape[1] == pytest.approx(46, abs=9) for crop in crops)
    assert cv2.imread(str(tmp_path / "mined" / SHEET)) is not None


def test_only_the_most_confident_errors_are_kept_and_old_ones_go(datasets: Path, tmp_path: Path) -> None:
    mine(datasets, everywhere, tmp_path)
    before = len(list((tmp_path / NEGATIVES).iterdir()))
    assert mine(datasets, everywhere, tmp_path, most=2).negatives == 2
    assert len(list((tmp_path / NEGATIVES).iterdir())) == 2 < before


def test_a_detector_without_errors_leaves_an_empty_list(datasets: Path, tmp_path: Path) -> None:
    assert mine(datasets, lambda _: [], tmp_path) == Mined(0, 0, 0)
    assert read_mined(tmp_path) == ({}, [])


def test_a_folder_that_can_not_be_written_is_reported(datasets: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FieldError, match="file"):
        mine(datasets, everywhere, tmp_path / "file")
