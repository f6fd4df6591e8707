"""Taking away what its time is over, in small transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from platewatch.db.events import EventLog
from platewatch.db.tables import AccessLogRow, EventRow, ImageRow, PassRow, RetentionRow, SightingRow, VisitRow
from platewatch.privacy.repository import (
    Due,
    DueRepository,
    Kept,
    LegalHoldRepository,
    PlateRepository,
    RetentionRepository,
    delete_where,
)
from platewatch.sightings.pseudonyms import texts_of
from platewatch.sightings.recorder import Recorder
from platewatch.watchlists.import_records import ListImportRepository

BATCH: Final = 200


@dataclass(slots=True)
class Tally:
    """The counts of what was deleted."""

    images: int = 0
    crops: int = 0
    sightings: int = 0
    visits: int = 0
    decisions: int = 0
    events: int = 0
    entries: int = 0

    def counts(self) -> dict[str, int]:
        return asdict(self)


class Retention:
    """One run: what each policy lets go, oldest first."""

    def __init__(self, recorder: Recorder, event_days: int) -> None:
        self._recorder = recorder
        self._event_days = event_days
        self._now = recorder.clock.now()
        with recorder.database.reading() as session:
            self._policies = [row for row, _ in RetentionRepository(session).all()]
            held = LegalHoldRepository(session).plates()
        self._held = {text for plate in held for text in texts_of(plate, recorder.pseudonyms)}

    def count(self) -> Tally:
        """The counts that would be deleted now."""
        tally = Tally()
        with self._recorder.database.reading() as session:
            rows = DueRepository(session, self._held)
            for due in self._all_due():
                match due.kept:
                    case Kept.IMAGES:
                        tally.images += rows.count(due)
                        if due.location_id is None:
                            tally.images += rows.count_unused_images(due.before)
                    case Kept.CROPS:
                        tally.crops += rows.count(due)
                    case Kept.TEXT:
                        tally.sightings += rows.count(due)
                        counter = PlateRepository(session, ())
                        tally.decisions += counter.count(AccessLogRow, rows.decisions(due))
                        tally.visits += counter.count(VisitRow, rows.visits(due))
            tally.events = PlateRepository(session, ()).count(EventRow, EventRow.occurred_at < self._events_before())
        return tally

    def run(self, goes_on: Callable[[], bool]) -> Tally:
        """Take it away, for as long as `goes_on` says so."""
        tally = Tally()
        for due in self._all_due():
            self._run_one(due, tally, goes_on)
        tally.events = self._recorder.database.transact(
            lambda session: EventLog(session).delete_before(self._events_before())
        )
        self._recorder.database.transact(
            lambda session: ListImportRepository(session).forget_lines(self._events_before())
        )
        return tally

    def _run_one(self, due: Due, tally: Tally, goes_on: Callable[[], bool]) -> None:
        match due.kept:
            case Kept.IMAGES:
                for ids in self._portions(due, goes_on):
                    tally.images += self._take(ids, lambda session, ids=ids: self._take_images(session, ids))  # type: ignore[misc]
                if due.location_id is None:
                    tally.images += self._take_unused_images(due.before, goes_on)
            case Kept.CROPS:
                for ids in self._portions(due, goes_on):
                    tally.crops += self._take(
                        ids,
                        lambda session, ids=ids: DueRepository(session, ()).take_crops(ids),  # type: ignore[misc]
                    )
            case Kept.TEXT:
                for ids in self._portions(due, goes_on):
                    tally.sightings += self._take(
                        ids,
                        lambda session, ids=ids: self._recorder.sightings(session).let_go(ids),  # type: ignore[misc]
                    )
                tally.decisions += self._recorder.database.transact(lambda session: self._take_decisions(session, due))
                tally.visits += self._recorder.database.transact(lambda session: self._take_visits(session, due))

    def _all_due(self) -> Iterator[Due]:
        own = tuple(row.location_id for row in self._policies if row.location_id is not None)
        for row in self._policies:
            for kept, days in _days(row):
                if days is not None:
                    yield Due(kept, self._now - timedelta(days=days), row.location_id, own)

    def _portions(self, due: Due, goes_on: Callable[[], bool]) -> Iterator[list[int]]:
        after: tuple[datetime, int] | None = None
        while goes_on():
            with self._recorder.database.reading() as session:
                found = DueRepository(session, self._held).some(due, after, BATCH)
            if not found:
                return
            yield [identity for _, identity in found]
            after = found[-1]

    def _take(self, ids: Sequence[int], work: Callable[[Session], object]) -> int:
        """Do the work; images that no row names then are gone. Gives the number of the sightings."""
        with self._recorder.database.reading() as session:
            keys = self._recorder.sightings(session).media_keys(ids)
        with self._recorder.releasing(keys):
            self._recorder.database.transact(work)
        return len(ids)

    def _take_images(self, session: Session, ids: Sequence[int]) -> None:
        images = DueRepository(session, ()).take_images(ids)
        self._recorder.sightings(session).remove_unseen_images(images)

    def _take_unused_images(self, before: datetime, goes_on: Callable[[], bool]) -> int:
        taken = 0
        while goes_on():
            with self._recorder.database.reading() as session:
                rows = DueRepository(session, ()).unused_images(before, BATCH)
            if not rows:
                break
            ids = [row.id for row in rows]
            with self._recorder.releasing({row.media_key for row in rows}):
                taken += self._recorder.database.transact(lambda session, ids=ids: _delete_images(session, ids))  # type: ignore[misc]
        return taken

    def _take_decisions(self, session: Session, due: Due) -> int:
        return delete_where(session, AccessLogRow, DueRepository(session, self._held).decisions(due))

    def _take_visits(self, session: Session, due: Due) -> int:
        fits = DueRepository(session, self._held).visits(due)
        passes = {
            identity
            for pair in session.execute(select(VisitRow.entry_pass_id, VisitRow.exit_pass_id).where(fits))
            for identity in pair
            if identity is not None
        }
        gone = delete_where(session, VisitRow, fits)
        if passes:
            delete_where(session, PassRow, PassRow.id.in_(sorted(passes)))
        return gone

    def _events_before(self) -> datetime:
        return self._now - timedelta(days=self._event_days)


def _days(row: RetentionRow) -> list[tuple[Kept, int | None]]:
    return [(Kept.IMAGES, row.images_days), (Kept.CROPS, row.crops_days), (Kept.TEXT, row.text_days)]


def _delete_images(session: Session, ids: Sequence[int]) -> int:
    unseen = ImageRow.id.in_(ids), ImageRow.id.not_in(select(SightingRow.image_id).where(SightingRow.image_id.in_(ids)))
    session.execute(delete(ImageRow).where(*unseen))
    return len(ids)
