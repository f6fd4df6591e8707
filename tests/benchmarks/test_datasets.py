from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import benchmarks.datasets
from benchmarks.datasets import (
    LabeledPhoto,
    PhotoSet,
    corrected,
    cut_by_labels,
    limited,
    load_set,
    load_sets,
    photos_of,
)
from benchmarks.errors import DatasetError
from benchmarks.scores import LabeledPlate


def crop(text: str | None, image: str = "images/crop.jpg", **fields: Any) -> dict[str, Any]:
    return {"image": image, "crop": True, "split": "dev", "plates": [{"box": None, "text": text}], **fields}


def photo(plates: list[dict[str, Any]] | None, image: str = "images/photo.jpg", **fields: Any) -> dict[str, Any]:
    return {"image": image, "crop": False, "split": "dev", "plates": plates, **fields}


def write_set(root: Path, name: str, *rows: dict[str, Any]) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "labels.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return folder


def set_of(count: int, *, crops: bool = False) -> PhotoSet:
    photos = tuple(LabeledPhoto(Path(f"{number:03}.jpg"), crops, ()) for number in range(count))
    return PhotoSet("numbers", photos, count)


@pytest.mark.parametrize(
    ("rows", "texts"),
    [
        pytest.param([], [], id="empty"),
        pytest.param([crop("AB12")], [["AB12"]], id="a crop"),
        pytest.param([crop(None), crop("-")], [], id="crops without a text say nothing"),
        pytest.param([photo(None)], [], id="an unlabelled photo says nothing"),
        pytest.param([photo([])], [[]], id="a photo surely without plates says much"),
        pytest.param([photo([{"box": [1, 2, 3, 4], "text": None}])], [[None]], id="a box without a text"),
        pytest.param([photo([{"box": [1, 2, 3, 4], "text": "·"}])], [[None]], id="a text without letters"),
        pytest.param([crop("AB12", split="train"), crop("CD34")], [["CD34"]], id="training rows are left out"),
    ],
)
def test_a_set_holds_the_rows_that_can_be_scored(
    tmp_path: Path,
    rows: list[dict[str, Any]],
    texts: list[list[str | None]],
) -> None:
    loaded = load_set(write_set(tmp_path, "one", *rows), "one")
    assert [[plate.text for plate in photo.plates] for photo in loaded.photos] == texts
    assert loaded.available == len(texts)


def test_a_photo_knows_its_file_and_its_plates(tmp_path: Path) -> None:
    folder = write_set(tmp_path, "one", photo([{"box": [1, 2, 3.5, 4], "text": "AB12", "region": "in"}]))
    (only,) = load_set(folder, "one").photos
    assert only == LabeledPhoto(folder / "images/photo.jpg", False, (LabeledPlate("AB12", (1, 2, 3.5, 4), "in"),))
    assert only.name == "photo.jpg"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("{}\n", "Line 1", id="no image"),
        pytest.param('{"image": "a.jpg", "plates": [{"box": [1, 2]}]}\n', "box", id="half a box"),
        pytest.param('{"image": "a.jpg"}\n{"image": \n', "Line 2", id="no JSON"),
        pytest.param(
            '{"image": "a.jpg", "plates": [{"text": "AB12"}]}\n', "without a box", id="a photo's plate nowhere"
        ),
    ],
)
def test_a_label_that_makes_no_sense_is_named(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "labels.jsonl").write_text(content)
    with pytest.raises(DatasetError, match=message):
        load_set(tmp_path, "one")


def test_crops_and_photos_in_one_set_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="crops and photos"):
        load_set(write_set(tmp_path, "one", crop("AB12"), photo([])), "one")


def test_a_folder_without_labels_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"labels\.jsonl"):
        load_set(tmp_path, "one")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_set(tmp_path, "evaluation/eu_crops", crop("AB12"))
    write_set(tmp_path, "evaluation/in_full", photo([]), photo(None))
    write_set(tmp_path, "train/dev_rows", crop("CD34"), crop("EF56", split="train"))
    write_set(tmp_path, "train/no_dev_rows", crop("EF56", split="train"))
    write_set(tmp_path, "vehicles/cars", photo([]))
    return tmp_path


@pytest.mark.parametrize(
    ("names", "loaded"),
    [
        pytest.param((), ["eu_crops", "in_full", "dev_rows"], id="all that hold something"),
        pytest.param(("dev_rows", "eu_crops"), ["eu_crops", "dev_rows"], id="only those named"),
    ],
)
def test_sets_come_from_evaluation_and_the_dev_rows(root: Path, names: tuple[str, ...], loaded: list[str]) -> None:
    assert [one.name for one in load_sets(root, names)] == loaded


def test_crops_and_photos_are_distinguished(root: Path) -> None:
    assert [one.is_crops for one in load_sets(root)] == [True, False, True]


def test_an_unknown_set_is_named_beside_the_known_ones(root: Path) -> None:
    with pytest.raises(DatasetError, match=r"'mars'.*eu_crops, in_full"):
        load_sets(root, ("mars", "eu_crops"))


def test_a_missing_folder_tells_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="Name the folder that holds them with --datasets"):
        load_sets(tmp_path / "nowhere")


@pytest.mark.parametrize("limit", [None, 5, 6])
def test_a_limit_that_is_no_limit_changes_nothing(limit: int | None) -> None:
    assert limited(set_of(5), limit, seed=1) == set_of(5)


def test_a_limit_chooses_the_same_for_one_seed_and_others_for_another() -> None:
    chosen = limited(set_of(100), 10, seed=1)
    assert chosen == limited(set_of(100), 10, seed=1)
    assert chosen != limited(set_of(100), 10, seed=2)
    assert len(set(chosen.photos)) == 10
    assert list(chosen.photos) == sorted(chosen.photos, key=lambda photo: photo.name)
    assert chosen.available == 100


def test_photos_for_the_speed_are_whole_ones_and_the_same_for_one_seed() -> None:
    sets = [set_of(30), set_of(5, crops=True)]
    chosen = photos_of(sets, 10, seed=1)
    assert len(chosen) == 10
    assert chosen == photos_of(sets, 10, seed=1) != photos_of(sets, 10, seed=2)
    assert set(photos_of(sets, 100, seed=1)) == {photo.path for photo in sets[0].photos}


def test_crops_alone_are_nothing_to_measure_the_speed_of_whole_photos_with() -> None:
    with pytest.raises(DatasetError, match="no whole photos"):
        photos_of([set_of(5, crops=True)], 10, seed=1)


def test_labelled_boxes_cut_crops_with_a_margin(tmp_path: Path) -> None:
    plates: list[dict[str, Any]] = [{"box": [10, 20, 110, 70], "text": "AB12"}, {"box": [1, 2, 3, 4], "text": None}]
    cut = cut_by_labels(load_set(write_set(tmp_path, "one", photo(plates), photo([])), "one"))
    (only,) = cut.photos
    assert (only.is_crop, only.cut_xyxy) == (True, (7.0, 17.0, 113.0, 73.0))
    assert only.plates == (LabeledPlate("AB12", None),)
    assert (cut.available, cut.is_crops) == (1, True)


def test_crops_are_cut_already(tmp_path: Path) -> None:
    loaded = load_set(write_set(tmp_path, "one", crop("AB12"), crop("CD34")), "one")
    assert cut_by_labels(loaded) == loaded


def test_wrong_labels_are_those_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "corrections.yaml").write_text("one:\n  b.jpg: AB12\nother:\n  a.jpg: XX11\n")
    monkeypatch.setattr("benchmarks.datasets._CORRECTIONS", tmp_path / "corrections.yaml")
    rows = [crop("AAA1", "images/a.jpg"), crop("A812", "images/b.jpg")]
    loaded = load_set(write_set(tmp_path, "one", *rows), "one")

    found = corrected(loaded)

    assert [photo.plates[0].text for photo in found.photos] == ["AAA1", "AB12"]
    assert [photo.path for photo in found.photos] == [photo.path for photo in loaded.photos]
    with pytest.raises(DatasetError, match=r"'b\.jpg', which is not in one"):
        corrected(load_set(write_set(tmp_path / "less", "one", rows[0]), "one"))


def test_the_corrections_in_the_project_are_of_one_set_and_short_texts() -> None:
    known = yaml.safe_load((Path(benchmarks.datasets.__file__).parent / "corrections.yaml").read_text())
    assert set(known) == {"br_crops"}
    assert all(len(text) == 7 and text.isalnum() for text in known["br_crops"].values())
