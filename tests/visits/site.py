"""A location with sightings, for tests: recorded, corrected and deleted as the sightings feature does it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from platewatch.clock import Clock
from platewatch.db.engine import Database
from platewatch.db.tables import EventRow, LocationRow, SightingRow, TariffRow, VisitRow
from platewatch.visits.service import VisitService
from tests.db.rows import NOON, sighting
from tests.visits.passes import DIRECTIONS, START, at


class Site:
    """One location of a database. Passes are written as in `passes.py`."""

    def __init__(self, database: Database, clock: Clock, **fields: Any) -> None:
        self.database = database
        self.clock = clock
        with database.transaction() as session:
            row = LocationRow(**({"name": "depot", "created_at": NOON} | fields))
            session.add(row)
        self.id = row.id

    @contextmanager
    def service(self) -> Iterator[VisitService]:
        with self.database.transaction() as session:
            yield VisitService(session, self.clock)

    def see(self, *lines: str) -> list[int]:
        """Ids of sightings that are recorded one after the other, each in a transaction of its own."""
        return [self.database.transact(partial(self._record, line=line)) for line in lines]

    def _record(self, session: Session, line: str) -> int:
        way, plate, minute = line.split()
        direction = DIRECTIONS.get(way.rstrip("?"), "unknown")
        told = {"direction": direction, "is_unsure": way.endswith("?"), "captured_at": at(float(minute))}
        row = sighting(plate=plate, location_id=self.id, **told)
        session.add(row)
        session.flush()
        VisitService(session, self.clock).apply(row)
        return row.id

    def change(self, sighting_id: int, **fields: Any) -> None:
        """Correct a sighting."""
        with self.database.transaction() as session:
            row = session.get_one(SightingRow, sighting_id)
            for name, value in fields.items():
                setattr(row, name, value)
            VisitService(session, self.clock).apply(row)

    def delete(self, sighting_id: int) -> None:
        with self.database.transaction() as session:
            VisitService(session, self.clock).forget([sighting_id])
            session.delete(session.get_one(SightingRow, sighting_id))

    def tariff(self, **fields: Any) -> None:
        defaults = {"currency": "EUR", "free_minutes": 0, "unit_minutes": 60, "unit_price": 200, "valid_from": START}
        with self.database.transaction() as session:
            session.add(TariffRow(location_id=self.id, **(defaults | fields)))

    def rows(self) -> list[VisitRow]:
        query = select(VisitRow).options(joinedload(VisitRow.entry), joinedload(VisitRow.exit)).order_by(VisitRow.id)
        with self.database.reading() as session:
            return list(session.scalars(query))

    def visits(self) -> list[str]:
        """Each visit as `state plate entry-exit (end)` in minutes, sorted."""
        return sorted(
            f"{row.state} {row.plate} {_minute(row.entered_at)}-{_minute(row.left_at)} ({_minute(row.ended_at)})"
            for row in self.rows()
        )

    def occupancy(self) -> int:
        with self.service() as service:
            return service.occupancy(self.id)

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        with self.database.reading() as session:
            rows = session.scalars(select(EventRow).order_by(EventRow.id))
            return [(row.kind, row.payload) for row in rows]

    def told(self) -> list[str]:
        """Each event as `kind state plate (occupancy)`."""
        return [
            f"{kind} {'withdrawn' if payload['withdrawn'] else payload['state']} {payload['plate']} "
            f"({payload['occupancy']})"
            for kind, payload in self.events()
        ]


def _minute(instant: datetime | None) -> str:
    return "" if instant is None else f"{(instant - START).total_seconds() / 60:g}"
