"""Rows that are due for deletion, and all rows about a plate."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Delete,
    Text,
    and_,
    delete,
    exists,
    false,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy import cast as cast_to
from sqlalchemy.orm import InstrumentedAttribute, Session

from platewatch.db.repository import Repository
from platewatch.db.tables import (
    AccessLogRow,
    CorrectionRow,
    EventRow,
    IdempotencyRow,
    ImageRow,
    LegalHoldRow,
    LocationRow,
    PassRow,
    PrivacyRunRow,
    RetentionRow,
    SightingRow,
    VisitRow,
)


class Kept(StrEnum):
    """Kinds of data with a retention of their own."""

    IMAGES = "images"
    CROPS = "crops"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Due:
    """Rows older than `before` at one location, or at all but some (None among them is no location at all)."""

    kept: Kept
    before: datetime
    location_id: int | None
    others_than: tuple[int, ...] = ()

    def is_at(self, column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
        if self.location_id is not None:
            return column == self.location_id
        return or_(column.is_(None), column.not_in(self.others_than)) if self.others_than else true()


class RetentionRepository(Repository[RetentionRow]):
    row = RetentionRow
    kind = "retention policy"

    def all(self) -> list[tuple[RetentionRow, str | None]]:
        """The default first, then by location; with the location's name."""
        query = select(RetentionRow, LocationRow.name).outerjoin(LocationRow).order_by(LocationRow.name)
        rows = [(row, name) for row, name in self.session.execute(query)]
        return sorted(rows, key=lambda pair: pair[0].location_id is not None)

    def get_of(self, location_id: int | None) -> RetentionRow | None:
        mine = RetentionRow.location_id == location_id if location_id is not None else RetentionRow.is_default.is_(True)
        return self.session.scalar(select(RetentionRow).where(mine))


class LegalHoldRepository(Repository[LegalHoldRow]):
    row = LegalHoldRow
    kind = "legal hold"

    def all(self) -> list[LegalHoldRow]:
        return list(self.session.scalars(select(LegalHoldRow).order_by(LegalHoldRow.id)))

    def plates(self) -> set[str]:
        return {plate for plate in self.session.scalars(select(LegalHoldRow.plate)) if plate is not None}


class RunRepository(Repository[PrivacyRunRow]):
    row = PrivacyRunRow
    kind = "run"

    def newest(self, limit: int) -> list[PrivacyRunRow]:
        return list(self.session.scalars(select(PrivacyRunRow).order_by(PrivacyRunRow.id.desc()).limit(limit)))


class DueRepository:
    """Sightings whose time is over and that no hold keeps."""

    def __init__(self, session: Session, held_plates: Collection[str]) -> None:
        self._session = session
        self._held = sorted(held_plates)

    def count(self, due: Due) -> int:
        return self._session.scalar(select(func.count()).select_from(SightingRow).where(*self._conditions(due))) or 0

    def some(self, due: Due, after: tuple[datetime, int] | None, limit: int) -> list[tuple[datetime, int]]:
        """The time and id of those that come next, oldest first."""
        query = select(SightingRow.captured_at, SightingRow.id).where(*self._conditions(due))
        if after is not None:
            at, identity = after
            query = query.where(
                SightingRow.captured_at >= at, or_(SightingRow.captured_at > at, SightingRow.id > identity)
            )
        found = self._session.execute(query.order_by(SightingRow.captured_at, SightingRow.id).limit(limit))
        return [(at, identity) for at, identity in found]

    def take_images(self, ids: Sequence[int]) -> list[int]:
        """The ids of the photos that these sightings had."""
        images = select(SightingRow.image_id).where(SightingRow.id.in_(ids), SightingRow.image_id.is_not(None))
        found = [identity for identity in self._session.scalars(images.distinct()) if identity is not None]
        self._session.execute(update(SightingRow).where(SightingRow.id.in_(ids)).values(image_id=None))
        return found

    def take_crops(self, ids: Sequence[int]) -> None:
        self._session.execute(update(SightingRow).where(SightingRow.id.in_(ids)).values(crop_key=None))

    def unused_images(self, before: datetime, limit: int) -> list[ImageRow]:
        """Photos older than that in which no sighting was."""
        unused = select(ImageRow).where(
            ImageRow.created_at < before, ~exists().where(SightingRow.image_id == ImageRow.id)
        )
        return list(self._session.scalars(unused.order_by(ImageRow.id).limit(limit)))

    def count_unused_images(self, before: datetime) -> int:
        unused = ImageRow.created_at < before, ~exists().where(SightingRow.image_id == ImageRow.id)
        return self._session.scalar(select(func.count()).select_from(ImageRow).where(*unused)) or 0

    def decisions(self, due: Due) -> ColumnElement[bool]:
        held = AccessLogRow.plate.not_in(self._held)
        on_hold = exists().where(LegalHoldRow.sighting_id == AccessLogRow.sighting_id)
        return and_(AccessLogRow.decided_at < due.before, due.is_at(AccessLogRow.location_id), held, ~on_hold)

    def visits(self, due: Due) -> ColumnElement[bool]:
        """Visits that ended, or began and never ended, and whose sightings are all gone."""
        has_sighting = exists().where(
            PassRow.id.in_([VisitRow.entry_pass_id, VisitRow.exit_pass_id]),
            SightingRow.id == PassRow.sighting_id,
            ~and_(*self._conditions(due)),
        )
        held = VisitRow.plate.not_in(self._held)
        since = func.coalesce(VisitRow.ended_at, VisitRow.began_at)
        return and_(since < due.before, due.is_at(VisitRow.location_id), held, ~has_sighting)

    def _conditions(self, due: Due) -> list[ColumnElement[bool]]:
        has = {
            Kept.IMAGES: SightingRow.image_id.is_not(None),
            Kept.CROPS: SightingRow.crop_key.is_not(None),
            Kept.TEXT: true(),
        }
        return [
            SightingRow.captured_at < due.before,
            due.is_at(SightingRow.location_id),
            has[due.kept],
            ~exists().where(LegalHoldRow.sighting_id == SightingRow.id),
            SightingRow.plate.not_in(self._held),
            or_(SightingRow.read_plate.is_(None), SightingRow.read_plate.not_in(self._held)),
        ]


class PlateRepository:
    """All that is stored about one plate, under each of the texts that stand for it."""

    def __init__(self, session: Session, texts: Collection[str]) -> None:
        self._session = session
        self._texts = sorted(texts)

    @property
    def sightings(self) -> ColumnElement[bool]:
        corrected = exists().where(
            CorrectionRow.sighting_id == SightingRow.id,
            or_(*(_mentions(column, text) for column in _CHANGES for text in self._texts)),
        )
        named = or_(SightingRow.plate.in_(self._texts), SightingRow.read_plate.in_(self._texts))
        # Only corrected sightings have another plate in their history.
        return or_(named, and_(SightingRow.is_corrected.is_(True), corrected), self._merged())

    @property
    def visits(self) -> ColumnElement[bool]:
        return VisitRow.plate.in_(self._texts)

    @property
    def passes(self) -> ColumnElement[bool]:
        return PassRow.plate.in_(self._texts)

    @property
    def decisions(self) -> ColumnElement[bool]:
        return AccessLogRow.plate.in_(self._texts)

    @property
    def events(self) -> ColumnElement[bool]:
        return or_(*(_mentions(EventRow.payload, text) for text in self._texts))

    @property
    def answers(self) -> ColumnElement[bool]:
        return or_(*(_mentions(IdempotencyRow.response, text) for text in self._texts))

    def sighting_ids(self, limit: int) -> list[int]:
        query = select(SightingRow.id).where(self.sightings).order_by(SightingRow.id).limit(limit)
        return list(self._session.scalars(query))

    def count(self, row: type[Any], fits: ColumnElement[bool]) -> int:
        return self._session.scalar(select(func.count()).select_from(row).where(fits)) or 0

    def held(self) -> LegalHoldRow | None:
        """A hold on the plate, or on one of its sightings."""
        of_sighting = exists().where(SightingRow.id == LegalHoldRow.sighting_id, self.sightings)
        return self._session.scalar(
            select(LegalHoldRow).where(or_(LegalHoldRow.plate.in_(self._texts), of_sighting)).limit(1)
        )

    def _merged(self) -> ColumnElement[bool]:
        merges = exists().where(
            CorrectionRow.sighting_id == SightingRow.id,
            CorrectionRow.kind == "merge",
            or_(*(_mentions(CorrectionRow.before, text) for text in self._texts)),
        )
        return merges if self._texts else false()


_CHANGES = (CorrectionRow.before, CorrectionRow.after)


def delete_where(session: Session, row: type[Any], fits: ColumnElement[bool]) -> int:
    """Delete the rows that fit; returns their number."""
    statement: Delete = delete(row).where(fits).execution_options(synchronize_session=False)
    return cast("CursorResult[Any]", session.execute(statement)).rowcount


def _mentions(column: InstrumentedAttribute[Any], text: str) -> ColumnElement[bool]:
    """Whether the text stands as a whole in the column's JSON, written as the driver writes it."""
    return cast_to(column, Text).contains(json.dumps(text), autoescape=True)
