"""Cameras in the database."""

from __future__ import annotations

from platewatch.db.repository import NamedRepository
from platewatch.db.tables import CameraRow


class CameraRepository(NamedRepository[CameraRow]):
    row = CameraRow
    kind = "camera"
