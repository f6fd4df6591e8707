from __future__ import annotations

import pytest

from platewatch.audit.schemas import AuditQuery
from platewatch.audit.service import SERVER, Actor, AuditAction, AuditService, Detail
from platewatch.clock import SetClock
from platewatch.db.engine import Database
from platewatch.db.tables import AuditRow

ADA = Actor(1, "ada", None, "192.0.2.1")


def notes(database: Database, clock: SetClock) -> list[AuditRow]:
    with database.reading() as session:
        return AuditService(session, clock).page(AuditQuery()).items


def test_a_note_says_who_when_from_where_and_what(database: Database, clock: SetClock) -> None:
    with database.transaction() as session:
        actor = Actor(7, "Žofie", 3, "2001:db8::1")
        AuditService(session, clock).note(AuditAction.GATE_OPENED, actor, "gate 2", {"reason": "ambulance", "s": 1.5})
    (row,) = notes(database, clock)
    assert (row.noted_at, row.action) == (clock.now(), "gate.opened")
    assert (row.user_id, row.username, row.api_key_id, row.address) == (7, "Žofie", 3, "2001:db8::1")
    assert (row.subject, row.details) == ("gate 2", {"reason": "ambulance", "s": 1.5})


def test_a_note_is_gone_with_the_transaction_that_it_tells_of(database: Database, clock: SetClock) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        AuditService(session, clock).note(AuditAction.GATE_OPENED, ADA)
        raise ZeroDivisionError
    assert notes(database, clock) == []


def test_the_server_itself_has_no_user(database: Database, clock: SetClock) -> None:
    with database.transaction() as session:
        AuditService(session, clock).note(AuditAction.RETENTION_RUN, SERVER)
    (row,) = notes(database, clock)
    assert (row.user_id, row.username, row.details) == (None, "(server)", {})


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("MÜ 1 🚗", "MÜ 1 🚗", id="any script"),
        pytest.param("a\0b", "a\ufffdb", id="NUL"),
        pytest.param("a\ud800b", "a?b", id="half a letter"),
        pytest.param("x" * 5000, "x" * 500, id="long"),
        pytest.param(["a\0", "b"], ["a\ufffd", "b"], id="texts"),
        pytest.param(list(range(1000)), list(range(50)), id="many numbers"),
        pytest.param(None, None, id="nothing"),
        pytest.param(True, True, id="a truth"),
    ],
)
def test_details_are_kept_as_every_database_takes_them(
    database: Database, clock: SetClock, given: Detail, kept: Detail
) -> None:
    with database.transaction() as session:
        AuditService(session, clock).note(AuditAction.SIGHTINGS_SEARCHED, ADA, details={"given": given})
    assert notes(database, clock)[0].details == {"given": kept}


@pytest.mark.parametrize("subject", ["p" * 1000, "a\0b", "\ud800"], ids=["long", "NUL", "half a letter"])
def test_a_subject_that_no_column_holds_is_still_noted(database: Database, clock: SetClock, subject: str) -> None:
    with database.transaction() as session:
        AuditService(session, clock).note(AuditAction.SIGHTINGS_SEARCHED, ADA, subject)
    assert notes(database, clock)[0].subject in {"p" * 255, "a\ufffdb", "?"}
