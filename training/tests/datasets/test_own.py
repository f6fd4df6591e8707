from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from platewatch.datasets.label_format import LabelFormat
from platewatch.datasets.types import ImageLabels
from platewatch.errors import LabelsError
from platewatch.vision.image import encode_jpeg
from platewatch_training.datasets.own import (
    SPLIT,
    OwnImages,
    has_places,
    has_text,
    own_crops,
    own_images,
    own_photos,
)
from platewatch_training.runs.config import OwnData, RunError

BOX = [10.0, 20.0, 70.0, 40.0]
CORNERS = [[10.0, 20.0], [70.0, 20.0], [70.0, 40.0], [10.0, 40.0]]


def write_own(folder: Path, rows: list[dict[str, Any]]) -> Path:
    """A dataset of photos of 100 x 60 of noise, a row each."""
    rng = np.random.default_rng(1)
    (folder / "images").mkdir(parents=True)
    lines = []
    for number, row in enumerate(rows):
        photo = rng.integers(0, 256, (60, 100, 3), dtype=np.uint8)
        (folder / "images" / f"{number}.jpg").write_bytes(encode_jpeg(photo))
        lines.append(json.dumps({"image": f"{number}.jpg", "width": 100, "height": 60} | row) + "\n")
    (folder / "labels.jsonl").write_text("".join(lines))
    return folder


def plate(text: str | None, **place: Any) -> dict[str, Any]:
    return {"plates": [{"text": text} | place]}


def parts(
    folder: Path, run: Path, usable: Callable[[ImageLabels], bool] = has_text, **options: Any
) -> tuple[list[str], list[str]]:
    found = own_images(OwnData(folder=folder, **options), 1, run, usable)
    return [image.name for image in found.train], [image.name for image in found.held_back]


def test_a_fifth_is_held_back_and_no_plate_is_on_both_sides(tmp_path: Path) -> None:
    own = write_own(tmp_path / "own", [{"crop": True} | plate(f"AB{number // 2:02}") for number in range(40)])
    train, held_back = parts(own, tmp_path)
    assert (len(train), len(held_back)) == (32, 8)
    pairs = [{int(name[:-4]) // 2 for name in names} for names in (train, held_back)]
    assert not pairs[0] & pairs[1]
    assert (train, held_back) == parts(own, tmp_path)
    assert len(parts(own, tmp_path, held_back=0.5)[1]) == 20


def test_a_split_in_the_labels_wins(tmp_path: Path) -> None:
    splits = ["train", "dev", None, "test", "train"]
    rows = [{"crop": True, "split": split} | plate(f"AB{number}") for number, split in enumerate(splits)]
    assert parts(write_own(tmp_path / "own", rows), tmp_path) == (["0.jpg", "2.jpg", "4.jpg"], ["1.jpg", "3.jpg"])


@pytest.mark.parametrize("split", ["train", "dev"])
def test_a_split_of_one_part_says_nothing(tmp_path: Path, split: str) -> None:
    rows = [{"crop": True, "split": split} | plate(f"AB{number}") for number in range(5)]
    train, held_back = parts(write_own(tmp_path / "own", rows), tmp_path)
    assert (len(train), len(held_back)) == (4, 1)


def test_a_run_keeps_to_the_split_that_it_noted(tmp_path: Path) -> None:
    rows = [{"crop": True} | plate(f"AB{number}") for number in range(6)]
    own = write_own(tmp_path / "own", rows[:5])
    images = own_images(OwnData(folder=own), 1, tmp_path, has_text)
    OwnImages(images.held_back, images.train).save(tmp_path)
    kept = [[image.name for image in part] for part in (images.held_back, images.train)]
    write_own(tmp_path / "more", rows)
    assert [list(part) for part in parts(tmp_path / "more", tmp_path)] == kept
    write_own(tmp_path / "fewer", rows[:2])
    with pytest.raises(RunError, match="which is gone"):
        parts(tmp_path / "fewer", tmp_path)
    (tmp_path / SPLIT).write_text("{")
    with pytest.raises(RunError, match="can't be read"):
        parts(own, tmp_path)


@pytest.mark.parametrize("rows", [[], [plate(None, box=BOX)] * 3, [{"crop": True} | plate("AB12")] * 5])
def test_data_of_which_nothing_can_be_used_are_refused(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    """Nothing, no texts, or one plate alone, which can't be on both sides."""
    with pytest.raises(RunError, match="both parts need some"):
        parts(write_own(tmp_path / "own", rows), tmp_path)


def test_corrupt_labels_stop_a_run_unless_they_are_left_out(tmp_path: Path) -> None:
    own = write_own(tmp_path / "own", [{"crop": True} | plate(f"AB{number}") for number in range(5)])
    with (own / "labels.jsonl").open("a") as file:
        file.write("{\n")
    with pytest.raises(LabelsError, match="line 6"):
        parts(own, tmp_path)
    assert len(parts(own, tmp_path, skip_bad=True)[0]) == 4


@pytest.mark.parametrize(
    ("row", "text", "places"),
    [
        pytest.param({"plates": None}, False, False, id="unlabelled"),
        pytest.param({"plates": []}, False, True, id="no plate"),
        pytest.param(plate("ab-12", box=BOX), True, True, id="text and box"),
        pytest.param(plate("AB12", corners=CORNERS), True, True, id="text and corners"),
        pytest.param(plate("AB12"), True, False, id="text of the whole image"),
        pytest.param(plate(None, box=BOX), False, True, id="a box alone"),
        pytest.param(plate("ЖЖ", box=BOX), False, True, id="letters that are not read"),
        pytest.param(plate("ABCDEFGHIJ1234", box=BOX), False, True, id="too long"),
        pytest.param({"crop": True} | plate("AB12"), True, False, id="crop"),
        pytest.param({"plates": [{"text": "A1"}, {"text": "B2", "box": BOX}]}, True, False, id="one without a place"),
    ],
)
def test_what_can_be_used(tmp_path: Path, row: dict[str, Any], text: bool, places: bool) -> None:
    seen: list[ImageLabels] = []

    def none_is_wanted(image: ImageLabels) -> bool:
        seen.append(image)
        return False

    write_own(tmp_path / "own", [row, {"crop": True} | plate("X1")])
    with pytest.raises(RunError):
        own_images(OwnData(folder=tmp_path / "own"), 1, tmp_path, none_is_wanted)
    assert (has_text(seen[0]), has_places(seen[0])) == (text, places)


def test_crops_are_cut_by_box_or_corners_and_whole_images_stay(tmp_path: Path) -> None:
    rows = [
        plate("ab 12", box=BOX),
        plate("AB12", corners=CORNERS),
        plate("AB12"),
        {"plates": [{"text": "A1"}, {"text": "B2", "box": BOX}]},
    ]
    own = write_own(tmp_path / "own", [*rows, plate("X1", box=BOX)])
    images = own_images(OwnData(folder=own, format=LabelFormat.JSONL), 1, tmp_path, has_text)
    ordered = sorted((*images.train, *images.held_back), key=lambda image: image.name)[:4]
    crops = own_crops(ordered)
    assert [crop.text for crop in crops] == ["AB12", "AB12", "AB12", "B2"]
    assert [crop.crop_bgr.shape[:2] for crop in crops] == [(22, 62), (22, 62), (60, 100), (22, 62)]
    assert {crop.source for crop in crops} == {f"own/{number}.jpg" for number in range(4)}


def test_photos_are_scaled_with_their_places(tmp_path: Path) -> None:
    own = write_own(tmp_path / "own", [plate(None, box=BOX, corners=CORNERS), {"plates": []}])
    images = own_images(OwnData(folder=own, held_back=0.5), 1, tmp_path, has_places)
    photos = {photo.source: photo for photo in own_photos((*images.train, *images.held_back), 50)}
    photo = photos["own/0.jpg"]
    assert photo.image_bgr.shape == (30, 50, 3)
    assert photo.plates is not None
    assert photo.plates[0].box_xyxy.tolist() == [5.0, 10.0, 35.0, 20.0]
    assert photo.plates[0].corners is not None
    assert photo.plates[0].corners[2].tolist() == [35.0, 20.0]
    assert photos["own/1.jpg"].plates == ()
