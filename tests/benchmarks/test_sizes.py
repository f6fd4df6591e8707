from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from benchmarks.sizes import SIZES, Pace, sizes, table, write_scaled
from platewatch.vision.image import open_image
from tests.servers import SAMPLES

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(sizes)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_photo_keeps_its_shape_and_has_as_many_pixels_as_the_size(tmp_path: Path, size: tuple[int, int]) -> None:
    photo = SAMPLES / "malta.jpg"
    original = open_image(photo.read_bytes())
    written = open_image(write_scaled(photo, size, tmp_path / "a.jpg").read_bytes())
    assert written.width * written.height == pytest.approx(size[0] * size[1], rel=0.01)
    assert written.width / written.height == pytest.approx(original.width / original.height, rel=0.01)


def test_the_other_reader_is_told_in_times_of_ours_at_the_same_size() -> None:
    small, large = SIZES
    paces = [
        Pace(small, "platewatch", 10, 8, 5),
        Pace(small, "rapidocr", 100, 120, 60),
        Pace(large, "platewatch", 20, 16, 10),
        Pace(large, "rapidocr", 300, 240, 150),
    ]
    assert table(paces).rows == (
        ("1280 x 720", "platewatch", "10.0 (1.0 x)", "8.0 (1.0 x)", "5.0 (1.0 x)"),
        ("1280 x 720", "rapidocr", "100.0 (10.0 x)", "120.0 (15.0 x)", "60.0 (12.0 x)"),
        ("1920 x 1080", "platewatch", "20.0 (1.0 x)", "16.0 (1.0 x)", "10.0 (1.0 x)"),
        ("1920 x 1080", "rapidocr", "300.0 (15.0 x)", "240.0 (15.0 x)", "150.0 (15.0 x)"),
    )


def test_the_command_measures_ours_alone_where_no_other_is_named(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["--beside", "", "--repeat", "1", "--output", str(tmp_path)])
    assert done.exit_code == 0, done.output
    (document,) = tmp_path.glob("*.json")
    results = json.loads(document.read_text())["results"]
    assert [(one["size"], one["reader"]) for one in results] == [
        ([1280, 720], "platewatch"),
        ([1920, 1080], "platewatch"),
    ]
    assert all(one["one_thread"] > 0 and one["side_by_side"] > 0 for one in results)


def test_an_unknown_reader_is_an_error_that_names_those_there_are(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["--beside", "nobody", "--repeat", "1", "--output", str(tmp_path)])
    assert done.exit_code == 2
    assert "nobody" in done.output
