from __future__ import annotations

import fcntl
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from platewatch.clock import SetClock
from platewatch.media.holders import Holders


def locks(folder: Path) -> int:
    return len(list(folder.glob("*.lock")))


def test_every_name_is_new(tmp_path: Path, clock: SetClock) -> None:
    holders = Holders(tmp_path, clock)
    assert len({holders.new() for _ in range(10)}) == 10
    assert locks(tmp_path) == 1
    holders.close()


def test_a_name_lives_until_its_process_closes(tmp_path: Path, clock: SetClock) -> None:
    first, second = Holders(tmp_path, clock), Holders(tmp_path, clock)
    name = first.new()
    long_ago = clock.now() - timedelta(days=365)
    assert not first.is_dead(name, long_ago)
    assert not second.is_dead(name, long_ago)
    first.close()
    assert second.is_dead(name, clock.now())


def test_a_closed_process_can_begin_again(tmp_path: Path, clock: SetClock) -> None:
    holders = Holders(tmp_path, clock)
    old = holders.new()
    holders.close()
    holders.close()
    new = holders.new()
    assert holders.is_dead(old, clock.now())
    assert not holders.is_dead(new, clock.now())
    holders.close()


@pytest.mark.parametrize("text", ["", "x", "a.b", "a.b.c", "..", "a.../../b.c"])
def test_what_is_no_name_of_ours_is_dead_after_a_day(tmp_path: Path, clock: SetClock, text: str) -> None:
    holders = Holders(tmp_path, clock)
    assert not holders.is_dead(text, clock.now() - timedelta(hours=23))
    assert holders.is_dead(text, clock.now() - timedelta(hours=25))


def test_clean_up_removes_locks_of_dead_processes_only(tmp_path: Path, clock: SetClock) -> None:
    living = Holders(tmp_path, clock)
    name = living.new()
    (tmp_path / "0123456789abcdef.lock").touch()
    living.clean_up()
    assert locks(tmp_path) == 1
    assert not Holders(tmp_path, clock).is_dead(name, clock.now())
    living.close()


def test_a_lock_file_that_is_removed_before_it_is_locked_is_made_again(
    tmp_path: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_flock = fcntl.flock
    removed: list[Path] = []

    def flock_after_a_clean_up(fd: int, mode: int) -> None:
        if not removed:
            [path] = tmp_path.glob("*.lock")
            path.unlink()
            removed.append(path)
        real_flock(fd, mode)

    monkeypatch.setattr(fcntl, "flock", flock_after_a_clean_up)
    holders = Holders(tmp_path, clock)
    name = holders.new()
    assert removed
    assert not holders.is_dead(name, clock.now())
    holders.close()


def test_processes_that_begin_together_agree_on_the_installation(tmp_path: Path, clock: SetClock) -> None:
    holders = [Holders(tmp_path, clock) for _ in range(8)]
    names: list[str] = []

    def begin(one: Holders) -> None:
        names.append(one.new())
        one.clean_up()

    threads = [threading.Thread(target=begin, args=(one,)) for one in holders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({name.partition(".")[0] for name in names}) == 1
    assert not any(holders[0].is_dead(name, clock.now()) for name in names)
    for one in holders:
        one.close()


def test_those_who_ask_at_once_agree(tmp_path: Path, clock: SetClock) -> None:
    """A question must not look like a holder to another question."""
    (tmp_path / "0123456789abcdef.lock").touch()
    holders = Holders(tmp_path, clock)
    name = holders.new()
    dead = f"{name.partition('.')[0]}.0123456789abcdef.0"
    answers: list[bool] = []
    threads = [
        threading.Thread(target=lambda: answers.extend(holders.is_dead(dead, clock.now()) for _ in range(200)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) == {True}
    holders.close()
