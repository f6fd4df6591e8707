from __future__ import annotations

import os
from pathlib import Path

import pytest

from platewatch.clock import Clock
from platewatch.db.engine import Database
from platewatch.db.tables import AuditRow, ImageRow
from platewatch.media.filesystem import FilesystemMediaStore
from platewatch.settings import Settings
from tests.cli.children import run
from tests.db.rows import NOON


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with a database, a picture that a row names and fifteen that none does, all from long ago."""
    assert run(tmp_path, "migrate").returncode == 0
    media = FilesystemMediaStore(tmp_path / "data" / "media", Clock())
    holder = media.new_holder()
    keys = [media.put(f"picture {number}".encode(), holder) for number in range(16)]
    media.confirm(keys, holder)
    media.close()
    for path in (tmp_path / "data" / "media").glob("??/??/*.jpg"):
        os.utime(path, (0, 0))
    database = Database(Settings(data=tmp_path / "data").effective_database_url)
    with database.transaction() as session:
        session.add(ImageRow(media_key=keys[0], filename="f", width=1, height=1, byte_size=1, created_at=NOON))
    database.dispose()
    return tmp_path


def pictures(folder: Path) -> int:
    return len(list((folder / "data" / "media").glob("??/??/*.jpg")))


def test_a_dry_run_counts_and_changes_nothing(folder: Path) -> None:
    done = run(folder, "sweep-media", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("15 of 16 pictures have no row")
    assert pictures(folder) == 16


def test_suspiciously_many_pictures_go_only_if_that_is_meant(folder: Path) -> None:
    refused = run(folder, "sweep-media")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "PLATEWATCH_DATABASE_URL" in refused.stderr
    assert pictures(folder) == 16
    done = run(folder, "sweep-media", "--all")
    assert (done.returncode, done.stdout) == (0, "Taken away: 15 pictures that nothing named.\n")
    assert pictures(folder) == 1
    again = run(folder, "sweep-media")
    assert (again.returncode, again.stdout) == (0, "Taken away: 0 pictures that nothing named.\n")
    database = Database(Settings(data=folder / "data").effective_database_url)
    with database.reading() as session:
        notes = session.query(AuditRow).filter_by(action="media.swept").order_by(AuditRow.id)
        assert [(note.username, note.details) for note in notes] == [
            ("(command)", {"images": 15}),
            ("(command)", {"images": 0}),
        ]
    database.dispose()
