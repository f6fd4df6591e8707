from __future__ import annotations

import re
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest

from platewatch.csv_rows import csv_text
from platewatch.errors import FieldError, RowProblem
from platewatch.watchlists.csv_columns import COLUMNS, Heading
from platewatch.watchlists.csv_dates import DateFormat
from platewatch.watchlists.csv_encoding import MAX_LINE, Encoding
from platewatch.watchlists.csv_files import CsvForm, EntryLine, Parsed, export_rows, read_lines
from platewatch.watchlists.matching import Entry
from platewatch.watchlists.places import Places
from platewatch.watchlists.schedule import parse_schedule
from platewatch.watchlists.schemas import EntryWrite

PLACES = {"north": 3, "south; west": 5, "east": 7}


def read(text: str | bytes, **said: Any) -> list[Parsed]:
    places = Places(PLACES, dict.fromkeys(PLACES.values(), "Europe/Berlin") | {7: "Asia/Tokyo"}, "America/Vancouver")
    return list(read_lines(BytesIO(text.encode() if isinstance(text, str) else text), places, CsvForm(**said)))


def plates(text: str | bytes, **said: Any) -> list[tuple[int, str]]:
    lines = read(text, **said)
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
        pytest.param("plate,colour,x\nAB12,red,\n", "not known: 'colour', 'x'", id="unknown columns"),
        pytest.param(
            "owner,note\nAda,x\n",
            "the heading `plate`. The first line of the file has 'owner', 'note'",
            id="no plate column",
        ),
        pytest.param("alpha;Wagen\nAB12;x\n", "has 'alpha', 'Wagen'", id="no known column"),
        pytest.param("M-AB 12;Ada\nM-AB 13;Bob\n", "has 'M-AB 12', 'Ada'", id="entries without a heading"),
        pytest.param("owner\nAda\n", "the heading `plate`", id="another column alone"),
        pytest.param("plate,plate\nAB12,AB12\n", "mean `plate`: 'plate', 'plate'", id="a column twice"),
        pytest.param("Kennzeichen;Placa\nAB12;AB12\n", "mean `plate`: 'Kennzeichen', 'Placa'", id="two plates"),
        pytest.param("plate|owner\nM-AB 12|X\n", "not by |", id="divided by |"),
        pytest.param(b"PK\x03\x04" + bytes(50), "a workbook .*CSV UTF-8", id="xlsx"),
        pytest.param(b"\xd0\xcf\x11\xe0" + bytes(50), "an Excel workbook", id="xls"),
        pytest.param(b"%PDF-1.7\n", "a PDF", id="PDF"),
        pytest.param("<html><table><tr><td>AB12", "HTML", id="HTML"),
        pytest.param(b"plate\nAB12\x81\n", "not in windows-1252", id="neither UTF-8 nor Windows-1252"),
        pytest.param("A" * (MAX_LINE + 2), "more than 1000000 characters", id="a line without an end"),
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


EXCEL = "Kennzeichen;Owner\r\nM-AB 12;Müller\r\nGÖ AB 1;Ž\r\n"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(EXCEL.encode("utf-8-sig"), id="CSV UTF-8"),
        pytest.param(EXCEL.encode("cp1252"), id="CSV of Western Windows"),
        pytest.param(EXCEL.replace(";", "\t").encode("utf-16"), id="Unicode text"),
        pytest.param(EXCEL.encode("utf-16-be"), id="UTF-16 without a mark"),
        pytest.param(EXCEL.encode("utf-16-le"), id="UTF-16 without a mark, little end first"),
        pytest.param(f"sep=;\r\n{EXCEL}".encode(), id="named separator"),
        pytest.param(EXCEL.replace("\r\n", "\r").encode(), id="CR alone"),
        pytest.param(EXCEL.replace("\r\n", ";\r\n").encode(), id="semicolon at the end"),
        pytest.param(EXCEL.replace("\r\n", ";;;\r\n").encode("cp1252"), id="empty columns at the end"),
        pytest.param(re.sub(r"^([^;\n]+;)", r"\1;", EXCEL, flags=re.MULTILINE).encode(), id="empty column inside"),
        pytest.param(b'"sep=|"\n' + EXCEL.replace(";", "|").encode(), id="another separator"),
    ],
)  # fmt: skip
def test_csv_of_excel_is_read(data: bytes) -> None:
    bodies = [line.body for line in read(data) if isinstance(line, EntryLine)]
    assert [body.owner for body in bodies] == ["Müller", "Ž"]
    assert bodies[0].plate.replace(" ", "").replace("-", "") == "MAB12"


def test_lines_are_counted_with_line_of_separator() -> None:
    lines = read("sep=;\nplate;owner\nAB12;Ada\n---;Bob\n")
    assert [line.line for line in lines] == [3, 4]


@pytest.mark.parametrize(
    "heading",
    [
        "Plate", "License Plate", "licence-plate no.", "Number plate", "Registration", "VRM", "Kennzeichen",
        "KFZ-Kennzeichen", "Amtl. Kennzeichen", "Amtliches Kennzeichen", "Placa", "Matrícula", "Patente", "Targa",
        "Immatriculation", "Plaque d'immatriculation", "Kenteken", "Nr rejestracyjny", "SPZ", "Rendszám", "Reg.nr",
        "Plate Number", "Plate No.", "PLATE_NUMBER", "Plate #", "Reg", "Nº matrícula", "N° de placa", "KFZ-Kennz.",
        "номер авто", "登録番号", "رقم اللوحة", "מספר רכב", "ทะเบียนรถ",
        "Plaka", "Госномер", "Номерной знак", "Αριθμός κυκλοφορίας", "车牌号", "ナンバープレート", "차량번호",
    ],
)  # fmt: skip
def test_headings_of_other_programs_name_plates(heading: str) -> None:
    assert plates(f"{heading}\nAB12\n") == [(2, "AB12")]
    assert plates(f"owner;{heading}\nAda;AB12\n") == [(2, "AB12")]


@pytest.mark.parametrize("heading", ["valid_from", "Valid from", "VALID-FROM", "validFrom"])
def test_own_columns_are_known_in_other_spellings(heading: str) -> None:
    (line,) = read(f"plate;{heading}\nAB12;2026-03-01T00:00:00Z\n")
    assert isinstance(line, EntryLine)
    assert line.body.valid_from == datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("first", ["Wagen", "OPEL", "plates of all", "."])
def test_first_line_without_digit_is_asked_about(first: str) -> None:
    with pytest.raises(FieldError, match=r"header=yes.*header=no") as asked:
        read(f"{first}\nM-AB 12\n")
    assert asked.value.field == "header"
    assert plates(f"{first}\nAB12\n", heading=Heading.YES) == [(2, "AB12")]


def test_first_line_is_plate_if_sender_says_so() -> None:
    assert plates("OPEL\nAB12\n", heading=Heading.NO) == [(1, "OPEL"), (2, "AB12")]
    assert plates("Plate\nAB12\n", heading=Heading.NO) == [(1, "PLATE"), (2, "AB12")]
    assert plates("AB11\nAB12\n", heading=Heading.YES) == [(2, "AB12")]


def test_several_columns_need_heading() -> None:
    with pytest.raises(FieldError, match="has to name them"):
        read("AB12,Ada\n", heading=Heading.NO)
    with pytest.raises(FieldError, match="heading `plate`"):
        read("owner\nAda\n", heading=Heading.YES)


@pytest.mark.parametrize(
    "cell",
    [
        "1.23E+06", "1.23E06", "1,5e+5", "12345.0", "12345.00", "5E+10", "#N/A", "[3E]1-D5", "AB12|CD", "AB12\0",
        "2026-11-20", "20.11.2026", "20-11-2026", "2026.11.20", "NULL", "null", "NaN", "None", "n.a.", "TRUE",
    ],
)  # fmt: skip
def test_broken_plate_is_refused_by_line(cell: str) -> None:
    lines = read(f'plate;owner\nAB12;\n"{cell}";\n')
    assert [(line.line, type(line)) for line in lines] == [(2, EntryLine), (3, RowProblem)]
    assert isinstance(lines[1], RowProblem)
    assert lines[1].field == "plate"


@pytest.mark.parametrize(
    "cell", ["12.345", "1E05", "12345", "AB-12.0", "0.5E", "123-45-678", "20-31-2026", "20261120", "NULL1"]
)
def test_plate_that_only_looks_like_number_is_taken(cell: str) -> None:
    assert len(plates(f"plate;owner\n{cell};\n")) == 1


@pytest.mark.parametrize("cell", ["2027", "20270228", "46419", "46419.5", "2027-02-28", "28.02.2027", "28/02/27"])
def test_numbers_and_days_are_no_times(cell: str) -> None:
    (line,) = read(f"plate;valid_to\nAB12;{cell}\n")
    assert isinstance(line, RowProblem)
    assert (line.line, line.field) == (2, "valid_to")
    assert "date_format=" in line.message


BERLIN_AT_MIDNIGHT = datetime(2026, 12, 30, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("form", "cell"),
    [
        ("DD.MM.YYYY", "31.12.2026"),
        ("DD/MM/YYYY", "31/12/2026"),
        ("MM/DD/YYYY", "12/31/2026"),
        ("DD-MM-YYYY", "31-12-2026"),
        ("MM-DD-YYYY", "12-31-2026"),
        ("YYYY-MM-DD", "2026-12-31"),
        ("YYYY/MM/DD", "2026/12/31"),
        ("DD.MM.YY", "31.12.26"),
        ("DD/MM/YY", "31/12/26"),
        ("MM/DD/YY", "12/31/26"),
        ("DD.MM.YYYY", "31.12.2026 0:00"),
        ("MM/DD/YYYY", "12/31/2026 12:00:00 AM"),
        ("DD.MM.YYYY", "2026-12-31T00:00:00+01:00"),
    ],
)
def test_local_days_are_read_in_form_that_is_named(form: str, cell: str) -> None:
    (line,) = read(f"plate;locations;valid_from\nAB12;north;{cell}\n", date_format=DateFormat(form))
    assert isinstance(line, EntryLine), line
    assert line.body.valid_from == BERLIN_AT_MIDNIGHT


def test_last_day_counts_whole_and_in_zone_of_place() -> None:
    text = "plate;locations;valid_to\nAB1;north;1.7.2026\nAB2;east;1.7.2026\nAB3;;1.7.2026\nAB4;north;1.7.2026 18:30\n"
    ends = [line.body.valid_to for line in read(text, date_format=DateFormat.DOTS) if isinstance(line, EntryLine)]
    assert ends == [
        datetime(2026, 7, 1, 22, tzinfo=UTC),
        datetime(2026, 7, 1, 15, tzinfo=UTC),
        datetime(2026, 7, 2, 7, tzinfo=UTC),
        datetime(2026, 7, 1, 16, 30, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        pytest.param("AB12;;12/31/2026", "not of the form DD.MM.YYYY", id="another form"),
        pytest.param("AB12;;31.13.2026", "month", id="no such month"),
        pytest.param("AB12;;31.12.2026 25:00", "hour", id="no such hour"),
        pytest.param("AB12;;31.12.9999", "can't be used", id="end of the calendar"),
        pytest.param('AB12;"north;east";31.12.2026', "several time zones", id="places of several zones"),
        pytest.param("AB12;;31.12.2026 13:00 PM", "1..12", id="afternoon twice"),
    ],
)
def test_day_that_can_not_be_is_refused_by_line(row: str, message: str) -> None:
    (line,) = read(f"plate;locations;valid_to\n{row}\n", date_format=DateFormat.DOTS)
    assert isinstance(line, RowProblem)
    assert (line.line, line.field) == (2, "valid_to")
    assert message in line.message


def test_letter_of_guessed_alphabet_is_refused() -> None:
    """A Russian spreadsheet's A and B are an A and an A with marks in Western letters: AA1234 would be kept."""
    russian = "\N{CYRILLIC CAPITAL LETTER A}\N{CYRILLIC CAPITAL LETTER VE}1234"
    (line,) = read(f"plate;owner\n{russian};Иван\n".encode("cp1251"))
    assert isinstance(line, RowProblem)
    assert (line.line, line.field) == (2, "plate")
    assert "encoding=" in line.message
    named = read("plate;owner\nAB1234;Иван\n".encode("cp1251"), encoding=Encoding.WINDOWS_1251)
    assert isinstance(named[0], EntryLine)
    assert named[0].body.owner == "Иван"


@pytest.mark.parametrize("encoding", list(Encoding))
def test_every_encoding_can_be_named(encoding: Encoding) -> None:
    codec = "utf-8" if encoding is Encoding.AUTO else encoding.value
    assert plates("plate\nAB12\n".encode(codec), encoding=encoding) == [(2, "AB12")]


def test_file_stays_open() -> None:
    file = BytesIO(b"plate\nAB12\n")
    list(read_lines(file, Places({}, {}, "UTC")))
    assert not file.closed


def test_cell_under_no_heading_is_refused() -> None:
    (line,) = read("plate;;owner\nAB12;what;Ada\n")
    assert line == RowProblem(2, "row", "'what' stands in a column without a heading")


def test_plate_that_is_a_filler_elsewhere_is_taken_as_an_entry_by_itself() -> None:
    assert EntryWrite(plate="NULL").plate == "NULL"
