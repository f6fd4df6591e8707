"""Correcting, merging and deleting sightings. What was read stays; each change is a row of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from platewatch.audit.service import Actor, AuditAction, AuditService
from platewatch.clock import Clock
from platewatch.db.base import slot_of
from platewatch.db.events import EventLog
from platewatch.db.tables import CorrectionRow, SightingRow
from platewatch.errors import ConflictError, FieldError
from platewatch.notify.events import EventKind
from platewatch.plates.text import as_written, is_pseudonym, spelling
from platewatch.sightings.capture_time import plausible_time
from platewatch.sightings.plate_index import PlateIndex
from platewatch.sightings.pseudonyms import Pseudonyms
from platewatch.sightings.repository import CorrectionRepository, HoldRepository, ImageRepository, SightingRepository
from platewatch.sightings.schemas import CorrectionKind, SightingMerge, SightingRead, SightingUpdate, TimeSource
from platewatch.sightings.service import SightingService, confidence_of_given, plate_of, strip_reading
from platewatch.visits.service import VisitService
from platewatch.watchlists.service import WatchlistService

_VEHICLE: Final = ("vehicle_type", "vehicle_color", "vehicle_make")
_FIELDS: Final = ("region", "direction", *_VEHICLE, "subject", "note")
_READ: Final = frozenset({"plate", "region", "direction", "captured_at"})
"""A change of these fields is a correction of the sighting; a note only adds to it."""
_MATCHED: Final = frozenset({"plate", "written", "region", "captured_at"})
"""The fields that entries of lists are compared with."""
_KEPT_OF_MERGED: Final = {
    "id",
    "plate",
    "written",
    "read_plate",
    "confidence",
    "region",
    "region_confidence",
    "characters",
    "direction",
    *_VEHICLE,
    "camera",
    "location",
    "captured_at",
    "recorded_at",
    "recorded_by",
    "subject",
    "note",
}


class SightingChanges:
    """Never commits; the caller's transaction does.

    What no row names any more is not taken out of the media store here: hold `SightingService.media_keys` before the
    transaction, and discard them after it.
    """

    def __init__(self, session: Session, clock: Clock, pseudonyms: Pseudonyms | None = None) -> None:
        self._session = session
        self._clock = clock
        self._service = SightingService(session, clock, pseudonyms)
        self._sightings = SightingRepository(session)
        self._images = ImageRepository(session)
        self._corrections = CorrectionRepository(session)
        self._plates = PlateIndex(session)

    def history(self, sighting_id: int) -> list[CorrectionRow]:
        """All changes of the sighting, first to last.

        Raises:
            NotFoundError: no such sighting.
        """
        self._sightings.get_or_raise(sighting_id)
        return self._corrections.of_sighting(sighting_id)

    def correct(self, sighting_id: int, body: SightingUpdate, actor: Actor) -> SightingRead:
        """The sighting with the fields that were given. Nothing is written if they were so already.

        Raises:
            NotFoundError: no such sighting.
            FieldError: nobody can have passed at that time, the plate has too few or too many characters, or a field
                can't be empty.
        """
        row = self._sightings.lock_or_raise(sighting_id)
        before = self._change(row, body)
        if not before:
            return self._read(row)
        row.is_corrected = row.is_corrected or _corrects(before)
        after = {field: getattr(row, field) for field in before}
        self._remember(row, CorrectionKind.CORRECTION, (_plain(before), _plain(after)), body.reason, actor)
        if "plate" in before:
            self._replate(row, before["plate"])
        self._follow(row, before.keys())
        details = {"fields": sorted(before), "reason": body.reason}
        AuditService(self._session, self._clock).note(
            AuditAction.SIGHTING_CORRECTED, actor, subject_of(row.id), details
        )
        return self._publish(row)

    def merge(self, sighting_id: int, body: SightingMerge, actor: Actor) -> SightingRead:
        """The sighting, stretched over the time of the other one, which is gone but for what the history keeps of it.

        The vehicle's details that this sighting lacks are copied from the other one.

        Raises:
            NotFoundError: there is no such sighting, or not the other one.
            FieldError: both are the same.
            ConflictError: the other one is under a legal hold.
        """
        if body.other_id == sighting_id:
            raise FieldError("other_id", "A sighting can't be merged with itself. Name another one.")
        # Always in the same order, so that two merges at once don't wait for each other for ever.
        locked = {
            identity: self._sightings.lock_or_raise(identity) for identity in sorted((sighting_id, body.other_id))
        }
        row, other = locked[sighting_id], locked[body.other_id]
        self._require_free(other)
        before = self._read(other).model_dump(mode="json", include=_KEPT_OF_MERGED)
        before["corrections"] = [one.before for one in self._corrections.of_sighting(other.id)]
        row.first_seen_at = min(row.first_seen_at, other.first_seen_at)
        row.last_seen_at = max(row.last_seen_at, other.last_seen_at)
        after = {"first_seen_at": row.first_seen_at.isoformat(), "last_seen_at": row.last_seen_at.isoformat()}
        after |= _copy_missing_vehicle(row, other)
        self._remember(row, CorrectionKind.MERGE, (before, after), body.reason, actor)
        self._service.remove([other.id])
        details = {"other_id": body.other_id, "reason": body.reason}
        AuditService(self._session, self._clock).note(AuditAction.SIGHTINGS_MERGED, actor, subject_of(row.id), details)
        return self._publish(row)

    def delete(self, sighting_id: int, actor: Actor) -> None:
        """Take the sighting away with its history.

        Raises:
            NotFoundError: no such sighting.
            ConflictError: it is under a legal hold.
        """
        row = self._sightings.lock_or_raise(sighting_id)
        self._require_free(row)
        self._service.remove([row.id])
        AuditService(self._session, self._clock).note(AuditAction.SIGHTING_DELETED, actor, subject_of(sighting_id))

    def _change(self, row: SightingRow, body: SightingUpdate) -> dict[str, Any]:
        """The earlier values of the changed fields."""
        given: dict[str, Any] = {field: getattr(body, field) for field in _FIELDS if field in body.model_fields_set}
        if "direction" in given and given["direction"] is None:
            raise FieldError("direction", "A direction can be `unknown`, but not be left empty.")
        if body.plate is not None:
            given |= self._plate_columns(row, body.plate)
        if body.plate is not None or body.is_unsure is False:
            given["is_unsure"] = False
        if body.captured_at is not None:
            given["captured_at"] = plausible_time(body.captured_at, self._clock.now())
        if given.get("region", row.region) != row.region:
            given["region_confidence"] = confidence_of_given(given["region"])
        before = {field: getattr(row, field) for field, value in given.items() if getattr(row, field) != value}
        for field in before:
            setattr(row, field, given[field])
        if "captured_at" in before:
            before["captured_at_source"] = row.captured_at_source
            _move_in_time(row, row.captured_at - before["captured_at"])
        return before

    def _plate_columns(self, row: SightingRow, text: str) -> dict[str, str | None]:
        """The plate's columns; the text as written stays where the two differ in separators and case alone."""
        plate = self._service.stored_plate(plate_of(text))
        if is_pseudonym(plate):
            return {"plate": plate, "written": None}
        if plate == row.plate and spelling(text) == spelling(row.written or row.plate):
            return {"plate": plate}
        return {"plate": plate, "written": as_written(text)}

    def _replate(self, row: SightingRow, former: str) -> None:
        row.read_plate = row.read_plate or former
        image_id = row.image_id
        if is_pseudonym(row.plate):
            strip_reading(row)
        self._plates.add(row.plate)
        self._plates.drop_unused([former])
        if image_id is not None and row.image_id is None:
            self._images.delete_unseen([image_id])

    def _follow(self, row: SightingRow, changed: Collection[str]) -> None:
        """Repeat what a sighting leads to for the corrected one."""
        self._session.flush()
        VisitService(self._session, self._clock).apply(row)
        # A note publishes no match a second time.
        if not _MATCHED.isdisjoint(changed):
            WatchlistService(self._session, self._clock).renew_matches(row)

    def _remember(
        self,
        row: SightingRow,
        kind: CorrectionKind,
        before_after: tuple[dict[str, Any], dict[str, Any]],
        reason: str | None,
        actor: Actor,
    ) -> None:
        before, after = before_after
        self._corrections.add(
            CorrectionRow(
                sighting_id=row.id,
                kind=kind,
                before=before,
                after=after,
                reason=reason or None,
                user_id=actor.user_id,
                username=actor.username,
                corrected_at=self._clock.now(),
            )
        )

    def _require_free(self, row: SightingRow) -> None:
        hold = HoldRepository(self._session).get_of(row)
        if hold is not None:
            raise ConflictError(f"Sighting {row.id} is under the legal hold {hold.id}. Lift that first.")

    def _read(self, row: SightingRow) -> SightingRead:
        return SightingRead.of(self._sightings.get_whole_or_raise(row.id))

    def _publish(self, row: SightingRow) -> SightingRead:
        self._session.flush()
        read = self._read(row)
        EventLog(self._session).append(EventKind.SIGHTING_UPDATED, read.model_dump(mode="json"), self._clock.now())
        return read


def _move_in_time(row: SightingRow, distance: timedelta) -> None:
    """Let all times of the sighting follow that of its photo."""
    row.captured_at_source = TimeSource.GIVEN
    row.captured_slot = slot_of(row.captured_at)
    row.first_seen_at += distance
    row.last_seen_at += distance


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as JSON has them."""
    return {field: value.isoformat() if isinstance(value, datetime) else value for field, value in values.items()}


def _corrects(before: Mapping[str, Any]) -> bool:
    """Whether a change from this is more than something added, such as a vehicle of which nothing was known."""
    return not before.keys().isdisjoint(_READ) or any(before.get(field) is not None for field in (*_VEHICLE, "written"))


def _copy_missing_vehicle(row: SightingRow, other: SightingRow) -> dict[str, str]:
    """Copy the vehicle's details that only the other sighting has; returns the copied ones."""
    missing = {field: getattr(other, field) for field in _VEHICLE if getattr(row, field) is None}
    learned = {field: value for field, value in missing.items() if value is not None}
    for field, value in learned.items():
        setattr(row, field, value)
    return learned


def subject_of(sighting_id: int) -> str:
    """The name of a sighting in the audit log."""
    return f"sighting {sighting_id}"
