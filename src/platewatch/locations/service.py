"""Sites and car parks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from platewatch.audit.service import Actor, AuditAction, AuditService, Details
from platewatch.clock import Clock
from platewatch.db.base import slot_of
from platewatch.db.repository import Page, is_duplicate
from platewatch.db.tables import LocationRow, TariffRow
from platewatch.errors import ConflictError
from platewatch.locations.repository import LocationRepository, TariffRepository
from platewatch.locations.schemas import LocationCreate, LocationQuery, LocationRead, LocationUpdate, Tariff
from platewatch.server_settings.service import ServerSettings

_NO_TARIFF = {"currency": None, "free_minutes": 0, "unit_minutes": 1, "unit_price": 0, "daily_cap": None}


class LocationService:
    """Never commits; the caller's transaction does."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._locations = LocationRepository(session)
        self._tariffs = TariffRepository(session)
        self._server = ServerSettings(session, clock)
        self._clock = clock

    def get_or_create(self, name: str) -> LocationRow:
        """The location of that name; the first sighting that names a location makes it."""
        if found := self._locations.get_by_name(name):
            return found
        zone = self._server.time_zone()
        return self._locations.get_or_create(LocationRow(name=name, time_zone=zone, created_at=self._clock.now()))

    def get_by_name(self, name: str) -> LocationRow | None:
        """The location of that name, if there is one."""
        return self._locations.get_by_name(name)

    def get_or_raise(self, location_id: int) -> LocationRow:
        """The location with this id.

        Raises:
            NotFoundError: no such location.
        """
        return self._locations.get_or_raise(location_id)

    def page(self, query: LocationQuery) -> Page[LocationRow]:
        """By name.

        Raises:
            CursorError: the cursor is not one of ours.
        """
        return self._locations.page(query.limit, query.cursor)

    def all(self) -> list[LocationRow]:
        """By id."""
        return self._locations.all()

    def read(self, rows: Sequence[LocationRow]) -> list[LocationRead]:
        """The locations with their tariffs and with how full they are now."""
        ids = [row.id for row in rows]
        occupancies, tariffs = self._locations.occupancies(ids), self._tariffs.current(ids)
        return [LocationRead.of(row, occupancy=occupancies.get(row.id, 0), tariff=tariffs.get(row.id)) for row in rows]

    def occupancy(self, location_id: int) -> int:
        """The number of vehicles inside."""
        return self._locations.occupancies([location_id]).get(location_id, 0)

    def occupancy_of(self, name: str) -> int:
        """The number of vehicles inside the location of that name; 0 if there is no such location."""
        row = self._locations.get_by_name(name)
        return 0 if row is None else self.occupancy(row.id)

    def tariff_at(self, location_id: int, instant: datetime) -> TariffRow | None:
        """The tariff for a vehicle that entered at that time; the first tariff also applies before its start."""
        return self._tariffs.at(location_id, instant)

    def create(self, body: LocationCreate, actor: Actor) -> LocationRow:
        """Make a location.

        Raises:
            ConflictError: the name is taken.
        """
        fields = body.model_dump(exclude={"tariff"})
        fields["time_zone"] = body.time_zone or self._server.time_zone()
        row = self._flush(LocationRow(created_at=self._clock.now(), **fields))
        if body.tariff is not None:
            self._set_tariff(row, body.tariff)
        self._note(AuditAction.LOCATION_CREATED, actor, row, body.model_fields_set)
        return row

    def update(self, location_id: int, body: LocationUpdate, actor: Actor) -> LocationRow:
        """Change the fields that were sent. Visits that ended keep their fee.

        Raises:
            NotFoundError: no such location.
            ConflictError: the name is taken.
        """
        row = self.get_or_raise(location_id)
        for field, value in body.model_dump(exclude_unset=True, exclude={"tariff"}).items():
            setattr(row, field, value)
        self._flush(row)
        if "tariff" in body.model_fields_set:
            self._set_tariff(row, body.tariff)
        self._note(AuditAction.LOCATION_UPDATED, actor, row, body.model_fields_set)
        return row

    def delete(self, location_id: int, actor: Actor, *, force: bool = False) -> None:
        """Take the location away. Its sightings, ended visits and cameras stay, without a location.

        Raises:
            NotFoundError: no such location.
            ConflictError: vehicles are inside, and they are not to be forgotten by `force`.
        """
        row = self.get_or_raise(location_id)
        inside = self.occupancy(location_id)
        if inside and not force:
            raise ConflictError(
                f"{inside} vehicles are inside {row.name!r}. Close their visits first, or send `force=true` to give up "
                "waiting for them to leave.",
            )
        self._note(AuditAction.LOCATION_DELETED, actor, row, ())
        now = self._clock.now()
        self._locations.end_open_visits(location_id, now, slot_of(now))
        self._locations.delete(row)

    def _note(self, action: AuditAction, actor: Actor, row: LocationRow, fields: Collection[str]) -> None:
        details: Details = {"name": row.name, "fields": sorted(fields)} if fields else {"name": row.name}
        AuditService(self._session, self._clock).note(action, actor, f"location {row.id}", details)

    def _set_tariff(self, row: LocationRow, tariff: Tariff | None) -> None:
        current = self._tariffs.current([row.id]).get(row.id)
        if Tariff.of(current) == tariff:
            return
        now = self._clock.now()
        if current is not None and current.valid_from >= now:
            self._tariffs.delete(current)
        fields = tariff.model_dump() if tariff else _NO_TARIFF
        self._tariffs.add(TariffRow(location_id=row.id, valid_from=now, **fields))

    def _flush(self, row: LocationRow) -> LocationRow:
        name = row.name
        self._session.add(row)
        try:
            self._session.flush()
        except IntegrityError as error:
            if is_duplicate(error):
                raise ConflictError(f"There is already a location {name!r}. Choose another name.") from error
            raise
        return row
