"""The server's settings that are kept in the database, so that all its processes see a change at once."""

from __future__ import annotations

from typing import Final

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from platewatch.audit.service import Actor, AuditAction, AuditService
from platewatch.clock import Clock
from platewatch.db.repository import is_duplicate
from platewatch.db.tables import ServerSettingRow
from platewatch.zones import UTC_NAME

_TIME_ZONE: Final = "time_zone"


class ServerSettings:
    """Never commits; the caller's transaction does."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    def chosen_time_zone(self) -> str | None:
        """The name of the server's zone; None while nobody chose one."""
        row = self._session.get(ServerSettingRow, _TIME_ZONE)
        return row.value if row else None

    def time_zone(self) -> str:
        """The name of the zone of what has none of its own; UTC while nobody chose one."""
        return self.chosen_time_zone() or UTC_NAME

    def set_time_zone(self, name: str, actor: Actor | None = None) -> None:
        """Use this zone from now on; noted in the audit log if somebody chose it and it is another one."""
        if self.chosen_time_zone() == name:
            return
        self._set(_TIME_ZONE, name)
        if actor is not None:
            AuditService(self._session, self._clock).note(AuditAction.SETTINGS_CHANGED, actor, None, {_TIME_ZONE: name})

    def _set(self, name: str, value: str) -> None:
        row = ServerSettingRow(name=name, value=value, updated_at=self._clock.now())
        if self._session.get(ServerSettingRow, name) is None:
            try:
                with self._session.begin_nested():
                    self._session.add(row)
            except IntegrityError as error:
                # Another process starts at the same moment.
                if not is_duplicate(error):
                    raise
            else:
                return
        changed = {"value": value, "updated_at": row.updated_at}
        self._session.execute(update(ServerSettingRow).where(ServerSettingRow.name == name).values(changed))
