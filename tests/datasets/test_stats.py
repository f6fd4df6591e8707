from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from platewatch.datasets.label_format import LabelFormat
from platewatch.datasets.stats import Spread, stats
from platewatch.datasets.types import Dataset, PlateLabel
from tests.datasets.photos import BOTH, BOX, TEXT, labels_of


def test_everything_is_counted(tmp_path: Path) -> None:
    images = (
        labels_of(tmp_path / "a.jpg", BOX, BOTH, split="train"),
        labels_of(tmp_path / "b.jpg", replace(TEXT, text="ab-12"), split="train"),
        labels_of(tmp_path / "c.jpg"),
        replace(labels_of(tmp_path / "d.jpg"), plates=None, crop=True),
    )
    numbers = stats(Dataset(tmp_path, LabelFormat.JSONL, images))
    assert (numbers.images, numbers.unlabelled, numbers.without_plates, numbers.crops) == (4, 1, 1, 1)
    assert (numbers.plates, numbers.boxes, numbers.corners) == (3, 2, 1)
    assert (numbers.texts, numbers.different_texts) == (3, 2)
    assert numbers.splits == {"none": 2, "train": 2}
    assert numbers.regions == {"de": 1, "us-ca": 1}
    assert numbers.plates_per_image == {0: 1, 1: 1, 2: 1}
    assert numbers.text_lengths == {3: 1, 4: 2}
    assert numbers.characters["A"] == 2
    assert (numbers.plate_widths.least, numbers.plate_widths.most) == (32, 34)
    assert numbers.image_widths == Spread(80, 80, 80, 80, 80)


def test_an_empty_dataset_has_only_zeros(tmp_path: Path) -> None:
    numbers = stats(Dataset(tmp_path, LabelFormat.YOLO, ()))
    assert (numbers.images, numbers.plates, numbers.plate_aspects) == (0, 0, Spread(0, 0, 0, 0, 0))


def test_boxes_without_area_spoil_no_spread(tmp_path: Path) -> None:
    image = labels_of(tmp_path / "a.jpg", PlateLabel((5, 5, 5, 5)), PlateLabel((0, 0, 40, 10)))
    assert stats(Dataset(tmp_path, LabelFormat.YOLO, (image,))).plate_aspects == Spread(4, 4, 4, 4, 4)
