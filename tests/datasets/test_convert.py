from __future__ import annotations

from pathlib import Path

import pytest

from platewatch.datasets.convert import Loss, convert
from platewatch.datasets.folders import read_dataset
from platewatch.datasets.label_format import LabelFormat
from platewatch.datasets.placing import Placing
from platewatch.datasets.types import Dataset, Place, Problem, ProblemKind
from platewatch.errors import FieldError, LabelsError, StorageError
from tests.datasets.photos import BOTH, BOX, TEXT, labels_of


def one(folder: Path) -> Dataset:
    return Dataset(folder, LabelFormat.JSONL, (labels_of(folder / "a.jpg", BOX, BOTH, TEXT),))


def test_what_a_format_can_not_say_is_reported(tmp_path: Path) -> None:
    lost = convert(one(tmp_path), tmp_path / "yolo", LabelFormat.YOLO, Placing.COPY)
    assert lost == [Loss("corners", 1), Loss("plates without a place", 1), Loss("regions", 2), Loss("texts", 3)]
    assert convert(one(tmp_path), tmp_path / "coco", LabelFormat.COCO, Placing.COPY) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(FieldError, match="is there already"):
        convert(one(tmp_path), tmp_path / "there", LabelFormat.CSV, Placing.COPY)
    assert list((tmp_path / "there").iterdir()) == []


def test_images_are_never_moved_out_of_a_dataset(tmp_path: Path) -> None:
    with pytest.raises(FieldError, match="never moved"):
        convert(one(tmp_path), tmp_path / "new", LabelFormat.CSV, Placing.MOVE)


def test_labels_that_were_not_understood_stop_it_and_are_named(tmp_path: Path) -> None:
    bad = Problem(ProblemKind.CORRUPT, Place(tmp_path / "labels.csv", 7), "no number.")
    dataset = Dataset(tmp_path, LabelFormat.CSV, one(tmp_path).images, (bad,))
    with pytest.raises(LabelsError, match=r"labels\.csv, line 7: corrupt label: no number"):
        convert(dataset, tmp_path / "new", LabelFormat.YOLO, Placing.COPY)
    assert not (tmp_path / "new").exists()


def test_a_failure_in_the_middle_leaves_nothing_half_made(tmp_path: Path) -> None:
    dataset = one(tmp_path / "old")
    (tmp_path / "old/a.jpg").unlink()
    with pytest.raises(StorageError):
        convert(dataset, tmp_path / "new", LabelFormat.YOLO, Placing.COPY)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_images_whose_labels_would_share_a_file_get_names_of_their_own(tmp_path: Path) -> None:
    images = (labels_of(tmp_path / "a.jpg", BOX), labels_of(tmp_path / "a.png", seed=1), labels_of(tmp_path / "A.jpeg"))
    convert(Dataset(tmp_path, LabelFormat.JSONL, images), tmp_path / "new", LabelFormat.YOLO, Placing.COPY)
    found = {image.name: len(image.plates or ()) for image in read_dataset(tmp_path / "new").images}
    assert found == {"a.jpg": 1, "a-2.png": 0, "A-3.jpeg": 0}


def test_linked_images_take_no_space(tmp_path: Path) -> None:
    convert(one(tmp_path), tmp_path / "new", LabelFormat.CSV, Placing.LINK)
    assert (tmp_path / "new/images/a.jpg").samefile(tmp_path / "a.jpg")
