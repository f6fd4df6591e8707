"""Erasing everything about one plate. Photos that show other plates too are kept, with this one painted over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from platewatch.audit.service import Actor, AuditAction, AuditService, Details
from platewatch.db.tables import (
    AccessLogRow,
    EventRow,
    IdempotencyRow,
    ImageRow,
    PassRow,
    SightingRow,
    VisitRow,
    WatchlistBatchRow,
    WatchlistEntryRow,
)
from platewatch.errors import ConflictError
from platewatch.media.store import Staging
from platewatch.privacy.repository import PlateRepository, delete_where
from platewatch.privacy.retention import BATCH, Tally
from platewatch.sightings.pseudonyms import texts_of
from platewatch.sightings.recorder import Recorder
from platewatch.sightings.schemas import box_of, corners_of
from platewatch.vision.image import encode_jpeg, open_image
from platewatch.vision.types import BoxXyxy
from platewatch.watchlists.import_records import ListImportRepository
from platewatch.watchlists.service import WatchlistService

_PAINT = 127
_MARGIN = 0.25
"""Of the box, on each side: corners are sometimes a little off."""


@dataclass(frozen=True, slots=True)
class Request:
    """The plate to erase, by its key, and whether its entries on watchlists go too."""

    plate: str
    reason: str
    watchlists: bool


@dataclass(frozen=True, slots=True)
class _Painted:
    """A photo in the store in which plates are painted over."""

    image_id: int
    media_key: str
    byte_size: int


class Erasure:
    """One plate, under each text that stands for it."""

    def __init__(self, recorder: Recorder, request: Request) -> None:
        self._recorder = recorder
        self._request = request
        self._texts = texts_of(request.plate, recorder.pseudonyms)

    def count(self) -> Tally:
        """The counts that would be erased."""
        with self._recorder.database.reading() as session:
            rows = PlateRepository(session, self._texts)
            fits = rows.sightings
            return Tally(
                images=rows.count(SightingRow, fits & SightingRow.image_id.is_not(None)),
                crops=rows.count(SightingRow, fits & SightingRow.crop_key.is_not(None)),
                sightings=rows.count(SightingRow, fits),
                visits=rows.count(VisitRow, rows.visits),
                decisions=rows.count(AccessLogRow, rows.decisions),
                events=rows.count(EventRow, rows.events),
                entries=len(self._entries(session)) if self._request.watchlists else 0,
            )

    def run(self, actor: Actor) -> Tally:
        """Take it away.

        Raises:
            ConflictError: the plate, or one of its sightings, is under a legal hold.
        """
        with self._recorder.database.reading() as session:
            _require_free(session, self._texts)
        tally = self.count()
        while ids := self._some():
            self._erase_sightings(ids)
        self._recorder.database.transact(lambda session: self._erase_rest(session, actor, tally))
        return tally

    def _some(self) -> list[int]:
        with self._recorder.database.reading() as session:
            return PlateRepository(session, self._texts).sighting_ids(BATCH)

    def _erase_sightings(self, ids: Sequence[int]) -> None:
        with self._recorder.database.reading() as session:
            keys = self._recorder.sightings(session).media_keys(ids)
            shared = _shared_images(session, ids)
        with self._recorder.releasing(keys) as staging:
            painted = [self._paint(staging, image, boxes) for image, boxes in shared]

            def work(session: Session) -> None:
                _require_free(session, self._texts)
                for one in painted:
                    image = session.get_one(ImageRow, one.image_id)
                    image.media_key, image.byte_size = one.media_key, one.byte_size
                delete_where(session, AccessLogRow, AccessLogRow.sighting_id.in_(ids))
                self._recorder.sightings(session).remove(ids)

            self._recorder.database.transact(work)

    def _paint(self, staging: Staging, image: ImageRow, boxes: Sequence[BoxXyxy]) -> _Painted:
        with open_image(self._recorder.media.get(image.media_key), self._recorder.stored_limits).pixels() as picture:
            for left, top, right, bottom in boxes:
                across, down = (right - left) * _MARGIN, (bottom - top) * _MARGIN
                rows = slice(max(0, int(top - down)), max(0, int(bottom + down) + 1))
                columns = slice(max(0, int(left - across)), max(0, int(right + across) + 1))
                picture[rows, columns] = _PAINT
            jpeg = encode_jpeg(picture)
        return _Painted(image.id, staging.put(jpeg), len(jpeg))

    def _erase_rest(self, session: Session, actor: Actor, tally: Tally) -> None:
        rows = PlateRepository(session, self._texts)
        delete_where(session, VisitRow, rows.visits)
        delete_where(session, PassRow, rows.passes)
        delete_where(session, AccessLogRow, rows.decisions)
        delete_where(session, EventRow, rows.events)
        delete_where(session, IdempotencyRow, rows.answers)
        ListImportRepository(session).forget_plate(self._request.plate)
        if self._request.watchlists:
            lists = WatchlistService(session, self._recorder.clock)
            for watchlist_id, entry_id in self._entries(session):
                lists.delete_entry(watchlist_id, entry_id, actor)
        # The note names no plate: nothing may be left of it.
        details: Details = {**tally.counts(), "reason": self._request.reason}
        AuditService(session, self._recorder.clock).note(AuditAction.PLATE_ERASED, actor, None, details)

    def _entries(self, session: Session) -> list[tuple[int, int]]:
        """The lists that name just this plate, and their entries."""
        query = (
            select(WatchlistBatchRow.watchlist_id, WatchlistEntryRow.id)
            .join(WatchlistBatchRow, WatchlistBatchRow.id == WatchlistEntryRow.batch_id)
            .where(WatchlistEntryRow.plate == self._request.plate, WatchlistBatchRow.state == "live")
        )
        return [(watchlist, entry) for watchlist, entry in session.execute(query) if watchlist is not None]


def _require_free(session: Session, texts: Collection[str]) -> None:
    hold = PlateRepository(session, texts).held()
    if hold is not None:
        raise ConflictError(f"The plate is under the legal hold {hold.id} ({hold.reason}). Lift that first.")


def _shared_images(session: Session, ids: Sequence[int]) -> list[tuple[ImageRow, list[BoxXyxy]]]:
    """The photos that others than these sightings need too, with the boxes of these ones in them."""
    others = select(SightingRow.image_id).where(SightingRow.id.not_in(ids), SightingRow.image_id.is_not(None))
    mine = select(SightingRow).where(SightingRow.id.in_(ids), SightingRow.image_id.in_(others))
    boxes: dict[int, list[BoxXyxy]] = defaultdict(list)
    for row in session.scalars(mine):
        corners = corners_of(row)
        if row.image_id is not None and corners is not None:
            boxes[row.image_id].append(box_of(corners))
    images = session.scalars(select(ImageRow).where(ImageRow.id.in_(list(boxes))))
    return [(image, boxes[image.id]) for image in images]
