"""Photos that come a second time: the same file, from the same place, of the same time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from platewatch.db.repository import is_duplicate
from platewatch.db.tables import PhotoLockRow, SightingRow
from platewatch.fields import parse_instant
from platewatch.sightings.repository import CorrectionRepository
from platewatch.sightings.schemas import CorrectionKind, TimeSource
from platewatch.vision.types import Direction

LOCKS: Final = 64
SAME_TIME: Final = timedelta(seconds=1)
_UNSTATED: Final = frozenset({None, TimeSource.UPLOAD})


@dataclass(frozen=True, slots=True)
class SentPhoto:
    """A photo as it was sent: the hash of its file, where and when it was taken, and when it came."""

    photo_hash: str
    camera_id: int | None
    location_id: int | None
    direction: Direction
    captured_at: datetime
    captured_at_source: TimeSource
    now: datetime


@dataclass(frozen=True, slots=True)
class _State:
    """The facts that a sighting is compared by, beside its photo and place."""

    direction: str
    captured_at: datetime
    captured_at_source: str | None


def photo_hash(data: bytes) -> str:
    """The SHA-256 of a photo's file in hex."""
    return hashlib.sha256(data).hexdigest()


class KnownPhotos:
    """Finds the sightings of a photo that was recorded before. Never commits; the caller's transaction does."""

    def __init__(self, session: Session, window: timedelta) -> None:
        """`window` is how long a photo whose time nobody states is taken for the same pass; 0: no photo is known."""
        self._session = session
        self._window = window

    def lock(self, hashes: Iterable[str]) -> None:
        """Keep other transactions from recording these photos until this one ends."""
        for number in sorted({int(one[:8], 16) % LOCKS for one in hashes}):
            taken = update(PhotoLockRow).where(PhotoLockRow.number == number)
            taken = taken.values(times_taken=PhotoLockRow.times_taken + 1)
            options = {"synchronize_session": False}
            while not cast("CursorResult[Any]", self._session.execute(taken, execution_options=options)).rowcount:
                self._make_lock(number)

    def find(self, sent: SentPhoto) -> list[SightingRow]:
        """The sightings that were recorded of this photo, place and time, the most confident first; none if it is new.

        Stated times (by the sender, the camera or the file) have to be the same. Where one of them is only the time of
        an upload, the earlier photo has to be recorded within the window. Photos for which another direction was given
        are two passes. A sighting that was corrected counts with what it has now and with what it was recorded with.
        """
        if not self._window:
            return []
        rows = self._session.scalars(
            select(SightingRow)
            .where(
                SightingRow.photo_hash == sent.photo_hash,
                _same(SightingRow.camera_id, sent.camera_id),
                _same(SightingRow.location_id, sent.location_id),
            )
            .order_by(SightingRow.id)
        )
        same = [row for row in rows if any(self._is_same_pass(row, sent, state) for state in self._states(row))]
        # A photo that was recorded twice on purpose has the sightings of each time.
        of_first = [row for row in same if (row.image_id, row.recorded_at) == (same[0].image_id, same[0].recorded_at)]
        return sorted(of_first, key=lambda row: (-row.confidence, row.id))

    def _is_same_pass(self, row: SightingRow, sent: SentPhoto, state: _State) -> bool:
        if state.direction != sent.direction:
            return False
        if state.captured_at_source in _UNSTATED or sent.captured_at_source in _UNSTATED:
            return abs(sent.now - row.recorded_at) <= self._window
        return abs(sent.captured_at - state.captured_at) <= SAME_TIME

    def _states(self, row: SightingRow) -> list[_State]:
        """The state of the sighting now, and the one that it was recorded with if that was corrected."""
        now = _State(row.direction, row.captured_at, row.captured_at_source)
        first = now
        for correction in reversed(CorrectionRepository(self._session).of_sighting(row.id)):
            former = correction.before if correction.kind == CorrectionKind.CORRECTION else {}
            first = _State(
                former.get("direction", first.direction),
                parse_instant(former["captured_at"]) if "captured_at" in former else first.captured_at,
                former.get("captured_at_source", first.captured_at_source),
            )
        return [now] if first == now else [now, first]

    def _make_lock(self, number: int) -> None:
        try:
            with self._session.begin_nested():
                self._session.add(PhotoLockRow(number=number, times_taken=0))
        except IntegrityError as error:
            # Another transaction made the row in between.
            if not is_duplicate(error):
                raise


def _same(column: Any, value: int | None) -> Any:
    return column.is_(None) if value is None else column == value
