from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from platewatch.cli.output import Outcome, Style, make_printer
from platewatch.vision.types import Character, Detection, ImageReadings, Reading


def reading(text: str, region: str | None = None, region_confidence: float | None = None) -> Reading:
    detection = Detection(((10.04, 20.0), (110.0, 20.0), (110.0, 50.06), (10.04, 50.0)), 0.8)
    characters = tuple(Character(sign, 0.98765) for sign in text)
    pixels = np.zeros((30, 100, 3), dtype=np.uint8)
    return Reading(text, 0.912345, characters, region, (), detection, pixels, region_confidence)


def outcome(*readings: Reading, image: str = "car.jpg") -> Outcome:
    return Outcome(image, ImageReadings(readings, 640, 480, 12.345), None)


FAILED = Outcome("bad.jpg", None, "This is not an image.")


class ClosedPipe(io.StringIO):
    def write(self, _text: str) -> int:
        raise BrokenPipeError


def printed(style: Style, *outcomes: Outcome) -> str:
    stream = io.StringIO()
    printer = make_printer(style, stream)
    for one in outcomes:
        printer.show(one)
    printer.finish()
    return stream.getvalue()


def test_a_json_line_has_rounded_numbers_in_a_fixed_order() -> None:
    (line,) = printed(Style.JSON, outcome(reading("AB1", "us-ca", 0.71236))).splitlines()
    assert json.loads(line) == {
        "image": "car.jpg",
        "width": 640,
        "height": 480,
        "ms": 12.3,
        "plates": [
            {
                "text": "AB1",
                "confidence": 0.9123,
                "region": "us-ca",
                "region_confidence": 0.7124,
                "box": [10.0, 20.0, 110.0, 50.1],
                "corners": [[10.0, 20.0], [110.0, 20.0], [110.0, 50.1], [10.0, 50.0]],
                "characters": [["A", 0.9877], ["B", 0.9877], ["1", 0.9877]],
            },
        ],
        "error": None,
    }


def test_json_keeps_chinese_characters_readable() -> None:
    assert '"京A12345"' in printed(Style.JSON, outcome(reading("京A12345")))


def test_a_failed_image_has_a_json_line_without_plates() -> None:
    assert json.loads(printed(Style.JSON, FAILED)) == {
        "image": "bad.jpg",
        "width": None,
        "height": None,
        "ms": None,
        "plates": [],
        "error": "This is not an image.",
    }


def test_json_lines_come_at_once_and_not_at_the_end() -> None:
    stream = io.StringIO()
    printer = make_printer(Style.JSON, stream)
    printer.show(outcome())
    assert stream.getvalue().count("\n") == 1


def test_csv_has_a_header_a_line_a_plate_and_one_for_images_without() -> None:
    plates = (reading("AB1"), reading("CD2", "ro", 0.71236), reading("EF3", "ro"))
    text = printed(Style.CSV, outcome(*plates), outcome(image="empty, or not.jpg"), FAILED)
    rows = list(csv.reader(io.StringIO(text)))
    assert rows == [
        ["image", "plate", "confidence", "region", "region_confidence", "left", "top", "right", "bottom", "error"],
        ["car.jpg", "AB1", "0.9123", "", "", "10.0", "20.0", "110.0", "50.1", ""],
        ["car.jpg", "CD2", "0.9123", "ro", "0.7124", "10.0", "20.0", "110.0", "50.1", ""],
        ["car.jpg", "EF3", "0.9123", "ro", "", "10.0", "20.0", "110.0", "50.1", ""],
        ["empty, or not.jpg", "", "", "", "", "", "", "", "", ""],
        ["bad.jpg", "", "", "", "", "", "", "", "", "This is not an image."],
    ]


def test_the_table_names_an_image_once_and_leaves_failed_ones_out() -> None:
    text = printed(
        Style.TABLE, outcome(reading("AB1", "gb"), reading("CD2", "ro", 0.714)), outcome(image="empty.jpg"), FAILED
    )
    assert text.count("car.jpg") == 1
    assert all(
        word in text for word in ("AB1", "CD2", "91%", " gb ", " ro 71% ", "empty.jpg", "no plate", "10, 20, 110, 50")
    )
    assert "bad.jpg" not in text


def test_a_table_without_rows_is_not_printed() -> None:
    assert printed(Style.TABLE, FAILED) == ""


def test_a_long_name_is_not_broken_in_a_file() -> None:
    name = "/".join(["a-rather-long-folder-name"] * 5) + "/car.jpg"
    assert name in printed(Style.TABLE, outcome(reading("AB1"), image=name))


@pytest.mark.parametrize("style", list(Style))
def test_a_broken_pipe_is_left_to_the_command(style: Style) -> None:
    def show_all() -> None:
        printer = make_printer(style, ClosedPipe())
        printer.show(outcome(reading("AB1")))
        printer.finish()

    with pytest.raises(BrokenPipeError):
        show_all()
