"""Tiny runs, and sets of photos with a bright plate each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from platewatch.vision.types import ImageBgr
from platewatch_training.detector.config import RunConfig
from platewatch_training.detector.loop import Trainer

PHOTO = (160, 120)


def photo_with_plate(rng: np.random.Generator) -> tuple[ImageBgr, list[float]]:
    """A dark photo of 160 x 120 with a white sheet and black bars on it, and where that is."""
    photo: ImageBgr = rng.integers(20, 70, (PHOTO[1], PHOTO[0], 3), dtype=np.uint8)
    width = int(rng.integers(40, 70))
    height = width // 3
    left, top = int(rng.integers(5, PHOTO[0] - width - 5)), int(rng.integers(5, PHOTO[1] - height - 5))
    photo[top : top + height, left : left + width] = 240
    for x in range(left + 4, left + width - 5, 8):
        photo[top + 3 : top + height - 3, x : x + 4] = 10
    return photo, [float(side) for side in (left, top, left + width, top + height)]


def write_set(folder: Path, rows: list[dict[str, Any]], seed: int = 1) -> Path:
    """A folder with a photo for each row; `plates` of a row may be "shown" for the plate that is there."""
    rng = np.random.default_rng(seed)
    (folder / "images").mkdir(parents=True)
    lines = []
    for number, row in enumerate(rows):
        photo, box = photo_with_plate(rng)
        cv2.imwrite(str(folder / "images" / f"{number}.png"), photo)
        plates = row.get("plates", "shown")
        if plates == "shown":
            left, top, right, bottom = box
            corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
            plates = [{"box": box, "corners": corners if row.get("corners", True) else None}]
        base = {"image": f"images/{number}.png", "split": "train", "crop": False}
        lines.append(json.dumps(base | row | {"plates": plates}))
    (folder / "labels.jsonl").write_text("\n".join(lines))
    return folder


@pytest.fixture(scope="session")
def make_set() -> Callable[[Path, list[dict[str, Any]]], Path]:
    """Writes a folder of labelled photos."""
    return write_set


@pytest.fixture(scope="session")
def bright_plates() -> list[tuple[ImageBgr, list[float]]]:
    """Eight photos of 160 x 120, and where the plate of each is."""
    rng = np.random.default_rng(2)
    return [photo_with_plate(rng) for _ in range(8)]


@pytest.fixture(scope="session")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labelled photos to train, validate and measure on, and two of vehicles."""
    root = tmp_path_factory.mktemp("photos")
    write_set(root / "train" / "kaggle433", [{}, {}, {"corners": False}, {"split": "dev"}], seed=1)
    write_set(root / "train" / "id_scan", [{"plates": None, "vehicles": None}], seed=2)
    vehicle = {"plates": None, "vehicles": [{"box": [10, 10, 150, 110], "class": "car"}]}
    write_set(root / "vehicles" / "openimages", [vehicle, {"plates": None, "vehicles": []}], seed=3)
    write_set(root / "evaluation" / "street", [{"split": "dev"}, {"split": "dev"}], seed=4)
    return root


@pytest.fixture(scope="session")
def tiny(datasets: Path) -> RunConfig:
    """A network of a few thousand weights, trained for 20 steps of 2."""
    return RunConfig(
        channels=(4, 4, 8, 8, 8),
        blocks=(0, 1, 0, 0),
        width=8,
        steps=20,
        batch=2,
        canvases=((128, 96), (96, 96)),
        datasets=datasets,
        workers=0,
        warm_up_steps=2,
        threads=1,
    )


@pytest.fixture(scope="session")
def make_run(fonts: None, tiny: RunConfig) -> Callable[..., Path]:
    """Trains in a folder, with `changes` of the configuration."""

    def make(folder: Path, **changes: object) -> Path:
        Trainer(tiny.model_copy(update=changes), folder).run(lambda _: None)
        return folder

    return make


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory, make_run: Callable[..., Path]) -> Path:
    """A finished tiny run."""
    return make_run(tmp_path_factory.mktemp("runs") / "tiny")
