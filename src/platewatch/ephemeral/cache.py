"""Results that were computed once, as bytes by key: in this process, or in Redis for all processes of a server."""

from __future__ import annotations

import math
import threading
from typing import Protocol

import structlog
from cachetools import TTLCache
from redis import Redis
from redis.exceptions import RedisError

from platewatch.clock import Clock

log = structlog.get_logger(__name__)

LIFE_S = 3600
MAX_SHARE = 8
"""One value takes at most this part of the whole cache, so that a big one does not empty it."""

REDIS_TIMEOUT_S = 1.0
REDIS_RETRY_S = 5.0
_PREFIX = "platewatch:cache:"


class ResultCache(Protocol):
    """Never the only place of anything: what was put may be gone at once."""

    def get(self, key: str) -> bytes | None: ...

    def put(self, key: str, value: bytes) -> None: ...


class ProcessCache:
    """In memory, at most `max_bytes` of keys and values; the one that was used longest ago goes first."""

    def __init__(self, clock: Clock, max_bytes: int, life_s: float = LIFE_S) -> None:
        self._mutex = threading.Lock()
        self._largest = max_bytes // MAX_SHARE
        self._values: TTLCache[str, bytes] = TTLCache(max_bytes, life_s, clock.monotonic_s, len)

    def get(self, key: str) -> bytes | None:
        with self._mutex:
            return self._values.get(key)

    def put(self, key: str, value: bytes) -> None:
        if len(value) <= self._largest:
            with self._mutex:
                self._values[key] = value


class RedisCache:
    """In Redis, for `life_s` seconds; how much it keeps is Redis's own setting (`maxmemory`)."""

    def __init__(self, clock: Clock, url: str, max_value_bytes: int, life_s: int = LIFE_S) -> None:
        self._clock = clock
        self._largest = max_value_bytes
        self._life_s = life_s
        self._redis = Redis.from_url(url, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S)
        self._away_until_s = -math.inf

    def get(self, key: str) -> bytes | None:
        if self._is_away():
            return None
        try:
            value = self._redis.get(_PREFIX + key)
        except RedisError as error:
            self._note_away(error)
            return None
        self._note_back()
        return value if isinstance(value, bytes) else None

    def put(self, key: str, value: bytes) -> None:
        if len(value) > self._largest or self._is_away():
            return
        try:
            self._redis.set(_PREFIX + key, value, ex=self._life_s)
        except RedisError as error:
            self._note_away(error)

    def _is_away(self) -> bool:
        return self._clock.monotonic_s() < self._away_until_s

    def _note_away(self, error: RedisError) -> None:
        if self._away_until_s == -math.inf:
            log.warning("cache.redis_away", error=str(error))
        self._away_until_s = self._clock.monotonic_s() + REDIS_RETRY_S

    def _note_back(self) -> None:
        if self._away_until_s != -math.inf:
            self._away_until_s = -math.inf
            log.info("cache.redis_back")


class NoCache:
    """Keeps nothing."""

    def get(self, key: str) -> bytes | None:  # noqa: ARG002 -- the protocol's
        return None

    def put(self, key: str, value: bytes) -> None:
        """Forget it at once."""
