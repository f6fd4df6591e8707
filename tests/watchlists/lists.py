"""Lists for tests, made as an administrator would."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from platewatch.audit.service import Actor
from platewatch.clock import Clock
from platewatch.db.tables import LocationRow
from platewatch.watchlists.schemas import EntryWrite, WatchlistCreate
from platewatch.watchlists.service import Entry, ListKind, WatchlistService
from tests.db.rows import NOON

ADMIN = Actor(user_id=None, username="ada")


def make_list(session: Session, clock: Clock, kind: str = "watch", name: str | None = None, **fields: Any) -> int:
    """The id of a new list; without a name it has that of its kind."""
    body = WatchlistCreate(name=name or kind, kind=ListKind(kind), **fields)
    return WatchlistService(session, clock).create(body, ADMIN).id


def add(session: Session, clock: Clock, watchlist_id: int, plate: str, **fields: Any) -> Entry:
    """A new entry."""
    body = EntryWrite.model_validate({"plate": plate, **fields})
    return WatchlistService(session, clock).add_entry(watchlist_id, body, ADMIN)


def make_location(session: Session, name: str = "north", time_zone: str = "UTC", **fields: Any) -> int:
    """The id of a new location."""
    row = LocationRow(name=name, time_zone=time_zone, created_at=NOON, **fields)
    session.add(row)
    session.flush()
    return row.id
