from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from platewatch.datasets.check import check, counts
from platewatch.datasets.label_format import LabelFormat
from platewatch.datasets.types import Dataset, ImageLabels, PlateLabel, ProblemKind
from tests.datasets.photos import BOTH, BOX, labels_of, write_photo


def kinds(image: ImageLabels, *, decode: bool = False) -> list[ProblemKind]:
    dataset = Dataset(image.path.parent, LabelFormat.JSONL, (image,))
    return [problem.kind for problem in check(dataset, decode=decode)]


@pytest.mark.parametrize(
    ("plate", "found"),
    [
        pytest.param(BOX, [], id="a good one"),
        pytest.param(BOTH, [], id="with corners"),
        pytest.param(PlateLabel((0, 0, 80, 60)), [], id="the whole image"),
        pytest.param(PlateLabel((-0.6, 0, 80.6, 60)), [], id="outside by rounding"),
        pytest.param(PlateLabel((-2, 0, 20, 10)), [ProblemKind.OUTSIDE], id="left of it"),
        pytest.param(PlateLabel((0, 0, 82, 10)), [ProblemKind.OUTSIDE], id="right of it"),
        pytest.param(PlateLabel((10, 10, 10, 20)), [ProblemKind.NO_AREA], id="no width"),
        pytest.param(PlateLabel((20, 10, 10, 20)), [ProblemKind.NO_AREA], id="inside out"),
        pytest.param(
            PlateLabel(corners=((1, 1), (9, 9), (20, 20), (30, 30))), [ProblemKind.NO_AREA], id="corners on a line"
        ),
        pytest.param(PlateLabel((1, 1, 9, 9), text="---"), [ProblemKind.TEXT], id="a text of nothing"),
        pytest.param(PlateLabel((1, 1, 9, 9), text="A" * 13), [ProblemKind.TEXT], id="a text too long"),
        pytest.param(PlateLabel(), [ProblemKind.EMPTY], id="nothing is said"),
    ],
)
def test_each_plate_is_looked_at(tmp_path: Path, plate: PlateLabel, found: list[ProblemKind]) -> None:
    assert kinds(labels_of(tmp_path / "a.jpg", plate)) == found


def test_the_size_is_compared_with_the_image(tmp_path: Path) -> None:
    image = replace(labels_of(tmp_path / "a.jpg", BOX), width=800)
    assert kinds(image) == [ProblemKind.SIZE]


def test_images_without_plates_and_without_labels_are_noted(tmp_path: Path) -> None:
    image = labels_of(tmp_path / "a.jpg")
    assert kinds(image) == [ProblemKind.EMPTY]
    assert kinds(replace(image, plates=None)) == [ProblemKind.UNLABELLED]


def test_a_crop_needs_no_place(tmp_path: Path) -> None:
    image = labels_of(tmp_path / "a.jpg", PlateLabel(text="AB12"))
    assert kinds(replace(image, crop=True)) == []


def test_an_image_that_is_gone_or_damaged_is_found(tmp_path: Path) -> None:
    image = labels_of(tmp_path / "a.jpg", BOX)
    whole = image.path.read_bytes()
    image.path.write_bytes(whole[: len(whole) // 2])
    assert kinds(image) == []
    assert kinds(image, decode=True) == [ProblemKind.BAD_IMAGE]
    image.path.unlink()
    assert kinds(image) == [ProblemKind.BAD_IMAGE]


def test_problems_are_counted_by_kind(tmp_path: Path) -> None:
    write_photo(tmp_path / "a.jpg")
    images = [labels_of(tmp_path / f"{name}.jpg", PlateLabel((-9, 0, 9, 9))) for name in "ab"]
    problems = check(Dataset(tmp_path, LabelFormat.JSONL, (*images, labels_of(tmp_path / "c.jpg"))))
    assert counts(problems) == {ProblemKind.OUTSIDE: 2, ProblemKind.EMPTY: 1}
