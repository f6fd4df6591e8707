from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from platewatch_training.datasets.labels import DatasetError
from platewatch_training.datasets.photos import labelled_photos, photo_sets, training_photos, training_sources

PLATE = {"box": [50, 40, 150, 60], "corners": None}


def folder_with(folder: Path, *rows: dict[str, Any], size: tuple[int, int] = (200, 100)) -> Path:
    (folder / "images").mkdir(parents=True)
    cv2.imwrite(str(folder / "images" / "a.png"), np.full((size[1], size[0], 3), 90, np.uint8))
    base = {"image": "images/a.png", "split": "train", "crop": False, "plates": [PLATE], "vehicles": None}
    (folder / "labels.jsonl").write_text("\n".join(json.dumps(base | row) for row in rows))
    return folder


def test_a_photo_has_its_plates_and_vehicles_in_its_own_pixels(tmp_path: Path) -> None:
    corners = [[50, 42], [150, 40], [150, 58], [50, 60]]
    plates = [PLATE, {"box": None, "corners": corners}, {"box": None, "corners": None}]
    row = {"plates": plates, "vehicles": [{"box": [10, 10, 180, 90], "class": "car"}]}
    (photo,) = labelled_photos(folder_with(tmp_path / "own", row))
    assert photo.plates is not None
    assert [plate.box_xyxy.tolist() for plate in photo.plates] == [[50, 40, 150, 60], [50, 40, 150, 60]]
    assert photo.plates[0].corners is None
    assert photo.plates[1].corners is not None
    assert photo.plates[1].corners.tolist() == corners
    assert [(one.kind, one.box_xyxy.tolist()) for one in photo.vehicles] == [("car", [10, 10, 180, 90])]
    assert photo.source == "own/images/a.png"


def test_a_large_photo_is_scaled_down_with_all_its_places(tmp_path: Path) -> None:
    row = {"plates": [{"box": [100, 80, 300, 120], "corners": [[100, 80], [300, 80], [300, 120], [100, 120]]}]}
    (photo,) = labelled_photos(folder_with(tmp_path, row, size=(400, 200)), longest_side=100)
    assert photo.image_bgr.shape == (50, 100, 3)
    assert photo.plates is not None
    assert photo.plates[0].box_xyxy.tolist() == [25, 20, 75, 30]
    assert photo.plates[0].corners is not None
    assert photo.plates[0].corners[2].tolist() == [75, 30]
    (whole,) = labelled_photos(tmp_path, longest_side=4000)
    assert whole.image_bgr.shape == (200, 400, 3)


def test_unlabelled_and_empty_photos_are_distinguished(tmp_path: Path) -> None:
    unlabelled, empty = labelled_photos(folder_with(tmp_path, {"plates": None}, {"plates": []}))
    assert unlabelled.plates is None
    assert empty.plates == ()


def test_crops_and_other_splits_are_left_out(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, {}, {"split": "dev"}, {"crop": True})
    assert [len(list(labelled_photos(folder, split))) for split in ("train", "dev", None)] == [1, 1, 2]


@pytest.mark.parametrize(("name", "stretched"), [("exp_plates", True), ("kaggle433", False)])
def test_photos_that_were_made_squares_are_known_by_their_folder(tmp_path: Path, name: str, stretched: bool) -> None:
    (photo,) = labelled_photos(folder_with(tmp_path / name, {}))
    assert photo.stretched == stretched


@pytest.mark.parametrize(
    "row",
    [
        pytest.param({"plates": [{"box": [1, 2, 3]}]}, id="three sides"),
        pytest.param({"plates": [{"box": "here"}]}, id="no numbers"),
        pytest.param({"plates": [{"corners": [[1, 2], [3, 4]]}]}, id="two corners"),
        pytest.param({"vehicles": [{"box": [1, 2, 3, 4]}]}, id="a vehicle of no kind"),
    ],
)
def test_a_place_that_is_no_box_is_reported_with_its_line(tmp_path: Path, row: dict[str, Any]) -> None:
    with pytest.raises(DatasetError, match=r"labels\.jsonl:2 has a place"):
        list(labelled_photos(folder_with(tmp_path, {}, row)))


def test_sets_to_measure_on_are_all_of_evaluation_and_the_dev_rows_of_train(tmp_path: Path) -> None:
    folder_with(tmp_path / "evaluation" / "street", {}, {"split": "dev"}, {"plates": None})
    folder_with(tmp_path / "evaluation" / "crops", {"crop": True})
    folder_with(tmp_path / "train" / "own", {}, {"split": "dev"})
    folder_with(tmp_path / "train" / "no_dev", {})
    assert {name: len(photos) for name, photos in photo_sets(tmp_path).items()} == {"street": 2, "own": 1}
    assert list(photo_sets(tmp_path, ["own", "no_dev"])) == ["own"]


def test_photos_to_train_on_are_the_train_rows_of_a_room(tmp_path: Path) -> None:
    folder_with(tmp_path / "train" / "one", {}, {"split": "dev"})
    folder_with(tmp_path / "train" / "two", {"plates": None}, {"crop": True})
    photos = training_photos(tmp_path, "train", 640)
    assert [photo.source for photo in photos] == ["one/images/a.png", "two/images/a.png"]
    assert training_sources(tmp_path, "train") == [photo.source for photo in photos]


def test_a_room_without_photos_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no folder"):
        training_photos(tmp_path, "vehicles", 640)
    folder_with(tmp_path / "vehicles" / "one", {"split": "dev"})
    with pytest.raises(DatasetError, match="no photos of split `train`"):
        training_photos(tmp_path, "vehicles", 640)
