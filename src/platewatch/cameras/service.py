"""Sources of frames."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from platewatch.audit.service import Actor, AuditAction, AuditService, Details
from platewatch.cameras.repository import CameraRepository
from platewatch.cameras.schemas import CameraCreate, CameraQuery, CameraUpdate
from platewatch.cameras.source_urls import HIDDEN, hides, redact
from platewatch.clock import Clock
from platewatch.db.repository import Page, is_duplicate
from platewatch.db.tables import CameraRow
from platewatch.errors import ConflictError, FieldError, NotFoundError
from platewatch.locations.service import LocationService
from platewatch.sealing import Seal


class CameraService:
    """Never commits; the caller's transaction does."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._cameras = CameraRepository(session)
        self._clock = clock

    def get_or_create(self, name: str, *, location_id: int | None) -> CameraRow:
        """The camera of that name; the first sighting that names a camera makes it, at the sighting's location."""
        row = CameraRow(name=name, location_id=location_id, direction="unknown", created_at=self._clock.now())
        return self._cameras.get_or_create(row)

    def get_by_name(self, name: str) -> CameraRow | None:
        """The camera of that name, if there is one."""
        return self._cameras.get_by_name(name)

    def get_or_raise(self, camera_id: int) -> CameraRow:
        """The camera with its location.

        Raises:
            NotFoundError: no such camera.
        """
        return self._cameras.get_whole_or_raise(camera_id)

    def page(self, query: CameraQuery) -> Page[CameraRow]:
        """By name.

        Raises:
            CursorError: the cursor is not one of ours.
        """
        return self._cameras.page(query)

    def create(self, body: CameraCreate, seal: Seal, actor: Actor) -> CameraRow:
        """Make a camera; its address is sealed.

        Raises:
            ConflictError: the name is taken.
            FieldError: there is no such location, or the address hides a secret.
        """
        fields = body.model_dump(exclude={"enabled", "source_url"})
        row = CameraRow(created_at=self._clock.now(), disabled_at=None, **fields)
        _set_source_url(row, body.source_url, seal)
        if not body.enabled:
            row.disabled_at = self._clock.now()
        self._check_location(body.location_id)
        self._flush(row)
        self._note(AuditAction.CAMERA_CREATED, actor, row, body.model_fields_set)
        return self.get_or_raise(row.id)

    def update(self, camera_id: int, body: CameraUpdate, seal: Seal, actor: Actor) -> CameraRow:
        """Change the fields that were sent; the address is sealed. Sightings stay where they were seen.

        Raises:
            NotFoundError: no such camera.
            ConflictError: the name is taken.
            FieldError: there is no such location, or the address hides a secret.
        """
        row = self.get_or_raise(camera_id)
        changed = body.model_dump(exclude_unset=True, exclude={"source_url"})
        if "location_id" in changed:
            self._check_location(body.location_id)
        if "source_url" in body.model_fields_set:
            _set_source_url(row, body.source_url, seal)
        enabled = changed.pop("enabled", row.disabled_at is None)
        if enabled != (row.disabled_at is None):
            row.disabled_at = None if enabled else self._clock.now()
        for field, value in changed.items():
            setattr(row, field, value)
        self._flush(row)
        self._note(AuditAction.CAMERA_UPDATED, actor, row, body.model_fields_set)
        return self.get_or_raise(row.id)

    def delete(self, camera_id: int, actor: Actor) -> None:
        """Take the camera away; its sightings stay, without a camera.

        Raises:
            NotFoundError: no such camera.
        """
        row = self.get_or_raise(camera_id)
        self._note(AuditAction.CAMERA_DELETED, actor, row, ())
        self._cameras.delete(row)

    def _check_location(self, location_id: int | None) -> None:
        if location_id is None:
            return
        try:
            LocationService(self._session, self._clock).get_or_raise(location_id)
        except NotFoundError as error:
            raise FieldError("location_id", str(error)) from error

    def _note(self, action: AuditAction, actor: Actor, row: CameraRow, fields: Collection[str]) -> None:
        details: Details = {"name": row.name, "fields": sorted(fields)} if fields else {"name": row.name}
        AuditService(self._session, self._clock).note(action, actor, f"camera {row.id}", details)

    def _flush(self, row: CameraRow) -> None:
        name = row.name
        self._session.add(row)
        try:
            self._session.flush()
        except IntegrityError as error:
            if is_duplicate(error):
                raise ConflictError(f"There is already a camera {name!r}. Choose another name.") from error
            raise


def _set_source_url(row: CameraRow, url: str | None, seal: Seal) -> None:
    """Keep the address sealed; one that was shown and comes back as it was changes nothing.

    Raises:
        FieldError: `***` stands for a secret that is not known.
    """
    if url == row.source_url:
        return
    if url is not None and hides(url):
        raise FieldError(
            "source_url",
            f"The address can't be used: {HIDDEN} stands for a secret that is not shown. Write the secret itself.",
        )
    row.source_url = redact(url) if url is not None else None
    row.sealed_source_url = seal.seal(url) if url is not None else None
