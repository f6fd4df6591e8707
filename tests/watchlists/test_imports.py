from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from sqlalchemy import func, select

from platewatch.clock import SetClock
from platewatch.db.engine import Database
from platewatch.db.tables import (
    AuditRow,
    WatchlistBatchRow,
    WatchlistEntryRow,
    WatchlistVariantRow,
)
from platewatch.errors import FieldError, NotFoundError, RowsError
from platewatch.watchlists import imports
from platewatch.watchlists.csv_files import Parsed, read_lines
from platewatch.watchlists.imports import ListImport
from platewatch.watchlists.places import Places
from platewatch.watchlists.schemas import EntryQuery, ImportAnswer
from platewatch.watchlists.service import WatchlistService
from platewatch.watchlists.sweeping import Sweeper
from tests.db.rows import NOON
from tests.watchlists.lists import ADMIN, add, make_list, make_location


def lines(text: str, places: dict[str, int] | None = None) -> Iterator[Parsed]:
    return read_lines(BytesIO(text.encode()), Places(places or {}, {}, "UTC"))


def listed(database: Database, clock: SetClock, watchlist_id: int) -> list[str]:
    with database.reading() as session:
        page = WatchlistService(session, clock).entries_page(watchlist_id, EntryQuery(limit=200))
        return sorted(row.plate for row in page.items)


def matched(database: Database, clock: SetClock, plate: str) -> list[str]:
    with database.reading() as session:
        found = WatchlistService(session, clock).match(plate, at=NOON, location_id=None)
        return [match.entry.plate for match in found]


def count(database: Database, row: type) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(row)) or 0


def test_rows_are_added_once(database: Database, clock: SetClock, filled: int) -> None:
    text = "plate,tolerance\nAB12,0\nXY98ZW,1\nCD*,0\nQ*,0\nXY98ZW,1\n"
    answer = ListImport(database, clock).add(filled, lines(text), ADMIN)
    assert answer == ImportAnswer(added=2, skipped=3, removed=0)
    assert ListImport(database, clock).add(filled, lines(text), ADMIN).added == 0
    assert listed(database, clock, filled) == ["AB12", "CD*", "EF56GH", "Q*", "XY98ZW"]
    assert matched(database, clock, "XY982W") == ["XY98ZW"]
    assert matched(database, clock, "Q1") == ["Q*"]


def test_one_plate_may_stand_twice_with_different_times(database: Database, clock: SetClock, filled: int) -> None:
    text = "plate,schedule\nAB12,mon 08:00-09:00\nAB12,tue 08:00-09:00\n"
    assert ListImport(database, clock).add(filled, lines(text), ADMIN).added == 2


def test_a_list_is_replaced_as_a_whole(database: Database, clock: SetClock, filled: int) -> None:
    text = "plate,tolerance\nNEW1,0\nNEW2CD,2\nP*,0\nNEW1,0\n"
    answer = ListImport(database, clock).replace(filled, lines(text), ADMIN)
    assert answer == ImportAnswer(added=3, skipped=1, removed=3)
    assert listed(database, clock, filled) == ["NEW1", "NEW2CD", "P*"]
    assert [matched(database, clock, plate) for plate in ("AB12", "CD34", "EF56GX")] == [[], [], []]
    assert [matched(database, clock, plate) for plate in ("NEW1", "P1", "NEW2")] == [["NEW1"], ["P*"], ["NEW2CD"]]
    assert Sweeper(database, clock).sweep() == 3
    assert count(database, WatchlistEntryRow) == 3
    assert count(database, WatchlistBatchRow) == 1


@pytest.mark.parametrize("mode", ["add", "replace"])
def test_after_a_long_import_the_database_is_told_how_much_there_is(
    sqlite_database: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    told: list[tuple[type, ...]] = []
    monkeypatch.setattr(Database, "gather_statistics", lambda _self, *tables: told.append(tables))
    monkeypatch.setattr(imports, "MANY", 3)
    with sqlite_database.transaction() as session:
        watchlist_id = make_list(session, clock)
    take = getattr(ListImport(sqlite_database, clock), mode)
    take(watchlist_id, lines("plate\nAB12\nCD34\n"), ADMIN)
    assert told == []
    take(watchlist_id, lines("plate\nEF12\nEF34\nEF56\n"), ADMIN)
    assert told == [(WatchlistEntryRow, WatchlistVariantRow)]


def test_locations_come_with_the_rows(database: Database, clock: SetClock, filled: int) -> None:
    with database.transaction() as session:
        north = make_location(session)
    text = "plate,locations\nAB13,north\n"
    ListImport(database, clock).replace(filled, lines(text, {"north": north}), ADMIN)
    with database.reading() as session:
        lists = WatchlistService(session, clock)
        assert lists.match("AB13", at=NOON, location_id=north)
        assert not lists.match("AB13", at=NOON, location_id=None)


@pytest.mark.parametrize("mode", ["add", "replace"])
def test_one_bad_row_and_nothing_is_changed(
    database: Database, clock: SetClock, filled: int, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "CHUNK", 2)
    text = "plate,tolerance\n" + "".join(f"GOOD{number},0\n" for number in range(5)) + "BAD,7\nGOOD9,0\n!,0\n"
    before = listed(database, clock, filled)
    importing: Callable[..., ImportAnswer] = getattr(ListImport(database, clock), mode)
    with pytest.raises(RowsError, match="The first is in line 7: tolerance") as raised:
        importing(filled, lines(text), ADMIN)
    assert [(problem.line, problem.field) for problem in raised.value.problems] == [(7, "tolerance"), (9, "plate")]
    assert listed(database, clock, filled) == before
    assert matched(database, clock, "GOOD1") == []
    Sweeper(database, clock).sweep()
    assert count(database, WatchlistEntryRow) == 3


def test_problems_without_number_are_reported_in_part(
    sqlite_database: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "CHUNK", 60)
    with sqlite_database.transaction() as session:
        watchlist_id = make_list(session, clock)
    with pytest.raises(RowsError, match="At least 100") as raised:
        ListImport(sqlite_database, clock).replace(watchlist_id, lines("plate\n" + "!\n" * 1000), ADMIN)
    assert len(raised.value.problems) == 100


@pytest.mark.parametrize("mode", ["add", "replace"])
@pytest.mark.parametrize(
    ("text", "limit", "message"),
    [
        pytest.param("plate\n", 10, "no rows", id="no rows"),
        pytest.param("plate\nA1\nA2\nA3\n", 2, "more than 2 rows", id="too many rows"),
        pytest.param("plate\nA*\nB*\nC*\n", 10, "at most 2 patterns", id="too many patterns"),
        pytest.param("plate,colour\nA1,red\n", 10, "not known", id="unknown column"),
    ],
)
def test_a_file_that_can_t_be_taken_changes_nothing(  # noqa: PLR0917
    sqlite_database: Database,
    clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    text: str,
    limit: int,
    message: str,
) -> None:
    for name, value in {"MAX_ADDED": limit, "MAX_ROWS": limit, "MAX_PATTERNS": 2}.items():
        monkeypatch.setattr(imports, name, value)
    with sqlite_database.transaction() as session:
        watchlist_id = make_list(session, clock)
        add(session, clock, watchlist_id, "AB12")
    importing: Callable[..., ImportAnswer] = getattr(ListImport(sqlite_database, clock), mode)
    with pytest.raises(FieldError, match=message):
        importing(watchlist_id, lines(text), ADMIN)
    assert listed(sqlite_database, clock, watchlist_id) == ["AB12"]


@pytest.mark.parametrize("mode", ["add", "replace"])
def test_a_list_that_is_not_there_is_reported(sqlite_database: Database, clock: SetClock, mode: str) -> None:
    importing: Callable[..., ImportAnswer] = getattr(ListImport(sqlite_database, clock), mode)
    with pytest.raises(NotFoundError):
        importing(4711, lines("plate\nA1\n"), ADMIN)


def test_a_list_that_is_deleted_during_the_import_stays_deleted(
    database: Database, clock: SetClock, filled: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "CHUNK", 1)

    def deleted_midway() -> Iterator[Parsed]:
        yield from lines("plate\nNEW1\n")
        with database.transaction() as session:
            WatchlistService(session, clock).delete(filled, ADMIN)
        yield from lines("plate\nNEW2\n")

    with pytest.raises(NotFoundError):
        ListImport(database, clock).replace(filled, deleted_midway(), ADMIN)
    assert matched(database, clock, "NEW1") == []
    Sweeper(database, clock).sweep()
    assert [count(database, row) for row in (WatchlistBatchRow, WatchlistEntryRow, WatchlistVariantRow)] == [0, 0, 0]


def test_others_record_and_match_while_a_list_is_replaced(
    database: Database, clock: SetClock, filled: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two chunks nothing is locked, and the old list counts until the new one is whole."""
    monkeypatch.setattr(imports, "CHUNK", 1)
    seen: list[list[str]] = []

    def watched() -> Iterator[Parsed]:
        for line in lines("plate\nNEW1\nNEW2\nNEW3\n"):
            yield line
            seen.append(matched(database, clock, "AB12") + matched(database, clock, "NEW1"))
            with database.transaction() as session:
                make_location(session, f"place {len(seen)}")

    ListImport(database, clock).replace(filled, watched(), ADMIN)
    assert seen == [["AB12"]] * 3
    assert matched(database, clock, "AB12") + matched(database, clock, "NEW1") == ["NEW1"]


def test_two_replacements_at_once_leave_one_whole_list(
    database: Database, clock: SetClock, filled: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "CHUNK", 2)
    together = threading.Barrier(2)
    failures: list[BaseException] = []

    def replace(letter: str) -> None:
        text = "plate\n" + "".join(f"{letter}{number}\n" for number in range(9))
        together.wait(10)
        try:
            ListImport(database, clock).replace(filled, lines(text), ADMIN)
        except BaseException as error:  # noqa: BLE001  # a thread's error would be lost
            failures.append(error)

    threads = [threading.Thread(target=replace, args=(letter,)) for letter in "PQ"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    plates = listed(database, clock, filled)
    assert len(plates) == 9
    assert {plate[0] for plate in plates} in ({"P"}, {"Q"})
    Sweeper(database, clock).sweep()
    assert count(database, WatchlistEntryRow) == 9


def test_imports_are_in_the_audit_log(sqlite_database: Database, clock: SetClock) -> None:
    with sqlite_database.transaction() as session:
        watchlist_id = make_list(session, clock)
    ListImport(sqlite_database, clock).add(watchlist_id, lines("A1\nA2\n"), ADMIN)
    ListImport(sqlite_database, clock).replace(watchlist_id, lines("A3\n"), ADMIN)
    with sqlite_database.reading() as session:
        notes = session.scalars(select(AuditRow).where(AuditRow.action == "watchlist.imported")).all()
        assert [note.details for note in notes] == [
            {"mode": "add", "added": 2, "skipped": 0, "removed": 0},
            {"mode": "replace", "added": 1, "skipped": 0, "removed": 2},
        ]
