from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from platewatch.app.runtime import Runtime
from platewatch.clock import SetClock
from platewatch.db.engine import Database
from platewatch.db.tables import LocationRow
from platewatch.errors import ModelFileError, SettingsError
from platewatch.locations.service import LocationService
from platewatch.media.database import DatabaseMediaStore
from platewatch.media.filesystem import FilesystemMediaStore
from platewatch.reading.pool import ReaderPool
from platewatch.settings import Settings
from tests.databases import database_url
from tests.servers import BlindReader


@pytest.fixture
def runtime(database: Database, tmp_path: Path, clock: SetClock) -> Iterator[Runtime]:
    """A runtime that has not started, on each kind of database."""
    runtime = Runtime(Settings(data=tmp_path, database_url=database_url(database)), clock)
    runtime.reading.readers = ReaderPool(BlindReader, 1, 0)
    yield runtime
    runtime.stop()


def locations(runtime: Runtime) -> int:
    with runtime.database.reading() as session:
        return session.scalar(select(func.count()).select_from(LocationRow)) or 0


@pytest.mark.parametrize(("media", "kind"), [("filesystem", FilesystemMediaStore), ("database", DatabaseMediaStore)])
def test_the_media_store_is_the_one_that_is_set(tmp_path: Path, clock: SetClock, media: str, kind: type) -> None:
    settings = Settings.model_validate({"data": tmp_path, "media": media})
    runtime = Runtime(settings, clock)
    assert isinstance(runtime.media, kind)
    runtime.stop()


def test_the_limits_of_images_are_the_ones_that_are_set(tmp_path: Path, clock: SetClock) -> None:
    runtime = Runtime(Settings(data=tmp_path, max_image_mb=2, max_image_megapixels=3), clock)
    assert (runtime.reading.limits.max_bytes, runtime.reading.limits.max_pixels) == (2 * 1024 * 1024, 3_000_000)
    runtime.stop()


def test_the_recognizers_model_is_the_one_that_is_set(tmp_path: Path, clock: SetClock) -> None:
    folder = tmp_path / "my-model"
    runtime = Runtime(Settings(data=tmp_path, recognizer="platewatch", recognizer_model=folder), clock)
    with pytest.raises(ModelFileError, match="my-model"):
        runtime.reading.readers.warm_up()
    runtime.stop()


def test_a_transaction_is_committed_at_its_end_and_wakes_the_outbox(
    runtime: Runtime, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen_at_wake: list[int] = []
    monkeypatch.setattr(runtime.database, "when_committed", lambda: seen_at_wake.append(locations(runtime)))
    with runtime.database.transaction() as session:
        LocationService(session, clock).get_or_create("gate")
        assert seen_at_wake == []
    assert seen_at_wake == [1], "woken once, after the commit"


def test_a_failed_transaction_leaves_nothing_and_wakes_nobody(
    runtime: Runtime, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[bool] = []
    monkeypatch.setattr(runtime.database, "when_committed", lambda: woken.append(True))
    with pytest.raises(ZeroDivisionError), runtime.database.transaction() as session:
        LocationService(session, clock).get_or_create("gate")
        raise ZeroDivisionError
    assert (locations(runtime), woken) == (0, [])


def test_the_models_are_loading_before_the_start(runtime: Runtime) -> None:
    assert (runtime.reading.health().state, runtime.reading.health().error) == ("loading", None)


def test_images_that_a_crash_left_behind_are_gone_after_the_start(runtime: Runtime) -> None:
    with pytest.raises(ZeroDivisionError), runtime.recorder.staging() as staging:
        key = staging.put(b"\xff\xd8\xff a photo")
        assert runtime.media.get(key)
        raise ZeroDivisionError
    runtime.start()
    files = [path for path in runtime.settings.data.rglob("*.jpg") if path.is_file()]
    assert files == []


def test_no_account_is_there_at_first(runtime: Runtime) -> None:
    assert runtime.first_account_missing()


def test_a_database_that_is_away_stops_the_start_with_its_name(tmp_path: Path, clock: SetClock) -> None:
    settings = Settings(data=tmp_path, database_url="postgresql://ada:secret@127.0.0.1:1/plates")
    runtime = Runtime(settings, clock)
    with pytest.raises(SettingsError, match=r"127\.0\.0\.1:1/plates") as caught:
        runtime.start()
    assert "secret" not in str(caught.value)
    runtime.stop()


class SlowReader(BlindReader):
    """Warms up until it is told to go on, and a little longer."""

    def __init__(self) -> None:
        """Begin."""
        self.begun, self.go_on = threading.Event(), threading.Event()

    def warm_up(self) -> None:
        self.begun.set()
        assert self.go_on.wait(60)
        threading.Event().wait(0.2)


def test_no_model_is_being_loaded_any_more_when_the_server_has_stopped(runtime: Runtime) -> None:
    """The process may end then, and libraries crash whose threads are only being made."""
    reader = SlowReader()
    runtime.reading.readers = ReaderPool(lambda: reader, 1, 0)
    runtime.start()
    assert reader.begun.wait(60)
    reader.go_on.set()
    runtime.stop()
    assert "model warm-up" not in {thread.name for thread in threading.enumerate()}
