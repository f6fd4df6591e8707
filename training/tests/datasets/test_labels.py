from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from platewatch_training.datasets.labels import DatasetError, labelled_crops


def folder_with(tmp_path: Path, *lines: dict[str, Any] | str) -> Path:
    (tmp_path / "images").mkdir()
    image = np.zeros((100, 200, 3), np.uint8)
    image[40:60, 50:150] = 255
    cv2.imwrite(str(tmp_path / "images" / "a.png"), image)
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    (tmp_path / "labels.jsonl").write_text("\n".join(texts))
    return tmp_path


def row(*plates: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"image": "images/a.png", "split": "train", "plates": list(plates)} | fields


def test_a_plate_is_cut_by_its_box_with_a_little_margin(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, row({"box": [50, 40, 150, 60], "text": "ab 12"}))
    (crop,) = labelled_crops(folder)
    assert crop.text == "AB12"
    assert crop.crop_bgr.shape == (22, 102, 3)
    assert crop.source.endswith("images/a.png")


def test_a_plate_is_from_the_region_that_its_label_names(tmp_path: Path) -> None:
    plates = ({"box": [50, 40, 150, 60], "text": "A1"} | more for more in ({"region": "ro"}, {}))
    assert [crop.region for crop in labelled_crops(folder_with(tmp_path, row(*plates)))] == ["ro", None]


def test_corners_serve_where_there_is_no_box(tmp_path: Path) -> None:
    corners = [[50, 40], [150, 42], [150, 60], [50, 58]]
    (crop,) = labelled_crops(folder_with(tmp_path, row({"box": None, "corners": corners, "text": "X1"})))
    assert crop.crop_bgr.shape[1] == 102


def test_an_image_that_is_a_crop_is_taken_whole(tmp_path: Path) -> None:
    (crop,) = labelled_crops(folder_with(tmp_path, row({"box": None, "text": "X1"}, crop=True)))
    assert crop.crop_bgr.shape == (100, 200, 3)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(row(), id="no plates"),
        pytest.param(row() | {"plates": None}, id="not labelled"),
        pytest.param(row({"box": [50, 40, 150, 60], "text": None}), id="no text"),
        pytest.param(row({"box": None, "corners": None, "text": "X1"}), id="no place"),
        pytest.param(row({"box": [300, 40, 350, 60], "text": "X1"}), id="outside the image"),
        pytest.param(row({"box": [50, 40, 150, 60], "text": "--"}), id="nothing to read"),
    ],
)
def test_what_has_no_readable_plate_is_left_out(tmp_path: Path, line: dict[str, Any]) -> None:
    assert list(labelled_crops(folder_with(tmp_path, line))) == []


def test_splits_are_kept_apart(tmp_path: Path) -> None:
    plate = {"box": [50, 40, 150, 60], "text": "X1"}
    folder = folder_with(tmp_path, row(plate), row(plate, split="dev") | {"image": "a.png"})
    assert [len(list(labelled_crops(folder, split))) for split in ("train", "dev", None)] == [1, 1, 2]


@pytest.mark.parametrize(
    ("line", "message"),
    [("{not json", "labels.jsonl:1"), (row({"text": "X1"}) | {"image": "b.png"}, "'b.png'")],
    ids=["damaged line", "missing image"],
)
def test_a_damaged_folder_is_reported_with_its_line(tmp_path: Path, line: dict[str, Any] | str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        list(labelled_crops(folder_with(tmp_path, line)))


def test_a_folder_without_labels_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no labels"):
        list(labelled_crops(tmp_path))
