"""Everything about a plate: told, and taken away."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image

from platewatch.audit.service import Actor
from platewatch.db.tables import (
    AccessLogRow,
    AuditRow,
    CorrectionRow,
    EventRow,
    IdempotencyRow,
    ImageRow,
    PlateTextRow,
    SightingRow,
    VisitRow,
    WatchlistEntryRow,
)
from platewatch.sightings.changes import SightingChanges
from platewatch.sightings.schemas import SightingMerge, SightingUpdate
from platewatch.watchlists.schemas import EntryWrite, WatchlistCreate
from platewatch.watchlists.service import ListKind, WatchlistService
from tests.db.rows import NOON
from tests.privacy.pictures import photographed
from tests.servers import Server

ACTOR = Actor(username="ada")


def remember_elsewhere(server: Server, plate: str) -> None:
    """The plate in every other place that keeps one."""
    with server.runtime.database.transaction() as session:
        session.add(
            AccessLogRow(
                plate=plate,
                direction="entering",
                decision="denied",
                reason="unknown",
                source="manual",
                decided_at=NOON,
                gate_state="none",
            )
        )
        session.add(VisitRow(plate=plate, plate_key=plate, state="closed", began_at=NOON, ended_at=NOON))
        session.add(EventRow(kind="sighting.recorded", payload={"plate": plate}, occurred_at=NOON))
        session.add(
            IdempotencyRow(owner="1", key=plate, request_hash="x", response={"a": [{"plate": plate}]}, created_at=NOON)
        )
        lists = WatchlistService(session, server.runtime.clock)
        watchlist = lists.create(WatchlistCreate(name=f"staff {plate}", kind=ListKind.ALLOW), ACTOR)
        lists.add_entry(watchlist.id, EntryWrite(plate=plate, owner="Eve"), ACTOR)


def count(server: Server, row: type[Any]) -> int:
    with server.runtime.database.reading() as session:
        return session.query(row).count()


def erase(server: Server, plate: str, **fields: Any) -> Any:
    body = {"plate": plate, "reason": "request 17", "dry_run": False, **fields}
    return server.log_in().post("/api/v1/privacy/erasures", json=body)


def test_everything_about_a_plate_goes_and_nothing_else(server: Server) -> None:
    server.admin()
    photographed(server, "京A12345", color="red")
    photographed(server, "XY99ZZZ", color="green")
    for plate in ("京A12345", "XY99ZZZ"):
        remember_elsewhere(server, plate)
    would = erase(server, "京A12345", dry_run=True).json()
    assert would == {
        "images": 1,
        "crops": 1,
        "sightings": 1,
        "visits": 1,
        "decisions": 1,
        "events": 1,
        "entries": 0,
    }
    assert erase(server, "京 A·12345").json() == would
    rows = (SightingRow, ImageRow, PlateTextRow, VisitRow, AccessLogRow, EventRow, IdempotencyRow)
    assert [count(server, row) for row in rows] == [1] * len(rows)
    assert count(server, WatchlistEntryRow) == 2
    assert len(server.media_files) == 2
    assert erase(server, "京A12345", watchlists=True).json()["entries"] == 1
    assert count(server, WatchlistEntryRow) == 1
    with server.runtime.database.reading() as session:
        notes = session.query(AuditRow).filter_by(action="plate.erased").order_by(AuditRow.id).all()
    assert notes[0].subject is None
    assert (notes[0].details["sightings"], notes[0].details["reason"]) == (1, "request 17")
    assert "12345" not in str([note.details for note in notes])


def test_a_plate_that_was_corrected_away_or_merged_is_found_too(server: Server) -> None:
    server.admin()
    clock = server.runtime.clock
    (first,) = photographed(server, "AB12CDE", color="red")
    (kept,) = photographed(server, "XY99ZZZ", color="green")
    (other,) = photographed(server, "AB12CDE", color="blue")
    with server.runtime.database.transaction() as session:
        changes = SightingChanges(session, clock)
        changes.correct(first, SightingUpdate(plate="AB12CDF"), ACTOR)
        changes.correct(first, SightingUpdate(plate="AB12CDG"), ACTOR)
        changes.merge(kept, SightingMerge(other_id=other), ACTOR)
    assert erase(server, "AB12CDF", dry_run=True).json()["sightings"] == 1
    assert erase(server, "AB12CDE").json()["sightings"] == 2
    assert [count(server, row) for row in (SightingRow, CorrectionRow)] == [0, 0]


def test_in_a_photo_that_shows_others_the_plate_is_painted_over(sqlite_server: Server) -> None:
    server = sqlite_server
    server.admin()
    photographed(server, "AB12CDE", "XY99ZZZ", color="red")
    assert erase(server, "AB12CDE").status_code == 200
    client = server.log_in()
    (left,) = client.get("/api/v1/sightings").json()["items"]
    assert left["plate"] == "XY99ZZZ"
    picture = Image.open(BytesIO(client.get(left["image_url"]).content)).convert("RGB")
    gray, untouched = picture.getpixel((12, 8)), picture.getpixel((48, 45))
    assert isinstance(gray, tuple)
    assert isinstance(untouched, tuple)
    assert max(abs(value - 127) for value in gray) < 12
    assert untouched[0] > 200
    assert len(server.media_files) == 2
    assert server.runtime.media.pending() == []


def test_what_is_held_is_not_erased(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    (sighting_id,) = photographed(sqlite_server, "AB12CDE")
    for body in ({"plate": "AB12CDE"}, {"sighting_id": sighting_id}):
        hold = client.post("/api/v1/privacy/holds", json={**body, "reason": "court"}).json()
        answer = erase(sqlite_server, "AB12CDE")
        assert answer.status_code == 409
        assert "legal hold" in answer.json()["detail"]
        client.delete(f"/api/v1/privacy/holds/{hold['id']}")
    assert count(sqlite_server, SightingRow) == 1
    assert erase(sqlite_server, "AB12CDE").status_code == 200


def test_everything_about_a_plate_is_reported(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    photographed(sqlite_server, "AB12CDE")
    remember_elsewhere(sqlite_server, "AB12CDE")
    client.post("/api/v1/privacy/holds", json={"plate": "AB12CDE", "reason": "court"})
    told = client.get("/api/v1/privacy/report", params={"plate": "ab12 cde"}).json()
    assert (told["plate"], told["is_complete"]) == ("AB12CDE", True)
    assert [len(told[name]) for name in ("sightings", "visits", "decisions", "watchlists", "holds")] == [1] * 5
    assert told["watchlists"][0]["owner"] == "Eve"
    with sqlite_server.runtime.database.reading() as session:
        assert session.query(AuditRow).filter_by(action="plate.reported", subject="AB12CDE").count() == 1
