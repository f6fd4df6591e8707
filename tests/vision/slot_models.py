"""A tiny model folder for the recognizer `platewatch`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from platewatch.vision.inference.model_card import sha256_of
from platewatch.vision.recognizer.slot_codec import ALPHABET, NOTHING, SLOTS, SlotCodec
from tests.vision.networks import slot_network

REGIONS = ("br", "de", "us-ca")
CODEC = SlotCodec(ALPHABET, REGIONS)


def logits_of(
    text: str, confidence: float = 9.0, doubts: dict[int, tuple[str, float]] | None = None
) -> NDArray[np.float32]:
    """Logits that read `text`; `doubts` give a slot's second character its own logit."""
    logits = np.zeros((SLOTS, CODEC.classes), np.float32)
    logits[np.arange(SLOTS), CODEC.encode(text)] = confidence
    for slot, (character, value) in (doubts or {}).items():
        logits[slot, ALPHABET.index(character) + 1] = value
    return logits


def steps_of(text: str, confidence: float = 9.0) -> NDArray[np.float32]:
    """Logits of steps that read `text`, with nothing before and after each character."""
    logits = np.zeros((2 * SLOTS + 1, CODEC.classes), np.float32)
    logits[:, NOTHING] = confidence
    places = 1 + 2 * np.arange(len(text))
    logits[places, NOTHING] = 0
    logits[places, CODEC.encode(text)[: len(text)]] = confidence
    return logits


def regions_of(name: str) -> NDArray[np.float32]:
    """Logits that tell this region."""
    return np.array([4.0 * (region == name) for region in REGIONS], np.float32)


def write_slot_model(folder: Path, network: bytes | None = None, **changes: object) -> Path:
    """A model that reads WM64UMA from white crops and nothing from black ones; `changes` are those of its card."""
    white = (logits_of("WM64UMA", doubts={2: ("G", 6.0), 6: ("4", 7.0)}), regions_of("de"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(network or slot_network(white, (logits_of(""), regions_of("br"))))
    card: dict[str, object] = {
        "kind": "recognizer",
        "name": "tiny",
        "version": "1",
        "input_width": 160,
        "input_height": 64,
        "sha256": sha256_of(folder / "model.onnx"),
        "alphabet": ALPHABET,
        "slots": SLOTS,
        "regions": list(REGIONS),
    } | changes
    (folder / "card.yaml").write_text(yaml.safe_dump({key: value for key, value in card.items() if value}))
    return folder
