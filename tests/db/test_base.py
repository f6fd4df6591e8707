from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError

from platewatch.db.engine import Database
from platewatch.db.tables import LocationRow, SightingRow
from tests.db.rows import NOON, sighting

LARGE_ID = 2**40
INDIA = timezone(timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        pytest.param(NOON, NOON, id="utc"),
        pytest.param(datetime(2026, 3, 1, 17, 30, tzinfo=INDIA), NOON, id="another zone"),
        pytest.param(NOON.replace(microsecond=123456), NOON.replace(microsecond=123456), id="microseconds"),
        pytest.param(NOON.replace(microsecond=999999), NOON.replace(microsecond=999999), id="not rounded up"),
        pytest.param(datetime(1969, 7, 20, tzinfo=UTC), datetime(1969, 7, 20, tzinfo=UTC), id="before 1970"),
        pytest.param(datetime(2100, 2, 28, tzinfo=UTC), datetime(2100, 2, 28, tzinfo=UTC), id="after 2038"),
    ],
)
def test_a_time_comes_back_as_aware_utc(database: Database, stored: datetime, read: datetime) -> None:
    with database.transaction() as session:
        session.add(LocationRow(name="gate", created_at=stored))
    with database.reading() as session:
        found = session.scalars(select(LocationRow.created_at)).one()
    assert found == read
    assert found.tzinfo is UTC


def test_a_time_without_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="no time zone"), database.transaction() as session:
        session.add(LocationRow(name="gate", created_at=datetime(2026, 3, 1)))  # noqa: DTZ001  # the point


def test_times_are_compared_as_instants(database: Database) -> None:
    with database.transaction() as session:
        session.add(LocationRow(name="gate", created_at=NOON))
    one_minute_later = datetime(2026, 3, 1, 17, 31, tzinfo=INDIA)
    with database.reading() as session:
        before = select(LocationRow.name).where(LocationRow.created_at < one_minute_later)
        assert session.scalars(before).all() == ["gate"]


def test_scored_texts_and_points_come_back_as_they_were(database: Database) -> None:
    with database.transaction() as session:
        session.add(
            sighting(
                plate="Ä1",
                confidence=0.93,
                characters=[("Ä", 0.5), ("1", 1.0)],
                alternatives=[],
                corners=((0, 1.5), (2, 3), (4, 5), (6, 7)),
            ),
        )
    with database.reading() as session:
        row = session.scalars(select(SightingRow)).one()
    assert row.characters == [("Ä", 0.5), ("1", 1.0)]
    assert row.alternatives == []
    assert row.corners == ((0.0, 1.5), (2.0, 3.0), (4.0, 5.0), (6.0, 7.0))
    assert row.confidence == 0.93


@pytest.mark.parametrize("other", ["mu1", "Mü1", "MU1"], ids=["both", "case", "umlaut"])
def test_texts_that_look_alike_are_different(database: Database, other: str) -> None:
    with database.transaction() as session:
        session.add(LocationRow(name="MÜ1", created_at=NOON))
        session.add(LocationRow(name=other, created_at=NOON))
    with database.reading() as session:
        assert session.scalars(select(LocationRow.name).where(LocationRow.name == "MÜ1")).all() == ["MÜ1"]


def test_ids_have_64_bits(database: Database) -> None:
    with database.transaction() as session:
        session.add(LocationRow(id=LARGE_ID, name="far", created_at=NOON))
    with database.reading() as session:
        assert session.get_one(LocationRow, LARGE_ID).name == "far"


def test_emoji_and_quotes_survive(database: Database) -> None:
    name = "P2 🅿 'north' \"A\" \\ %s"
    with database.transaction() as session:
        session.add(LocationRow(name=name, created_at=NOON))
    with database.reading() as session:
        assert session.scalars(select(LocationRow.name)).one() == name
