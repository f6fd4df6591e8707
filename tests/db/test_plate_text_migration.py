"""Revision 0006 on a database with plates that were typed before their text was kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, Table, insert, inspect, select
from structlog.testing import capture_logs

from platewatch.db import schema
from platewatch.db.engine import Database
from platewatch.maintenance.undecided import undecided_plates
from tests.databases import Kind, empty_url

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PSEUDONYM = "~ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.fixture(params=list(Kind), ids=str)
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of revision 0005 in which people wrote plates, and a camera read some."""
    with empty_url(request.param, tmp_path, "platewatch_test_plate_text") as url:
        database = Database(url)
        go(database, "0005")
        fill(database)
        yield database
        database.dispose()


def go(database: Database, revision: str) -> None:
    with database.engine.connect() as connection:
        current = schema.revision(connection)
        step = schema.downgrade if current is not None and current > revision else schema.upgrade
        step(connection, revision)
        connection.commit()


def tables(database: Database) -> dict[str, Table]:
    metadata = MetaData()
    metadata.reflect(database.engine)
    return dict(metadata.tables)


def fill(database: Database) -> None:
    known = tables(database)
    on_mysql = database.engine.dialect.name == "mysql"
    noon = NOON if database.engine.dialect.name == "postgresql" else NOON.replace(tzinfo=None)
    # MariaDB's JSON is a text, and comes back as one.
    nothing: object = "[]" if on_mysql else []
    seen: dict[str, Any] = {
        "region": None, "confidence": 0.9, "characters": nothing, "alternatives": nothing, "corners": nothing,
        "direction": "entering", "location_id": 1, "captured_at": noon, "first_seen_at": noon, "last_seen_at": noon,
        "recorded_at": noon, "source": "upload", "detector": "platewatch", "recognizer": "platewatch",
    }  # fmt: skip
    typed = seen | {"source": "manual", "recognizer": "manual", "detector": "manual"}
    sightings = [
        seen | {"plate": "GOAB123", "region": "de"},
        typed | {"plate": "GAB123", "region": "france"},  # typed as GÖ-AB 123
        seen | {"plate": "ML5", "read_plate": "MUL5", "is_corrected": True, "region": "nowhere"},
        typed | {"plate": PSEUDONYM, "region": "mx-jal"},
        seen | {"plate": "AB12", "recognizer": "tesseract", "region": "uk"},
    ]
    entry = {
        "batch_id": 1, "tolerance": 0, "everywhere": True, "created_at": noon, "updated_at": noon, "region": None
    }  # fmt: skip
    decision = {"direction": "entering", "decision": "granted", "reason": "allow_list", "gate_state": "none"}
    with database.engine.begin() as connection:
        connection.execute(insert(known["locations"]).values(id=1, name="yard", created_at=noon))
        for row in sightings:
            connection.execute(insert(known["sightings"]).values(row))
        for plate in ("GOAB123", "GAB123", "ML5", "AB12"):
            connection.execute(insert(known["plate_texts"]).values(text=plate))
        watchlist = {"id": 1, "name": "residents", "kind": "allow", "enabled": True}
        connection.execute(insert(known["watchlists"]).values(**watchlist, created_at=noon, updated_at=noon))
        batch = {"id": 1, "watchlist_id": 1, "state": "live", "max_tolerance": 0, "created_at": noon}
        connection.execute(insert(known["watchlist_batches"]).values(batch))
        for plate, region in (("GAB123", "uk"), ("12377", None), ("WOBCD12", "de-by")):
            connection.execute(insert(known["watchlist_entries"]).values(entry | {"plate": plate, "region": region}))
        for plate, source in (("GAB123", "request"), ("", "request"), ("GOAB123", "sighting"), ("ML5", "note")):
            values = decision | {"plate": plate, "source": source, "decided_at": noon}
            connection.execute(insert(known["access_log"]).values(values))
        hold = {"plate": "TX77", "reason": "police", "created_at": noon}
        connection.execute(insert(known["legal_holds"]).values(hold))
        policy = {"location_id": 1, "min_confidence": 0.7, "unknown": "deny", "cool_down_s": 0, "arrival_s": 120}
        flags = dict.fromkeys(("enabled", "free_exit", "anti_passback", "check_capacity"), True)
        connection.execute(insert(known["gate_policies"]).values(**policy, **flags, max_age_s=30, updated_at=noon))


def column(database: Database, table: str, name: str) -> list[Any]:
    chosen = tables(database)[table]
    with database.engine.connect() as connection:
        return list(connection.scalars(select(chosen.c[name]).order_by(*chosen.primary_key.columns)))


def test_rows_keep_their_keys_and_no_text_is_made_up(before: Database) -> None:
    go(before, "0006")
    assert column(before, "sightings", "plate") == ["GOAB123", "GAB123", "ML5", PSEUDONYM, "AB12"]
    assert column(before, "watchlist_entries", "plate") == ["GAB123", "12377", "WOBCD12"]
    for table in ("sightings", "watchlist_entries", "access_log", "legal_holds"):
        assert set(column(before, table, "written")) == {None}, table
    assert column(before, "gate_policies", "folded") == ["accept"]


def test_names_of_regions_become_codes_and_other_texts_are_reported(before: Database) -> None:
    with capture_logs() as logs:
        go(before, "0006")
    assert column(before, "sightings", "region") == ["de", "fr", "nowhere", "mx-jal", "gb"]
    assert column(before, "watchlist_entries", "region") == ["gb", None, "de-by"]
    mended = [
        (one["table"], one["region"], one["code"], one["rows"]) for one in logs if one["event"] == "regions.mended"
    ]
    assert sorted(mended) == [
        ("sightings", "france", "fr", 1), ("sightings", "uk", "gb", 1), ("watchlist_entries", "uk", "gb", 1)
    ]  # fmt: skip
    undecided = [(one["table"], one["region"]) for one in logs if one["event"] == "regions.undecided"]
    assert undecided == [("sightings", "nowhere")]


def test_plates_that_may_lack_a_letter_are_counted_in_the_log(before: Database) -> None:
    with capture_logs() as logs:
        go(before, "0006")
    (told,) = [one for one in logs if one["event"] == "plates.undecided"]
    assert told["log_level"] == "warning"
    assert "platewatch plates undecided" in told["advice"]
    assert {place: told[place] for place in ("entries", "sightings", "hidden_sightings", "decisions", "holds")} == {
        "entries": 3, "sightings": 2, "hidden_sightings": 1, "decisions": 2, "holds": 1
    }  # fmt: skip
    assert told["sightings_of_other_recognizers"] == 1


def test_plates_that_may_lack_a_letter_are_listed_with_what_was_seen(before: Database) -> None:
    before.migrate()
    with before.reading() as session:
        listed = {(one.kind, one.plate): one for one in undecided_plates(session)}
    assert sorted(listed) == [
        ("entry", "12377"),
        ("entry", "GAB123"),
        ("entry", "WOBCD12"),
        ("hold", "TX77"),
        ("sighting", "GAB123"),
        ("sighting", "ML5"),
    ]
    entry = listed["entry", "GAB123"]
    assert (entry.list_name, entry.seen) == ("residents", ("GOAB123",))
    assert "GÖAB123" in entry.doubts[0]
    assert listed["entry", "12377"].doubts == ("it has no letter",)
    assert not listed["entry", "WOBCD12"].is_doubtful


def test_new_database_reports_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/new.sqlite")
    with capture_logs() as logs:
        database.migrate()
    database.dispose()
    assert [one["event"] for one in logs if one["event"].startswith(("plates.", "regions."))] == []


def test_going_back_keeps_the_keys(before: Database) -> None:
    go(before, "0006")
    go(before, "0005")
    assert column(before, "watchlist_entries", "plate") == ["GAB123", "12377", "WOBCD12"]
    names = {one["name"] for one in inspect(before.engine).get_columns("sightings")}
    assert "written" not in names
