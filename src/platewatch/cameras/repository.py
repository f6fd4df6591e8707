"""Cameras in the database."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from platewatch.cameras.schemas import CameraQuery
from platewatch.db.repository import NamedRepository, Page
from platewatch.db.tables import CameraRow
from platewatch.errors import NotFoundError


class CameraRepository(NamedRepository[CameraRow]):
    row = CameraRow
    kind = "camera"

    def get_whole_or_raise(self, camera_id: int) -> CameraRow:
        """The camera with its location.

        Raises:
            NotFoundError: no such camera.
        """
        query = select(CameraRow).options(joinedload(CameraRow.location)).where(CameraRow.id == camera_id)
        row = self.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
        if row is None:
            raise NotFoundError(self.kind, camera_id)
        return row

    def page(self, query: CameraQuery) -> Page[CameraRow]:
        """By name.

        Raises:
            CursorError: the cursor is not one of ours.
        """
        statement = select(CameraRow).options(joinedload(CameraRow.location))
        if query.location_id is not None:
            statement = statement.where(CameraRow.location_id == query.location_id)
        if query.enabled is not None:
            works = CameraRow.disabled_at.is_(None)
            statement = statement.where(works if query.enabled else ~works)
        return self.page_by_name(statement, query.limit, query.cursor)
