"""Retention: what is too old goes, image by image, crop by crop, text by text, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from platewatch.db.leases import Leases
from platewatch.db.tables import (
    AccessLogRow,
    AuditRow,
    EventRow,
    ImageRow,
    LocationRow,
    PlateTextRow,
    PrivacyRunRow,
    SightingRow,
    VisitRow,
)
from platewatch.errors import StorageError
from platewatch.privacy.orphans import MediaSweeper
from platewatch.visits.service import VisitService
from tests.db.rows import NOON
from tests.privacy.pictures import photographed
from tests.servers import Server
from tests.visits.passes import at
from tests.visits.site import Site

DAY = timedelta(days=1)
START = Callable[..., Server]
NOTHING = {"images": 0, "crops": 0, "sightings": 0, "visits": 0, "decisions": 0, "events": 0, "entries": 0}


@pytest.fixture
def server(start_server: START) -> Server:
    """Noon of 2026-03-01, with two locations and sightings of today, 5 and 50 days ago at each and nowhere."""
    server = start_server(privacy_interval_minutes=0)
    with server.runtime.database.transaction() as session:
        for number, name in enumerate(("north", "south"), 1):
            session.add(LocationRow(id=number, name=name, created_at=NOON))
    for place in (1, 2, None):
        for days in (0, 5, 50):
            plate = f"AB{place or 0}{days:02d}XY"
            photographed(server, plate, at=NOON - days * DAY, color=f"#{place or 0}{days:02d}040", location_id=place)
    return server


def run(client: TestClient, *, dry_run: bool = False) -> dict[str, int]:
    answer = client.post("/api/v1/privacy/runs", json={"dry_run": dry_run})
    assert answer.status_code == 200, answer.text
    counts: dict[str, int] = answer.json()
    return counts


def keep(client: TestClient, location_id: int | None = None, **days: int | None) -> None:
    path = "/api/v1/privacy/retention" + (f"/{location_id}" if location_id else "")
    answer = client.put(path, json=days)
    assert answer.status_code == 200, answer.text


def having(server: Server, column: Any = None) -> list[str]:
    """The plates of the sightings that are there, or of those that have something in this column."""
    with server.runtime.database.reading() as session:
        query = session.query(SightingRow.plate)
        if column is not None:
            query = query.filter(column.is_not(None))
        return sorted(plate for (plate,) in query)


def count(server: Server, row: type[Any]) -> int:
    with server.runtime.database.reading() as session:
        return session.query(row).count()


ALL = ["AB000XY", "AB005XY", "AB050XY", "AB100XY", "AB105XY", "AB150XY", "AB200XY", "AB205XY", "AB250XY"]


def test_without_a_policy_everything_is_kept(server: Server) -> None:
    client = server.admin()
    assert client.get("/api/v1/privacy/retention").json()["items"] == [
        {
            "location_id": None,
            "location": None,
            "images_days": None,
            "crops_days": None,
            "text_days": None,
            "updated_at": None,
        }
    ]
    assert run(client) == NOTHING
    assert having(server) == ALL


def test_images_crops_and_texts_go_each_at_their_own_time(server: Server) -> None:
    client = server.admin()
    keep(client, images_days=1, crops_days=10, text_days=100)
    expected = NOTHING | {"images": 6, "crops": 3}
    assert run(client, dry_run=True) == client.post("/api/v1/privacy/runs").json() == expected
    assert len(server.media_files) == 18
    assert run(client) == expected
    assert having(server) == ALL
    assert having(server, SightingRow.image_id) == ["AB000XY", "AB100XY", "AB200XY"]
    assert having(server, SightingRow.crop_key) == [plate for plate in ALL if "50XY" not in plate]
    assert count(server, ImageRow) == 3
    assert len(server.media_files) == 3 + 6
    assert server.runtime.media.pending() == []
    assert run(client) == NOTHING


def test_with_its_text_a_sighting_goes_altogether(server: Server) -> None:
    client = server.admin()
    keep(client, text_days=10)
    assert run(client) == NOTHING | {"sightings": 3}
    assert having(server) == [plate for plate in ALL if "50XY" not in plate]
    assert (count(server, ImageRow), len(server.media_files), count(server, PlateTextRow)) == (6, 12, 6)


def test_a_location_of_its_own_policy_follows_that_alone(server: Server) -> None:
    client = server.admin()
    keep(client, text_days=1)
    keep(client, 1, text_days=10)
    keep(client, 2)
    assert run(client) == NOTHING | {"sightings": 3}
    assert having(server) == ["AB000XY", "AB100XY", "AB105XY", "AB200XY", "AB205XY", "AB250XY"]
    assert client.delete("/api/v1/privacy/retention/2").status_code == 204
    assert run(client)["sightings"] == 2


@pytest.mark.parametrize("by", ["sighting", "plate", "plate as it was read"])
def test_a_legal_hold_keeps_a_sighting_with_its_images(server: Server, by: str) -> None:
    client = server.admin()
    with server.runtime.database.transaction() as session:
        held = session.query(SightingRow).filter_by(plate="AB150XY").one()
        held.read_plate = "AB15OXY"
    bodies: dict[str, dict[str, Any]] = {
        "sighting": {"sighting_id": held.id},
        "plate": {"plate": "ab 150 xy"},
        "plate as it was read": {"plate": "AB15OXY"},
    }
    hold = client.post("/api/v1/privacy/holds", json={**bodies[by], "reason": "court"})
    assert hold.status_code == 201, hold.text
    keep(client, images_days=0, crops_days=0, text_days=0)
    # What was seen in this very moment is not older than 0 days.
    assert run(client)["sightings"] == 5
    assert having(server) == ["AB000XY", "AB100XY", "AB150XY", "AB200XY"]
    assert (count(server, ImageRow), len(server.media_files)) == (4, 8)
    assert client.delete(f"/api/v1/privacy/holds/{hold.json()['id']}").status_code == 204
    assert run(client)["sightings"] == 1
    assert len(server.media_files) == 6


def test_visits_decisions_and_events_go_with_the_text(server: Server) -> None:
    client = server.admin()
    with server.runtime.database.transaction() as session:
        for days, direction in ((50, "entering"), (50, "leaving"), (0, "entering")):
            row = session.query(SightingRow).filter_by(plate=f"AB1{days:02d}XY").one()
            if direction == "leaving":
                row = session.query(SightingRow).filter_by(plate="AB150XY").one()
            row.direction = direction
            session.flush()
            VisitService(session, server.runtime.clock).apply(row)
        for days in (0, 50):
            session.add(
                AccessLogRow(
                    plate="XX11XXX",
                    location_id=1,
                    direction="entering",
                    decision="denied",
                    reason="unknown",
                    source="manual",
                    decided_at=NOON - days * DAY,
                    gate_state="none",
                )
            )
            session.add(EventRow(kind="x", payload={}, occurred_at=NOON - days * DAY))
    keep(client, text_days=10)
    counts = run(client)
    assert (counts["visits"], counts["decisions"], counts["events"]) == (1, 1, 1)
    with server.runtime.database.reading() as session:
        assert {plate for (plate,) in session.query(VisitRow.plate)} == {"AB100XY"}
    assert count(server, AccessLogRow) == 1


def test_a_visit_stays_as_it_was_seen_until_its_own_end_is_old_enough(start_server: START) -> None:
    server = start_server(privacy_interval_minutes=0)
    client = server.admin()
    site = Site(server.runtime.database, server.runtime.clock)
    site.see("in AB10 0", "out AB10 60", "in CD20 0", "out CD20 2880", "in EF30 0", "in XY77 2880")
    told = site.told()
    # At minute 4320 what is older than minute 1440 goes.
    server.runtime.clock.advance((at(4320) - server.runtime.clock.now()).total_seconds())  # type: ignore[attr-defined]  # a SetClock
    keep(client, text_days=2)
    expected = NOTHING | {"sightings": 4, "visits": 2}
    assert run(client, dry_run=True) == expected
    assert run(client) == expected
    assert having(server) == ["CD20", "XY77"]
    assert site.visits() == ["closed CD20 0-2880 (2880)", "open XY77 2880- ()"]
    assert site.told() == told
    assert run(client) == NOTHING


def test_each_run_is_kept_and_noted(server: Server) -> None:
    client = server.admin()
    keep(client, text_days=10)
    run(client, dry_run=True)
    assert count(server, PrivacyRunRow) == 0
    run(client)
    (told,) = client.get("/api/v1/privacy/runs").json()["items"]
    assert (told["counts"]["sightings"], told["error"]) == (3, None)
    with server.runtime.database.reading() as session:
        note = session.query(AuditRow).filter_by(action="retention.run").one()
    assert (note.username, note.details["sightings"]) == ("ada", 3)


def test_one_process_runs_at_a_time(server: Server) -> None:
    client = server.admin()
    with server.runtime.database.transaction() as session:
        Leases(session).take("privacy", "another process", NOON, timedelta(minutes=2))
    answer = client.post("/api/v1/privacy/runs", json={"dry_run": False})
    assert answer.status_code == 409
    assert "Another run" in answer.json()["detail"]


def test_the_job_runs_by_itself_once_in_its_interval(server: Server) -> None:
    client = server.admin()
    job = server.runtime.privacy
    job._interval = timedelta(hours=1)
    assert job._is_time()
    run(client)
    assert not job._is_time()
    server.runtime.clock.advance(3601)  # type: ignore[attr-defined]  # a SetClock
    assert job._is_time()


def stray(server: Server, data: bytes = b"stray") -> str:
    """The key of an old picture that no row names, as a power cut may leave one."""
    media, old = server.runtime.media, (NOON - DAY).timestamp()
    holder = media.new_holder()
    key = media.put(data, holder)
    media.confirm([key], holder)
    os.utime(next(path for path in server.media_files if path.stem == key), (old, old))
    return key


def test_the_job_takes_pictures_away_that_no_row_names_once_a_day(server: Server) -> None:
    clock: Any = server.runtime.clock
    kept = {path.stem for path in server.media_files}
    first = stray(server)
    server.runtime.privacy.run()
    assert {path.stem for path in server.media_files} == kept
    assert not server.runtime.media.exists(first)
    second = stray(server, b"another one")
    server.runtime.privacy.run()
    assert server.runtime.media.exists(second), "a day has not passed yet"
    clock.advance(DAY.total_seconds())
    server.runtime.privacy.run()
    assert not server.runtime.media.exists(second)
    with server.runtime.database.reading() as session:
        notes = session.query(AuditRow).filter_by(action="media.swept").all()
        assert [(note.username, note.details) for note in notes] == [("(server)", {"images": 1})] * 2


def test_the_job_takes_nothing_away_where_the_database_is_another_one(server: Server) -> None:
    keys = [stray(server, f"picture {number}".encode()) for number in range(30)]
    server.runtime.privacy.run()
    assert all(server.runtime.media.exists(key) for key in keys)


def test_a_store_that_fails_does_not_undo_the_run(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_sweeper: object, _goes_on: object) -> int:
        raise StorageError("The media folder can't be used.")

    monkeypatch.setattr(MediaSweeper, "sweep", fail)
    assert server.runtime.privacy.run().error is None


def test_a_clock_that_was_set_back_stops_no_run(server: Server) -> None:
    """A run two days ahead, whose process died with its lease; then the clock is right again."""
    client = server.admin()
    clock: Any = server.runtime.clock
    right = clock.now()
    clock.set(right + 2 * DAY)
    run(client)
    with server.runtime.database.transaction() as session:
        Leases(session).take("privacy", "a process that died", clock.now(), timedelta(minutes=2))
    clock.set(right)
    job = server.runtime.privacy
    job._interval = timedelta(hours=1)
    assert job._is_time()
    job.run()
    assert not job._is_time()


def test_a_photo_in_which_no_plate_was_is_an_image_like_any_other(server: Server) -> None:
    client = server.admin()
    (sighting_id,) = photographed(server, "ZZ99ZZZ", at=NOON - 20 * DAY, color="blue")
    with server.runtime.database.transaction() as session:
        session.delete(session.get_one(SightingRow, sighting_id))
    keep(client, images_days=10)
    assert run(client, dry_run=True)["images"] == 4
    assert run(client)["images"] == 4
    assert count(server, ImageRow) == 6


@pytest.mark.parametrize(
    "body",
    [{"images_days": -1}, {"text_days": "soon"}, {"days": 3}, {"text_days": 10**9}],
    ids=["negative", "no number", "unknown field", "too many"],
)
def test_a_policy_that_makes_no_sense_is_refused(server: Server, body: dict[str, Any]) -> None:
    assert server.admin().put("/api/v1/privacy/retention", json=body).status_code == 422


@pytest.mark.parametrize(
    "body", [{}, {"plate": "AB12CDE", "sighting_id": 1}, {"plate": "--"}], ids=["neither", "both", "no plate"]
)
def test_a_hold_names_one_thing(server: Server, body: dict[str, Any]) -> None:
    assert server.admin().post("/api/v1/privacy/holds", json={**body, "reason": "court"}).status_code == 422
