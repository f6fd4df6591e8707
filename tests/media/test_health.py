from __future__ import annotations

from pathlib import Path

import pytest

from platewatch.clock import SetClock
from platewatch.errors import StorageError
from platewatch.media.health import FAILED_FOR_S, READY_FOR_S, StorageHealth


class Media:
    """A store that works or not, and counts how often it is tried."""

    error: StorageError | None = None
    trials = 0

    def try_to_keep(self) -> None:
        self.trials += 1
        if self.error:
            raise self.error


@pytest.fixture
def media() -> Media:
    return Media()


@pytest.fixture
def storage(media: Media, tmp_path: Path, clock: SetClock) -> StorageHealth:
    return StorageHealth(media, tmp_path, 1, clock)  # type: ignore[arg-type]  # no more of a store is needed


def test_one_trial_serves_all_who_ask_within_seconds(storage: StorageHealth, media: Media, clock: SetClock) -> None:
    assert [storage.problem() for _ in range(5)] == [None] * 5
    assert media.trials == 1
    clock.advance(READY_FOR_S)
    assert storage.problem() is None
    assert media.trials == 2


def test_a_failed_upload_asks_for_a_trial_at_once(storage: StorageHealth, media: Media, clock: SetClock) -> None:
    assert storage.problem() is None
    media.error = StorageError("the disk is full")
    assert storage.problem() is None
    storage.failed()
    assert storage.problem() == "the disk is full"
    media.error = None
    clock.advance(FAILED_FOR_S)
    assert storage.problem() is None


def test_too_little_room_for_a_photo_is_a_problem(media: Media, tmp_path: Path, clock: SetClock) -> None:
    full = StorageHealth(media, tmp_path, 1 << 62, clock)  # type: ignore[arg-type]  # as above
    assert "is full" in str(full.problem())


def test_a_folder_that_is_gone_is_a_problem(media: Media, tmp_path: Path, clock: SetClock) -> None:
    gone = StorageHealth(media, tmp_path / "gone", 1, clock)  # type: ignore[arg-type]  # as above
    assert "No such file" in str(gone.problem())
