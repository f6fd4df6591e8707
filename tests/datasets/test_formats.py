from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from platewatch.datasets.convert import convert
from platewatch.datasets.folders import read_dataset, recognize_format
from platewatch.datasets.label_format import LabelFormat
from platewatch.datasets.placing import Placing
from platewatch.datasets.types import Dataset, ImageLabels, PlateLabel, ProblemKind
from platewatch.errors import LabelsError
from tests.datasets.photos import BOTH, BOX, QUAD, TEXT, labels_of, write_photo

FORMATS = list(LabelFormat)


def sample(folder: Path) -> Dataset:
    """Images with all kinds of plates, without any, and without labels."""
    images = (
        replace(labels_of(folder / "deep/a.jpg", BOX, split="train"), name="deep/a.jpg"),
        labels_of(folder / "b b.png", QUAD, BOX, split="dev", seed=1, size=(61, 47)),
        labels_of(folder / "c.jpg", BOTH, split="dev", seed=2),
        labels_of(folder / "d.jpg", seed=3),
        replace(labels_of(folder / "e.jpg", seed=4), plates=None),
    )
    return Dataset(folder, LabelFormat.JSONL, images)


def rounded(plate: PlateLabel) -> tuple[object, ...]:
    """What the label says, to a thousandth of a pixel."""
    box = None if plate.box_xyxy is None else [round(side, 3) for side in plate.box_xyxy]
    corners = None if plate.corners is None else [(round(x, 3), round(y, 3)) for x, y in plate.corners]
    return box, corners, plate.text, plate.region


def told(dataset: Dataset) -> dict[str, tuple[object, ...]]:
    """What the labels say, whatever the format."""
    return {
        image.name: (
            image.width,
            image.height,
            None if image.plates is None else tuple(rounded(plate) for plate in image.plates),
        )
        for image in dataset.images
    }


def as_yolo_says_it(image: ImageLabels) -> ImageLabels:
    """Texts and regions are lost, and corners where there is a box."""
    if image.plates is None:
        return image
    kept = [PlateLabel(plate.box_xyxy, None if plate.box_xyxy else plate.corners) for plate in image.plates]
    return replace(image, plates=tuple(kept))


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("target", FORMATS)
def test_each_format_becomes_each_other_one(tmp_path: Path, source: LabelFormat, target: LabelFormat) -> None:
    original = sample(tmp_path / "original")
    convert(original, tmp_path / "first", source, Placing.COPY)
    first = read_dataset(tmp_path / "first")
    assert first.format is source
    convert(first, tmp_path / "second", target, Placing.LINK)
    second = read_dataset(tmp_path / "second")
    assert second.format is target
    assert second.problems == ()
    expected = original
    if LabelFormat.YOLO in {source, target}:
        expected = replace(original, images=tuple(as_yolo_says_it(image) for image in original.images))
    assert told(second) == told(expected)


@pytest.mark.parametrize("label_format", [one for one in FORMATS if one is not LabelFormat.YOLO])
def test_splits_are_kept(tmp_path: Path, label_format: LabelFormat) -> None:
    convert(sample(tmp_path / "original"), tmp_path / "new", label_format, Placing.COPY)
    splits = {image.name: image.split for image in read_dataset(tmp_path / "new").images if image.plates}
    assert splits == {"deep/a.jpg": "train", "b b.png": "dev", "c.jpg": "dev"}


def test_yolo_lists_the_images_of_each_split_for_training(tmp_path: Path) -> None:
    convert(sample(tmp_path / "original"), tmp_path / "new", LabelFormat.YOLO, Placing.COPY)
    assert (tmp_path / "new/train.txt").read_text() == "./images/deep/a.jpg\n"
    assert (tmp_path / "new/dev.txt").read_text() == "./images/b b.png\n./images/c.jpg\n"
    assert "val: dev.txt" in (tmp_path / "new/data.yaml").read_text()


def test_a_text_without_a_place_survives_where_it_can_be_said(tmp_path: Path) -> None:
    original = Dataset(tmp_path, LabelFormat.CSV, (labels_of(tmp_path / "a.jpg", TEXT),))
    for label_format in (LabelFormat.CSV, LabelFormat.JSONL, LabelFormat.VOC, LabelFormat.COCO):
        convert(original, tmp_path / label_format.value, label_format, Placing.COPY)
        (image,) = read_dataset(tmp_path / label_format.value).images
        assert image.plates == (TEXT,)


YOLO_LINES = [
    pytest.param("0 0.5 0.5 0.2", "4 columns", id="too few columns"),
    pytest.param("0 0.5 0.5 0.2 0.1 0.9", "6 columns", id="too many columns"),
    pytest.param("plate 0.5 0.5 0.2 0.1", "the class is 'plate'", id="a name as class"),
    pytest.param("-1 0.5 0.5 0.2 0.1", "the class is '-1'", id="a class below 0"),
    pytest.param("0 0.5 x 0.2 0.1", "'x', not a number", id="a letter"),
    pytest.param("0 nan 0.5 0.2 0.1", "no coordinate", id="not a number"),
    pytest.param("0 1e300 0.5 0.2 0.1", "no coordinate", id="far away"),
]


@pytest.mark.parametrize(("line", "message"), YOLO_LINES)
def test_a_corrupt_line_of_yolo_is_named_with_its_number(tmp_path: Path, line: str, message: str) -> None:
    write_photo(tmp_path / "images/a.jpg")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels/a.txt").write_text(f"0 0.5 0.5 0.2 0.1\n\n{line}\n")
    dataset = read_dataset(tmp_path)
    (problem,) = dataset.problems
    assert (problem.kind, problem.place.line) == (ProblemKind.CORRUPT, 3)
    assert message in problem.message
    assert "a.txt, line 3" in str(problem)
    assert len(dataset.images[0].plates or ()) == 1


def test_yolo_folders_are_understood_as_tools_lay_them_out(tmp_path: Path) -> None:
    for path in ("train/images/a.jpg", "images/val/b.jpg", "flat.jpg"):
        write_photo(tmp_path / path)
    for path in ("train/labels/a.txt", "labels/val/b.txt", "flat.txt"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("0 0.5 0.5 0.2 0.1\n")
    (tmp_path / "classes.txt").write_text("plate\n")
    found = {image.name: (image.split, len(image.plates or ())) for image in read_dataset(tmp_path).images}
    assert found["train/a.jpg"] == ("train", 1)
    assert found["val/b.jpg"] == ("val", 1)


def test_a_label_of_yolo_without_its_image_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels/a.txt").write_text("0 0.5 0.5 0.2 0.1\n")
    (problem,) = read_dataset(tmp_path).problems
    assert problem.kind is ProblemKind.MISSING_IMAGE


JSON_LINES = [
    pytest.param("{", "not JSON", id="cut off"),
    pytest.param("[" * 100_000, "not JSON", id="deep"),
    pytest.param("7", "an object with `image`", id="a number"),
    pytest.param('{"image": 7}', "an object with `image`", id="a number as image"),
    pytest.param('{"image": "a.jpg", "width": "x", "height": 60}', "`width` is 'x'", id="a word as width"),
    pytest.param('{"image": "a.jpg", "width": 80, "height": 60, "plates": 1}', "`plates`", id="a number as plates"),
    pytest.param(
        '{"image": "a.jpg", "width": 80, "height": 60, "plates": [{"box": [1, 2, 3]}]}', "3 numbers", id="three sides"
    ),
    pytest.param(
        '{"image": "a.jpg", "width": 80, "height": 60, "plates": [{"corners": [[1, 2]]}]}', "2 numbers", id="a corner"
    ),
    pytest.param(
        '{"image": "a.jpg", "width": 80, "height": 60, "plates": [{"text": 5}]}', "`text` is 5", id="a number as text"
    ),
]


@pytest.mark.parametrize(("line", "message"), JSON_LINES)
def test_a_corrupt_json_line_is_named_with_its_number(tmp_path: Path, line: str, message: str) -> None:
    for name in ("a.jpg", "b.jpg"):
        write_photo(tmp_path / "images" / name)
    good = json.dumps({"image": "b.jpg", "width": 80, "height": 60, "plates": []})
    (tmp_path / "labels.jsonl").write_text(f"{good}\n{line}\n")
    (problem,) = read_dataset(tmp_path).problems
    assert (problem.kind, problem.place.line) == (ProblemKind.CORRUPT, 2)
    assert message in problem.message


CSV_FILES = [
    pytest.param("image,text\na.jpg,AB12,more\n", 2, "3 cells", id="too many cells"),
    pytest.param("filename;xmin;ymin;xmax;ymax\na.jpg;1;2;3;4\na.jpg;1;2;x;4\n", 3, "'x'", id="a letter as side"),
    pytest.param("image,left,top,right,bottom\na.jpg,1,2,,4\n", 2, "''", id="a missing side"),
]


@pytest.mark.parametrize(("text", "line", "message"), CSV_FILES)
def test_a_corrupt_row_of_csv_is_named_with_its_number(tmp_path: Path, text: str, line: int, message: str) -> None:
    write_photo(tmp_path / "images/a.jpg")
    (tmp_path / "labels.csv").write_text(text)
    (problem,) = read_dataset(tmp_path).problems
    assert (problem.kind, problem.place.line) == (ProblemKind.CORRUPT, line)
    assert message in problem.message


@pytest.mark.parametrize(
    ("text", "plate"),
    [
        pytest.param("Filename,Plate_Number\na.jpg,AB12\n", PlateLabel(text="AB12"), id="text alone"),
        pytest.param("\ufeffimage\tlabel\nimages/a.jpg\tAB12\n", PlateLabel(text="AB12"), id="tabs and a byte mark"),
        pytest.param("path,x1,y1,x2,y2\n./a.jpg,1,2,3,4\n", PlateLabel((1, 2, 3, 4)), id="x1 to y2 are a box"),
        pytest.param(
            "image,x1,y1,x2,y2,x3,y3,x4,y4\na.jpg,1,2,9,2,9,5,1,5\n",
            PlateLabel(corners=((1, 2), (9, 2), (9, 5), (1, 5))),
            id="x1 to y4 are corners",
        ),
    ],
)
def test_csv_headers_are_understood_as_others_write_them(tmp_path: Path, text: str, plate: PlateLabel) -> None:
    write_photo(tmp_path / "images/a.jpg")
    (tmp_path / "mine.csv").write_text(text)
    (image,) = read_dataset(tmp_path).images
    assert image.plates == (plate,)


XML = """<annotation>
<filename>a.jpg</filename>
<size><width>80</width><height>60</height></size>
<object><name>licence</name>
<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>12</ymax></bndbox>
</object>
</annotation>"""


@pytest.mark.parametrize(
    ("change", "line", "message"),
    [
        pytest.param(("<ymin>2</ymin>", ""), 5, "<ymin> is missing", id="a missing side"),
        pytest.param(("<xmax>30<", "<xmax>wide<"), 5, "'wide'", id="a word as side"),
        pytest.param(("</object>", "</obj>"), 6, "no XML", id="not well formed"),
        pytest.param(("<annotation>", "<!DOCTYPE a [<!ENTITY b 'c'>]><annotation>"), 1, "document type", id="a DTD"),
        pytest.param(("<width>80</width>", ""), 3, "<width> is missing", id="half a size"),
        pytest.param((XML, "<html/>"), 1, "<annotation>", id="another document"),
        pytest.param((XML, "<a>" * 100), 1, "too deep", id="deep"),
        pytest.param((XML, ""), 1, "no XML", id="empty"),
    ],
)
def test_a_corrupt_file_of_voc_is_named_with_its_line(
    tmp_path: Path, change: tuple[str, str], line: int, message: str
) -> None:
    write_photo(tmp_path / "JPEGImages/a.jpg")
    (tmp_path / "a.xml").write_text(XML.replace(*change))
    (problem,) = read_dataset(tmp_path).problems
    assert (problem.kind, problem.place.line) == (ProblemKind.CORRUPT, line)
    assert message in problem.message


def test_voc_is_read_as_others_write_it(tmp_path: Path) -> None:
    write_photo(tmp_path / "images/a.jpg")
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations/a.xml").write_text(XML)
    (image,) = read_dataset(tmp_path).images
    assert image.plates == (PlateLabel((1, 2, 30, 12)),)


def coco(folder: Path, **changes: object) -> Path:
    write_photo(folder / "a.jpg")
    document: dict[str, object] = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 80, "height": 60}],
        "annotations": [{"id": 1, "image_id": 1, "bbox": [1, 2, 30, 10]}],
        "categories": [],
    }
    (folder / "_annotations.coco.json").write_text(json.dumps(document | changes))
    return folder


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"annotations": [{"image_id": 1, "bbox": [1, 2, 3]}]}, "annotations[0]: `bbox` has 3", id="box"),
        pytest.param({"annotations": [{"bbox": [1, 2, 3, 4]}]}, "annotations[0]", id="about no image"),
        pytest.param({"annotations": [{"image_id": 9, "bbox": [1, 2, 3, 4]}]}, "image 9", id="about another image"),
        pytest.param({"images": [{"id": 1}], "annotations": []}, "images[0]", id="without a name"),
    ],
)
def test_corrupt_entries_of_coco_are_named(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    assert any(message in problem.message for problem in read_dataset(coco(tmp_path, **changes)).problems)


def test_coco_is_read_as_others_write_it(tmp_path: Path) -> None:
    (image,) = read_dataset(coco(tmp_path)).images
    assert image.plates == (PlateLabel((1, 2, 31, 12)),)


UNREADABLE = [
    pytest.param("a.json", b'{"images": [],\n "annotations": [}', "line 2", id="COCO cut off"),
    pytest.param("a.json", b'{"images": {}, "annotations": []}', "no lists", id="COCO without lists"),
    pytest.param("labels.csv", b"image,text\na,b\n\xff\xfe,c\n", "line 3", id="bytes in CSV"),
    pytest.param("labels.csv", b'image,text\na.jpg,"x\n', "line 2", id="open quotes in CSV"),
    pytest.param("labels.csv", b"image,text,plate\n", "twice", id="a column twice in CSV"),
    pytest.param("labels.jsonl", b"{}\n\x80", "line 2", id="bytes in JSON lines"),
]


@pytest.mark.parametrize(("name", "content", "message"), UNREADABLE)
def test_files_that_can_not_be_read_at_all_are_an_error_with_the_line(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LabelsError, match=message) as error:
        read_dataset(tmp_path)
    assert name in str(error.value)


def test_folders_without_labels_say_what_is_looked_for(tmp_path: Path) -> None:
    with pytest.raises(LabelsError, match="COCO's JSON"):
        recognize_format(tmp_path)
    with pytest.raises(LabelsError, match="no folder"):
        read_dataset(tmp_path / "nowhere")


def test_an_image_that_is_damaged_is_a_problem_of_its_own(tmp_path: Path) -> None:
    write_photo(tmp_path / "images/a.jpg")
    (tmp_path / "images/b.jpg").write_bytes(b"no image")
    (tmp_path / "labels.csv").write_text("image,text\na.jpg,AB12\nb.jpg,CD34\n")
    dataset = read_dataset(tmp_path)
    assert [image.name for image in dataset.images] == ["a.jpg"]
    assert [problem.kind for problem in dataset.problems] == [ProblemKind.BAD_IMAGE]
