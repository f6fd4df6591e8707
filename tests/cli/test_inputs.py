from __future__ import annotations

from pathlib import Path

import pytest

from platewatch.cli.inputs import expand
from tests.vision.pictures import encode, quarters


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder: spain.jpg, deep/malta.jpg, deep/text.txt, all empty."""
    (tmp_path / "deep").mkdir()
    for name in ("spain.jpg", "deep/malta.jpg", "deep/text.txt"):
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def test_names_are_expanded_in_order_and_once(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photos)
    (photos / "UPPER.PNG").write_bytes(b"")
    assert expand(["deep/text.txt", "."]) == ["deep/text.txt", "UPPER.PNG", "deep/malta.jpg", "spain.jpg"]
    assert expand(["*.jpg", "spain.jpg", "-"]) == ["spain.jpg", "-"]
    assert expand(["**/*.jpg"]) == ["deep/malta.jpg", "spain.jpg"]
    assert expand(["de*"]) == ["deep/malta.jpg"]
    assert expand(["nothing*", "gone.jpg"]) == ["nothing*", "gone.jpg"]


def test_a_file_named_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    odd = tmp_path / "car[1].jpg"
    odd.write_bytes(b"")
    assert expand([str(odd)]) == [str(odd)]


@pytest.mark.parametrize(
    "suffix", ["jpg", "JPEG", "jpe", "jfif", "mpo", "png", "webp", "BMP", "avif", "HEIC", "tif", "gif"]
)
def test_every_format_is_found_in_a_folder(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"car.{suffix}").write_bytes(b"")
    assert expand([str(tmp_path)]) == [str(tmp_path / f"car.{suffix}")]


@pytest.mark.parametrize(
    "name", ["car.txt", "car.mp4", "car.json", "car.", "._car.jpg", "__MACOSX/car.jpg", "Thumbs.db"]
)
def test_other_files_in_a_folder_are_passed_over(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"")
    assert expand([str(tmp_path)]) == []


def test_photo_without_an_ending_is_found_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "IMG_0001").write_bytes(encode(quarters(), "JPEG"))
    assert expand([str(tmp_path)]) == [str(tmp_path / "IMG_0001")]


def test_a_folder_named_like_an_image_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "cars.jpg").mkdir()
    (tmp_path / "cars.jpg" / "one.png").write_bytes(b"")
    assert expand([str(tmp_path)]) == [str(tmp_path / "cars.jpg" / "one.png")]
