"""Bodies of `/api/v1/watchlists/imports`."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from platewatch.db.base import MAX_ID
from platewatch.db.tables import WatchlistImportRow

MAX_PAGE: Final = 200
MAX_PROBLEMS: Final = 100
"""Refused rows that are kept; a file with as many isn't read further."""
SILENT_FOR: Final = timedelta(minutes=5)
"""An import that showed nothing of itself for so long was aborted: its process ended."""


class ImportMode(StrEnum):
    ADD = "add"
    """The list's rows stay; rows that the list has already are skipped."""
    REPLACE = "replace"
    """The file takes the place of the whole list, at one instant."""


class ListImportState(StrEnum):
    """The outcome of the import of a file into a list. Unless it is `done`, the list is unchanged."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """The server stopped meanwhile. Never stored: the process that would store it is gone."""


class ListImportRead(BaseModel):
    """One import of a file into a list, whether or not its sender waited for the answer."""

    id: int = Field(examples=[7])
    watchlist_id: int | None = Field(description="None: deleted since")
    watchlist: str = Field(examples=["residents"], description="the list's name at that time")
    mode: ImportMode
    filename: str = Field(examples=["residents.csv"])
    state: ListImportState
    added: int = Field(description="entries that are new; while it runs with `replace`, rows written so far")
    skipped: int = Field(description="rows that stood in the list already, or twice in the file")
    removed: int = Field(description="entries that were replaced")
    refused: int = Field(
        json_schema_extra={"maximum": MAX_PROBLEMS},
        description=f"rows that can't be used; a file with {MAX_PROBLEMS} of them isn't read further. Lines: "
        "`GET .../imports/{id}`",
    )
    error: str | None
    username: str | None = Field(examples=["ada"], description="who sent it, as the name was then")
    started_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, row: WatchlistImportRow, now: datetime) -> ListImportRead:
        state = ListImportState(row.state)
        # In either direction: the clock may have been set back since.
        if state is ListImportState.RUNNING and abs(now - row.renewed_at) > SILENT_FOR:
            state = ListImportState.INTERRUPTED
        return cls(
            id=row.id,
            watchlist_id=row.watchlist_id,
            watchlist=row.watchlist_name,
            mode=ImportMode(row.mode),
            filename=row.filename,
            state=state,
            added=row.added,
            skipped=row.skipped,
            removed=row.removed,
            refused=row.refused,
            error=row.error,
            username=row.username,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )


class RefusedLine(BaseModel):
    """One row of a file that can't be used."""

    line: int = Field(description="the first line of the file is 1", examples=[3])
    field: str = Field(examples=["plate"])
    message: str


class ListImportDetail(ListImportRead):
    """One import with the lines that it refused."""

    problems: list[RefusedLine]

    @classmethod
    def of(cls, row: WatchlistImportRow, now: datetime) -> ListImportDetail:
        problems = [RefusedLine.model_validate(problem) for problem in row.problems or []]
        return cls(problems=problems, **ListImportRead.of(row, now).model_dump())


class ListImportPage(BaseModel):
    items: list[ListImportRead]
    next_cursor: str | None = Field(description="give it as `cursor` for the next page; None on the last one")


class ListImportQuery(BaseModel):
    """Filters and paging of imports."""

    model_config = ConfigDict(extra="forbid")

    watchlist_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    limit: int = Field(default=50, ge=1, le=MAX_PAGE)
    cursor: str | None = Field(default=None, max_length=500, description="`next_cursor` of the page before")
