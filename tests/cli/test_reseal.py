from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from platewatch.db.engine import Database
from platewatch.db.tables import AuditRow, CameraRow
from platewatch.sealing import Seal
from platewatch.settings import Settings
from tests.cli.children import run

URL = "rtsp://user:s3cret@192.0.2.7/stream"
SHOWN = "rtsp://***@192.0.2.7/stream"
OLD, NEW = "a phrase that sealed before", "a phrase that seals from now on"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def database_of(folder: Path) -> Database:
    return Database(Settings(data=folder / "data").effective_database_url)


def store(folder: Path, name: str, key: str) -> None:
    database = database_of(folder)
    with database.transaction() as session:
        sealed = Seal(key, folder / "data").seal(URL)
        camera = CameraRow(name=name, direction="both", source_url=SHOWN, sealed_source_url=sealed, created_at=NOW)
        session.add(camera)
    database.dispose()


def stored(folder: Path) -> tuple[list[str], int]:
    """The sealed addresses, and how many notes the audit log has."""
    database = database_of(folder)
    with database.reading() as session:
        rows = session.query(CameraRow).order_by(CameraRow.id)
        found = [row.sealed_source_url or "" for row in rows], session.query(AuditRow).count()
    database.dispose()
    return found


def test_the_secrets_are_sealed_again_and_counted(tmp_path: Path) -> None:
    assert run(tmp_path, "migrate").returncode == 0
    store(tmp_path, "north", OLD)
    store(tmp_path, "south", NEW)
    done = run(tmp_path, "reseal", PLATEWATCH_SECRET_KEY=f"{NEW},{OLD}")
    assert (done.returncode, done.stderr) == (0, f"Data folder: {tmp_path}/data\n")
    assert done.stdout == "Sealed again with the first key: 1. Sealed with it already: 1.\n"
    sealed, notes = stored(tmp_path)
    assert [Seal(NEW, tmp_path).unseal(text) for text in sealed] == [URL, URL]
    assert notes == 1


def test_a_secret_that_no_key_opens_is_named_and_everything_stays(tmp_path: Path) -> None:
    assert run(tmp_path, "migrate").returncode == 0
    store(tmp_path, "north", OLD)
    store(tmp_path, "south", "lost")
    before = stored(tmp_path)
    done = run(tmp_path, "reseal", PLATEWATCH_SECRET_KEY=f"{NEW},{OLD}")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Nothing was changed" in done.stderr
    assert "cameras 2 (sealed_source_url)" in done.stderr
    assert "Traceback" not in done.stderr
    assert stored(tmp_path) == before


def test_a_database_without_tables_is_reported(tmp_path: Path) -> None:
    done = run(tmp_path, "reseal", PLATEWATCH_SECRET_KEY=NEW)
    assert done.returncode == 2
    assert "platewatch migrate" in done.stderr
