from __future__ import annotations

from pathlib import Path

import pytest

from platewatch.datasets.folders import read_dataset
from platewatch.datasets.types import PlateLabel
from platewatch.errors import LabelsError
from tests.datasets.photos import write_photo


def read(folder: Path, text: str, images: int = 2) -> list[tuple[PlateLabel, ...] | None]:
    for number in range(images):
        write_photo(folder / f"{number}.jpg", number)
    (folder / "labels.csv").write_text(text)
    dataset = read_dataset(folder)
    assert dataset.problems == ()
    return [image.plates for image in dataset.images]


@pytest.mark.parametrize(
    ("header", "numbers"),
    [
        ("xmin,ymin,xmax,ymax", "10,20,40,30"),
        ("x_min,y_min,x_max,y_max", "10,20,40,30"),
        ("X Min,Y Min,X Max,Y Max", "10,20,40,30"),
        ("xmin,xmax,ymin,ymax", "10,40,20,30"),
        ("xtl,ytl,xbr,ybr", "10,20,40,30"),
        ("x1,y1,x2,y2", "10,20,40,30"),
        ("x0,y0,x1,y1", "10,20,40,30"),
        ("x,y,w,h", "10,20,30,10"),
        ("x,y,width,height", "10,20,30,10"),
        ("left,top,width,height", "10,20,30,10"),
        ("bbox_x,bbox_y,bbox_width,bbox_height", "10,20,30,10"),
        ("x_center,y_center,w,h", "25,25,30,10"),
        ("width,height,class,xmin,ymin,xmax,ymax", "80,60,plate,10,20,40,30"),
        ("width,height,x,y,w,h", "80,60,10,20,30,10"),
    ],
)
def test_box_columns_are_understood(tmp_path: Path, header: str, numbers: str) -> None:
    assert read(tmp_path, f"filename,{header}\n0.jpg,{numbers}\n", 1) == [(PlateLabel((10, 20, 40, 30)),)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param('filename,bbox\n0.jpg,"[1,2,3,4]"\n', "bbox may hold two corners", id="a whole box"),
        pytest.param('filename,plate_number,box\n0.jpg,AB1,"1 2 3 4"\n', "box may hold", id="a whole box and a text"),
        pytest.param("filename,a,b,c,d\n0.jpg,1,2,3,4\n", "a, b, c, d", id="other names"),
        pytest.param("filename,xmin,ymin\n0.jpg,1,2\n", "xmin, ymin don't make a box", id="half a box"),
        pytest.param("filename,class\n0.jpg,plate\n", "columns class", id="a class alone"),
        pytest.param("filename,label\n0.jpg,license plate\n1.jpg,car\n", "columns label", id="labels that are classes"),
        pytest.param("filename,xmin,ymin,xmax,ymax\n0.jpg,0.1,0.2,0.5,0.4\n", "shares of the image", id="shares"),
        pytest.param("filename,x_center,y_center,w,h\n0.jpg,0,1,0.5,0.4\n", "shares of the image", id="yolo's shares"),
        pytest.param("filename,plate,plate_number\n0.jpg,A1,B2\n", "plate and plate_number", id="two texts"),
        pytest.param("filename,text,text\n0.jpg,A1,B2\n", "text are there twice", id="a name twice"),
    ],
)
def test_columns_that_are_not_understood_are_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(LabelsError, match=message):
        read(tmp_path, text)


@pytest.mark.parametrize(
    "header",
    [
        "text",
        "plate",
        "license_plate",
        "Licence Plate",
        "Number Plate",
        "number",
        "label",
        "plate-number",
        "registration",
    ],
)
def test_text_columns_are_understood(tmp_path: Path, header: str) -> None:
    found = read(tmp_path, f"filename,{header}\n0.jpg,AB 12\n1.jpg,CD34\n")
    assert found == [(PlateLabel(text="AB 12"),), (PlateLabel(text="CD34"),)]


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        pytest.param("label", ["license plate", "license plate"], id="label with the class"),
        pytest.param("label", ["license plate", "number_plate"], id="label with two classes"),
        pytest.param("label", ["plate1", "plate1"], id="label with one text in all rows"),
        pytest.param("plate", ["yes", "yes"], id="plate with one word in all rows"),
        pytest.param("number", ["1", "2"], id="numbers of rows"),
    ],
)
def test_columns_that_name_a_class_hold_no_texts(tmp_path: Path, header: str, cells: list[str]) -> None:
    rows = "".join(f"{number}.jpg,{cell},10,20,40,30\n" for number, cell in enumerate(cells))
    found = read(tmp_path, f"filename,{header},xmin,ymin,xmax,ymax\n{rows}")
    assert found == [(PlateLabel((10, 20, 40, 30)),)] * 2


def test_class_and_text_may_stand_side_by_side(tmp_path: Path) -> None:
    text = "filename,label,plate_number,xmin,ymin,xmax,ymax\n0.jpg,plate,AB12,10,20,40,30\n1.jpg,plate,CD34,1,2,3,4\n"
    assert read(tmp_path, text) == [
        (PlateLabel((10, 20, 40, 30), text="AB12"),),
        (PlateLabel((1, 2, 3, 4), text="CD34"),),
    ]


def test_one_car_in_all_photos_keeps_its_text(tmp_path: Path) -> None:
    assert read(tmp_path, "filename,text\n0.jpg,AB12\n1.jpg,AB12\n") == [(PlateLabel(text="AB12"),)] * 2


def test_row_without_anything_is_an_image_without_plates(tmp_path: Path) -> None:
    assert read(tmp_path, "filename,text\n0.jpg,AB12\n1.jpg,\n") == [(PlateLabel(text="AB12"),), ()]


@pytest.mark.parametrize("header", ["filename", "filename,split"])
def test_list_of_images_alone_labels_none(tmp_path: Path, header: str) -> None:
    rows = "".join(",".join([f"{number}.jpg", *["train"] * header.count(",")]) + "\n" for number in range(2))
    assert read(tmp_path, f"{header}\n{rows}") == [None, None]


def test_table_without_labels_beside_one_with_labels_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "cameras.csv").write_text("filename,camera,lens\n0.jpg,north,35\n")
    assert read(tmp_path, "filename,text\n0.jpg,AB12\n", 1) == [(PlateLabel(text="AB12"),)]


@pytest.mark.parametrize("written", ["0", "0.png", "photos/0.jpg", r"C:\photos\0.jpg", " 0.jpg "])
def test_images_are_found_as_others_name_them(tmp_path: Path, written: str) -> None:
    assert read(tmp_path, f"ImageID,text\n{written},AB12\n", 1) == [(PlateLabel(text="AB12"),)]
