from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies

from platewatch.csv_rows import BYTE_ORDER_MARK, Cell, csv_text, guarded, unguarded

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def read_back(text: str) -> list[list[str]]:
    assert text.startswith(BYTE_ORDER_MARK)
    return list(csv.reader(io.StringIO(text[1:], newline="")))


def test_without_rows_there_is_the_header() -> None:
    assert "".join(csv_text(["a", "b"], [])) == BYTE_ORDER_MARK + "a,b\r\n"


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        (None, ""),
        ("", ""),
        ("AB12", "AB12"),
        ('say "hi", you', 'say "hi", you'),
        ("two\nlines", "two\nlines"),
        (True, "true"),
        (False, "false"),
        (-3, "-3"),
        (0.5, "0.5"),
        (NOON, "2026-03-01T12:00:00+00:00"),
        (NOON.astimezone(timezone(timedelta(hours=2))), "2026-03-01T14:00:00+02:00"),
        ("=1+1", "'=1+1"),
        ("+49", "'+49"),
        ("-x", "'-x"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("  =1", "'  =1"),
        ("\uff1d1", "'\uff1d1"),
        ("'=1", "''=1"),
        ("' '+1", "'' '+1"),
        ("'AB12'", "'AB12'"),
    ],
    ids=repr,
)
def test_a_cell_is_written_so_that_it_is_shown_and_never_computed(cell: Cell, written: str) -> None:
    assert read_back("".join(csv_text(["x", "y"], [[cell, 1]]))) == [["x", "y"], [written, "1"]]


def test_many_rows_come_in_pieces_and_none_is_lost() -> None:
    pieces = list(csv_text(["n"], ([number] for number in range(1050))))
    assert len(pieces) > 5
    assert read_back("".join(pieces)) == [["n"], *[[str(number)] for number in range(1050)]]


@pytest.mark.parametrize(
    "text", ["", "=1", "'quoted'", "AB12", "''", "-", "'", "'=1", "''=1", " '=1", "'' @"], ids=repr
)
def test_what_was_guarded_is_read_back_as_it_was(text: str) -> None:
    assert unguarded(guarded(text)) == text


@given(
    strategies.text(alphabet="'=+-@ \tA1\uff1d", max_size=6), strategies.text(alphabet="'=+-@ \tA1\uff1d", max_size=6)
)
def test_two_texts_are_never_exported_alike_and_none_is_computed(one: str, other: str) -> None:
    assert (guarded(one) == guarded(other)) == (one == other)
    assert unguarded(guarded(one)) == one
    assert guarded(one).lstrip(" ")[:1] not in set("=+-@\t\uff1d")
