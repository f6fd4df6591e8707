"""Statistics of a dataset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from platewatch.datasets.types import Dataset, ImageLabels, PlateLabel
from platewatch.plates.text import reading_key


@dataclass(frozen=True, slots=True)
class Spread:
    """Least, quarter, half, three quarters and most; all 0 for no values."""

    least: float
    quarter: float
    half: float
    three_quarters: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        if not values:
            return cls(0.0, 0.0, 0.0, 0.0, 0.0)
        return cls(*(round(float(value), 2) for value in np.percentile(values, (0, 25, 50, 75, 100))))


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts of a dataset. Widths and heights are in pixels, shares in per cent of the image's area."""

    format: str
    images: int
    unlabelled: int
    without_plates: int
    crops: int
    plates: int
    boxes: int
    corners: int
    texts: int
    different_texts: int
    problems: int
    splits: dict[str, int]
    regions: dict[str, int]
    plates_per_image: dict[int, int]
    text_lengths: dict[int, int]
    characters: dict[str, int]
    image_widths: Spread
    plate_widths: Spread
    plate_heights: Spread
    plate_aspects: Spread
    plate_shares: Spread


def stats(dataset: Dataset) -> Stats:
    """The numbers."""
    images = dataset.images
    plates = [(image, plate) for image in images for plate in image.plates or ()]
    texts = [text for _, plate in plates if (text := reading_key(plate.text or ""))]
    sizes = [size for image, plate in plates if (size := _size(image, plate)) is not None]
    return Stats(
        format=dataset.format.value,
        images=len(images),
        unlabelled=sum(image.plates is None for image in images),
        without_plates=sum(image.plates == () for image in images),
        crops=sum(image.crop for image in images),
        plates=len(plates),
        boxes=sum(plate.box_xyxy is not None for _, plate in plates),
        corners=sum(plate.corners is not None for _, plate in plates),
        texts=len(texts),
        different_texts=len(set(texts)),
        problems=len(dataset.problems),
        splits=_most_first(image.split or "none" for image in images),
        regions=_most_first(plate.region for _, plate in plates if plate.region),
        plates_per_image=_in_order(len(image.plates) for image in images if image.plates is not None),
        text_lengths=_in_order(len(text) for text in texts),
        characters=_most_first(sign for text in texts for sign in text),
        image_widths=Spread.of([image.width for image in images]),
        plate_widths=Spread.of([width for width, _, _ in sizes]),
        plate_heights=Spread.of([height for _, height, _ in sizes]),
        plate_aspects=Spread.of([width / height for width, height, _ in sizes]),
        plate_shares=Spread.of([100 * share for _, _, share in sizes]),
    )


def _size(image: ImageLabels, plate: PlateLabel) -> tuple[float, float, float] | None:
    """Width, height and share of the image's area; None for a plate without a place or without area."""
    box = plate.outline_xyxy
    if box is None or box[2] <= box[0] or box[3] <= box[1] or image.width * image.height <= 0:
        return None
    width, height = box[2] - box[0], box[3] - box[1]
    return width, height, width * height / (image.width * image.height)


def _most_first(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items(), key=lambda item: (-item[1], item[0])))


def _in_order(values: Iterable[int]) -> dict[int, int]:
    return dict(sorted(Counter(values).items()))
