"""A tiny model folder of a region network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml

from platewatch.vision.inference.model_card import sha256_of
from tests.vision.networks import slot_network

REGIONS = ("de", "us-ca", "us-ny")


def write_region_model(folder: Path, network: bytes | None = None, **changes: object) -> Path:
    """A model that tells California of white crops and Germany of black ones; `changes` are those of its card."""
    white, black = (np.array(logits, np.float32) for logits in ([0, 5, 1], [5, 0, 0]))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(network or slot_network((white,), (black,), size=(64, 256)))
    card: dict[str, object] = {
        "kind": "regions",
        "name": "tiny-regions",
        "version": "1",
        "input_width": 256,
        "input_height": 64,
        "sha256": sha256_of(folder / "model.onnx"),
        "regions": list(REGIONS),
    } | changes
    (folder / "card.yaml").write_text(yaml.safe_dump({key: value for key, value in card.items() if value}))
    return folder
