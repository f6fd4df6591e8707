"""Tiny runs and sets of crops."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from platewatch.vision.image import encode_jpeg
from platewatch_training.recognizer.config import RunConfig
from platewatch_training.recognizer.loop import Trainer
from platewatch_training.recognizer.measure import render_samples


@pytest.fixture(scope="session")
def tiny() -> RunConfig:
    """A network of a few thousand weights, trained for 20 steps of 4."""
    return RunConfig(channels=(4, 6, 8, 8), width=16, steps=20, batch=4, workers=0, warm_up_steps=2, threads=1)


@pytest.fixture(scope="session")
def make_run(fonts: None, tiny: RunConfig) -> Callable[..., Path]:
    """Trains in a folder, with `changes` of the configuration."""

    def make(folder: Path, **changes: object) -> Path:
        Trainer(tiny.model_copy(update=changes), folder).run(lambda _: None)
        return folder

    return make


@pytest.fixture(scope="session")
def datasets(fonts: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rendered crops as if real: two of evaluation/street; of train/cn_yhmh three to train on and a dev row."""
    root = tmp_path_factory.mktemp("datasets")
    plates = [sample for sample in render_samples(5, 20) if sample.text]
    for name, splits in {"evaluation/street": ["dev"] * 2, "train/cn_yhmh": ["train"] * 3 + ["dev"]}.items():
        (root / name / "images").mkdir(parents=True)
        lines = []
        for number, (split, sample) in enumerate(zip(splits, plates, strict=False)):
            (root / name / "images" / f"{number}.jpg").write_bytes(encode_jpeg(sample.crop_bgr))
            line = {"image": f"{number}.jpg", "split": split, "crop": True, "plates": [{"text": sample.text}]}
            lines.append(json.dumps(line) + "\n")
        (root / name / "labels.jsonl").write_text("".join(lines))
    return root
