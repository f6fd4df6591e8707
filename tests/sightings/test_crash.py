"""A server that is killed between the image and its row leaves nothing that hangs loose after the next start."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy.orm import Session

from platewatch.app.runtime import Runtime
from platewatch.clock import Clock
from platewatch.db.engine import Database
from platewatch.db.tables import EventRow, ImageRow, SightingRow
from platewatch.reading.photos import open_photo
from platewatch.settings import Settings
from platewatch.sightings.service import Circumstances, SightingService
from platewatch.sightings.staging import stage_photo
from platewatch.vision.pipeline import PlateReader
from tests.servers import SAMPLES, Server, started

Moment = Literal["before the commit", "after the commit"]
MediaSetting = Literal["filesystem", "database"]


def record_and_die(settings: Settings, moment: Moment) -> None:
    """What a server does with an upload, ended by SIGKILL at the moment."""
    runtime = Runtime(settings, Clock())
    photo = open_photo("britain.jpg", (SAMPLES / "britain.jpg").read_bytes(), runtime.reading.limits)
    read = runtime.reading.read(photo)
    with runtime.recorder.staging() as staging:
        staged = stage_photo(staging, read)
        with killed(moment), runtime.database.transaction() as session:
            SightingService(session, runtime.clock).record(staged, Circumstances(captured_at=runtime.clock.now()))
            if moment == "before the commit":
                os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def killed(moment: Moment) -> Iterator[None]:
    yield
    if moment == "after the commit":
        os.kill(os.getpid(), signal.SIGKILL)


def counts(session: Session) -> list[int]:
    return [session.query(row).count() for row in (SightingRow, ImageRow, EventRow)]


@pytest.mark.parametrize(
    ("moment", "rows"),
    [("before the commit", 0), ("after the commit", 1)],
)
@pytest.mark.parametrize("media", ["filesystem", "database"])
def test_a_killed_server_leaves_nothing_dangling_after_the_next_start(
    tmp_path: Path, reader: PlateReader, moment: Moment, rows: int, media: MediaSetting
) -> None:
    settings = Settings(data=tmp_path, media=media, database_url=f"sqlite:///{tmp_path}/x.db", bcrypt_rounds=4)
    database = Database(settings.effective_database_url)
    database.migrate()
    child = multiprocessing.get_context("spawn").Process(target=record_and_die, args=(settings, moment))
    child.start()
    child.join(timeout=120)
    assert child.exitcode == -signal.SIGKILL
    with started(settings, reader) as server:
        assert server.runtime.media.pending() == []
        with server.runtime.database.reading() as session:
            assert counts(session) == [rows, rows, rows]
            named = {row.media_key for row in session.query(ImageRow)}
            named |= {row.crop_key for row in session.query(SightingRow) if row.crop_key}
        assert len(named) == 2 * rows
        assert stored(server) == named
    database.dispose()


def stored(server: Server) -> set[str]:
    """The keys of all images that the media store has, looked at from behind."""
    if server.runtime.settings.media == "filesystem":
        return {path.stem for path in server.media_files}
    with server.runtime.database.engine.connect() as connection:
        return set(connection.exec_driver_sql("SELECT key FROM media_blobs").scalars())
