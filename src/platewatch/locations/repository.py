"""Locations, their tariffs and how full they are, in the database."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select, update

from platewatch.db.repository import NamedRepository, Page, Repository
from platewatch.db.tables import LocationRow, TariffRow, VisitRow

_OPEN, _MISSED_EXIT = "open", "missed_exit"


class LocationRepository(NamedRepository[LocationRow]):
    row = LocationRow
    kind = "location"

    def page(self, limit: int, cursor: str | None) -> Page[LocationRow]:
        return self.page_by_name(select(LocationRow), limit, cursor)

    def all(self) -> list[LocationRow]:
        return list(self.session.scalars(select(LocationRow).order_by(LocationRow.id)))

    def occupancies(self, location_ids: Collection[int]) -> dict[int, int]:
        """The number of open visits at each location that has any."""
        query = (
            select(VisitRow.location_id, func.count())
            .where(VisitRow.location_id.in_(location_ids), VisitRow.state == _OPEN)
            .group_by(VisitRow.location_id)
        )
        return {location_id: count for location_id, count in self.session.execute(query) if location_id is not None}

    def end_open_visits(self, location_id: int, ended_at: datetime, ended_slot: int) -> None:
        """Count nobody as inside any more."""
        open_there = (VisitRow.location_id == location_id) & (VisitRow.state == _OPEN)
        ended = {"state": _MISSED_EXIT, "ended_at": ended_at, "ended_slot": ended_slot}
        self.session.execute(update(VisitRow).where(open_there).values(ended))


class TariffRepository(Repository[TariffRow]):
    row = TariffRow
    kind = "tariff"

    def at(self, location_id: int, instant: datetime) -> TariffRow | None:
        """The tariff in force; the first one also holds for what lies before it."""
        of_location = select(TariffRow).where(TariffRow.location_id == location_id)
        latest = of_location.where(TariffRow.valid_from <= instant).order_by(TariffRow.valid_from.desc()).limit(1)
        first = of_location.order_by(TariffRow.valid_from).limit(1)
        return self.session.scalar(latest) or self.session.scalar(first)

    def current(self, location_ids: Collection[int]) -> dict[int, TariffRow]:
        """The newest tariff of each location that has one."""
        newest = (
            select(TariffRow.location_id, func.max(TariffRow.valid_from).label("valid_from"))
            .where(TariffRow.location_id.in_(location_ids))
            .group_by(TariffRow.location_id)
            .subquery()
        )
        is_newest = (TariffRow.location_id == newest.c.location_id) & (TariffRow.valid_from == newest.c.valid_from)
        return {row.location_id: row for row in self.session.scalars(select(TariffRow).join(newest, is_newest))}
