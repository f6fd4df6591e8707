from __future__ import annotations

from pathlib import Path

import torch
import yaml

from platewatch.vision.inference.model_card import sha256_of
from platewatch_training.runs.circumstances import made_from_of


def test_what_a_run_was_made_from_can_be_distinguished(tmp_path: Path) -> None:
    labels = tmp_path / "train" / "street" / "labels.jsonl"
    labels.parent.mkdir(parents=True)
    labels.write_text("{}")
    (tmp_path / "evaluation" / "crops").mkdir(parents=True)
    (tmp_path / "evaluation" / "crops" / "labels.jsonl").write_text("{}")

    found = yaml.safe_load(yaml.safe_dump(made_from_of(tmp_path)))

    assert found["torch"] == str(torch.__version__)
    assert found["sha256"]["train/street/labels.jsonl"] == sha256_of(labels)
    assert {"layouts/germany.yaml", "typefaces/fe-schrift.yaml"} <= found["sha256"].keys()
    assert not [name for name in found["sha256"] if name.startswith("evaluation")]
    labels.write_text("{ }")
    assert made_from_of(tmp_path)["sha256"] != found["sha256"]
    assert "train/street/labels.jsonl" not in made_from_of(None)["sha256"]  # type: ignore[operator]
