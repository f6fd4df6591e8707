from __future__ import annotations

import secrets

import pytest

from platewatch.clock import Clock, SetClock
from platewatch.ephemeral.cache import MAX_SHARE, REDIS_RETRY_S, NoCache, ProcessCache, RedisCache, ResultCache
from tests.redis_server import AWAY_URL, redis_url


@pytest.fixture(params=["process", "redis"])
def cache(request: pytest.FixtureRequest, clock: SetClock) -> ResultCache:
    return ProcessCache(clock, 8000) if request.param == "process" else RedisCache(Clock(), redis_url(), 1000)


@pytest.fixture
def key() -> str:
    return secrets.token_hex(8)


def test_what_was_put_is_there_and_nothing_else(cache: ResultCache, key: str) -> None:
    assert cache.get(key) is None
    cache.put(key, b"\0\xffbytes")
    assert cache.get(key) == b"\0\xffbytes"
    assert cache.get(f"{key}x") is None


def test_the_last_value_counts(cache: ResultCache, key: str) -> None:
    cache.put(key, b"old")
    cache.put(key, b"new")
    assert cache.get(key) == b"new"


@pytest.mark.parametrize(("size", "kept"), [(0, True), (1000, True), (1001, False)])
def test_a_value_that_is_too_big_is_not_kept(cache: ResultCache, key: str, size: int, kept: bool) -> None:
    cache.put(key, b"x" * size)
    assert (cache.get(key) is not None) is kept


def test_the_process_keeps_no_more_than_its_bytes_and_the_used_ones_longest(clock: SetClock) -> None:
    cache = ProcessCache(clock, 100 * MAX_SHARE)
    for number in range(MAX_SHARE):
        cache.put(str(number), b"x" * 100)
    assert cache.get("0") is not None
    cache.put("new", b"x" * 100)
    assert cache.get("1") is None
    assert cache.get("0") is not None
    assert cache.get("new") is not None


def test_the_process_forgets_what_is_too_old(clock: SetClock) -> None:
    cache = ProcessCache(clock, 8000, life_s=60)
    cache.put("a", b"x")
    clock.advance(59)
    assert cache.get("a") == b"x"
    clock.advance(1)
    assert cache.get("a") is None


def test_redis_forgets_what_is_too_old(key: str) -> None:
    cache = RedisCache(Clock(), redis_url(), 1000, life_s=60)
    cache.put(key, b"x")
    assert 0 < int(cache._redis.ttl(f"platewatch:cache:{key}")) <= 60


def test_processes_share_what_redis_keeps(key: str) -> None:
    url = redis_url()
    RedisCache(Clock(), url, 1000).put(key, b"x")
    assert RedisCache(Clock(), url, 1000).get(key) == b"x"


def test_without_redis_nothing_is_found_and_nothing_breaks(clock: SetClock) -> None:
    cache = RedisCache(clock, AWAY_URL, 1000)
    cache.put("a", b"x")
    assert cache.get("a") is None
    assert cache._is_away()
    clock.advance(REDIS_RETRY_S)
    assert not cache._is_away()


def test_redis_is_used_again_when_it_is_back(clock: SetClock, key: str) -> None:
    cache = RedisCache(clock, AWAY_URL, 1000)
    cache.get(key)
    cache._redis = RedisCache(clock, redis_url(), 1000)._redis
    cache.put(key, b"x")
    assert cache.get(key) is None, "not asked yet"
    clock.advance(REDIS_RETRY_S)
    cache.put(key, b"x")
    assert cache.get(key) == b"x"


def test_no_cache_keeps_nothing() -> None:
    NoCache().put("a", b"x")
    assert NoCache().get("a") is None
