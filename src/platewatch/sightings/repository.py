"""Sightings, their images, and the requests that were answered once already, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import joinedload

from platewatch.db.repository import NewestFirst, Page, Repository
from platewatch.db.tables import IdempotencyRow, ImageRow, SightingRow
from platewatch.errors import NotFoundError
from platewatch.sightings.schemas import SightingQuery
from platewatch.vision.formats import normalize

_NEWEST_FIRST = NewestFirst(SightingRow.captured_at, SightingRow.id)


class SightingRepository(Repository[SightingRow]):
    row = SightingRow
    kind = "sighting"

    def get_whole_or_raise(self, sighting_id: int) -> SightingRow:
        """The sighting with all that is shown of it.

        Raises:
            NotFoundError: no such sighting.
        """
        row = self.session.scalars(_whole().where(SightingRow.id == sighting_id)).one_or_none()
        if row is None:
            raise NotFoundError(self.kind, sighting_id)
        return row

    def page(self, query: SightingQuery) -> Page[SightingRow]:
        """Newest first, by capture time.

        Raises:
            CursorError: the cursor is not one of ours.
        """
        statement = _whole()
        if query.plate is not None:
            statement = statement.where(SightingRow.plate == normalize(query.plate))
        if query.captured_from is not None:
            statement = statement.where(SightingRow.captured_at >= query.captured_from)
        if query.captured_to is not None:
            statement = statement.where(SightingRow.captured_at < query.captured_to)
        if query.min_confidence > 0:
            statement = statement.where(SightingRow.confidence >= query.min_confidence)
        return _NEWEST_FIRST.page(self.session, statement, query.limit, query.cursor)

    def of_image(self, image_id: int) -> list[SightingRow]:
        return list(self.session.scalars(select(SightingRow).where(SightingRow.image_id == image_id)))


class ImageRepository(Repository[ImageRow]):
    row = ImageRow
    kind = "image"

    def referenced_media(self, keys: Sequence[str]) -> set[str]:
        """Those of the media keys that a row points to."""
        of_images = self.session.scalars(select(ImageRow.media_key).where(ImageRow.media_key.in_(keys)))
        of_crops = self.session.scalars(select(SightingRow.crop_key).where(SightingRow.crop_key.in_(keys)))
        return {*of_images, *(key for key in of_crops if key is not None)}


class IdempotencyRepository(Repository[IdempotencyRow]):
    row = IdempotencyRow
    kind = "Idempotency-Key"

    def get_by_key(self, owner: str, key: str) -> IdempotencyRow | None:
        query = select(IdempotencyRow).where(IdempotencyRow.owner == owner, IdempotencyRow.key == key)
        return self.session.scalar(query)

    def delete_before(self, time: datetime) -> None:
        self.session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at < time))


def _whole() -> Select[SightingRow]:
    return select(SightingRow).options(
        joinedload(SightingRow.camera),
        joinedload(SightingRow.location),
        joinedload(SightingRow.image),
        joinedload(SightingRow.user),
    )
