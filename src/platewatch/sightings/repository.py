"""Sightings, their images, and the requests that were answered once already, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, delete, or_, select
from sqlalchemy.orm import joinedload

from platewatch.db.repository import Repository
from platewatch.db.tables import CorrectionRow, IdempotencyRow, ImageRow, LegalHoldRow, SightingRow
from platewatch.errors import NotFoundError


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

    def get_all_whole(self, sighting_ids: Sequence[int]) -> list[SightingRow]:
        """The sightings with these ids, in their order; those that are gone are left out."""
        rows = {row.id: row for row in self.session.scalars(_whole().where(SightingRow.id.in_(sighting_ids)))}
        return [rows[identity] for identity in sighting_ids if identity in rows]

    def lock_or_raise(self, sighting_id: int) -> SightingRow:
        """The sighting, kept from other transactions until this one ends.

        Raises:
            NotFoundError: no such sighting.
        """
        row = self.session.scalar(select(SightingRow).where(SightingRow.id == sighting_id).with_for_update())
        if row is None:
            raise NotFoundError(self.kind, sighting_id)
        return row

    def all_of(self, sighting_ids: Sequence[int]) -> list[SightingRow]:
        return list(self.session.scalars(select(SightingRow).where(SightingRow.id.in_(sighting_ids))))

    def delete_all(self, sighting_ids: Sequence[int]) -> None:
        """Take the sightings away; what points to them goes or forgets them, as the tables say."""
        self.session.execute(delete(SightingRow).where(SightingRow.id.in_(sighting_ids)))

    def media_keys_of(self, sighting_ids: Sequence[int]) -> set[str]:
        """The media keys of the photos and crops of these sightings."""
        query = select(ImageRow.media_key, SightingRow.crop_key).outerjoin_from(
            SightingRow, ImageRow, SightingRow.image_id == ImageRow.id
        )
        found = self.session.execute(query.where(SightingRow.id.in_(sighting_ids)))
        return {key for keys in found for key in keys if key is not None}

    def of_image(self, image_id: int) -> list[SightingRow]:
        """The sightings of the image with all that is shown of them, the most confident first."""
        query = _whole().where(SightingRow.image_id == image_id)
        return list(self.session.scalars(query.order_by(SightingRow.confidence.desc(), SightingRow.id)))


class ImageRepository(Repository[ImageRow]):
    row = ImageRow
    kind = "image"

    def referenced_media(self, keys: Sequence[str]) -> set[str]:
        """The media keys that a row names."""
        of_images = self.session.scalars(select(ImageRow.media_key).where(ImageRow.media_key.in_(keys)))
        of_crops = self.session.scalars(select(SightingRow.crop_key).where(SightingRow.crop_key.in_(keys)))
        return {*of_images, *(key for key in of_crops if key is not None)}

    def latest(self) -> ImageRow | None:
        return self.session.scalar(select(ImageRow).order_by(ImageRow.id.desc()).limit(1))

    def delete_unseen(self, image_ids: Sequence[int]) -> list[str]:
        """The media keys of those images that no sighting points to any more; their rows are gone now."""
        seen = select(SightingRow.image_id).where(SightingRow.image_id.in_(image_ids))
        of_nobody = select(ImageRow).where(ImageRow.id.in_(image_ids), ImageRow.id.not_in(seen))
        unseen = list(self.session.scalars(of_nobody))
        for row in unseen:
            self.session.delete(row)
        self.session.flush()
        return [row.media_key for row in unseen]


class HoldRepository(Repository[LegalHoldRow]):
    row = LegalHoldRow
    kind = "legal hold"

    def get_of(self, sighting: SightingRow) -> LegalHoldRow | None:
        """A hold that keeps this sighting, by its id or by its plate."""
        plates = {sighting.plate, sighting.read_plate or sighting.plate}
        fits = or_(LegalHoldRow.sighting_id == sighting.id, LegalHoldRow.plate.in_(sorted(plates)))
        return self.session.scalar(select(LegalHoldRow).where(fits).limit(1))


class CorrectionRepository(Repository[CorrectionRow]):
    row = CorrectionRow
    kind = "correction"

    def of_sighting(self, sighting_id: int) -> list[CorrectionRow]:
        """The changes of a sighting, first to last."""
        query = select(CorrectionRow).where(CorrectionRow.sighting_id == sighting_id).order_by(CorrectionRow.id)
        return list(self.session.scalars(query))


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
