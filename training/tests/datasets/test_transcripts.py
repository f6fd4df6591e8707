from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from platewatch.vision.recognizer.slot_codec import ALPHABET, SLOTS
from platewatch_training.datasets import transcripts
from platewatch_training.datasets.labels import labelled_crops
from platewatch_training.datasets.licenses import license_of
from platewatch_training.datasets.transcripts import PlateText, transcript_of
from platewatch_training.recognizer.batches import all_regions, regions_within
from platewatch_training.synthesis.layouts import load_layouts

ROWS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (files("platewatch_training.datasets") / "transcripts.jsonl").read_text(encoding="utf-8").splitlines()
]


@pytest.fixture
def own_transcripts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder `photos` with one image of two plates, of which the second was transcribed."""
    folder = tmp_path / "photos"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), np.zeros((100, 200, 3), np.uint8))
    monkeypatch.setattr(transcripts, "_transcripts", lambda: {("photos/a.png", 1): PlateText("XY12", "us")})
    return folder


def write_labels(folder: Path, *texts: str | None) -> None:
    plates = [{"box": [10, 10, 60, 30], "text": text} for text in texts]
    (folder / "labels.jsonl").write_text(json.dumps({"image": "a.png", "split": "train", "plates": plates}))


def test_a_transcript_stands_in_where_the_label_has_no_text(own_transcripts: Path) -> None:
    write_labels(own_transcripts, None, None)
    assert [(crop.text, crop.region) for crop in labelled_crops(own_transcripts, "train")] == [("XY12", "us")]


def test_the_label_has_the_first_word(own_transcripts: Path) -> None:
    write_labels(own_transcripts, "AB1", "CD2")
    assert [(crop.text, crop.region) for crop in labelled_crops(own_transcripts, "train")] == [
        ("AB1", None),
        ("CD2", None),
    ]


def test_each_plate_was_transcribed_once_and_in_characters_that_can_be_learned() -> None:
    assert len({(row["source"], row["plate"]) for row in ROWS}) == len(ROWS)
    assert all(0 < len(row["text"]) <= SLOTS and set(row["text"]) <= set(ALPHABET) for row in ROWS)


def test_each_country_is_one_that_layouts_can_draw() -> None:
    regions = all_regions(load_layouts())
    assert all(any(regions_within(row["region"], regions)) for row in ROWS if "region" in row)


def test_each_folder_has_a_known_licence() -> None:
    assert all(license_of(folder) for folder in {row["source"].partition("/")[0] for row in ROWS})


def test_what_nobody_transcribed_has_no_text() -> None:
    row = ROWS[0]
    assert transcript_of(row["source"], row["plate"]) == PlateText(row["text"], row.get("region"))
    assert transcript_of("elsewhere/a.png", 0) is None
