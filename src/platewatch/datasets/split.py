"""A dataset in parts, so that what is alike is never in two of them: near-duplicate photos, and photos of one plate."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from platewatch.datasets.likeness import Hash, difference_hash, similar_pairs
from platewatch.datasets.reading import IMAGE_LIMITS
from platewatch.datasets.types import ImageLabels
from platewatch.errors import FieldError, ImageError, LabelsError
from platewatch.plates.text import reading_key
from platewatch.vision.image import open_image


@dataclass(frozen=True, slots=True)
class Share:
    """A part and how much of the images it should get, 0..1."""

    name: str
    share: float


@dataclass(frozen=True, slots=True)
class Parts:
    """The images with their parts, how many groups they form, and how many images the largest one has."""

    images: tuple[ImageLabels, ...]
    groups: int
    largest: int


def parse_shares(text: str) -> list[Share]:
    """The parts of a text such as `train=0.8,dev=0.1,test=0.1`.

    Raises:
        FieldError: It isn't built so, or the shares don't add up to 1.
    """
    shares = []
    for part in text.split(","):
        name, _, share = part.strip().partition("=")
        try:
            shares.append(Share(name.strip(), float(share)))
        except ValueError as error:
            raise FieldError("shares", f"{part.strip()!r} is no part. Write `train=0.8,dev=0.1,test=0.1`.") from error
    names = [share.name for share in shares]
    if len(set(names)) < len(names) or not all(name.isidentifier() for name in names):
        raise FieldError("shares", f"The parts {', '.join(names)} need different names of letters, digits and _.")
    total = sum(share.share for share in shares)
    if any(not 0 < share.share <= 1 for share in shares) or abs(total - 1) > 1e-6:  # noqa: PLR2004 (rounding)
        raise FieldError("shares", f"The shares must be above 0 and add up to 1, not {total:g}.")
    return shares


def split(
    images: Sequence[ImageLabels], shares: Sequence[Share], seed: int, report: Callable[[int, int], None]
) -> Parts:
    """The images with their parts; the same for the same images, shares and seed, in whatever order they come.

    Raises:
        LabelsError: An image can't be read.
    """
    ordered = sorted(images, key=lambda image: image.name)
    groups = alike(ordered, report)
    random.Random(seed).shuffle(groups)  # noqa: S311 (no secret)
    # Large groups first: they fit nowhere once the parts are nearly full. Equal ones stay shuffled.
    groups.sort(key=len, reverse=True)
    wanted = {share.name: share.share * len(ordered) for share in shares}
    part_of: dict[int, str] = {}
    for group in groups:
        emptiest = max(wanted, key=lambda name: wanted[name])
        wanted[emptiest] -= len(group)
        part_of |= dict.fromkeys(group, emptiest)
    parted = tuple(replace(image, split=part_of[index]) for index, image in enumerate(ordered))
    return Parts(parted, len(groups), max((len(group) for group in groups), default=0))


def alike(images: Sequence[ImageLabels], report: Callable[[int, int], None]) -> list[list[int]]:
    """Groups of indices: two images are in one if they are near-duplicates, show one plate, or a third links them."""
    leaders = list(range(len(images)))

    def leader(index: int) -> int:
        while leaders[index] != index:
            leaders[index] = leaders[leaders[index]]
            index = leaders[index]
        return index

    def join(one: int, other: int) -> None:
        leaders[leader(other)] = leader(one)

    first_with: dict[str, int] = {}
    for index, image in enumerate(images):
        for text in _texts(image):
            join(first_with.setdefault(text, index), index)
    for one, other in similar_pairs(_hashes(images, report)):
        join(one, other)
    groups: dict[int, list[int]] = {}
    for index in range(len(images)):
        groups.setdefault(leader(index), []).append(index)
    return list(groups.values())


def _texts(image: ImageLabels) -> set[str]:
    return {text for plate in image.plates or () if (text := reading_key(plate.text or ""))}


def _hashes(images: Sequence[ImageLabels], report: Callable[[int, int], None]) -> list[Hash]:
    hashes = []
    for done, image in enumerate(images, 1):
        hashes.append(_hash_of(image.path))
        report(done, len(images))
    return hashes


def _hash_of(path: Path) -> Hash:
    try:
        opened = open_image(path.read_bytes(), IMAGE_LIMITS)
        return difference_hash(opened.decode_reduced(256)[0])
    except (ImageError, OSError) as error:
        raise LabelsError(f"{str(path)!r} can't be read: {error}") from error
