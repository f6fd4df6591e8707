from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from platewatch.clock import Clock, SetClock
from platewatch.ephemeral.limiter import Limit
from tests.redis_server import AWAY_URL, redis_url
from tests.servers import Server

StartServer = Callable[..., Server]

KEY = {"name": "x", "scopes": ["read"]}


def test_a_caller_is_shown_what_is_left_and_stopped_at_the_limit(start_server: StartServer, clock: SetClock) -> None:
    server = start_server(rate_limit=3)
    admin = server.key_client(server.admin(), "read")
    answers = [admin.get("/auth/me") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0", "0"]
    assert {answer.headers["ratelimit-limit"] for answer in answers} == {"3"}
    assert answers[-1].headers["retry-after"] == "60"
    clock.advance(60)
    assert admin.get("/auth/me").status_code == 200


def test_each_key_and_each_user_has_a_limit_of_its_own(start_server: StartServer) -> None:
    server = start_server(rate_limit=4)
    admin = server.admin()
    one, other = server.key_client(admin, "read"), server.key_client(admin, "read")
    assert [one.get("/auth/me").status_code for _ in range(5)][-1] == 429
    assert other.get("/auth/me").status_code == 200
    assert admin.get("/auth/me").status_code == 200
    assert server.log_in().get("/auth/me").status_code == 200


def test_one_request_counts_once_even_with_a_body(start_server: StartServer) -> None:
    server = start_server(rate_limit=100)
    admin = server.admin()
    before = int(admin.get("/auth/me").headers["ratelimit-remaining"])
    admin.post("/api/v1/api-keys", json=KEY)
    assert int(admin.get("/auth/me").headers["ratelimit-remaining"]) == before - 2


def test_strangers_are_counted_by_address(start_server: StartServer, clock: SetClock) -> None:
    server = start_server(rate_limit_anonymous=3)
    here, there = server.new_client("192.0.2.1"), server.new_client("192.0.2.2")
    assert [here.get("/health").status_code == 429 for _ in range(5)] == [False, False, False, True, True]
    assert there.get("/auth/register").status_code == 200
    clock.advance(60)
    assert here.get("/auth/register").status_code == 200


def test_guessed_keys_count_as_a_stranger(start_server: StartServer) -> None:
    server = start_server(rate_limit_anonymous=3)
    statuses = [server.anonymous.get("/auth/me", headers={"X-API-Key": f"pw_{n}"}).status_code for n in range(5)]
    assert statuses == [401, 401, 401, 429, 429]


def test_the_dashboards_files_and_the_pulse_are_not_counted(start_server: StartServer) -> None:
    server = start_server(rate_limit_anonymous=1)
    assert {server.anonymous.get("/health/live").status_code for _ in range(5)} == {200}
    assert 429 not in {server.anonymous.get("/app/").status_code for _ in range(5)}


def test_the_envelope_is_kept_when_there_are_too_many(start_server: StartServer) -> None:
    server = start_server(rate_limit_anonymous=1)
    server.anonymous.get("/auth/register")
    answer = server.anonymous.get("/auth/register")
    assert (answer.status_code, set(answer.json())) == (429, {"success", "message"})
    assert "PLATEWATCH_RATE_LIMIT_ANONYMOUS" in answer.json()["message"]


def test_zero_is_no_limit(start_server: StartServer) -> None:
    server = start_server(rate_limit=0, rate_limit_anonymous=0)
    answers = [client.get("/auth/register") for client in (server.admin(), server.anonymous) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert "ratelimit-limit" not in answers[-1].headers


@pytest.mark.parametrize("away", [False, True], ids=["there", "away"])
def test_the_limits_hold_with_redis_and_when_it_is_away(start_server: StartServer, away: bool) -> None:
    server = start_server(rate_limit_anonymous=3, redis_url=AWAY_URL if away else redis_url())
    server.runtime.state.limiter._clock = Clock()
    server.runtime.state.limiter.clear(*_anonymous_limit("198.51.100.7"))
    client = server.new_client("198.51.100.7")
    assert [client.get("/auth/register").status_code for _ in range(4)] == [200, 200, 200, 429]


def _anonymous_limit(address: str) -> Any:
    return Limit("requests of an address", 3, 60), address
