"""Leases: a row that one process holds and renews while it alone does the work."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import CursorResult, delete, or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from platewatch.db.repository import is_duplicate
from platewatch.db.tables import LeaseRow

CLOCKS_DIFFER_BY: Final = timedelta(seconds=5)
"""Of the machines that share a database: no holder may lose its lease to one whose clock is a little behind."""


class Leases:
    """Never commits; a lease is there for others once the caller's transaction is committed."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def take(self, name: str, holder: str, now: datetime, lasting: timedelta) -> bool:
        """Whether the holder has the lease now, for that long: it is new, was its own, or the former one's ran out.

        A lease that would last longer than any given now was given by a clock that has been set back since; nobody
        waits for it.
        """
        latest = now + lasting + CLOCKS_DIFFER_BY
        free = or_(LeaseRow.holder == holder, LeaseRow.expires_at <= now, LeaseRow.expires_at > latest)
        taken = update(LeaseRow).where(LeaseRow.name == name, free).values(holder=holder, expires_at=now + lasting)
        if cast("CursorResult[Any]", self._session.execute(taken)).rowcount:
            return True
        if self._session.get(LeaseRow, name) is not None:
            return False
        try:
            with self._session.begin_nested():
                self._session.add(LeaseRow(name=name, holder=holder, expires_at=now + lasting))
        except IntegrityError as error:
            if is_duplicate(error):  # another process was faster
                return False
            raise
        return True

    def give_back(self, name: str, holder: str) -> None:
        """Let others take it at once; nothing happens if it is another one's by now."""
        self._session.execute(delete(LeaseRow).where(LeaseRow.name == name, LeaseRow.holder == holder))
