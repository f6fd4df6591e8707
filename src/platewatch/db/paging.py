"""All rows of a list, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from sqlalchemy.orm import Session

from platewatch.db.engine import Database

EXPORT_PAGE: Final = 1000
"""Rows that an export has in memory at a time."""

Item = TypeVar("Item")


def all_pages(
    database: Database, page: Callable[[Session, str | None], tuple[Sequence[Item], str | None]]
) -> Iterator[Item]:
    """The items of every page, in their order.

    Each page is read in a session of its own, which is closed before its items are given out: a reader that takes its
    time holds no connection of the database.

    Args:
        database: where the list is.
        page: gives the items behind a cursor (None: the first ones), and the next cursor (None: these are the last).
    """
    cursor: str | None = None
    while True:
        with database.reading() as session:
            items, cursor = page(session, cursor)
        yield from items
        if cursor is None:
            return
