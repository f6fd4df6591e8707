from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from benchmarks.durability import WAYS, durability, percentile95, recorder


@pytest.mark.parametrize(("way", "synchronous"), [("FULL", 2), ("NORMAL", 1)])
def test_a_recorder_writes_its_way(tmp_path: Path, way: str, synchronous: int) -> None:
    with recorder(tmp_path, way) as one:
        one.record()
        one.record_with_pictures()
        with one.database.reading() as session:
            assert session.scalar(text("PRAGMA synchronous")) == synchronous
            assert session.scalar(text("SELECT COUNT(*) FROM sightings")) == 2
    assert len(list(tmp_path.glob(f"media {way}/??/??/*.jpg"))) == 2


def test_the_95th_percentile_lies_between_the_values() -> None:
    assert percentile95([1.0, 1.0]) == 1.0
    assert 18 < percentile95([float(value) for value in range(21)]) <= 19


def test_the_figures_of_both_ways_are_written_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    durability(sightings=2, rounds=2, folder=tmp_path, output=tmp_path)
    (written,) = tmp_path.glob("durability-*.json")
    results = json.loads(written.read_text("utf-8"))["results"]
    assert [row["way"] for row in results] == list(WAYS)
    assert all(0 < row["rows_ms"] <= row["rows_p95_ms"] for row in results)
    assert str(written) in capsys.readouterr().out.replace("\n", "")
