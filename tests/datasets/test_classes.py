"""Labels of several classes, and labels that can't be plates."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from platewatch.datasets.check import check
from platewatch.datasets.folders import read_dataset
from platewatch.datasets.types import PlateLabel, ProblemKind
from platewatch.errors import LabelsError
from tests.datasets.photos import write_photo

PLATE = PlateLabel((30, 25, 50, 35))
NAMES = ("car", "licence_plate", "no_plate")
WriteDataset = Callable[[Path, tuple[str, ...]], None]


def write_yolo(folder: Path, names: tuple[str, ...]) -> None:
    lines = [f"{number} 0.5 0.5 {0.75 - number / 2} {0.5 - number / 3:.8f}" for number in range(min(2, len(names)))]
    (folder / "labels").mkdir()
    (folder / "labels/a.txt").write_text("\n".join(lines))
    (folder / "data.yaml").write_text(f"names: {list(names)}")


def write_classes_list(folder: Path, names: tuple[str, ...]) -> None:
    write_yolo(folder, names)
    (folder / "data.yaml").unlink()
    (folder / "labels/classes.txt").write_text("\n".join(names) + "\n")


def write_coco(folder: Path, names: tuple[str, ...]) -> None:
    boxes = ([10, 15, 60, 30], [30, 25, 20, 10])
    annotations = [{"image_id": 1, "category_id": at, "bbox": box} for at, box in enumerate(boxes)]
    write_annotations(folder, annotations, [{"id": at, "name": name} for at, name in enumerate(names)])


def write_annotations(folder: Path, annotations: list[dict[str, Any]], categories: list[dict[str, Any]]) -> None:
    images = [{"id": 1, "file_name": "a.png"}]
    (folder / "coco.json").write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": categories})
    )


def voc(*objects: str) -> str:
    return f"<annotation><filename>a.png</filename>{''.join(objects)}</annotation>"


def write_voc(folder: Path, names: tuple[str, ...]) -> None:
    boxes = ((10, 15, 70, 45), (30, 25, 50, 35))
    objects = (
        f"<object><name>{name}</name><bndbox><xmin>{box[0]}</xmin><ymin>{box[1]}</ymin><xmax>{box[2]}</xmax>"
        f"<ymax>{box[3]}</ymax></bndbox></object>"
        for name, box in zip(names, boxes, strict=False)
    )
    (folder / "a.xml").write_text(voc(*objects))


def write_csv(folder: Path, names: tuple[str, ...]) -> None:
    rows = f"a.png,{names[0]},10,15,70,45\na.png,{names[1]},30,25,50,35\n"
    (folder / "labels.csv").write_text(f"filename,class,xmin,ymin,xmax,ymax\n{rows}")


ALL = [
    pytest.param(write_yolo, id="yolo"),
    pytest.param(write_classes_list, id="yolo with a list of classes"),
    pytest.param(write_coco, id="coco"),
    pytest.param(write_voc, id="voc"),
    pytest.param(write_csv, id="csv"),
]


def plates(folder: Path, plate_class: str | None = None) -> tuple[PlateLabel, ...] | None:
    dataset = read_dataset(folder, plate_class=plate_class)
    assert dataset.problems == ()
    (image,) = dataset.images
    return image.plates


@pytest.mark.parametrize("write", ALL)
def test_of_several_classes_the_one_that_is_called_a_plate_counts(tmp_path: Path, write: WriteDataset) -> None:
    write_photo(tmp_path / "a.png")
    write(tmp_path, NAMES)
    found = plates(tmp_path) or ()
    assert [plate.box_xyxy for plate in found] == [pytest.approx(PLATE.box_xyxy)]
    assert {plate.class_name for plate in found} == {None}


@pytest.mark.parametrize("write", ALL)
def test_several_classes_of_which_none_is_a_plate_are_named(tmp_path: Path, write: WriteDataset) -> None:
    write_photo(tmp_path / "a.png")
    write(tmp_path, ("white", "yellow"))
    with pytest.raises(LabelsError, match=r"'white', 'yellow'.*--plate-class"):
        read_dataset(tmp_path)
    assert len(plates(tmp_path, "all") or ()) == 2
    assert len(plates(tmp_path, "Yellow") or ()) == 1
    with pytest.raises(LabelsError, match=r"no class 'green'.*'white', 'yellow'"):
        read_dataset(tmp_path, plate_class="green")


def test_yolo_class_beyond_the_names_is_a_bad_label(tmp_path: Path) -> None:
    write_photo(tmp_path / "a.png")
    write_yolo(tmp_path, ("plate",))
    (tmp_path / "labels/a.txt").write_text("0 0.5 0.5 0.25 0.2\n3 0.5 0.5 0.25 0.2\n")
    dataset = read_dataset(tmp_path)
    assert [(problem.kind, problem.place.line) for problem in dataset.problems] == [(ProblemKind.CORRUPT, 2)]
    assert dataset.without_problems().images == ()


def test_yolo_folders_are_found_in_capital_letters(tmp_path: Path) -> None:
    write_photo(tmp_path / "Images/a.png")
    (tmp_path / "Labels").mkdir()
    (tmp_path / "Labels/a.txt").write_text("0 0.5 0.5 0.25 0.16666667\n")
    assert [plate.box_xyxy for plate in plates(tmp_path) or ()] == [pytest.approx(PLATE.box_xyxy)]


def write_annotation(**annotation: Any) -> WriteDataset:
    def write(folder: Path, names: tuple[str, ...]) -> None:
        write_annotations(folder, [{"image_id": 1, "category_id": 1, **annotation}], [{"id": 1, "name": names[0]}])

    return write


def write_object(content: str) -> WriteDataset:
    def write(folder: Path, names: tuple[str, ...]) -> None:
        (folder / "a.xml").write_text(voc(f"<object><name>{names[0]}</name>{content}</object>"))

    return write


POLYGON = "<x1>30</x1><y1>25</y1><x2>50</x2><y2>25</y2><x3>50</x3><y3>35</y3>"


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(write_annotation(segmentation=[[30, 25, 50, 25, 50, 35, 40, 35, 30, 35]]), id="coco polygon"),
        pytest.param(
            write_annotation(segmentation=[[30, 25, 40, 25, 40, 35], [40, 25, 50, 25, 50, 35]], bbox=[]),
            id="coco, two polygons",
        ),
        pytest.param(write_object(f"<polygon>{POLYGON}</polygon>"), id="voc polygon"),
        pytest.param(write_object(f"<polygon>{POLYGON}<x4>30</x4><y4>35</y4></polygon>"), id="voc, four points"),
        pytest.param(
            write_object("<robndbox><cx>40</cx><cy>30</cy><w>10</w><h>20</h><angle>1.5707963</angle></robndbox>"),
            id="voc, turned box",
        ),
    ],
)
def test_outlines_of_other_kinds_are_places_too(tmp_path: Path, write: WriteDataset) -> None:
    write_photo(tmp_path / "a.png")
    write(tmp_path, ("plate",))
    assert [plate.outline_xyxy for plate in plates(tmp_path) or ()] == [pytest.approx(PLATE.box_xyxy, abs=1e-4)]


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(write_annotation(bbox=[], segmentation=[]), id="coco without a place"),
        pytest.param(write_annotation(segmentation={"counts": [1, 2], "size": [60, 80]}, iscrowd=1), id="coco RLE"),
        pytest.param(write_annotation(segmentation=[[1, 2, 3]]), id="coco, no polygon"),
        pytest.param(write_annotation(bbox={"x": 1, "y": 2, "w": 3, "h": 4}), id="coco, box as an object"),
        pytest.param(write_annotation(bbox=[30, 25, -20, 10]), id="coco, negative size"),
        pytest.param(write_annotation(bbox=[0.3, 0.2, 0.2, 0.1]), id="coco, shares of the image"),
        pytest.param(write_object(""), id="voc without a place"),
        pytest.param(write_object("<polygon></polygon>"), id="voc, empty polygon"),
        pytest.param(
            write_object("<bndbox><xmin>50</xmin><ymin>25</ymin><xmax>30</xmax><ymax>35</ymax></bndbox>"),
            id="voc, inside out",
        ),
    ],
)
def test_image_whose_label_is_no_place_is_left_out(tmp_path: Path, write: WriteDataset) -> None:
    write_photo(tmp_path / "a.png")
    write(tmp_path, ("plate",))
    dataset = read_dataset(tmp_path)
    assert len(dataset.problems) == len(check(dataset)) == 1
    assert dataset.without_problems().images == ()


@pytest.mark.parametrize("line", ["0 0.5 0.5 -0.4 0.4", "0 0.5 0.5 0 0"])
def test_image_with_a_yolo_box_without_area_is_left_out(tmp_path: Path, line: str) -> None:
    write_photo(tmp_path / "a.png")
    write_yolo(tmp_path, ("plate",))
    (tmp_path / "labels/a.txt").write_text(line)
    dataset = read_dataset(tmp_path)
    assert [problem.kind for problem in dataset.problems] == [ProblemKind.NO_AREA]
    assert dataset.without_problems().images == ()


def test_voc_without_a_size_has_that_of_the_image(tmp_path: Path) -> None:
    write_photo(tmp_path / "a.png")
    write_voc(tmp_path, ("car", "plate"))
    (image,) = read_dataset(tmp_path).images
    assert (image.width, image.height, image.labelled_size) == (80, 60, None)


def test_csv_files_in_the_folders_of_an_export_are_read(tmp_path: Path) -> None:
    for part in ("train", "valid"):
        write_photo(tmp_path / part / "a.png")
        write_csv(tmp_path / part, ("plate", "plate"))
    dataset = read_dataset(tmp_path)
    assert {image.name: image.split for image in dataset.images} == {"train/a.png": "train", "valid/a.png": "val"}
    assert [len(image.plates or ()) for image in dataset.images] == [2, 2]


def test_csv_with_texts_and_numbers_that_may_be_places_is_refused(tmp_path: Path) -> None:
    write_photo(tmp_path / "a.png")
    (tmp_path / "labels.csv").write_text("image,text,bx0,by0,bx1,by1\na.png,AB12,10,20,40,30\n")
    with pytest.raises(LabelsError, match="bx0, by0, bx1, by1 may be places"):
        read_dataset(tmp_path)
