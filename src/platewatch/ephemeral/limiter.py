"""Rate limits, counted in this process, or in Redis for all processes of a server."""

from __future__ import annotations

import hashlib
import math
import threading
from dataclasses import dataclass
from itertools import islice

import structlog
from limits import RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import RedisStorage, Storage
from limits.strategies import FixedWindowRateLimiter

from platewatch.clock import Clock

log = structlog.get_logger(__name__)

MAX_KEYS = 100_000
REDIS_TIMEOUT_S = 1.0
REDIS_RETRY_S = 5.0
_PREFIX = "platewatch:limits"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `amount` times within `window_s` seconds, counted from the first time on."""

    name: str
    amount: int
    window_s: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """The rest of a limit, and when the limit is whole again."""

    limit: Limit
    remaining: int
    reset_s: int
    exceeded: bool


class Limiter:
    """Counts by limit and identity. When Redis is away it counts in this process and tries again after a while."""

    def __init__(self, clock: Clock, redis_url: str | None = None) -> None:
        self._clock = clock
        self._local = FixedWindowRateLimiter(ProcessStorage(clock))
        self._shared = FixedWindowRateLimiter(_redis_storage(redis_url)) if redis_url else None
        self._away_until_s = -math.inf

    @property
    def leaves_the_process(self) -> bool:
        """Whether counting waits for the network."""
        return self._shared is not None

    def hit(self, limit: Limit, *identity: str) -> Allowance:
        """Count one use, and return what is left."""
        return self._ask(limit, identity, count=True)

    def peek(self, limit: Limit, *identity: str) -> Allowance:
        """The rest of the limit, without counting. `exceeded` means that one more use would be too much."""
        return self._ask(limit, identity, count=False)

    def clear(self, limit: Limit, *identity: str) -> None:
        """Forget what was counted."""
        item, key = _item(limit), _key(identity)
        self._local.clear(item, key)
        if (shared := self._reachable()) is not None:
            try:
                shared.clear(item, key)
            except StorageError as error:
                self._note_away(error)

    def _ask(self, limit: Limit, identity: tuple[str, ...], *, count: bool) -> Allowance:
        if (shared := self._reachable()) is not None:
            try:
                allowance = self._ask_one(shared, limit, identity, count=count)
            except StorageError as error:
                self._note_away(error)
            else:
                self._note_back()
                return allowance
        return self._ask_one(self._local, limit, identity, count=count)

    def _ask_one(
        self, strategy: FixedWindowRateLimiter, limit: Limit, identity: tuple[str, ...], *, count: bool
    ) -> Allowance:
        item, key = _item(limit), _key(identity)
        fits = strategy.hit(item, key) if count else strategy.test(item, key)
        stats = strategy.get_window_stats(item, key)
        reset_s = max(0, math.ceil(stats.reset_time - self._clock.now().timestamp()))
        return Allowance(limit, max(0, stats.remaining), min(reset_s, limit.window_s), not fits)

    def _reachable(self) -> FixedWindowRateLimiter | None:
        return self._shared if self._clock.monotonic_s() >= self._away_until_s else None

    def _note_away(self, error: StorageError) -> None:
        if self._away_until_s == -math.inf:
            log.warning("limits.redis_away", error=str(error.storage_error))
        self._away_until_s = self._clock.monotonic_s() + REDIS_RETRY_S

    def _note_back(self) -> None:
        if self._away_until_s != -math.inf:
            self._away_until_s = -math.inf
            log.info("limits.redis_back")


class ProcessStorage(Storage):
    """Counts in memory, by our clock. The library's own storage starts a thread for many a request.

    Full, it forgets the tenth of the windows that began first.
    """

    STORAGE_SCHEME = None

    def __init__(self, clock: Clock, max_keys: int = MAX_KEYS) -> None:
        super().__init__()
        self._clock = clock
        self._max_keys = max_keys
        self._mutex = threading.Lock()
        self._windows: dict[str, tuple[int, float]] = {}
        """Of each key the count and the second at which it ends, of the clock that nobody sets."""

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        with self._mutex:
            now_s = self._clock.monotonic_s()
            count, ends_s = self._windows.get(key, (0, now_s))
            if ends_s <= now_s:
                self._windows.pop(key, None)
                self._make_room()
                count, ends_s = 0, now_s + expiry
            self._windows[key] = (count + amount, ends_s)
            return count + amount

    def get(self, key: str) -> int:
        now_s = self._clock.monotonic_s()
        count, ends_s = self._windows.get(key, (0, now_s))
        return count if ends_s > now_s else 0

    def get_expiry(self, key: str) -> float:
        now_s = self._clock.monotonic_s()
        remaining_s = self._windows.get(key, (0, now_s))[1] - now_s
        return self._clock.now().timestamp() + max(0.0, remaining_s)

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        with self._mutex:
            forgotten = len(self._windows)
            self._windows.clear()
            return forgotten

    def clear(self, key: str) -> None:
        with self._mutex:
            self._windows.pop(key, None)

    def _make_room(self) -> None:
        if len(self._windows) >= self._max_keys:
            for key in list(islice(self._windows, self._max_keys // 10 + 1)):
                del self._windows[key]


def _redis_storage(url: str) -> RedisStorage:
    return RedisStorage(
        url,
        key_prefix=_PREFIX,
        wrap_exceptions=True,
        socket_timeout=REDIS_TIMEOUT_S,
        socket_connect_timeout=REDIS_TIMEOUT_S,
    )


def _item(limit: Limit) -> RateLimitItemPerSecond:
    return RateLimitItemPerSecond(limit.amount, limit.window_s, namespace=limit.name)


def _key(identity: tuple[str, ...]) -> str:
    # Names and keys of people are nobody's business in Redis, and any text makes a key of one length.
    digest = hashlib.sha256()
    for part in identity:
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()
