"""Revision 0003 on a database that has rows already."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import MetaData, Table, insert, select

from platewatch.db import schema
from platewatch.db.base import slot_of
from platewatch.db.engine import Database
from tests.databases import Kind, empty_url

TIMES = [
    datetime(1970, 1, 1, 0, 0, 0, tzinfo=UTC),
    datetime(2026, 3, 1, 11, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 3, 1, 12, tzinfo=UTC),
    datetime(2026, 10, 25, 1, 30, 0, 1, tzinfo=UTC),
]
NOON = TIMES[2]


@pytest.fixture(params=list(Kind), ids=str)
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of revision 0002 with a location, a camera and sightings."""
    with empty_url(request.param, tmp_path, "platewatch_test_places") as url:
        database = Database(url)
        with database.engine.connect() as connection:
            schema.upgrade(connection, "0002")
            connection.commit()
        fill(database)
        yield database
        database.dispose()


def tables(database: Database) -> dict[str, Table]:
    metadata = MetaData()
    metadata.reflect(database.engine)
    return dict(metadata.tables)


def as_stored(database: Database, instant: datetime) -> datetime:
    return instant if database.engine.dialect.name == "postgresql" else instant.replace(tzinfo=None)


def fill(database: Database) -> None:
    known = tables(database)
    noon = as_stored(database, NOON)
    # MariaDB's JSON is a text, and comes back as one.
    nothing: object = "[]" if database.engine.dialect.name == "mysql" else []
    same = {
        "plate": "AB10",
        "confidence": 0.5,
        "characters": nothing,
        "alternatives": nothing,
        "corners": nothing,
        "direction": "entering",
        "camera_id": 1,
        "location_id": 1,
        "first_seen_at": noon,
        "last_seen_at": noon,
        "recorded_at": noon,
        "source": "upload",
        "detector": "-",
        "recognizer": "-",
    }
    with database.engine.begin() as connection:
        connection.execute(insert(known["locations"]).values(id=1, name="depot", created_at=noon))
        gate = {"id": 1, "name": "gate", "location_id": 1, "direction": "unknown", "created_at": noon}
        connection.execute(insert(known["cameras"]).values(gate))
        for instant in TIMES:
            connection.execute(insert(known["sightings"]).values(captured_at=as_stored(database, instant), **same))


def go(database: Database, revision: str) -> None:
    with database.engine.connect() as connection:
        step = schema.upgrade if revision == "0003" else schema.downgrade
        step(connection, revision)
        connection.commit()


def test_rows_keep_what_they_point_to_and_get_their_quarter_hours(before: Database) -> None:
    go(before, "0003")
    known = tables(before)
    with before.engine.connect() as connection:
        sightings = connection.execute(select(known["sightings"]).order_by(known["sightings"].c.id)).mappings().all()
        assert [row["captured_slot"] for row in sightings] == [slot_of(instant) for instant in TIMES]
        assert {(row["camera_id"], row["location_id"]) for row in sightings} == {(1, 1)}
        location = connection.execute(select(known["locations"])).mappings().one()
        assert (location["name"], location["time_zone"], location["capacity"]) == ("depot", "UTC", None)
        camera = connection.execute(select(known["cameras"])).mappings().one()
        assert (camera["location_id"], camera["disabled_at"], camera["source_url"]) == (1, None, None)


def test_going_back_keeps_them_too(before: Database) -> None:
    go(before, "0003")
    go(before, "0002")
    known = tables(before)
    with before.engine.connect() as connection:
        columns = known["sightings"].c
        pairs = connection.execute(select(columns.camera_id, columns.location_id))
        assert {tuple(pair) for pair in pairs} == {(1, 1)}
        assert connection.scalar(select(known["cameras"].c.location_id)) == 1
    assert "visits" not in known
    assert "captured_slot" not in known["sightings"].c
