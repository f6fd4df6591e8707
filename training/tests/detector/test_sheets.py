from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from platewatch.errors import FieldError
from platewatch_training.datasets.photos import LabelledPhoto
from platewatch_training.detector.evaluate import FalsePlate, Findings, Plate
from platewatch_training.detector.sheets import errors_sheet, scenes_sheet, tile, write_sheet
from platewatch_training.synthesis.scenes import Scene

BOX = (50.0, 40.0, 150.0, 60.0)
PHOTO = LabelledPhoto(np.full((100, 200, 3), 90, np.uint8), (), (), "a/b.png")


def findings(missed: int, false: int) -> Findings:
    plates = [Plate(100.0, 0.1, 0.0, None, BOX, 0)] * missed + [Plate(100.0, 0.9, 0.9, None, BOX, 0)]
    return Findings("set", 1, tuple(plates), tuple(FalsePlate(score, BOX, 0) for score in [0.9] * false + [0.1]))


@pytest.mark.parametrize(("missed", "false", "tiles"), [(0, 0, 0), (2, 3, 5), (100, 3, 11), (0, 100, 8)])
def test_a_sheet_shows_what_was_missed_and_what_was_false(tmp_path: Path, missed: int, false: int, tiles: int) -> None:
    shown = errors_sheet(tmp_path / "sheet.png", [(findings(missed, false), [PHOTO])], 0.5, most=16)
    assert shown == tiles
    picture = cv2.imread(str(tmp_path / "sheet.png"))
    assert picture is not None
    assert picture.shape[0] == 130 * max(1, -(-tiles // 8))


@pytest.mark.parametrize("box", [BOX, (0.0, 0.0, 4.0, 2.0), (199.0, 99.0, 200.0, 100.0), (0.0, 0.0, 200.0, 100.0)])
def test_a_tile_outlines_the_box(box: tuple[float, float, float, float]) -> None:
    shown = tile(PHOTO.image_bgr, box, "label")
    assert shown.shape == (130, 200, 3)
    assert (shown == (0, 0, 255)).all(axis=2).any()


def test_scenes_are_shown_with_all_their_places(tmp_path: Path) -> None:
    scene = Scene(np.full((96, 128, 3), 90, np.uint8))
    scene.add(np.asarray([(10, 10), (60, 14), (60, 34), (10, 30)], np.float32), corners_known=True)
    scene.ignored.append(np.asarray((70, 50, 120, 90), np.float32))
    scenes_sheet(tmp_path / "scenes.png", [scene] * 5)
    picture = cv2.imread(str(tmp_path / "scenes.png"))
    assert picture is not None
    assert picture.shape == (192, 512, 3)
    for color in ((0, 0, 255), (0, 255, 0), (255, 0, 0)):
        assert (picture[:96, :128] == color).all(axis=2).any()
    assert (scene.picture_bgr == 90).all()


@pytest.mark.parametrize("name", ["nowhere/sheet.png", "sheet.unknown"])
def test_a_sheet_that_can_not_be_written_is_reported(tmp_path: Path, name: str) -> None:
    with pytest.raises(FieldError, match="can't be written"):
        write_sheet(tmp_path / name, [])
