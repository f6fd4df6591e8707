from __future__ import annotations

from datetime import timedelta

import pytest

from platewatch.db.engine import Database
from platewatch.db.events import EventLog
from tests.db.rows import NOON


def append(database: Database, *numbers: int) -> list[int]:
    with database.transaction() as session:
        log = EventLog(session)
        return [
            log.append("sighting.recorded", {"number": number}, NOON + timedelta(hours=number)).id for number in numbers
        ]


def read(database: Database, after_id: int, limit: int = 100) -> list[int]:
    with database.reading() as session:
        return [event.payload["number"] for event in EventLog(session).read_after(after_id, limit)]


def last_id(database: Database) -> int:
    with database.reading() as session:
        return EventLog(session).last_id()


def test_an_empty_log_has_nothing_to_read(database: Database) -> None:
    assert read(database, 0) == []
    assert last_id(database) == 0


def test_events_are_read_in_order_behind_an_id(database: Database) -> None:
    ids = append(database, 1, 2, 3)
    assert ids == sorted(set(ids))
    assert read(database, 0) == [1, 2, 3]
    assert read(database, ids[0]) == [2, 3]
    assert read(database, ids[0], limit=1) == [2]
    assert read(database, ids[2]) == []
    assert last_id(database) == ids[2]


def test_an_event_keeps_kind_payload_and_time(database: Database) -> None:
    payload = {"plate": "Ä 1", "nested": {"list": [1, 2.5, None, True]}}
    with database.transaction() as session:
        EventLog(session).append("camera.state_changed", payload, NOON)
    with database.reading() as session:
        [event] = EventLog(session).read_after(0, 10)
    assert (event.kind, event.payload, event.occurred_at) == ("camera.state_changed", payload, NOON)


def test_a_rolled_back_transaction_tells_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        EventLog(session).append("sighting.recorded", {}, NOON)
        raise ZeroDivisionError
    assert last_id(database) == 0


def test_old_events_are_deleted_and_their_ids_not_used_again(database: Database) -> None:
    ids = append(database, 1, 2, 3)
    with database.transaction() as session:
        assert EventLog(session).delete_before(NOON + timedelta(hours=3)) == 2
    assert read(database, 0) == [3]
    with database.transaction() as session:
        assert EventLog(session).delete_before(NOON + timedelta(days=1)) == 1
    assert append(database, 4)[0] > ids[2]
