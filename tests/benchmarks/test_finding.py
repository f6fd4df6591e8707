from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from benchmarks.datasets import LabeledPhoto
from benchmarks.finding import WIDTHS, Finding, Found, finding, measure, table
from benchmarks.scores import LabeledPlate
from platewatch.vision.geometry import corners_from_box
from platewatch.vision.image import open_image
from platewatch.vision.inference.registry import Profile
from platewatch.vision.types import BoxXyxy, Detection, ImageBgr
from tests.servers import SAMPLES

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(finding)


class Always:
    """Proposes the same boxes for every photo."""

    def __init__(self, *boxes_xyxy: BoxXyxy) -> None:
        self.boxes_xyxy = boxes_xyxy

    def detect(self, image_bgr: ImageBgr) -> list[Detection]:
        assert image_bgr.dtype == np.uint8
        return [Detection(corners_from_box(box), 0.5) for box in self.boxes_xyxy]

    def warm_up(self) -> None:
        pass


@pytest.fixture
def photo() -> LabeledPhoto:
    """A photo of 1280 pixels with two plates, 40 and 320 pixels wide, and one whose place nobody knows."""
    path = SAMPLES / "romania.jpg"
    plates = (
        LabeledPlate(None, (100, 100, 140, 110)),
        LabeledPlate("AB", (300, 300, 620, 400)),
        LabeledPlate("C", None),
    )
    return LabeledPhoto(path, False, plates)


def test_plates_count_in_the_class_of_their_width_on_a_photo_of_640_pixels(photo: LabeledPhoto) -> None:
    image = open_image(photo.path.read_bytes())
    scale = 640 / max(image.width, image.height)
    done = measure(Always((302.0, 300.0, 622.0, 400.0), (0.0, 0.0, 20.0, 20.0)), Profile.FAST, "photos", [photo])
    small, large = (max(least for least in (0, *WIDTHS) if least <= width * scale) for width in (40, 320))
    assert small < large
    counted = {one.least: (one.plates, one.found) for one in done.classes if one.plates}
    assert counted == {small: (1, (0, 0)), large: (1, (1, 1))}
    assert done.false_an_image == 1


def test_a_box_that_fits_half_is_found_at_the_lower_iou_alone(photo: LabeledPhoto) -> None:
    done = measure(Always((300.0, 300.0, 500.0, 400.0)), Profile.FAST, "photos", [photo])
    assert [one.found for one in done.classes if one.found[0]] == [(1, 0)]


def test_a_class_without_plates_has_no_recall() -> None:
    classes = tuple(Found(least, 4 if least == 9 else 0, (3, 1) if least == 9 else (0, 0)) for least in (0, *WIDTHS))
    row = Finding("photos", Profile.FAST, classes, 0.5, 12.0)
    grid = table("photos", [row])
    assert grid.columns[1:3] == ("0 to 9 px (0)", "9 to 14 px (4)")
    assert grid.rows == (("fast", "-", "75.0 / 25.0", "-", "-", "-", "-", "0.5", "12.0"),)


def test_one_command_measures_all_profiles_and_keeps_them(tmp_path: Path) -> None:
    photos = tmp_path / "datasets" / "evaluation" / "photos"
    photos.mkdir(parents=True)
    lines = (SAMPLES / "labels.jsonl").read_text().splitlines()[:2]
    for line in lines:
        shutil.copy(SAMPLES / json.loads(line)["image"], photos)
    (photos / "labels.jsonl").write_text("".join(line + "\n" for line in lines))
    output = tmp_path / "results"
    done = CliRunner().invoke(app, ["--datasets", str(tmp_path / "datasets"), "--output", str(output)])
    assert done.exit_code == 0, done.output
    (kept,) = output.glob("finding-*.json")
    results = json.loads(kept.read_text())["results"]
    assert [one["profile"] for one in results] == ["fast", "balanced", "thorough"]
    assert all(sum(each["plates"] for each in one["classes"]) for one in results)


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["--datasets", str(tmp_path)])
    assert done.exit_code == 2
