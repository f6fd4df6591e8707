"""Imports of lists as records: noted before they begin, so that each is seen whether or not its sender waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from platewatch.audit.service import Actor
from platewatch.clock import Clock
from platewatch.db.base import Json
from platewatch.db.engine import Database
from platewatch.db.repository import NewestFirst, Page, Repository
from platewatch.db.tables import WatchlistImportRow
from platewatch.errors import PlatewatchError, RowProblem, RowsError
from platewatch.plates.text import reading_key
from platewatch.redaction import printable
from platewatch.watchlists.import_schemas import ImportMode, ListImportQuery, ListImportState
from platewatch.watchlists.repository import WatchlistRepository
from platewatch.watchlists.schemas import ImportAnswer

MAX_ERROR: Final = 500
MAX_FILENAME: Final = 255
MAX_MESSAGE: Final = 300

FORGOTTEN: Final = "The file could not be used; its lines are no longer kept."

_QUOTES: Final = (WatchlistImportRow.problems.is_not(None), WatchlistImportRow.error != FORGOTTEN)
"""An import that may quote its file."""
_NEWEST_FIRST = NewestFirst(WatchlistImportRow.started_at, WatchlistImportRow.id)


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that is to be imported into a list, and how."""

    watchlist_id: int
    mode: ImportMode
    filename: str


class ListImportRepository(Repository[WatchlistImportRow]):
    row = WatchlistImportRow
    kind = "import of a watchlist"

    def page(self, query: ListImportQuery) -> Page[WatchlistImportRow]:
        """Newest first.

        Raises:
            CursorError: the cursor is not one of ours.
        """
        statement = select(WatchlistImportRow)
        if query.watchlist_id is not None:
            statement = statement.where(WatchlistImportRow.watchlist_id == query.watchlist_id)
        return _NEWEST_FIRST.page(self.session, statement, query.limit, query.cursor)

    def forget_lines(self, before: datetime) -> None:
        """Remove the refused lines of imports that began before this time; their numbers stay."""
        old = WatchlistImportRow.started_at < before, or_(*_QUOTES)
        self.session.execute(update(WatchlistImportRow).where(*old).values(problems=None, error=FORGOTTEN))

    def forget_plate(self, plate: str) -> None:
        """Remove the refused lines, and the errors, that quote this plate (its key)."""
        for row in self.session.scalars(select(WatchlistImportRow).where(or_(*_QUOTES))):
            left = [problem for problem in row.problems or [] if plate not in reading_key(str(problem))]
            if len(left) < len(row.problems or []):
                row.problems = left or None
            if row.error is not None and plate in reading_key(row.error):
                row.error = FORGOTTEN


class ImportRecord:
    """The progress and outcome of one import."""

    def __init__(self, database: Database, clock: Clock, record_id: int) -> None:
        self._database = database
        self._clock = clock
        self._id = record_id

    @classmethod
    def begin(cls, database: Database, clock: Clock, sent: SentFile, actor: Actor) -> ImportRecord:
        """The record of an import that begins now.

        Raises:
            NotFoundError: no such list.
        """

        def work(session: Session) -> int:
            now = clock.now()
            row = WatchlistImportRow(
                watchlist_id=sent.watchlist_id,
                watchlist_name=WatchlistRepository(session).get_or_raise(sent.watchlist_id).name,
                mode=sent.mode,
                filename=printable(sent.filename)[-MAX_FILENAME:],
                state=ListImportState.RUNNING,
                added=0,
                skipped=0,
                removed=0,
                user_id=actor.user_id,
                username=actor.username,
                started_at=now,
                renewed_at=now,
            )
            return ListImportRepository(session).add(row).id

        return cls(database, clock, database.transact(work))

    def renew(self, session: Session, added: int) -> None:
        """Show that the import goes on, and how many rows it has written."""
        row = ListImportRepository(session).get_or_raise(self._id)
        row.added, row.renewed_at = added, self._clock.now()

    def finish(self, session: Session, answer: ImportAnswer) -> None:
        """Tell what the import did, in the transaction that does it."""
        row = ListImportRepository(session).get_or_raise(self._id)
        row.added, row.skipped, row.removed = answer.added, answer.skipped, answer.removed
        row.state, row.finished_at = ListImportState.DONE, self._clock.now()

    def fail(self, error: Exception) -> None:
        """Tell why the import changed nothing."""
        reason = str(error) if isinstance(error, PlatewatchError) else f"Something went wrong ({type(error).__name__})."

        problems = [_plain(problem) for problem in error.problems] if isinstance(error, RowsError) else []

        def work(session: Session) -> None:
            row = ListImportRepository(session).get_or_raise(self._id)
            row.state, row.error, row.added = ListImportState.FAILED, reason[:MAX_ERROR], 0
            row.refused, row.problems = len(problems), problems or None
            row.finished_at = self._clock.now()

        self._database.transact(work)


def _plain(problem: RowProblem) -> Json:
    """The problem as JSON has it, without what would steer a terminal."""
    return {
        "line": problem.line,
        "field": printable(problem.field)[:MAX_MESSAGE],
        "message": printable(problem.message)[:MAX_MESSAGE],
    }
