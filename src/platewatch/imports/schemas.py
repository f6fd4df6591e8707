"""Bodies of `/api/v1/imports`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from platewatch.db.base import MAX_ID
from platewatch.db.tables import ImportFileRow, ImportJobRow
from platewatch.sightings.schemas import PlaceName, TimeSource
from platewatch.vision.types import Direction

MAX_PAGE = 200


class ImportSource(StrEnum):
    FOLDER = "folder"
    ARCHIVE = "archive"


class ImportState(StrEnum):
    """`failed`: the source could not be read. The error of a single photo is in the record of its file."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class FileState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class ImportPlace(BaseModel):
    """The fields recorded with each photo."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    camera: PlaceName | None = Field(default=None, description="made on first mention")
    location: PlaceName | None = Field(default=None, description="made on first mention")
    direction: Direction = Direction.UNKNOWN
    record_known: bool = Field(default=False, description="record photos even if they were recorded before")


class FolderImport(ImportPlace):
    folder: str = Field(
        min_length=1, max_length=1000, examples=["/srv/photos/2026-03"], description="on the server, with all below it"
    )


class ImportUpdate(BaseModel):
    """`queued` lets a paused or failed import go on where it was."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["paused", "queued", "cancelled"]


class ImportRead(BaseModel):
    """One import and how far it has come."""

    id: int = Field(examples=[3])
    source: ImportSource
    name: str = Field(examples=["/srv/photos/2026-03"], description="the folder, or the archive's name as it was sent")
    state: ImportState
    is_listed: bool = Field(description="False while the files are being counted")
    camera: str | None
    location: str | None
    direction: Direction
    total: int = Field(examples=[1200])
    done: int = Field(examples=[800], description="files that were read")
    failed: int = Field(examples=[3], description="files that could not be read")
    known: int = Field(examples=[12], description="files whose photo was recorded before; nothing new is recorded")
    record_known: bool
    sightings: int = Field(examples=[950])
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, row: ImportJobRow) -> ImportRead:
        return cls.model_validate(row, from_attributes=True)


class ImportPage(BaseModel):
    items: list[ImportRead]
    next_cursor: str | None = Field(description="give it as `cursor` for the next page; None on the last one")


class ImportQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=MAX_PAGE)
    cursor: str | None = Field(default=None, max_length=500, description="`next_cursor` of the page before")


class ImportFileRead(BaseModel):
    """One file of an import, and what became of it."""

    id: int
    path: str = Field(examples=["monday/IMG_0001.jpg"])
    state: FileState
    sightings: int = Field(description="plates that were recorded")
    captured_at: datetime | None
    captured_at_source: TimeSource | None
    known_sighting_id: int | None = Field(description="of the same photo, if that was recorded before")
    note: str | None = Field(description="what is to be known of a file that was read, such as a time that can't be")
    error: str | None
    finished_at: datetime | None

    @classmethod
    def of(cls, row: ImportFileRow) -> ImportFileRead:
        return cls.model_validate(row, from_attributes=True)


class ImportFilePage(BaseModel):
    items: list[ImportFileRead]
    next_after_id: int | None = Field(description="give it as `after_id` for the next page; None on the last one")


class ImportFileQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    state: FileState | None = None
    limit: int = Field(default=100, ge=1, le=MAX_PAGE)
    after_id: int = Field(default=0, ge=0, le=MAX_ID, description="`next_after_id` of the page before")
