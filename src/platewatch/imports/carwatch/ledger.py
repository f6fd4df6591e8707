"""The ledger: rows of a source that were taken over already."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from platewatch.db.repository import Repository, is_duplicate
from platewatch.db.tables import ImportedRow, UserRow
from platewatch.errors import ConflictError
from platewatch.imports.carwatch.report import Outcome
from platewatch.imports.carwatch.source import SourceTable

RUNNING_ELSEWHERE: Final = "Another import of the same rows is running. Wait until it has ended, then start again."


class Ledger(Repository[ImportedRow]):
    """The entries of one source in one session; `source` is the name that the operator gave it."""

    row = ImportedRow
    kind = "imported row"

    def __init__(self, session: Session, source: str) -> None:
        super().__init__(session)
        self._source = source

    def known(self, table: SourceTable, source_ids: Collection[int]) -> dict[int, ImportedRow]:
        """The entries of these rows, by the source's ids."""
        query = select(ImportedRow).where(
            ImportedRow.source == self._source,
            ImportedRow.source_table == table,
            ImportedRow.source_id.in_(source_ids),
        )
        return {entry.source_id: entry for entry in self.session.scalars(query)}

    def users(self) -> dict[int, int]:
        """Of the source's users who have an account here still: the account's id by the source's."""
        query = (
            select(ImportedRow.source_id, ImportedRow.target_id)
            .join(UserRow, UserRow.id == ImportedRow.target_id)
            .where(ImportedRow.source == self._source, ImportedRow.source_table == SourceTable.USERS)
        )
        return {row.source_id: row.target_id for row in self.session.execute(query)}

    def enter(self, entry: ImportedRow) -> None:
        """Note a row as taken over.

        Raises:
            ConflictError: Another run takes the same row at this moment. The transaction can only be rolled back then.
        """
        entry.source = self._source
        self.session.add(entry)
        try:
            self.session.flush()
        except IntegrityError as error:
            if is_duplicate(error):
                raise ConflictError(RUNNING_ELSEWHERE) from error
            raise


def entry_of(table: SourceTable, source_id: int, digest: str, at: datetime) -> ImportedRow:
    """A new entry, to be completed with its outcome and target."""
    return ImportedRow(
        source_table=table, source_id=source_id, digest=digest, outcome=Outcome.TAKEN, target_id=0, imported_at=at
    )


def digest_of(*parts: Sequence[str] | str | int) -> str:
    """SHA-256 of what never changes in a row and reveals nothing of people: dates and sizes."""
    return hashlib.sha256("\n".join(str(part) for part in parts).encode()).hexdigest()
