from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from platewatch.datasets.likeness import difference_hash, similar_pairs
from platewatch.datasets.split import Share, parse_shares, split
from platewatch.datasets.types import ImageLabels, PlateLabel
from platewatch.errors import FieldError, LabelsError
from tests.datasets.photos import write_photo

SHARES = [Share("train", 0.6), Share("dev", 0.2), Share("test", 0.2)]


def image(folder: Path, name: str, *texts: str, seed: int, noise: int = 0) -> ImageLabels:
    path = write_photo(folder / name, seed, noise=noise)
    return ImageLabels(name, path, 80, 60, tuple(PlateLabel(text=text) for text in texts))


def many(folder: Path) -> list[ImageLabels]:
    """Sixty photos: twenty scenes of three near-duplicates each, and plates that some scenes share."""
    return [
        image(folder, f"{scene:02}-{shot}.png", f"AB{scene // 2:03}", seed=scene, noise=3 * shot)
        for scene in range(20)
        for shot in range(3)
    ]


def parts_of(images: tuple[ImageLabels, ...], key: str) -> dict[str, set[str | None]]:
    found = defaultdict(set)
    for one in images:
        named = one.name.split("-")[0] if key == "scene" else (one.plates or ())[0].text or ""
        found[named].add(one.split)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_neither_a_scene_nor_a_plate_is_in_two_parts(tmp_path: Path, seed: int) -> None:
    parts = split(many(tmp_path), SHARES, seed, lambda _done, _total: None)
    assert len(parts.images) == 60
    for key in ("scene", "plate"):
        assert {len(found) for found in parts_of(parts.images, key).values()} == {1}
    sizes = {share.name: sum(one.split == share.name for one in parts.images) for share in SHARES}
    assert sizes == {"train": 36, "dev": 12, "test": 12}
    assert (parts.groups, parts.largest) == (10, 6)


def test_near_duplicates_without_texts_stay_together_too(tmp_path: Path) -> None:
    images = [
        image(tmp_path, f"{scene}-{shot}.png", seed=scene, noise=4 * shot) for scene in range(10) for shot in (0, 1)
    ]
    parts = split(images, SHARES, 0, lambda _done, _total: None)
    assert {len(found) for found in parts_of(parts.images, "scene").values()} == {1}
    assert parts.groups == 10


def test_a_plate_written_with_other_separators_is_the_same(tmp_path: Path) -> None:
    images = [image(tmp_path, "a.png", "AB-123", seed=1), image(tmp_path, "b.png", "ab 123", seed=2)]
    parts = split(images, [Share("train", 0.5), Share("test", 0.5)], 0, lambda _done, _total: None)
    assert len({one.split for one in parts.images}) == 1


def test_images_are_linked_by_a_third_one(tmp_path: Path) -> None:
    images = [
        image(tmp_path, "a.png", "AB1", seed=1),
        image(tmp_path, "b.png", "AB1", "CD2", seed=2),
        image(tmp_path, "c.png", "CD2", seed=3),
    ]
    assert split(images, SHARES, 0, lambda _done, _total: None).groups == 1


def test_the_same_seed_gives_the_same_parts_whatever_the_order(tmp_path: Path) -> None:
    images = many(tmp_path)
    told: list[tuple[int, int]] = []
    first = split(images, SHARES, 7, lambda done, total: told.append((done, total)))
    assert first == split(images[::-1], SHARES, 7, lambda _done, _total: None)
    assert first != split(images, SHARES, 8, lambda _done, _total: None)
    assert told[-1] == (60, 60)


def test_no_images_make_empty_parts() -> None:
    assert split([], SHARES, 0, lambda _done, _total: None).images == ()


def test_an_image_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    broken = image(tmp_path, "a.png", seed=1)
    broken.path.write_bytes(b"no image")
    with pytest.raises(LabelsError, match=r"a\.png"):
        split([broken], SHARES, 0, lambda _done, _total: None)


def test_shares_are_parsed() -> None:
    assert parse_shares("train=0.6, dev=0.2,test=.2") == SHARES


@pytest.mark.parametrize(
    "text", ["", "train", "train=x", "train=0.5,train=0.5", "train=0.5,dev=0.4", "train=1.5,dev=-0.5", "a/b=1", "=1"]
)
def test_shares_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(FieldError):
        parse_shares(text)


def test_similar_pairs_are_those_within_the_limit() -> None:
    base = np.zeros(4, np.uint64)
    near, far = base.copy(), base.copy()
    near[0] = (1 << 40) - 1
    far[1] = (1 << 41) - 1
    assert set(similar_pairs([base, near, far, base])) == {(0, 1), (0, 3), (1, 3)}
    assert list(similar_pairs([])) == []


def test_a_photo_of_one_color_has_a_hash_too() -> None:
    assert difference_hash(np.zeros((1, 1, 3), np.uint8)).shape == (4,)
