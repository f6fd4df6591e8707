"""Sealing every secret in the database with the newest key, so that the older ones can be given up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, select, update
from sqlalchemy.orm import Session

from platewatch.audit.service import COMMAND, AuditAction, AuditService
from platewatch.clock import Clock
from platewatch.db.tables import UserRow
from platewatch.errors import ResealError, SealError
from platewatch.sealing import Seal

_PREFIX: Final = "sealed_"
"""Prefix of the names of all columns with sealed texts, and of no others."""


@dataclass(frozen=True, slots=True)
class Resealed:
    """The number of secrets that were sealed again, and of those that the first key had sealed already."""

    changed: int
    kept: int


def sealed_columns() -> Iterator[Column[Any]]:
    """All columns with sealed texts."""
    for table in UserRow.metadata.sorted_tables:
        yield from (column for column in table.columns if column.name.startswith(_PREFIX))


def reseal_all(session: Session, seal: Seal, clock: Clock) -> Resealed:
    """Seal everything with the first key, and note it in the audit log. The caller's transaction commits.

    Raises:
        ResealError: some of it no key opens.
    """
    changed = kept = 0
    unread: list[str] = []
    for column in sealed_columns():
        for row_id, sealed in _lock_rows(session, column):
            try:
                resealed = seal.reseal(sealed)
            except SealError:
                unread.append(f"{column.table.name} {row_id} ({column.name})")
                continue
            if resealed == sealed:
                kept += 1
            else:
                _store(session, column, row_id, resealed)
                changed += 1
    if unread:
        raise ResealError(unread)
    AuditService(session, clock).note(AuditAction.SECRETS_RESEALED, COMMAND, None, {"changed": changed, "kept": kept})
    return Resealed(changed, kept)


def _lock_rows(session: Session, column: Column[Any]) -> list[tuple[int, str]]:
    """The ids and texts, in rows that nobody else changes before the transaction ends."""
    row_id = column.table.c.id
    rows = session.execute(select(row_id, column).where(column.is_not(None)).order_by(row_id).with_for_update())
    return [(row_id, sealed) for row_id, sealed in rows]


def _store(session: Session, column: Column[Any], row_id: int, sealed: str) -> None:
    table = UserRow.metadata.tables[column.table.name]
    session.execute(update(table).where(table.c.id == row_id).values({column.name: sealed}))
