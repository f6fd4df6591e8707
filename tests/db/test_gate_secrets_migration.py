"""Revisions 0015 and 0016 on a database that has rows already."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, delete, func, insert, select, text, update

from platewatch.access.actuators import ACTUATORS
from platewatch.access.schemas import shown
from platewatch.db import schema
from platewatch.db.engine import Database
from tests.databases import Kind, empty_url

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
GATES: list[dict[str, Any]] = [
    {"kind": "http", "url": "http://gate/relay?turn=on&token=s3cret", "body": '{"pin": "s3cret"}', "timeout_s": 2.0},
    {"kind": "http", "url": "http://gate/hook/aBc-1234567890-xYz/open", "body": None},
    {"kind": "http", "url": "https://192.0.2.20/open#s3cret", "body": "on"},
    {"kind": "mqtt", "host": "broker", "topic": "gate", "payload": "open"},
    {"kind": "mqtt", "host": "broker", "topic": "gate", "payload": "s3cret 1234", "password": "s3cret"},
]


def before_revision() -> str:
    script = ScriptDirectory.from_config(schema.configuration()).get_revision("0015")
    assert isinstance(script.down_revision, str)
    return script.down_revision


def go(database: Database, revision: str) -> None:
    with database.engine.connect() as connection:
        schema.upgrade(connection, revision)
        connection.commit()


@pytest.fixture(params=list(Kind), ids=str)
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of the revision before 0015, with gates, decisions and a list."""
    with empty_url(request.param, tmp_path, "platewatch_test_gates") as url:
        database = Database(url)
        go(database, before_revision())
        fill(database)
        yield database
        database.dispose()


def tables(database: Database) -> dict[str, Table]:
    metadata = MetaData()
    metadata.reflect(database.engine)
    return dict(metadata.tables)


def stored_json(database: Database, value: object) -> object:
    # MariaDB's JSON is a text, and comes back as one.
    return json.dumps(value) if database.engine.dialect.name == "mysql" else value


def shown_before(fields: dict[str, Any]) -> dict[str, Any]:
    """What was stored of the actuator to be shown, before revision 0015."""
    actuator = ACTUATORS.validate_python(fields)
    told = shown(actuator).model_dump() | {name: fields[name] for name in ("url", "body", "payload") if name in fields}
    return {name: value for name, value in told.items() if name != "password"}


def fill(database: Database) -> None:
    known = tables(database)
    noon = NOON if database.engine.dialect.name == "postgresql" else NOON.replace(tzinfo=None)
    made = {"created_at": noon, "updated_at": noon}
    with database.engine.begin() as connection:
        connection.execute(insert(known["locations"]).values(id=1, name="depot", created_at=noon))
        for number, fields in enumerate(GATES, 1):
            gate = {"id": number, "name": f"gate {number}", "location_id": 1, "direction": "both", "enabled": True}
            told = {"actuator": stored_json(database, shown_before(fields)), "sealed_actuator": f"sealed {number}"}
            connection.execute(insert(known["gates"]).values(**gate, **told, **made))
        log = {"plate": "A", "direction": "entering", "decision": "granted", "reason": "manual", "source": "manual"}
        for detail, state in (("it answered 500 \x1b[31m\x85", "failed"), ("answered 200", "opened"), (None, "failed")):
            logged = {**log, "decided_at": noon, "gate_state": state, "gate_detail": detail}
            connection.execute(insert(known["access_log"]).values(logged))
        connection.execute(
            insert(known["watchlists"]).values(id=1, name="deny", kind="deny", enabled=True, **made),
        )
        batch = {"id": 7, "watchlist_id": 1, "state": "live", "max_tolerance": 0, "created_at": noon}
        connection.execute(insert(known["watchlist_batches"]).values(batch))
        for number in (1, 2, 3):
            entry = {"id": number, "batch_id": 7, "plate": f"P{number}", "tolerance": 0, "everywhere": False}
            connection.execute(insert(known["watchlist_entries"]).values(**entry, **made))
            connection.execute(insert(known["watchlist_entry_locations"]).values(entry_id=number, location_id=1))


def test_secrets_of_gates_are_hidden_and_nothing_else_changes(before: Database) -> None:
    go(before, "0015")
    gates = tables(before)["gates"]
    with before.engine.connect() as connection:
        rows = connection.execute(select(gates).order_by(gates.c.id)).mappings().all()
        dump = str(rows)
    assert not [secret for secret in ("s3cret", "aBc-1234567890-xYz") if secret in dump]
    for row, fields in zip(rows, GATES, strict=True):
        stored = json.loads(row["actuator"]) if isinstance(row["actuator"], str) else row["actuator"]
        assert stored == shown(ACTUATORS.validate_python(fields)).model_dump(), "as the code of today shows it"
    assert [row["sealed_actuator"] for row in rows] == [f"sealed {number}" for number in range(1, len(GATES) + 1)]


def test_what_gates_answered_is_cleaned(before: Database) -> None:
    go(before, "0015")
    log = tables(before)["access_log"]
    with before.engine.connect() as connection:
        details = connection.scalars(select(log.c.gate_detail).order_by(log.c.id)).all()
    assert details == ["it answered 500 \ufffd[31m\ufffd", "answered 200", None]


def test_an_id_that_was_used_is_not_used_again(before: Database) -> None:
    go(before, "0016")
    known = tables(before)
    entries, places = known["watchlist_entries"], known["watchlist_entry_locations"]
    noon = NOON if before.engine.dialect.name == "postgresql" else NOON.replace(tzinfo=None)
    with before.engine.begin() as connection:
        assert connection.scalar(select(func.count()).select_from(places)) == 3, (
            "nothing that pointed there was emptied"
        )
        if before.engine.dialect.name == "postgresql":
            # The rows above brought their ids along, of which PostgreSQL's counter knows nothing.
            connection.execute(text("SELECT setval('watchlist_entries_id_seq', 3)"))
        connection.execute(delete(entries).where(entries.c.id == 3))
        assert connection.scalar(select(func.count()).select_from(places)) == 2, "what points to a row goes with it"
        entry = {"batch_id": 7, "plate": "NEW", "tolerance": 0, "everywhere": True}
        added = connection.execute(insert(entries).values(**entry, created_at=noon, updated_at=noon))
        assert added.inserted_primary_key == (4,)


def test_the_steps_can_be_gone_back_and_forth(before: Database) -> None:
    go(before, "head")
    with before.engine.connect() as connection:
        schema.downgrade(connection, before_revision())
        schema.upgrade(connection, "head")
        connection.commit()
    before.require_current()
    known = tables(before)
    with before.engine.begin() as connection:
        assert connection.scalar(select(func.count()).select_from(known["watchlist_entries"])) == 3
        connection.execute(update(known["watchlists"]).values(name="other"))
