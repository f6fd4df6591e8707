"""Imports and their files in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, insert, select, update

from platewatch.db.repository import NewestFirst, Page, Repository
from platewatch.db.tables import ImportFileRow, ImportJobRow
from platewatch.errors import NotFoundError
from platewatch.imports.schemas import FileState, ImportFileQuery, ImportQuery, ImportSource, ImportState

_NEWEST_FIRST = NewestFirst(ImportJobRow.created_at, ImportJobRow.id)
_AT_WORK = (ImportState.RUNNING, ImportState.QUEUED)


class ImportJobRepository(Repository[ImportJobRow]):
    row = ImportJobRow
    kind = "import"

    def lock_or_raise(self, job_id: int) -> ImportJobRow:
        """The import, kept from other transactions until this one ends.

        Raises:
            NotFoundError: no such import.
        """
        row = self.session.scalar(select(ImportJobRow).where(ImportJobRow.id == job_id).with_for_update())
        if row is None:
            raise NotFoundError(self.kind, job_id)
        return row

    def page(self, query: ImportQuery) -> Page[ImportJobRow]:
        """Newest first.

        Raises:
            CursorError: the cursor is not one of ours.
        """
        return _NEWEST_FIRST.page(self.session, select(ImportJobRow), query.limit, query.cursor)

    def ids_at_work(self) -> list[int]:
        """Ids of the imports that run or wait for their turn, the oldest first."""
        query = select(ImportJobRow.id).where(ImportJobRow.state.in_(_AT_WORK)).order_by(ImportJobRow.id)
        return list(self.session.scalars(query))

    def archives(self) -> set[str]:
        """The files in which imports that are not over have their archives."""
        over = (ImportState.DONE, ImportState.CANCELLED)
        query = select(ImportJobRow.place).where(
            ImportJobRow.source == ImportSource.ARCHIVE, ImportJobRow.state.not_in(over)
        )
        return set(self.session.scalars(query))

    def count_file(self, job_id: int, state: FileState, sightings: int, *, is_known: bool) -> None:
        """Add one file to the import's figures."""
        is_done = state is FileState.DONE
        self.session.execute(
            update(ImportJobRow)
            .where(ImportJobRow.id == job_id)
            .values(
                done=ImportJobRow.done + int(is_done),
                failed=ImportJobRow.failed + int(not is_done),
                known=ImportJobRow.known + int(is_known),
                sightings=ImportJobRow.sightings + sightings,
            )
        )


class ImportFileRepository(Repository[ImportFileRow]):
    row = ImportFileRow
    kind = "file of an import"

    def add_all(self, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            self.session.execute(insert(ImportFileRow), rows)

    def delete_of(self, job_id: int) -> None:
        self.session.execute(delete(ImportFileRow).where(ImportFileRow.job_id == job_id))

    def count(self, job_id: int, state: FileState | None = None) -> int:
        query = select(func.count()).select_from(ImportFileRow).where(ImportFileRow.job_id == job_id)
        if state is not None:
            query = query.where(ImportFileRow.state == state)
        return self.session.scalar(query) or 0

    def next_waiting(self, job_id: int) -> ImportFileRow | None:
        query = select(ImportFileRow).where(ImportFileRow.job_id == job_id, ImportFileRow.state == FileState.WAITING)
        return self.session.scalar(query.order_by(ImportFileRow.id).limit(1))

    def settle(self, file_id: int, **values: Any) -> bool:
        """Write what became of a file that waits; False if that is known already."""
        changed = (
            update(ImportFileRow)
            .where(ImportFileRow.id == file_id, ImportFileRow.state == FileState.WAITING)
            .values(**values)
        )
        return cast("CursorResult[Any]", self.session.execute(changed)).rowcount == 1

    def page(self, job_id: int, query: ImportFileQuery) -> tuple[list[ImportFileRow], int | None]:
        """Files in the order of their paths, and after which id the next page begins."""
        statement = select(ImportFileRow).where(ImportFileRow.job_id == job_id, ImportFileRow.id > query.after_id)
        if query.state is not None:
            statement = statement.where(ImportFileRow.state == query.state)
        rows = list(self.session.scalars(statement.order_by(ImportFileRow.id).limit(query.limit + 1)))
        shown = rows[: query.limit]
        return shown, shown[-1].id if len(rows) > query.limit else None


def waiting_file(job_id: int, path: str) -> dict[str, Any]:
    """The columns of a file that is to be read."""
    return _file(job_id, path, FileState.WAITING, None, None)


def failed_file(job_id: int, path: str, error: str, at: datetime) -> dict[str, Any]:
    """The columns of a file that can't be read."""
    return _file(job_id, path, FileState.FAILED, error, at)


def _file(job_id: int, path: str, state: FileState, error: str | None, at: datetime | None) -> dict[str, Any]:
    return {"job_id": job_id, "path": path, "state": state, "sightings": 0, "error": error, "finished_at": at}
