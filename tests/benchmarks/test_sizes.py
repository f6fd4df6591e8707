from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from benchmarks.datasets import LabeledPhoto
from benchmarks.errors import DatasetError
from benchmarks.scores import LabeledPlate
from benchmarks.sizes import SIZES, Pace, frame_of, sizes, table, write_frame
from platewatch.vision.image import open_image
from platewatch.vision.types import BoxXyxy

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(sizes)


def photo_with(tmp_path: Path, *boxes: BoxXyxy, size: tuple[int, int] = (400, 400)) -> LabeledPhoto:
    """A dark photo with a white sheet in each box."""
    photo = Image.new("RGB", size, "black")
    for box in boxes:
        photo.paste("white", tuple(int(side) for side in box))  # type: ignore[arg-type]  # four numbers
    photo.save(tmp_path / "photo.png")
    return LabeledPhoto(tmp_path / "photo.png", False, tuple(LabeledPlate(None, box, None) for box in boxes))


@pytest.mark.parametrize(
    ("boxes", "frame"),
    [
        pytest.param([], (0, 87.5, 400, 312.5), id="no plate: the middle"),
        pytest.param([(100, 10, 180, 40)], (0, 0, 400, 225), id="at the top"),
        pytest.param([(100, 380, 180, 398)], (0, 175, 400, 400), id="at the bottom"),
        pytest.param([(10, 100, 90, 120), (300, 280, 380, 300)], (0, 87.5, 400, 312.5), id="both"),
        pytest.param([(10, 10, 90, 30), (300, 280, 380, 300)], None, id="too far apart"),
    ],
)
def test_a_frame_is_as_large_as_it_can_be_and_has_all_plates(
    tmp_path: Path, boxes: list[BoxXyxy], frame: BoxXyxy | None
) -> None:
    found = frame_of(photo_with(tmp_path, *boxes), SIZES[0])
    assert found == (None if frame is None else pytest.approx(frame))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_frame_is_written_at_its_size(tmp_path: Path, size: tuple[int, int]) -> None:
    photo = photo_with(tmp_path, (100.0, 380.0, 180.0, 398.0))
    written = open_image(write_frame(photo, size, tmp_path / "a.jpg").read_bytes()).decode()
    assert (written.shape[1], written.shape[0]) == size
    rows, columns = np.nonzero(written[..., 0] > 127)
    assert (columns.mean() / size[0], rows.mean() / size[1]) == pytest.approx((140 / 400, 214 / 225), abs=0.01)


def test_a_photo_without_a_frame_is_neither_chosen_nor_written(tmp_path: Path) -> None:
    photo = photo_with(tmp_path, (10.0, 10.0, 90.0, 30.0), (300.0, 280.0, 380.0, 300.0))
    with pytest.raises(DatasetError, match="Leave it out"):
        write_frame(photo, SIZES[0], tmp_path / "a.jpg")


def test_the_other_reader_is_reported_in_times_of_ours_at_the_same_size() -> None:
    small, large = SIZES
    paces = [
        Pace(small, "platewatch", 10, 8, 9, 5),
        Pace(small, "rapidocr", 100, 120, 135, 60),
        Pace(large, "platewatch", 20, 16, 20, 10),
        Pace(large, "rapidocr", 300, 240, 300, 150),
    ]
    assert table(paces).rows == (
        ("1280 x 720", "platewatch", "10.0 (1.0 x)", "8.0 (1.0 x)", "9.0 (1.0 x)", "5.0 (1.0 x)"),
        ("1280 x 720", "rapidocr", "100.0 (10.0 x)", "120.0 (15.0 x)", "135.0 (15.0 x)", "60.0 (12.0 x)"),
        ("1920 x 1080", "platewatch", "20.0 (1.0 x)", "16.0 (1.0 x)", "20.0 (1.0 x)", "10.0 (1.0 x)"),
        ("1920 x 1080", "rapidocr", "300.0 (15.0 x)", "240.0 (15.0 x)", "300.0 (15.0 x)", "150.0 (15.0 x)"),
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
