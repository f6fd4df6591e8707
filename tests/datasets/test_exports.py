"""Datasets as labelling tools and sites export them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from platewatch.datasets.check import check
from platewatch.datasets.convert import convert
from platewatch.datasets.folders import read_dataset
from platewatch.datasets.label_format import LabelFormat
from platewatch.datasets.placing import Placing
from platewatch.datasets.types import Dataset, PlateLabel, ProblemKind
from platewatch.errors import LabelsError
from tests.datasets.photos import write_photo
from tests.vision.pictures import quarters, turned

BOX = PlateLabel((10, 20, 40, 30))
README = "An export of 2026, 12 images\n"


def plates_of(dataset: Dataset) -> dict[str, tuple[PlateLabel, ...] | None]:
    assert dataset.problems == ()
    return {image.name: image.plates for image in dataset.images}


def roboflow(folder: Path, write: Callable[[Path, str], None]) -> Path:
    """Three folders with images of one name, a label each, and the texts that the site adds."""
    for part in ("train", "valid", "test"):
        write(folder / part, f"{part}-a_jpg.rf.0f3c.jpg")
    for name in ("README.dataset.txt", "README.roboflow.txt"):
        (folder / name).write_text(README)
    return folder


def write_coco(folder: Path, name: str) -> None:
    write_photo(folder / name)
    document = {
        "info": {"year": "2026"},
        "licenses": [{"id": 1}],
        "categories": [{"id": 0, "name": "plates"}, {"id": 1, "name": "plate", "supercategory": "plates"}],
        "images": [{"id": 0, "license": 1, "file_name": name, "height": 60, "width": 80}],
        "annotations": [
            {"id": 0, "image_id": 0, "category_id": 1, "bbox": [10, 20, 30, 10], "segmentation": [], "iscrowd": 0}
        ],
    }
    (folder / "_annotations.coco.json").write_text(json.dumps(document))


def write_yolo(folder: Path, name: str) -> None:
    write_photo(folder / "images" / name)
    (folder / "labels").mkdir()
    (folder / "labels" / name).with_suffix(".txt").write_text("0 0.3125 0.41666667 0.375 0.16666667\n")
    (folder.parent / "data.yaml").write_text("train: ../train/images\nnc: 1\nnames: ['plate']\n")


def write_voc(folder: Path, name: str, written: str | None = None) -> None:
    write_photo(folder / name)
    (folder / name).with_suffix(".xml").write_text(xml(written or name))


def xml(filename: str) -> str:
    return (
        f"<annotation><folder></folder><filename>{filename}</filename><size><width>80</width><height>60</height></size>"
        "<object><name>plate</name><bndbox><xmin>10</xmin><xmax>40</xmax><ymin>20</ymin><ymax>30</ymax></bndbox>"
        "</object></annotation>"
    )


@pytest.mark.parametrize(
    ("write", "label_format"),
    [
        pytest.param(write_coco, LabelFormat.COCO, id="coco"),
        pytest.param(write_yolo, LabelFormat.YOLO, id="yolo"),
        pytest.param(write_voc, LabelFormat.VOC, id="voc"),
    ],
)
def test_roboflow_exports_are_read_as_they_come(
    tmp_path: Path, write: Callable[[Path, str], None], label_format: LabelFormat
) -> None:
    dataset = read_dataset(roboflow(tmp_path, write))
    assert (dataset.format, dataset.problems) == (label_format, ())
    assert check(dataset) == []
    found = {image.path.parts[len(tmp_path.parts)]: (image.split, image.plates) for image in dataset.images}
    boxes = {
        part: [tuple(round(side) for side in plate.box_xyxy or ()) for plate in plates or ()]
        for part, (_, plates) in found.items()
    }
    assert boxes == {key: [(10, 20, 40, 30)] for key in ("train", "valid", "test")}
    assert {part: split for part, (split, _) in found.items()} == {"train": "train", "valid": "val", "test": "test"}


def test_images_of_one_name_in_each_part_are_distinguished(tmp_path: Path) -> None:
    for part in ("train", "valid"):
        write_coco(tmp_path / part, "a.jpg")
    assert set(plates_of(read_dataset(tmp_path))) == {"train/a.jpg", "valid/a.jpg"}


def test_other_json_beside_coco_is_passed_over(tmp_path: Path) -> None:
    write_coco(tmp_path, "a.jpg")
    (tmp_path / "info.json").write_text('{"images": 433, "source": "somewhere"}')
    (tmp_path / "classes.json").write_text('["plate"]')
    captions = {"images": [{"id": 0, "file_name": "a.jpg"}], "annotations": [{"image_id": 0, "caption": "a car"}]}
    (tmp_path / "captions_train.json").write_text(json.dumps(captions))
    assert plates_of(read_dataset(tmp_path)) == {"a.jpg": (BOX,)}


@pytest.mark.parametrize(
    ("place", "written"),
    [
        pytest.param("annotations/a.xml", "a", id="no ending"),
        pytest.param("annotations/a.xml", "a.png", id="another ending"),
        pytest.param("annotations/a.xml", "DSC_0001.jpg", id="an older name"),
        pytest.param("Annotations/a.xml", "", id="no name"),
        pytest.param("labels/xml/a.xml", "a.jpg", id="deep"),
        pytest.param("a.xml", r"C:\photos\a.jpg", id="a path of another machine"),
        pytest.param("annotations/0001.xml", "a", id="a file that is called otherwise"),
        pytest.param("annotations/a.xml", "b.jpg", id="the name of another image"),
    ],
)
def test_voc_file_finds_its_image(tmp_path: Path, place: str, written: str) -> None:
    for name in ("a.jpg", "b.jpg"):
        write_photo(tmp_path / "images" / name)
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_text(xml(written))
    assert plates_of(read_dataset(tmp_path)) == {"a.jpg": (BOX,), "b.jpg": None}


def test_voc_files_of_one_name_find_the_images_of_their_part(tmp_path: Path) -> None:
    for part in ("train", "valid"):
        write_photo(tmp_path / part / "images/a.jpg")
        (tmp_path / part / "annotations").mkdir()
        (tmp_path / part / "annotations/a.xml").write_text(xml("a.jpg"))
    assert set(plates_of(read_dataset(tmp_path))) == {"train/images/a.jpg", "valid/images/a.jpg"}


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252", "utf-16", "utf-8"])
def test_voc_is_read_in_the_encoding_that_it_declares(tmp_path: Path, encoding: str) -> None:
    write_photo(tmp_path / "Überfahrt.jpg")
    text = f'<?xml version="1.0" encoding="{encoding}"?>{xml("Überfahrt.jpg")}'
    (tmp_path / "0.xml").write_bytes(text.encode(encoding))
    assert plates_of(read_dataset(tmp_path)) == {"Überfahrt.jpg": (BOX,)}


@pytest.mark.parametrize("encoding", ["klingon", "utf-7", "big5"])
def test_voc_in_an_encoding_that_is_not_known_is_named(tmp_path: Path, encoding: str) -> None:
    write_photo(tmp_path / "a.jpg")
    (tmp_path / "a.xml").write_text(f'<?xml version="1.0" encoding="{encoding}"?>{xml("a.jpg")}')
    (problem,) = read_dataset(tmp_path).problems
    assert problem.kind is ProblemKind.CORRUPT
    assert "UTF-8" in problem.message


def test_coco_number_of_5000_digits_is_named(tmp_path: Path) -> None:
    write_photo(tmp_path / "a.jpg")
    (tmp_path / "a.json").write_text('{"images": [{"id": ' + "1" * 5000 + '}], "annotations": []}')
    with pytest.raises(LabelsError, match=r"a\.json.*number"):
        read_dataset(tmp_path)


@pytest.mark.parametrize(
    "number",
    ["1" * 4000, "1e999", "-" + "9" * 400, "NaN", '"' + "1" * 5000 + '"'],
    ids=["long", "infinite", "low", "nan", "text"],
)
def test_coco_numbers_that_are_no_coordinates_are_named_in_short(tmp_path: Path, number: str) -> None:
    write_photo(tmp_path / "a.jpg")
    images = '[{"id": 1, "file_name": "a.jpg", "width": 80, "height": 60}]'
    (tmp_path / "a.json").write_text(
        '{"images": ' + images + ', "annotations": [{"image_id": 1, "bbox": [' + number + ", 1, 2, 3]}]}"
    )
    (problem,) = read_dataset(tmp_path).problems
    assert "bbox" in problem.message
    assert len(problem.message) < 200


def test_notes_beside_yolo_labels_are_no_labels(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_photo(tmp_path / f"{name}.jpg")
    (tmp_path / "a.txt").write_text("0 0.3125 0.41666667 0.375 0.16666667\n")
    (tmp_path / "b.txt").write_text("")
    (tmp_path / "notes.txt").write_text("Photos of May, 2 cars\n")
    (tmp_path / "readme.TXT").write_text(README)
    (tmp_path / "classes.txt").write_text("plate\n")
    found = plates_of(read_dataset(tmp_path))
    assert {name: len(plates or ()) for name, plates in found.items()} == {"a.jpg": 1, "b.jpg": 0}
    (tmp_path / "lost.txt").write_text("0 0.5 0.5 0.2 0.1\n")
    assert [problem.kind for problem in read_dataset(tmp_path).problems] == [ProblemKind.MISSING_IMAGE]


def test_folder_of_photos_and_notes_has_no_labels(tmp_path: Path) -> None:
    write_photo(tmp_path / "a.jpg")
    (tmp_path / "notes.txt").write_text("Photos of May\n")
    with pytest.raises(LabelsError, match="no labels that are known"):
        read_dataset(tmp_path)


def test_yolo_keypoints_are_read_where_data_yaml_tells_their_shape(tmp_path: Path) -> None:
    write_photo(tmp_path / "images/a.jpg")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels/a.txt").write_text("0 0.5 0.5 0.25 0.2 .4 .4 2 .6 .4 2 .6 .6 2 .4 .6 2\n")
    (tmp_path / "data.yaml").write_text("kpt_shape: [4, 3]\nnames: [plate]\n")
    assert plates_of(read_dataset(tmp_path)) == {"a.jpg": (PlateLabel((30, 24, 50, 36)),)}
    (tmp_path / "data.yaml").write_text("kpt_shape: [5, 3]\n")
    assert read_dataset(tmp_path).problems


def test_yolo_outlines_are_read_as_their_boxes_where_data_yaml_has_no_keypoints(tmp_path: Path) -> None:
    write_photo(tmp_path / "images/a.jpg")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels/a.txt").write_text("0 .25 .5 .5 .25 .75 .5 .5 .75 .3 .6\n")
    assert read_dataset(tmp_path).problems
    (tmp_path / "data.yaml").write_text("names: [plate]\n")
    assert plates_of(read_dataset(tmp_path)) == {"a.jpg": (PlateLabel((20, 15, 60, 45)),)}


@pytest.mark.parametrize("content", ["[" * 5000, "a: [", "\x00", "- 1", "kpt_shape: four"])
def test_damaged_data_yaml_tells_nothing(tmp_path: Path, content: str) -> None:
    write_yolo(tmp_path / "train", "a.jpg")
    (tmp_path / "data.yaml").write_text(content)
    assert len(plates_of(read_dataset(tmp_path))["train/a.jpg"] or ()) == 1


def test_clutter_of_macos_is_passed_over(tmp_path: Path) -> None:
    write_voc(tmp_path, "a.jpg")
    for name in ("._a.jpg", "._a.xml", "__MACOSX/._a.xml", "__MACOSX/a.jpg", ".DS_Store"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X")
    assert plates_of(read_dataset(tmp_path)) == {"a.jpg": (BOX,)}


@pytest.mark.parametrize("size", [(0, 0), (60, 80), (40, 30)], ids=["none", "turned", "half"])
@pytest.mark.parametrize("label_format", [LabelFormat.VOC, LabelFormat.COCO, LabelFormat.JSONL])
def test_image_has_its_own_size_whatever_its_label_says(
    tmp_path: Path, label_format: LabelFormat, size: tuple[int, int]
) -> None:
    width, height = size
    write_photo(tmp_path / "old/a.jpg")
    if label_format is LabelFormat.VOC:
        sized = xml("a.jpg").replace("<width>80<", f"<width>{width}<").replace("<height>60<", f"<height>{height}<")
        (tmp_path / "old/a.xml").write_text(sized)
    elif label_format is LabelFormat.COCO:
        write_coco(tmp_path / "old", "a.jpg")
        path = tmp_path / "old/_annotations.coco.json"
        path.write_text(
            path.read_text().replace('"width": 80', f'"width": {width}').replace('"height": 60', f'"height": {height}')
        )
    else:
        row = {"image": "a.jpg", "width": width, "height": height, "plates": [{"box": [10, 20, 40, 30]}]}
        (tmp_path / "old/labels.jsonl").write_text(json.dumps(row))
    dataset = read_dataset(tmp_path / "old")
    assert (dataset.images[0].width, dataset.images[0].height, dataset.images[0].labelled_size) == (80, 60, size)
    assert [problem.kind for problem in check(dataset)] == [ProblemKind.SIZE]
    convert(dataset, tmp_path / "new", LabelFormat.YOLO, Placing.COPY)
    assert (tmp_path / "new/labels/a.txt").read_text() == "0 0.31250000 0.41666667 0.37500000 0.16666667\n"


# The plate is at (4, 6, 24, 12) of the upright photo of 64 x 48.
STORED = {5: (6, 4, 12, 24), 6: (6, 40, 12, 60), 7: (36, 40, 42, 60), 8: (36, 4, 42, 24)}


@pytest.mark.parametrize("orientation", STORED)
def test_labels_of_a_photo_as_it_is_stored_are_turned_with_it(tmp_path: Path, orientation: int) -> None:
    (tmp_path / "a.jpg").write_bytes(turned(quarters(), orientation, "JPEG"))
    with Image.open(tmp_path / "a.jpg") as stored:
        assert stored.size == (48, 64)
    left, top, right, bottom = STORED[orientation]
    corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
    row = {"image": "a.jpg", "width": 48, "height": 64, "plates": [{"box": STORED[orientation], "corners": corners}]}
    (tmp_path / "labels.jsonl").write_text(json.dumps(row))
    dataset = read_dataset(tmp_path)
    assert plates_of(dataset) == {"a.jpg": (PlateLabel((4, 6, 24, 12), ((4, 6), (24, 6), (24, 12), (4, 12))),)}
    assert check(dataset) == []


def test_photos_in_formats_that_are_not_read_are_named(tmp_path: Path) -> None:
    write_photo(tmp_path / "a.jpg")
    Image.new("RGB", (80, 60)).save(tmp_path / "b.tif")
    (tmp_path / "labels.csv").write_text("image,text\na.jpg,AB12\nb.tif,CD34\n")
    dataset = read_dataset(tmp_path)
    assert [(problem.kind, "TIFF" in problem.message) for problem in dataset.problems] == [
        (ProblemKind.BAD_IMAGE, True)
    ]
