"""Sightings put straight into the database, found by the search as if they had been recorded."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from platewatch.db.tables import SightingRow
from platewatch.sightings.plate_index import PlateIndex
from tests.db.rows import sighting


def add_sighting(session: Session, plate: str, **fields: Any) -> SightingRow:
    row = sighting(plate=plate, **fields)
    session.add(row)
    session.flush()
    PlateIndex(session).add(plate)
    return row
