"""A made-up year of traffic: as many sightings as are asked for, the same ones for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import insert
from sqlalchemy.orm import Session

from platewatch.db.engine import Database
from platewatch.db.tables import (
    CameraRow,
    LocationRow,
    PlateKeyRow,
    PlateTextRow,
    SightingRow,
    WatchlistMatchRow,
    WatchlistRow,
)
from platewatch.sightings.partial import keys_of

YEAR_BEGINS: Final = datetime(2026, 1, 1, tzinfo=UTC)
YEAR: Final = timedelta(days=365)
LOCATIONS: Final = 10
CAMERAS: Final = 40
LISTS: Final = 2

_BATCH: Final = 5000
_REGULARS: Final = 0.02
"""Of all vehicles; they make half of all passes."""
_CORRECTED: Final = 0.01
_LISTED: Final = 0.005
_LETTERS: Final = "ABCDEFGHJKLMNOPRSTUVWXYZ"
_REGIONS: Final = {
    "gb": "LLDDLLL",
    "fr": "LLDDDLL",
    "es": "DDDDLLL",
    "de": "LLLDDDD",
    "us-ca": "DLLLDDD",
    "in": "LLDDLLDDDD",
    "nl": "LLDDDL",
    "br": "LLLDLDD",
}


@dataclass(frozen=True, slots=True)
class World:
    """The made-up world: some of its plates, and the number of different plates."""

    sightings: int
    vehicles: int
    plates: tuple[str, ...]


def populate(database: Database, sightings: int, seed: int) -> World:
    """Fill a migrated database without rows."""
    rng = random.Random(seed)  # noqa: S311 -- no secrets are made of it
    vehicles = _vehicles(rng, max(1, sightings * 3 // 10))
    database.transact(_add_places)
    for rows in _portions(rng, vehicles, sightings):
        _add(database, rows, [_match(row) for row in rows if rng.random() < _LISTED])
    seen = _index_plates(database, vehicles)
    _take_stock(database)
    return World(sightings, seen, tuple(rng.sample([plate for plate, _ in vehicles], min(2000, len(vehicles)))))


def _vehicles(rng: random.Random, count: int) -> list[tuple[str, str]]:
    regions = list(_REGIONS)
    plates: dict[str, str] = {}
    while len(plates) < count:
        region = rng.choices(regions, weights=range(len(regions), 0, -1))[0]
        signs = (rng.choice(_LETTERS if kind == "L" else "0123456789") for kind in _REGIONS[region])
        plates["".join(signs)] = region
    return list(plates.items())


def _portions(rng: random.Random, vehicles: list[tuple[str, str]], sightings: int) -> Iterator[list[dict[str, Any]]]:
    regulars = max(1, int(len(vehicles) * _REGULARS))
    rows = []
    for number in range(sightings):
        among = regulars if rng.random() < 1 / 2 else len(vehicles)
        plate, region = vehicles[rng.randrange(among)]
        rows.append(_row(rng, number + 1, (plate, region), YEAR_BEGINS + YEAR * (number / sightings)))
        if len(rows) == _BATCH:
            yield rows
            rows = []
    if rows:
        yield rows


def _row(rng: random.Random, identity: int, vehicle: tuple[str, str], captured_at: datetime) -> dict[str, Any]:
    plate, region = vehicle
    camera = rng.randrange(CAMERAS)
    confidence = round(1 - rng.random() ** 3 * 0.7, 4)
    return {
        "id": identity,
        "plate": plate,
        "region": region,
        "confidence": confidence,
        "is_corrected": rng.random() < _CORRECTED,
        "characters": [(sign, confidence) for sign in plate],
        "alternatives": [],
        "corners": ((100.0, 100.0), (220.0, 101.0), (220.5, 130.0), (99.5, 129.0)),
        "direction": ("entering", "leaving", "unknown")[rng.randrange(3)],
        "camera_id": camera + 1,
        "location_id": camera % LOCATIONS + 1,
        "captured_at": captured_at,
        "first_seen_at": captured_at,
        "last_seen_at": captured_at,
        "recorded_at": captured_at,
        "source": "camera",
        "detector": "platewatch",
        "recognizer": "platewatch",
    }


def _match(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "sighting_id": row["id"],
        "watchlist_id": row["id"] % LISTS + 1,
        "watchlist_name": f"list {row['id'] % LISTS + 1}",
        "kind": "watch",
        "plate": row["plate"],
        "entry_plate": row["plate"],
        "distance": 0.0,
        "captured_at": row["captured_at"],
        "matched_at": row["captured_at"],
    }


def _add_places(session: Session) -> None:
    now = YEAR_BEGINS
    for number in range(1, LOCATIONS + 1):
        session.add(LocationRow(id=number, name=f"location {number}", created_at=now))
    for number in range(1, LISTS + 1):
        session.add(
            WatchlistRow(id=number, name=f"list {number}", kind="watch", enabled=True, created_at=now, updated_at=now)
        )
    session.flush()
    for number in range(1, CAMERAS + 1):
        place = (number - 1) % LOCATIONS + 1
        session.add(
            CameraRow(id=number, name=f"camera {number}", location_id=place, direction="unknown", created_at=now)
        )


def _add(database: Database, rows: list[dict[str, Any]], matches: list[dict[str, Any]]) -> None:
    def work(session: Session) -> None:
        session.execute(insert(SightingRow), rows)
        if matches:
            session.execute(insert(WatchlistMatchRow), matches)

    database.transact(work)


def _index_plates(database: Database, vehicles: list[tuple[str, str]]) -> int:
    with database.reading() as session:
        seen = {plate for (plate,) in session.query(SightingRow.plate).distinct()}
    texts = [{"id": number, "text": plate} for number, (plate, _) in enumerate(vehicles, 1) if plate in seen]
    for start in range(0, len(texts), _BATCH):
        portion = texts[start : start + _BATCH]
        keys = sorted((key, text["id"]) for text in portion for key in keys_of(str(text["text"])))

        def work(session: Session, portion: list[dict[str, Any]] = portion, keys: list[Any] = keys) -> None:
            session.execute(insert(PlateTextRow), portion)
            session.execute(insert(PlateKeyRow), [{"key": key, "plate_id": owner} for key, owner in keys])

        database.transact(work)
    return len(texts)


def _take_stock(database: Database) -> None:
    """Let the database count what it has, as servers do by themselves some time after so many changes."""
    if database.engine.dialect.name == "sqlite":
        return
    statement = "ANALYZE" if database.engine.dialect.name == "postgresql" else "ANALYZE TABLE {table}"
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in ("sightings", "plate_texts", "plate_keys", "watchlist_matches"):
            connection.exec_driver_sql(statement.format(table=table))
