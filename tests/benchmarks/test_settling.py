from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.settling import CONFIDENCES, measure, settling, slots_of, spread
from platewatch.vision.recognizer.slot_codec import ALPHABET, SLOTS, SlotCodec

CODEC = SlotCodec(ALPHABET)


@pytest.mark.parametrize("text", ["", "AB123CD", "京A12345"])
@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_made_up_slots_hold_the_text_with_the_confidence_asked_for(text: str, confidence: float) -> None:
    slots = slots_of(text, confidence, CODEC, np.random.default_rng(1))

    right = slots[np.arange(SLOTS), CODEC.encode(text)]
    assert slots.shape == (SLOTS, CODEC.classes)
    assert slots.sum(axis=1) == pytest.approx(np.ones(SLOTS), abs=1e-4)
    assert (right >= confidence - 1e-6).all()
    assert right.mean() < (1 + confidence) / 2


def test_made_up_regions_have_a_likeliest() -> None:
    regions = spread(0.8, 20, np.random.default_rng(2))

    assert regions.sum() == pytest.approx(1, abs=1e-5)
    assert regions.max() >= 0.8


def test_the_slowest_takes_at_least_as_long_as_the_median() -> None:
    found = measure(0.5, 16, np.random.default_rng(3))

    assert 0 < found.median_us <= found.slowest_us


def test_the_figures_are_written_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settling(crops=8, seed=4, output=tmp_path)

    (written,) = tmp_path.glob("settling-*.json")
    results = json.loads(written.read_text("utf-8"))["results"]
    assert [row["confidence"] for row in results] == list(CONFIDENCES)
    assert str(written) in capsys.readouterr().out.replace("\n", "")
