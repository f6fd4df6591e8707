"""Finding sightings: every filter and order, on every database, whichever index leads."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest

from platewatch.clock import Clock
from platewatch.db.engine import Database
from platewatch.db.tables import CameraRow, LocationRow, SightingRow, WatchlistMatchRow, WatchlistRow
from platewatch.errors import CursorError
from platewatch.plates.matching import edit_distance, matches
from platewatch.sightings import search
from platewatch.sightings.query import PlateMatch, SightingFilter, SightingQuery
from platewatch.sightings.repository import SightingRepository
from platewatch.sightings.service import SightingService
from platewatch.sightings.sorting import Sort
from tests.db.rows import NOON
from tests.sightings.rows import add_sighting

Thresholds = Callable[[int | None], None]
LIMITS = [pytest.param(None, id="few rows fit"), pytest.param(0, id="many rows fit")]


@pytest.fixture
def filled(database: Database) -> Database:
    """Eight sightings, an hour apart, the last one the newest."""
    with database.transaction() as session:
        for number, name in enumerate(("north", "south"), 1):
            session.add(LocationRow(id=number, name=name, created_at=NOON))
            session.add(CameraRow(id=number, name=f"{name} gate", direction="unknown", created_at=NOON))
        session.add(WatchlistRow(id=1, name="stolen", kind="deny", enabled=True, created_at=NOON, updated_at=NOON))
        session.flush()
        fields: list[tuple[str, dict[str, Any]]] = [
            ("AB12CDE", {"location_id": 1, "camera_id": 1, "region": "gb", "vehicle_type": "car"}),
            (
                "AB12CDF",
                {
                    "location_id": 2,
                    "camera_id": 2,
                    "region": "gb",
                    "direction": "entering",
                    "vehicle_type": "van",
                    "vehicle_color": "white",
                    "vehicle_make": "škoda",
                },
            ),
            (
                "A812CDE",
                {"location_id": 1, "camera_id": 1, "region": None, "confidence": 0.4, "vehicle_color": "white"},
            ),
            ("AB34XYZ", {"location_id": 1, "is_corrected": True, "read_plate": "AB34XY2"}),
            ("7ABC123", {"location_id": 2, "region": "us-ca", "source": "manual", "confidence": 1.0}),
            ("京A12345", {"region": "cn", "vehicle_type": "car", "vehicle_color": "white", "vehicle_make": "skoda"}),
            ("AB12CDE", {"location_id": 2, "camera_id": 2, "region": "gb", "direction": "leaving"}),
            ("MH12AB1234", {"region": "in", "confidence": 0.2}),
        ]
        rows = [
            add_sighting(session, plate, captured_at=NOON + timedelta(hours=hour), **given)
            for hour, (plate, given) in enumerate(fields)
        ]
        # The first one fitted two entries.
        for row in (rows[1], rows[1], rows[3], rows[6]):
            session.add(match_of(row))
    return database


def match_of(row: SightingRow) -> WatchlistMatchRow:
    return WatchlistMatchRow(
        sighting_id=row.id,
        watchlist_id=1,
        watchlist_name="stolen",
        kind="deny",
        plate=row.plate,
        entry_plate=row.plate,
        distance=0.0,
        captured_at=row.captured_at,
        matched_at=NOON,
    )


@pytest.fixture
def thresholds(monkeypatch: pytest.MonkeyPatch) -> Thresholds:
    """Sets how many rows and plates count as few."""

    def thresholds(few: int | None) -> None:
        if few is not None:
            monkeypatch.setattr(search, "FEW_ROWS", few)
            monkeypatch.setattr(search, "MAX_PLATES", few)

    return thresholds


def found(database: Database, **query: Any) -> list[str]:
    with database.reading() as session:
        return [row.plate for row in SightingService(session, Clock()).page(SightingQuery(**query)).items]


def counted(database: Database, limit: int, **query: Any) -> search.Count:
    with database.reading() as session:
        return SightingService(session, Clock()).count(SightingFilter(**query), limit)


NEWEST_FIRST = ["MH12AB1234", "AB12CDE", "京A12345", "7ABC123", "AB34XYZ", "A812CDE", "AB12CDF", "AB12CDE"]

CASES = [
    pytest.param({}, NEWEST_FIRST, id="all"),
    pytest.param({"plate": "ab-12 cde"}, ["AB12CDE", "AB12CDE"], id="exact, however it is written"),
    pytest.param({"plate": "AB12"}, [], id="exact is not a prefix"),
    pytest.param({"plate": "京A·12345"}, ["京A12345"], id="with a province"),
    pytest.param({"plate": "ab1", "match": "prefix"}, ["AB12CDE", "AB12CDF", "AB12CDE"], id="prefix"),
    pytest.param({"plate": "京", "match": "prefix"}, ["京A12345"], id="prefix of a province"),
    pytest.param({"plate": "", "match": "prefix"}, NEWEST_FIRST, id="empty prefix"),
    pytest.param({"plate": "A?12CDE"}, ["AB12CDE", "A812CDE", "AB12CDE"], id="one unknown"),
    pytest.param({"plate": "??12CD?"}, ["AB12CDE", "A812CDE", "AB12CDF", "AB12CDE"], id="three unknown"),
    pytest.param({"plate": "????CD?"}, ["AB12CDE", "A812CDE", "AB12CDF", "AB12CDE"], id="five unknown"),
    pytest.param({"plate": "AB*"}, ["AB12CDE", "AB34XYZ", "AB12CDF", "AB12CDE"], id="star at the end"),
    pytest.param({"plate": "*12C*"}, ["AB12CDE", "A812CDE", "AB12CDF", "AB12CDE"], id="piece of three"),
    pytest.param({"plate": "*123*"}, ["MH12AB1234", "京A12345", "7ABC123"], id="piece anywhere"),
    pytest.param({"plate": "*C?E"}, ["AB12CDE", "A812CDE", "AB12CDE"], id="piece of one and one unknown"),
    pytest.param({"plate": "A*E"}, ["AB12CDE", "A812CDE", "AB12CDE"], id="beginning and end"),
    pytest.param({"plate": "*"}, NEWEST_FIRST, id="anything"),
    pytest.param({"plate": "AB12CDE", "match": "wildcard"}, ["AB12CDE", "AB12CDE"], id="wildcard without any"),
    pytest.param({"plate": "ABI2CDE", "match": "fuzzy", "distance": 0.5}, ["AB12CDE", "AB12CDE"], id="one look-alike"),
    pytest.param(
        {"plate": "ABI2CDE", "match": "fuzzy"}, ["AB12CDE", "A812CDE", "AB12CDE"], id="two look-alikes are one edit"
    ),
    pytest.param(
        {"plate": "AB12CDF", "match": "fuzzy"}, ["AB12CDE", "AB12CDF", "AB12CDE"], id="fuzzy by one other character"
    ),
    pytest.param(
        {"plate": "AB12CD", "match": "fuzzy", "distance": 1}, ["AB12CDE", "AB12CDF", "AB12CDE"], id="fuzzy, one less"
    ),
    pytest.param({"plate": "XB12CXE", "match": "fuzzy", "distance": 1}, [], id="fuzzy, too far"),
    pytest.param({"plate": "XB12CXE", "match": "fuzzy", "distance": 2}, ["AB12CDE", "AB12CDE"], id="fuzzy by two"),
    pytest.param({"plate": "津A12345", "match": "fuzzy"}, ["京A12345"], id="fuzzy, another province"),
    pytest.param({"captured_from": NOON + timedelta(hours=6)}, ["MH12AB1234", "AB12CDE"], id="from a time"),
    pytest.param({"captured_to": NOON + timedelta(hours=2)}, ["AB12CDF", "AB12CDE"], id="before a time"),
    pytest.param({"location_id": 1}, ["AB34XYZ", "A812CDE", "AB12CDE"], id="location"),
    pytest.param({"location": "south"}, ["AB12CDE", "7ABC123", "AB12CDF"], id="location by name"),
    pytest.param({"location": "nowhere"}, [], id="no such location"),
    pytest.param({"camera_id": 2}, ["AB12CDE", "AB12CDF"], id="camera"),
    pytest.param({"camera": "north gate"}, ["A812CDE", "AB12CDE"], id="camera by name"),
    pytest.param({"direction": "entering"}, ["AB12CDF"], id="direction"),
    pytest.param({"region": "gb"}, ["AB12CDE", "AB12CDF", "AB12CDE"], id="region"),
    pytest.param({"region": "us-ca"}, ["7ABC123"], id="a state"),
    pytest.param({"region": "us"}, ["7ABC123"], id="a country with its states"),
    pytest.param({"region": "us-c"}, [], id="a region is not a prefix"),
    pytest.param({"region": "c"}, [], id="a country is not a prefix"),
    pytest.param({"vehicle_type": "Car"}, ["京A12345", "AB12CDE"], id="type of vehicle"),
    pytest.param({"vehicle_type": "bus"}, [], id="no such vehicle"),
    pytest.param({"vehicle_color": " WHITE"}, ["京A12345", "A812CDE", "AB12CDF"], id="color"),
    pytest.param({"vehicle_make": "ŠKODA"}, ["AB12CDF"], id="make, in any case"),
    pytest.param({"vehicle_make": "Skoda"}, ["京A12345"], id="make, without its mark"),
    pytest.param({"vehicle_make": "sko"}, [], id="a make is not a prefix"),
    pytest.param({"vehicle_color": "white", "vehicle_type": "car"}, ["京A12345"], id="color, type"),
    pytest.param({"vehicle_color": "white", "location_id": 1}, ["A812CDE"], id="color, location"),
    pytest.param({"vehicle_color": "white", "watchlist_id": 1}, ["AB12CDF"], id="color, on a list"),
    pytest.param({"vehicle_color": "white", "sort": "plate"}, ["A812CDE", "AB12CDF", "京A12345"], id="color, by plate"),
    pytest.param({"source": "manual"}, ["7ABC123"], id="source"),
    pytest.param({"min_confidence": 0.95}, ["7ABC123"], id="sure enough"),
    pytest.param({"max_confidence": 0.4}, ["MH12AB1234", "A812CDE"], id="not too sure"),
    pytest.param({"watchlist_id": 1}, ["AB12CDE", "AB34XYZ", "AB12CDF"], id="on a list"),
    pytest.param({"watchlist_id": 1, "captured_to": NOON + timedelta(hours=3)}, ["AB12CDF"], id="on a list, by then"),
    pytest.param({"watchlist_id": 1, "direction": "leaving"}, ["AB12CDE"], id="on a list, direction"),
    pytest.param({"watchlist_id": 1, "plate": "AB12*"}, ["AB12CDE", "AB12CDF"], id="on a list, prefix"),
    pytest.param(
        {"watchlist_id": 1, "sort": "captured_at"}, ["AB12CDF", "AB34XYZ", "AB12CDE"], id="on a list, oldest first"
    ),
    pytest.param({"watchlist_id": 1, "sort": "plate"}, ["AB12CDE", "AB12CDF", "AB34XYZ"], id="on a list, by plate"),
    pytest.param({"watchlist_id": 2}, [], id="on no list"),
    pytest.param({"corrected": True}, ["AB34XYZ"], id="corrected"),
    pytest.param({"corrected": False, "location_id": 1}, ["A812CDE", "AB12CDE"], id="not corrected, location"),
    pytest.param({"plate": "AB1", "match": "prefix", "location_id": 2}, ["AB12CDE", "AB12CDF"], id="prefix, location"),
    pytest.param({"plate": "AB12CDE", "location_id": 2}, ["AB12CDE"], id="exact, location"),
    pytest.param(
        {"watchlist_id": 1, "region": "gb", "camera_id": 2}, ["AB12CDE", "AB12CDF"], id="list, region, camera"
    ),
    pytest.param({"sort": "captured_at"}, NEWEST_FIRST[::-1], id="oldest first"),
    pytest.param({"sort": "-recorded_at", "region": "gb"}, ["AB12CDE", "AB12CDF", "AB12CDE"], id="last recorded"),
    pytest.param(
        {"sort": "plate"},
        ["7ABC123", "A812CDE", "AB12CDE", "AB12CDE", "AB12CDF", "AB34XYZ", "MH12AB1234", "京A12345"],
        id="by plate, code points",
    ),
    pytest.param({"sort": "confidence", "location_id": 1}, ["A812CDE", "AB12CDE", "AB34XYZ"], id="least sure first"),
    pytest.param(
        {"sort": "-confidence", "plate": "*A*", "max_confidence": 0.95, "region": "gb"},
        ["AB12CDE", "AB12CDF", "AB12CDE"],
        id="surest first of a pattern",
    ),
]


@pytest.mark.parametrize("few", LIMITS)
def test_what_fits_is_found_in_order(filled: Database, thresholds: Thresholds, few: int | None) -> None:
    thresholds(few)
    for case in CASES:
        query, expected = cast("tuple[dict[str, Any], list[str]]", case.values)
        assert found(filled, **query) == expected, case.id
        if "sort" not in query:
            assert counted(filled, 100, **query) == search.Count(len(expected), is_exact=True), case.id


@pytest.mark.parametrize("few", LIMITS)
@pytest.mark.parametrize("sort", list(Sort), ids=str)
@pytest.mark.parametrize(("asked", "size"), [({"plate": "*"}, 3), ({"watchlist_id": 1}, 1)], ids=["all", "on a list"])
def test_pages_follow_each_other_without_gap_or_double(
    filled: Database, thresholds: Thresholds, asked: dict[str, Any], size: int, sort: Sort, few: int | None
) -> None:
    thresholds(few)
    everything = found(filled, sort=sort, **asked)
    seen, cursor = [], None
    with filled.reading() as session:
        while True:
            query = SightingQuery(sort=sort, limit=size, cursor=cursor, **asked)
            page = SightingService(session, Clock()).page(query)
            seen += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
    assert [row.plate for row in seen] == everything
    assert len({row.id for row in seen}) == len(everything) == {3: len(NEWEST_FIRST), 1: 3}[size]


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(7, search.Count(7, is_exact=False)), (8, search.Count(8, is_exact=True)), (9, search.Count(8, is_exact=True))],
    ids=["below", "just enough", "above"],
)
def test_sightings_are_counted_up_to_a_limit(filled: Database, limit: int, expected: search.Count) -> None:
    assert counted(filled, limit) == expected


def test_a_cursor_of_another_order_is_refused(filled: Database) -> None:
    with filled.reading() as session:
        service = SightingService(session, Clock())
        cursor = service.page(SightingQuery(limit=1)).next_cursor
        with pytest.raises(CursorError):
            service.page(SightingQuery(limit=1, cursor=cursor, sort=Sort.PLATE))


def naively(rows: list[tuple[str, str]], query: dict[str, Any]) -> list[str]:
    """The plates that fit, looked at one by one, the newest first; a row is a plate and its direction."""
    text: str = query["plate"]
    limit: float = query.get("distance", 1)

    def fits(plate: str) -> bool:
        match query["match"]:
            case PlateMatch.EXACT:
                return bool(plate == text)
            case PlateMatch.PREFIX:
                return plate.startswith(text)
            case PlateMatch.WILDCARD:
                return matches(text, plate)
            case _:
                return edit_distance(text, plate) <= limit

    wanted = query.get("direction")
    return [plate for plate, direction in reversed(rows) if fits(plate) and wanted in (None, direction)]


@pytest.mark.parametrize("few", LIMITS)
def test_the_search_finds_what_looking_at_each_row_finds(
    sqlite_database: Database, thresholds: Thresholds, few: int | None
) -> None:
    thresholds(few)
    rng = random.Random(5)
    # Few signs, so that many plates are near each other.
    plates = ["".join(rng.choices("AB081OI", k=rng.randint(2, 6))) for _ in range(300)]
    rows = [(plate, rng.choice(("entering", "leaving"))) for plate in plates]
    with sqlite_database.transaction() as session:
        for minute, (plate, direction) in enumerate(rows):
            add_sighting(session, plate, direction=direction, captured_at=NOON + timedelta(minutes=minute))
    for _ in range(150):
        match = rng.choice(list(PlateMatch))
        text = rng.choice(plates)
        if match is PlateMatch.WILDCARD:
            text = "".join(rng.choice("??*") if rng.random() < 0.4 else sign for sign in text)
            text = text.replace("**", "*").replace("**", "*")
        if match is PlateMatch.PREFIX:
            text = text[: rng.randint(1, len(text))]
        query = {"plate": text, "match": match, "distance": rng.choice((0, 0.5, 1, 1.5, 2))}
        if rng.random() < 0.5:
            query["direction"] = "entering"
        expected = naively(rows, query)
        assert found(sqlite_database, limit=200, **query) == expected[:200], query


def test_a_sighting_that_is_gone_between_the_steps_is_left_out(filled: Database) -> None:
    with filled.transaction() as session:
        assert SightingRepository(session).get_all_whole([10**9]) == []
        assert session.query(SightingRow).count() == 8
