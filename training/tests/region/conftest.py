"""Tiny runs of the region network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from platewatch.vision.image import encode_jpeg
from platewatch_training.region.batches import RenderedSource
from platewatch_training.region.config import RegionConfig
from platewatch_training.region.loop import RegionTrainer


@pytest.fixture(scope="session")
def tiny() -> RegionConfig:
    """A network of a few thousand weights, trained for 20 steps of 4."""
    return RegionConfig(
        channels=(4, 6, 8, 8),
        depths=(1, 1, 1),
        width=16,
        steps=20,
        batch=4,
        workers=0,
        warm_up_steps=2,
        threads=1,
    )


@pytest.fixture(scope="session")
def make_run(fonts: None, tiny: RegionConfig) -> Callable[..., Path]:
    """Trains in a folder, with `changes` of the configuration."""

    def make(folder: Path, **changes: object) -> Path:
        RegionTrainer(tiny.model_copy(update=changes), folder).run(lambda _: None)
        return folder

    return make


@pytest.fixture(scope="session")
def datasets(fonts: None, tiny: RegionConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rendered crops as if real: three of evaluation/street; of train/cn_yhmh three to train on and a dev row."""
    root = tmp_path_factory.mktemp("datasets")
    source = RenderedSource(tiny, seed=11)
    for name, splits in {"evaluation/street": ["dev"] * 3, "train/cn_yhmh": ["train"] * 3 + ["dev"]}.items():
        (root / name / "images").mkdir(parents=True)
        lines = []
        for number, split in enumerate(splits):
            sample = source.next()
            (root / name / "images" / f"{number}.jpg").write_bytes(encode_jpeg(sample.crop_bgr))
            plate = {"text": sample.text, "region": sample.region}
            lines.append(json.dumps({"image": f"{number}.jpg", "split": split, "crop": True, "plates": [plate]}) + "\n")
        (root / name / "labels.jsonl").write_text("".join(lines))
    return root
