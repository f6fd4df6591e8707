"""The media stores under test, and a set of keys that stands for committed rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from platewatch.clock import Clock
from platewatch.db.engine import Database
from platewatch.media.database import DatabaseMediaStore
from platewatch.media.filesystem import FilesystemMediaStore


class Rows:
    """The keys that committed rows name."""

    def __init__(self, *keys: str) -> None:
        self.keys = set(keys)

    def __call__(self, keys: Sequence[str]) -> set[str]:
        return self.keys & set(keys)


def filesystem_store(folder: Path) -> FilesystemMediaStore:
    return FilesystemMediaStore(folder / "media", Clock())


def database_store(database: Database, folder: Path) -> DatabaseMediaStore:
    return DatabaseMediaStore(database.engine, database.reading_engine, folder / "holders", Clock())
