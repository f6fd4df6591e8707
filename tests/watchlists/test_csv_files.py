from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO

import pytest

from platewatch.csv_rows import csv_text
from platewatch.errors import FieldError, RowProblem
from platewatch.watchlists.csv_files import COLUMNS, EntryLine, Parsed, export_rows, read_lines
from platewatch.watchlists.matching import Entry
from platewatch.watchlists.schedule import parse_schedule

PLACES = {"north": 3, "south; west": 5, "east": 7}


def read(text: str | bytes) -> list[Parsed]:
    return list(read_lines(BytesIO(text.encode() if isinstance(text, str) else text), PLACES))


def plates(text: str | bytes) -> list[tuple[int, str]]:
    lines = read(text)
    assert all(isinstance(line, EntryLine) for line in lines), lines
    return [(line.line, line.body.key) for line in lines if isinstance(line, EntryLine)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="empty"),
        pytest.param("plate\n", [], id="columns only"),
        pytest.param("plate\nab 12\nCD-34\n", [(2, "AB12"), (3, "CD34")], id="one column"),
        pytest.param("AB12\nCD34", [(1, "AB12"), (2, "CD34")], id="no line of columns"),
        pytest.param("\ufeffplate\r\nAB12\r\n", [(2, "AB12")], id="as Excel writes it"),
        pytest.param("owner;plate\nAda;AB12\n", [(2, "AB12")], id="semicolons"),
        pytest.param("owner\tplate\nAda\tAB12\n", [(2, "AB12")], id="tabs"),
        pytest.param(" Plate , OWNER \nAB12,Ada\n", [(2, "AB12")], id="columns in another case"),
        pytest.param("plate,note\n\nAB12,\n,\n\nCD34,\n", [(3, "AB12"), (6, "CD34")], id="empty lines"),
        pytest.param('plate,note\nAB12,"two\nlines"\nCD34,\n', [(3, "AB12"), (4, "CD34")], id="a cell of two lines"),
        pytest.param("plate\n'-AB12\n", [(2, "AB12")], id="guarded against formulas"),
    ],
)
def test_plates_are_read_with_the_line_that_they_end_in(text: str, expected: list[tuple[int, str]]) -> None:
    assert plates(text) == expected


def test_all_columns_are_read() -> None:
    text = (
        "plate,region,tolerance,valid_from,valid_to,schedule,locations,owner,vehicle,note,tags\n"
        "ab 12 cd,GB,1,2026-03-01T00:00:00+01:00,2026-04-01T00:00:00Z,mon 08:00-09:00,"
        "north;east,Ada,van,a note,vip; staff\n"
        "AB*,,,,,,south; west,,,,\n"
    )
    full, pattern = (line.body for line in read(text) if isinstance(line, EntryLine))
    assert (full.plate, full.key, full.region, full.tolerance) == ("ab 12 cd", "AB12CD", "gb", 1)
    assert full.valid_from == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert full.valid_to == datetime(2026, 4, 1, tzinfo=UTC)
    assert (full.schedule, full.location_ids) == ("mon 08:00-09:00", [3, 7])
    assert (full.owner, full.vehicle, full.note, full.tags) == ("Ada", "van", "a note", ["vip", "staff"])
    assert (pattern.plate, pattern.location_ids, pattern.owner, pattern.tags) == ("AB*", [5], None, [])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("plate\n---\n", RowProblem(2, "plate", "a plate needs at least one letter or digit"), id="plate"),
        pytest.param("plate,note\nAB12\n", RowProblem(2, "row", "it has 1 cells, the first line has 2"), id="cells"),
        pytest.param("plate,owner\n,Ada\n", RowProblem(2, "plate", "Field required"), id="no plate"),
        pytest.param(
            "plate,locations\nAB12,mars\n", RowProblem(2, "locations", "there is no location 'mars'"), id="place"
        ),
        pytest.param('plate\nAB12\n"CD', RowProblem(3, "row", "unexpected end of data"), id="quote"),
    ],
)
def test_a_bad_row_is_named_by_its_line(text: str, problem: RowProblem) -> None:
    assert [line for line in read(text) if isinstance(line, RowProblem)] == [problem]


def test_good_rows_after_a_bad_one_are_still_looked_at() -> None:
    lines = read("plate,tolerance\nAB12CD,9\nCD34,\nEF56GH,x\n")
    assert [(line.line, type(line)) for line in lines] == [(2, RowProblem), (3, EntryLine), (4, RowProblem)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("plate,colour\nAB12,red\n", "'colour' is not known", id="unknown column"),
        pytest.param("owner,note\nAda,x\n", "Name the column `plate`", id="no plate column"),
        pytest.param("plate,plate\nAB12,AB12\n", "each once", id="a column twice"),
        pytest.param("plate\nAB12\n".encode("utf-16"), "not in UTF-8", id="UTF-16"),
        pytest.param("plate,owner\nAB12,Müller\n".encode("latin-1"), "not in UTF-8", id="Latin-1"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_as_a_whole(text: str | bytes, message: str) -> None:
    with pytest.raises(FieldError, match=message):
        read(text)


def test_what_is_exported_is_imported_as_the_same() -> None:
    entry = Entry(
        id=1,
        plate="BOAB12",
        written="BÖ-AB 12",
        region="gb",
        tolerance=1,
        valid_from=datetime(2026, 3, 1, 12, 0, 0, 5, UTC),
        valid_to=None,
        schedule=parse_schedule("mon-fri 08:00-18:00; sun 22:00-04:00"),
        everywhere=False,
        location_ids=frozenset({3, 7}),
        owner="=HYPERLINK(1)",
        vehicle='a "van", white',
        note="@two\nlines; -1",
        tags=("vip", "+staff"),
    )
    names = {number: name for name, number in PLACES.items()}
    text = "".join(csv_text(COLUMNS, export_rows([entry], names)))
    assert "'=HYPERLINK(1)" in text
    (line,) = read(text)
    assert isinstance(line, EntryLine)
    body = line.body
    assert (body.plate, body.key, body.region, body.tolerance) == ("BÖ-AB 12", entry.plate, "gb", entry.tolerance)
    assert (body.valid_from, body.valid_to) == (entry.valid_from, entry.valid_to)
    assert body.schedule is not None
    assert parse_schedule(body.schedule) == entry.schedule
    assert set(body.location_ids) == entry.location_ids
    assert (body.owner, body.vehicle, body.note, tuple(body.tags)) == (
        entry.owner,
        entry.vehicle,
        entry.note,
        entry.tags,
    )


def test_an_entry_whose_locations_are_gone_does_not_come_back_as_one_for_everywhere() -> None:
    nowhere = Entry(
        id=1, plate="AB12", written=None, region=None, tolerance=0, valid_from=None, valid_to=None, schedule=None,
        everywhere=False, location_ids=frozenset(), owner=None, vehicle=None, note=None, tags=(),
    )  # fmt: skip
    (line,) = read("".join(csv_text(COLUMNS, export_rows([nowhere], {}))))
    assert line == RowProblem(2, "locations", "there is no location '(deleted)'")


@pytest.mark.parametrize(
    "text",
    ["plate,key\nBÖ AB 12,BOAB12\n", "plate,key\nBÖ AB 12,\n", "plate,key\nBÖ AB 12,boab12\n", "plate\nBÖ AB 12\n"],
)
def test_import_takes_the_text_as_written_with_or_without_its_key(text: str) -> None:
    (line,) = read(text)
    assert isinstance(line, EntryLine)
    assert (line.body.plate, line.body.key) == ("BÖ AB 12", "BOAB12")


def test_import_refuses_a_key_that_does_not_fit_the_plate() -> None:
    (line,) = read("plate,key\nBÖ AB 13,BOAB12\n")
    assert isinstance(line, RowProblem)
    assert (line.line, line.field) == (2, "key")
    assert "is not the key of 'BÖ AB 13', which is BOAB13" in line.message


@pytest.mark.parametrize(
    ("cell", "named"),
    [("12가3456", "HANGUL SYLLABLE GA"), ("#N/A", "NUMBER SIGN"), ("AB12/CD34", "SOLIDUS"), ("Ж123", "LETTER ZHE")],
)
def test_import_refuses_plates_without_a_key_by_line(cell: str, named: str) -> None:
    (line,) = read(f"plate\n{cell}\n")
    assert isinstance(line, RowProblem)
    assert (line.line, line.field) == (2, "plate")
    assert named in line.message


def test_import_refuses_a_region_name_with_the_code_that_was_meant() -> None:
    (line,) = read("plate,region\nAB12CD,france\n")
    assert isinstance(line, RowProblem)
    assert (line.line, line.field) == (2, "region")
    assert "Did you mean 'fr'?" in line.message
