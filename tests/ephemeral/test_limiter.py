from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count

import pytest

from platewatch.clock import Clock, SetClock
from platewatch.ephemeral.limiter import REDIS_RETRY_S, Limit, Limiter, ProcessStorage
from tests.redis_server import AWAY_URL, redis_url

THREE = Limit("three", 3, 60)


@pytest.fixture(params=["process", "redis"])
def limiter(request: pytest.FixtureRequest, clock: SetClock) -> Limiter:
    return Limiter(clock) if request.param == "process" else Limiter(Clock(), redis_url())


@pytest.fixture
def who() -> str:
    """An identity that no other run counted."""
    return secrets.token_hex(8)


def test_a_limit_is_used_up_and_no_more(limiter: Limiter, who: str) -> None:
    allowances = [limiter.hit(THREE, who) for _ in range(5)]
    assert [one.remaining for one in allowances] == [2, 1, 0, 0, 0]
    assert [one.exceeded for one in allowances] == [False, False, False, True, True]
    assert all(58 <= one.reset_s <= 60 for one in allowances)


def test_looking_does_not_count(limiter: Limiter, who: str) -> None:
    assert [limiter.peek(THREE, who).remaining for _ in range(5)] == [3] * 5
    limiter.hit(THREE, who)
    limiter.hit(THREE, who)
    assert not limiter.peek(THREE, who).exceeded
    limiter.hit(THREE, who)
    assert limiter.peek(THREE, who).exceeded


def test_identities_and_limits_are_counted_apart(limiter: Limiter, who: str) -> None:
    for _ in range(4):
        limiter.hit(THREE, who)
    assert not limiter.hit(THREE, f"{who}x").exceeded
    assert not limiter.hit(THREE, who, "x").exceeded
    assert not limiter.hit(Limit("other", 3, 60), who).exceeded
    assert limiter.hit(THREE, who).exceeded


def test_what_is_cleared_begins_again(limiter: Limiter, who: str) -> None:
    for _ in range(4):
        limiter.hit(THREE, who)
    limiter.clear(THREE, who)
    assert limiter.hit(THREE, who).remaining == 2


def test_a_clock_that_is_set_back_locks_nobody_out(clock: SetClock, who: str) -> None:
    limiter = Limiter(clock)
    for _ in range(4):
        limiter.hit(THREE, who)
    clock.set(clock.now() - timedelta(days=2))
    assert limiter.peek(THREE, who).exceeded, "the minute is not over"
    assert limiter.peek(THREE, who).reset_s == 60
    clock.advance(60)
    assert limiter.hit(THREE, who).remaining == 2


def test_threads_together_get_no_more_than_the_limit(limiter: Limiter, who: str) -> None:
    limit = Limit("many", 50, 60)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: limiter.hit(limit, who).exceeded, range(200)))
    assert found.count(False) == 50


@pytest.mark.parametrize("name", ["", "\0", "Žofie 🚗", "\ud800", "a" * 10_000, "a b:c/d%"], ids=repr)
def test_any_text_can_be_an_identity(limiter: Limiter, who: str, name: str) -> None:
    assert limiter.hit(THREE, who, name).remaining == 2


def test_a_window_ends_and_the_next_begins(clock: SetClock) -> None:
    limiter = Limiter(clock)
    for _ in range(4):
        limiter.hit(THREE, "ada")
    clock.advance(59)
    assert limiter.hit(THREE, "ada").exceeded
    assert limiter.peek(THREE, "ada").reset_s == 1
    clock.advance(1)
    assert limiter.peek(THREE, "ada").remaining == 3
    assert limiter.hit(THREE, "ada").remaining == 2


def test_two_processes_share_what_redis_counts(who: str) -> None:
    url = redis_url()
    one, other = Limiter(Clock(), url), Limiter(Clock(), url)
    assert [limiter.hit(THREE, who).exceeded for limiter in (one, other, one, other)] == [False, False, False, True]


def test_without_redis_the_process_counts_alone(clock: SetClock) -> None:
    limiter = Limiter(clock, AWAY_URL)
    assert [limiter.hit(THREE, "ada").exceeded for _ in range(4)] == [False, False, False, True]
    limiter.clear(THREE, "ada")
    assert not limiter.hit(THREE, "ada").exceeded


def test_redis_that_is_away_is_asked_again_only_after_a_while(clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = count()
    limiter = Limiter(clock, AWAY_URL)
    shared = limiter._shared
    assert shared is not None
    real = shared.hit

    def counted(*arguments: object) -> bool:
        next(asked)
        return real(*arguments)  # type: ignore[arg-type]  # as they come

    monkeypatch.setattr(shared, "hit", counted)
    for _ in range(5):
        limiter.hit(THREE, "ada")
    clock.advance(REDIS_RETRY_S)
    limiter.hit(THREE, "ada")
    assert next(asked) == 2


def test_redis_is_used_again_when_it_is_back(clock: SetClock, who: str) -> None:
    limiter = Limiter(clock, AWAY_URL)
    limiter.hit(THREE, who)
    limiter._shared = Limiter(clock, redis_url())._shared
    clock.advance(REDIS_RETRY_S)
    assert limiter.hit(THREE, who).remaining == 2, "not the process's own count"


def test_the_memory_for_counts_is_bounded(clock: SetClock) -> None:
    storage = ProcessStorage(clock, max_keys=100)
    for number in range(1000):
        storage.incr(f"key {number}", 60)
        assert len(storage._windows) <= 100
    assert storage.get("key 999") == 1, "the newest are kept"
    assert storage.get("key 0") == 0


def test_a_storage_can_be_emptied(clock: SetClock) -> None:
    storage = ProcessStorage(clock)
    storage.incr("a", 60)
    assert storage.check()
    assert storage.reset() == 1
    assert (storage.get("a"), storage.get_expiry("a")) == (0, clock.now().timestamp())
