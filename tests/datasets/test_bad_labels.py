"""An image whose label was not understood is never taken for one without plates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from platewatch.datasets.check import check
from platewatch.datasets.convert import convert
from platewatch.datasets.folders import read_dataset
from platewatch.datasets.label_format import LabelFormat
from platewatch.datasets.placing import Placing
from platewatch.datasets.types import ProblemKind
from platewatch.errors import LabelsError
from tests.datasets.photos import write_photo

POSE_LINE = "0 .3 .3 .4 .4 .1 .1 2 .5 .1 2 .5 .5 2 .1 .5 2"
GOOD_XML = """<annotation><filename>good.jpg</filename><size><width>80</width><height>60</height></size>
<object><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>12</ymax></bndbox></object></annotation>"""
GOOD_ROW = {"image": "good.jpg", "width": 80, "height": 60, "plates": [{"box": [1, 2, 30, 12]}]}


def yolo(folder: Path, line: str) -> None:
    (folder / "labels").mkdir()
    (folder / "labels/good.txt").write_text("0 0.5 0.5 0.2 0.1\n")
    (folder / "labels/bad.txt").write_text(line)


def voc(folder: Path, change: tuple[str, str]) -> None:
    (folder / "good.xml").write_text(GOOD_XML)
    (folder / "bad.xml").write_text(GOOD_XML.replace("good.jpg", "bad.jpg").replace(*change))


def coco(folder: Path, annotation: object, image_id: object = 2) -> None:
    images = [
        {"id": 1, "file_name": "good.jpg", "width": 80, "height": 60},
        {"id": image_id, "file_name": "bad.jpg", "width": 80, "height": 60},
    ]
    annotations = [{"image_id": 1, "bbox": [1, 2, 30, 10]}, annotation]
    (folder / "a.json").write_text(json.dumps({"images": images, "annotations": annotations}))


def csv(folder: Path, rows: str) -> None:
    (folder / "labels.csv").write_text(f"image,text,left,top,right,bottom\ngood.jpg,AB12,1,2,30,12\n{rows}\n")


def jsonl(folder: Path, line: str) -> None:
    (folder / "labels.jsonl").write_text(f"{json.dumps(GOOD_ROW)}\n{line}\n")


CASES = [
    pytest.param(yolo, POSE_LINE, id="yolo, keypoints"),
    pytest.param(yolo, "0 0.5 0.5 0.2 0.1 0.9", id="yolo, a confidence"),
    pytest.param(yolo, "plate 0.5 0.5 0.2 0.1", id="yolo, a class by name"),
    pytest.param(yolo, "0 100 200 50 30", id="yolo, pixels"),
    pytest.param(yolo, "0 0.5 0.5 0.2 0.1\n0 0.5", id="yolo, one line of two"),
    pytest.param(yolo, "\x00\xff", id="yolo, no text"),
    pytest.param(voc, ("<ymin>2</ymin>", ""), id="voc, a missing side"),
    pytest.param(voc, ("</object>", "</obj>"), id="voc, not well formed"),
    pytest.param(voc, ("<size>", "<sizes>"), id="voc, no size"),
    pytest.param(coco, {"image_id": 2, "bbox": [1, 2, 3]}, id="coco, three numbers"),
    pytest.param(coco, {"image_id": 2, "bbox": ["a", 2, 3, 4]}, id="coco, a letter"),
    pytest.param(coco, {"bbox": [1, 2, 3, 4]}, id="coco, about no image"),
    pytest.param(coco, {"image_id": 77, "bbox": [1, 2, 3, 4]}, id="coco, about an image that is not listed"),
    pytest.param(csv, "bad.jpg,AB,1,2,x,4", id="csv, a letter"),
    pytest.param(csv, "bad.jpg,AB,1,2,3,4,5", id="csv, too many cells"),
    pytest.param(csv, "bad.jpg,AB,1,2,30,12\nbad.jpg,AB,1,,3,4", id="csv, one row of two"),
    pytest.param(jsonl, '{"image": "bad.jpg", "width": 80, "height": 60, "plates": [{"box": 3}]}', id="jsonl, no box"),
    pytest.param(jsonl, '{"image": "bad.jpg", "width": 80, "plates": []', id="jsonl, cut off"),
]


@pytest.mark.parametrize(("write", "content"), CASES)
@pytest.mark.parametrize("target", LabelFormat)
def test_image_with_a_bad_label_is_left_out(
    tmp_path: Path, write: object, content: object, target: LabelFormat
) -> None:
    assert callable(write)
    for name in ("good.jpg", "bad.jpg"):
        write_photo(tmp_path / "old" / name)
    write(tmp_path / "old", content)
    dataset = read_dataset(tmp_path / "old")
    assert dataset.problems
    assert not {ProblemKind.EMPTY, ProblemKind.UNLABELLED} & {problem.kind for problem in check(dataset)}
    with pytest.raises(LabelsError, match="--skip-bad"):
        convert(dataset, tmp_path / "new", target, Placing.COPY)
    convert(dataset.without_problems(), tmp_path / "new", target, Placing.COPY)
    written = read_dataset(tmp_path / "new")
    assert [(image.name, len(image.plates or ())) for image in written.images] == [("good.jpg", 1)]
    assert [path.name for path in (tmp_path / "new/images").iterdir()] == ["good.jpg"]


def test_coco_ids_are_compared_as_texts(tmp_path: Path) -> None:
    for name in ("good.jpg", "bad.jpg"):
        write_photo(tmp_path / name)
    coco(tmp_path, {"image_id": "2", "bbox": [1, 2, 30, 10]})
    dataset = read_dataset(tmp_path)
    assert dataset.problems == ()
    assert [len(image.plates or ()) for image in dataset.images] == [1, 1]


@pytest.mark.parametrize("image_id", [None, 1], ids=["none", "that of another image"])
def test_coco_image_without_an_id_of_its_own_is_left_out(tmp_path: Path, image_id: object) -> None:
    for name in ("good.jpg", "bad.jpg"):
        write_photo(tmp_path / name)
    coco(tmp_path, {"image_id": 1, "bbox": [1, 2, 30, 10]}, image_id)
    dataset = read_dataset(tmp_path)
    assert dataset.problems
    assert "bad.jpg" not in {image.name for image in dataset.without_problems().images}


def test_image_that_two_files_label_otherwise_is_left_out(tmp_path: Path) -> None:
    for name in ("good.jpg", "bad.jpg"):
        write_photo(tmp_path / name)
    rows = [GOOD_ROW, GOOD_ROW, {**GOOD_ROW, "image": "bad.jpg"}, {**GOOD_ROW, "image": "bad.jpg", "plates": []}]
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    dataset = read_dataset(tmp_path)
    assert [problem.kind for problem in dataset.problems] == [ProblemKind.TWICE] * 2
    assert [image.name for image in dataset.without_problems().images] == ["good.jpg"]


def test_plates_without_a_place_make_no_empty_label_of_yolo(tmp_path: Path) -> None:
    write_photo(tmp_path / "old/a.jpg")
    (tmp_path / "old/labels.csv").write_text("image,text\na.jpg,AB12\n")
    convert(read_dataset(tmp_path / "old"), tmp_path / "new", LabelFormat.YOLO, Placing.COPY)
    (image,) = read_dataset(tmp_path / "new", LabelFormat.YOLO).images
    assert image.plates is None
