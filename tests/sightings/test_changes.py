"""Correcting, merging and deleting: what was read stays, and what nobody needs goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from platewatch.audit.service import Actor
from platewatch.clock import SetClock
from platewatch.db.engine import Database
from platewatch.db.tables import (
    AuditRow,
    CorrectionRow,
    EventRow,
    ImageRow,
    LegalHoldRow,
    PlateKeyRow,
    PlateTextRow,
    SightingRow,
    WatchlistMatchRow,
)
from platewatch.errors import ConflictError, FieldError, NotFoundError
from platewatch.sightings.changes import SightingChanges
from platewatch.sightings.query import SightingQuery
from platewatch.sightings.schemas import SightingMerge, SightingRead, SightingUpdate
from platewatch.sightings.service import SightingService
from platewatch.vision.types import Direction
from platewatch.watchlists.schemas import EntryWrite, WatchlistCreate
from platewatch.watchlists.service import ListKind, WatchlistService
from tests.db.rows import NOON
from tests.sightings.rows import add_sighting

ACTOR = Actor(username="ada", address="192.0.2.7")


def add(database: Database, plate: str = "A812CDE", **fields: Any) -> int:
    with database.transaction() as session:
        return add_sighting(session, plate, **fields).id


def correct(database: Database, clock: SetClock, sighting_id: int, **fields: Any) -> SightingRead:
    with database.transaction() as session:
        return SightingChanges(session, clock).correct(sighting_id, SightingUpdate(**fields), ACTOR)


def plates(database: Database, clock: SetClock, **query: Any) -> list[int]:
    with database.reading() as session:
        return [row.id for row in SightingService(session, clock).page(SightingQuery(**query)).items]


def count(database: Database, row: type[Any]) -> int:
    with database.reading() as session:
        return session.query(row).count()


def test_a_note_corrects_nothing_and_alarms_nobody_again(database: Database, clock: SetClock) -> None:
    sighting_id = add(database)
    with database.transaction() as session:
        lists = WatchlistService(session, clock)
        watchlist_id = lists.create(WatchlistCreate(name="stolen", kind=ListKind.DENY), ACTOR).id
        lists.add_entry(watchlist_id, EntryWrite(plate="A812CDE"), ACTOR)
        lists.note_matches(session.get_one(SightingRow, sighting_id))
    correct(database, clock, sighting_id, note="two cars")
    assert plates(database, clock, corrected=True) == []
    assert plates(database, clock, watchlist_id=watchlist_id) == [sighting_id]
    with database.reading() as session:
        told = [event.kind for event in session.query(EventRow).order_by(EventRow.id)]
        assert told == ["watchlist.matched", "sighting.updated"]
        assert len(SightingChanges(session, clock).history(sighting_id)) == 1
    correct(database, clock, sighting_id, direction="leaving")
    assert plates(database, clock, corrected=True) == [sighting_id]


def test_a_corrected_plate_is_found_and_the_one_that_was_read_is_kept(database: Database, clock: SetClock) -> None:
    sighting_id = add(database)
    correct(database, clock, sighting_id, plate="ab 12 cde", reason="dirt on the B")
    assert plates(database, clock, plate="AB12CDE") == [sighting_id]
    assert plates(database, clock, plate="A812CDE") == []
    assert plates(database, clock, plate="AB12CDF", match="fuzzy") == [sighting_id]
    assert plates(database, clock, corrected=True) == [sighting_id]
    with database.reading() as session:
        row = session.get_one(SightingRow, sighting_id)
        assert (row.plate, row.read_plate, row.characters) == ("AB12CDE", "A812CDE", [("A", 0.9)])
        (change,) = SightingChanges(session, clock).history(sighting_id)
        assert (change.before, change.after) == (
            {"plate": "A812CDE", "written": None},
            {"plate": "AB12CDE", "written": "ab 12 cde"},
        )
        assert (change.reason, change.username, change.corrected_at) == ("dirt on the B", "ada", clock.now())
        (event,) = session.query(EventRow)
        assert (event.kind, event.payload["plate"], event.payload["read_plate"]) == (
            "sighting.updated",
            "AB12CDE",
            "A812CDE",
        )
        (note,) = session.query(AuditRow)
        assert (note.action, note.subject, note.username) == ("sighting.corrected", f"sighting {sighting_id}", "ada")


def test_a_second_correction_adds_to_the_history_and_leaves_the_original(
    sqlite_database: Database, clock: SetClock
) -> None:
    sighting_id = add(sqlite_database)
    correct(sqlite_database, clock, sighting_id, plate="AB12CDE")
    clock.advance(60)
    correct(sqlite_database, clock, sighting_id, plate="AB12CDF", direction="leaving", region="gb", note="two cars")
    with sqlite_database.reading() as session:
        assert session.get_one(SightingRow, sighting_id).read_plate == "A812CDE"
        second = SightingChanges(session, clock).history(sighting_id)[1]
    unknown = {"direction": "unknown", "region": None, "region_confidence": None, "note": None}
    assert second.before == {"plate": "AB12CDE", "written": "AB12CDE", **unknown}
    told = {"direction": "leaving", "region": "gb", "region_confidence": 1.0, "note": "two cars"}
    assert second.after == {"plate": "AB12CDF", "written": "AB12CDF", **told}


def test_a_region_that_somebody_told_is_sure(sqlite_database: Database, clock: SetClock) -> None:
    sighting_id = add(sqlite_database, region="br", region_confidence=0.41)
    assert correct(sqlite_database, clock, sighting_id, plate="AB12CDE").region_confidence == 0.41
    for region, confidence in (("us-ca", 1.0), ("us", 1.0), (None, None)):
        told = correct(sqlite_database, clock, sighting_id, region=region)
        assert (told.region, told.region_confidence) == (region, confidence)
    with sqlite_database.reading() as session:
        _, first, second, third = SightingChanges(session, clock).history(sighting_id)
    assert first.before == {"region": "br", "region_confidence": 0.41}
    assert (second.before, third.before) == ({"region": "us-ca"}, {"region": "us", "region_confidence": 1.0})


def test_a_correction_to_what_is_so_already_leaves_no_trace(sqlite_database: Database, clock: SetClock) -> None:
    sighting_id = add(sqlite_database, direction="entering")
    correct(sqlite_database, clock, sighting_id, plate="a812cde", direction="entering")
    assert [count(sqlite_database, row) for row in (CorrectionRow, EventRow, AuditRow)] == [0, 0, 0]
    assert plates(sqlite_database, clock, corrected=True) == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"plate": "!!"}, "plate"), ({"plate": "A" * 13}, "plate"), ({"direction": None}, "direction")],
    ids=["no letters", "too long", "no direction"],
)
def test_a_correction_to_nonsense_is_refused(
    sqlite_database: Database, clock: SetClock, fields: dict[str, Any], field: str
) -> None:
    sighting_id = add(sqlite_database)
    with pytest.raises(FieldError) as told:
        correct(sqlite_database, clock, sighting_id, **fields)
    assert told.value.field == field
    assert count(sqlite_database, CorrectionRow) == 0


def test_lists_are_matched_again_after_a_correction(database: Database, clock: SetClock) -> None:
    sighting_id = add(database)
    with database.transaction() as session:
        lists = WatchlistService(session, clock)
        watchlist = lists.create(WatchlistCreate(name="stolen", kind=ListKind.DENY), ACTOR)
        lists.add_entry(watchlist.id, EntryWrite(plate="AB12CDE"), ACTOR)
    correct(database, clock, sighting_id, plate="AB12CDE")
    assert plates(database, clock, watchlist_id=watchlist.id) == [sighting_id]
    with database.reading() as session:
        kinds = [event.kind for event in session.query(EventRow).order_by(EventRow.id)]
    assert kinds == ["watchlist.matched", "sighting.updated"]
    correct(database, clock, sighting_id, plate="AB12CDF")
    assert count(database, WatchlistMatchRow) == 0


def test_a_merge_stretches_one_and_remembers_the_other(database: Database, clock: SetClock) -> None:
    kept = add(database, "AB12CDE")
    later = NOON + timedelta(seconds=3)
    other = add(database, "AB12CD", captured_at=later)
    correct(database, clock, other, plate="AB12CDF")
    with database.transaction() as session:
        merged = SightingChanges(session, clock).merge(kept, SightingMerge(other_id=other, reason="twice"), ACTOR)
    assert (merged.id, merged.plate) == (kept, "AB12CDE")
    with database.reading() as session:
        assert [row.id for row in session.query(SightingRow)] == [kept]
        row = session.get_one(SightingRow, kept)
        assert (row.first_seen_at, row.last_seen_at, row.captured_at) == (NOON, later, NOON)
        (change,) = SightingChanges(session, clock).history(kept)
        assert change.kind == "merge"
        assert (change.before["id"], change.before["plate"], change.before["read_plate"]) == (
            other,
            "AB12CDF",
            "AB12CD",
        )
        assert change.before["corrections"] == [{"plate": "AB12CD", "written": None}]
        assert [text for (text,) in session.query(PlateTextRow.text)] == ["AB12CDE"]


def test_a_sighting_is_not_merged_with_itself_or_with_nothing(sqlite_database: Database, clock: SetClock) -> None:
    sighting_id = add(sqlite_database)
    with sqlite_database.transaction() as session:
        changes = SightingChanges(session, clock)
        with pytest.raises(FieldError, match="with itself"):
            changes.merge(sighting_id, SightingMerge(other_id=sighting_id), ACTOR)
        with pytest.raises(NotFoundError, match="4711"):
            changes.merge(sighting_id, SightingMerge(other_id=4711), ACTOR)


def test_a_deleted_sighting_is_gone_with_all_that_hangs_on_it(database: Database, clock: SetClock) -> None:
    with database.transaction() as session:
        image = ImageRow(media_key="ab", filename="a.jpg", width=9, height=9, byte_size=9, created_at=NOON)
        session.add(image)
        session.flush()
        first, second = (add_sighting(session, plate, image_id=image.id).id for plate in ("AB12CDE", "XY34ZZZ"))
    correct(database, clock, first, note="x")
    for sighting_id, images in ((first, 1), (second, 0)):
        with database.transaction() as session:
            SightingChanges(session, clock).delete(sighting_id, ACTOR)
        assert count(database, ImageRow) == images
    rows = (SightingRow, CorrectionRow, PlateTextRow, PlateKeyRow)
    assert [count(database, row) for row in rows] == [0, 0, 0, 0]


def test_a_plate_that_another_sighting_has_stays_searchable(sqlite_database: Database, clock: SetClock) -> None:
    first, second = add(sqlite_database, "AB12CDE"), add(sqlite_database, "AB12CDE")
    with sqlite_database.transaction() as session:
        SightingChanges(session, clock).delete(first, ACTOR)
    assert plates(sqlite_database, clock, plate="AB12CD?") == [second]


@pytest.mark.parametrize("by", ["sighting", "plate", "plate as it was read"])
def test_what_is_under_a_legal_hold_is_not_deleted_or_merged_away(
    sqlite_database: Database, clock: SetClock, by: str
) -> None:
    held, free = add(sqlite_database), add(sqlite_database, "XY34ZZZ")
    correct(sqlite_database, clock, held, plate="AB12CDE")
    hold: dict[str, dict[str, Any]] = {
        "sighting": {"sighting_id": held},
        "plate": {"plate": "AB12CDE"},
        "plate as it was read": {"plate": "A812CDE"},
    }
    with sqlite_database.transaction() as session:
        session.add(LegalHoldRow(reason="court", created_at=NOON, **hold[by]))
    with pytest.raises(ConflictError, match="legal hold"):
        with sqlite_database.transaction() as session:
            SightingChanges(session, clock).delete(held, ACTOR)
    with pytest.raises(ConflictError, match="legal hold"):
        with sqlite_database.transaction() as session:
            SightingChanges(session, clock).merge(free, SightingMerge(other_id=held), ACTOR)
    assert count(sqlite_database, SightingRow) == 2


def test_an_unknown_sighting_is_reported(sqlite_database: Database, clock: SetClock) -> None:
    with sqlite_database.transaction() as session:
        changes = SightingChanges(session, clock)
        with pytest.raises(NotFoundError, match="4711"):
            changes.history(4711)
        with pytest.raises(NotFoundError, match="4711"):
            changes.correct(4711, SightingUpdate(direction=Direction.LEAVING), ACTOR)
        with pytest.raises(NotFoundError, match="4711"):
            changes.delete(4711, ACTOR)
