"""The Redis server that the tests run on, and one that is away."""

from __future__ import annotations

import os

from redis import Redis
from redis.exceptions import RedisError

from tests.missing import give_up

VARIABLE = "PLATEWATCH_TEST_REDIS"
REDIS_URL = os.environ.get(VARIABLE, "redis://127.0.0.1:6379/9")
AWAY_URL = "redis://127.0.0.1:1/0"


def redis_url() -> str:
    """The URL of a Redis database that tests may fill, or a skipped test (a failed one in continuous integration)."""
    try:
        Redis.from_url(REDIS_URL, socket_connect_timeout=5).ping()
    except RedisError as error:
        give_up(f"no Redis server: {error}. Start one, or name another with {VARIABLE}")
    return REDIS_URL
