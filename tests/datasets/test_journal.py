from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from platewatch.datasets.journal import Decision, Journal, Terms, Try, Verdict, as_document, as_rows
from platewatch.datasets.placing import Placing
from platewatch.errors import ConflictError, LabelsError, StorageError

TERMS = Terms("/raw", "/cleaned", "/trash", Placing.MOVE, ("rapidocr",), "rapidocr", 0.3)
FIRST = Decision("a.jpg", Verdict.CLEANED, "a.jpg", (Try("rapidocr", "as it is", "AB12", 0.9, seconds=0.1),))
SECOND = Decision("京/b.jpg", Verdict.TRASH, "京/b-2.jpg", (Try("", "", error="no image"),))


def test_decisions_are_there_when_it_is_opened_again(tmp_path: Path) -> None:
    with Journal(tmp_path / "deep" / "journal", TERMS) as journal:
        journal.add(FIRST)
        journal.add(SECOND)
        journal.add(replace(FIRST, target="a-2.jpg"))
    with Journal(tmp_path / "deep" / "journal", TERMS) as journal:
        assert journal.decisions == {"a.jpg": replace(FIRST, target="a-2.jpg"), "京/b.jpg": SECOND}


def test_a_line_that_was_cut_off_anywhere_is_forgotten_and_the_rest_kept(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path, TERMS) as journal:
        journal.add(FIRST)
        kept = path.stat().st_size
        journal.add(SECOND)
    whole = path.read_bytes()
    for size in range(kept, len(whole)):
        path.write_bytes(whole[:size])
        with Journal(path, TERMS) as journal:
            assert journal.decisions == {"a.jpg": FIRST}
            journal.add(SECOND)
        assert path.read_bytes() == whole


def test_even_its_first_line_may_be_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(b'{"raw": "/ra')
    with Journal(path, TERMS) as journal:
        assert journal.decisions == {}
        journal.add(FIRST)
    with Journal(path, TERMS) as journal:
        assert list(journal.decisions) == ["a.jpg"]


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal", TERMS), pytest.raises(ConflictError, match="Another `clean`"):
        Journal(tmp_path / "journal", TERMS)


def test_other_terms_are_refused_by_name(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal", TERMS):
        pass
    with pytest.raises(LabelsError, match=r"min_confidence was 0\.3"):
        Journal(tmp_path / "journal", replace(TERMS, min_confidence=0.5))


@pytest.mark.parametrize(
    ("lines", "message"), [(["{}"], "no journal"), (["no json"], "no journal"), ([None, "{}"], "line 2")]
)
def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path, lines: list[str | None], message: str) -> None:
    path = tmp_path / "journal"
    with Journal(path, TERMS):
        header = path.read_text().strip()
    path.write_text("".join(f"{line or header}\n" for line in lines))
    before = path.read_text()
    with pytest.raises(LabelsError, match=message):
        Journal(path, TERMS)
    assert path.read_text() == before


def test_a_full_disk_is_reported_and_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal"
    with Journal(path, TERMS) as journal:
        journal.add(FIRST)
        with monkeypatch.context() as full:

            def refuse(_descriptor: int) -> None:
                raise OSError(errno.ENOSPC, "No space left on device")

            full.setattr(os, "fsync", refuse)
            with pytest.raises(StorageError, match="full"):
                journal.add(SECOND)
        assert list(journal.decisions) == ["a.jpg"]
        journal.add(SECOND)
    with Journal(path, TERMS) as journal:
        assert list(journal.decisions) == ["a.jpg", "京/b.jpg"]


def test_the_report_has_a_row_for_each_try() -> None:
    decision = replace(FIRST, tries=(Try("rapidocr", "as it is"), *FIRST.tries))
    rows = as_rows(decision)
    assert [(row["try"], row["text"], row["verdict"]) for row in rows] == [(1, "", "cleaned"), (2, "AB12", "cleaned")]
    assert as_document(SECOND)["name"] == "京/b.jpg"
