"""Whether a Redis answers, asked once at the start."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from redis import Redis
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from platewatch.redaction import redact_urls

_TIMEOUT_S = 2.0


class RedisState(StrEnum):
    """The state of a Redis server."""

    READY = "ready"
    AWAY = "away"
    """The server does not answer; it may come back by itself."""
    REFUSED = "refused"
    """The server answers, but refuses this user and password."""


@dataclass(frozen=True, slots=True)
class RedisAnswer:
    """Its state, and why it is not ready."""

    state: RedisState
    reason: str = ""


def ask_redis(url: str) -> RedisAnswer:
    """The state of the Redis server at the address."""
    try:
        client = Redis.from_url(url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S, retry=None)
    except ValueError as error:
        return RedisAnswer(RedisState.REFUSED, str(error))
    with client:
        try:
            client.ping()
        except (AuthenticationError, ResponseError) as error:
            return RedisAnswer(RedisState.REFUSED, redact_urls(str(error)))
        except (RedisError, OSError) as error:
            return RedisAnswer(RedisState.AWAY, redact_urls(str(error)))
    return RedisAnswer(RedisState.READY)
