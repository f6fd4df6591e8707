from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.server.matching import ASKS, Mixture, matching, measure, plate_of
from platewatch.db.engine import Database


def test_every_number_has_a_plate_of_its_own() -> None:
    plates = [plate_of(number) for number in range(20_000)]
    assert len(set(plates)) == len(plates)
    assert {len(plate) for plate in plates} == {7}


def test_the_list_is_matched_as_it_is_made_up(sqlite_database: Database) -> None:
    found = measure(sqlite_database, Mixture(entries=300, one_edit=0.5, two_edits=0.1, patterns=5), times=40)
    by_kind = {row.kind: row for row in found.times}
    assert set(by_kind) == set(ASKS)
    assert by_kind["on the list"].matches >= 0.9
    assert by_kind["unlike any"].matches == 0
    assert 0 < by_kind["one character misread"].matches < by_kind["on the list"].matches
    assert all(0 < row.median_us <= row.p95_us <= row.worst_us for row in found.times)


def test_the_figures_are_written_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    matching(entries=100, patterns=2, times=10, output=tmp_path)
    assert "100 entries on sqlite" in capsys.readouterr().out
    (file,) = tmp_path.glob("matching-sqlite-*.json")
    assert len(json.loads(file.read_text())["results"]["times"]) == len(ASKS)
