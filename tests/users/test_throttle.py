from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from platewatch.clock import Clock, SetClock
from platewatch.ephemeral.limiter import Limiter
from platewatch.errors import TooManyRequestsError
from platewatch.users.throttle import ACCOUNT_FACTOR, ADDRESS_FACTOR, WINDOW_S, LoginThrottle, network_of
from tests.redis_server import redis_url
from tests.servers import PASSWORD, Server

StartServer = Callable[..., Server]


def log_in(server: Server, username: str = "ada", password: str = PASSWORD, address: str = "192.0.2.1") -> Any:
    body = {"username": username, "password": password}
    return server.new_client(address).post("/auth/login", json=body)


def failures(server: Server, times: int, **where: str) -> list[int]:
    return [log_in(server, password="wrong password", **where).status_code for _ in range(times)]


def test_after_too_many_failures_even_the_right_password_has_to_wait(
    start_server: StartServer, clock: SetClock
) -> None:
    server = start_server(login_failures=3)
    server.admin()
    assert failures(server, 4) == [401, 401, 401, 429]
    refused = log_in(server)
    assert (refused.status_code, refused.json()["success"]) == (429, False)
    assert int(refused.headers["retry-after"]) == WINDOW_S
    clock.advance(WINDOW_S - 1)
    assert log_in(server).status_code == 429
    clock.advance(1)
    assert log_in(server).status_code == 200


def test_a_log_in_that_works_forgets_the_failures_before(start_server: StartServer) -> None:
    server = start_server(login_failures=3)
    server.admin()
    for _ in range(3):
        assert failures(server, 2) == [401, 401]
        assert log_in(server).status_code == 200


def test_the_owner_can_log_in_from_elsewhere_while_somebody_guesses(start_server: StartServer) -> None:
    server = start_server(login_failures=3)
    server.admin()
    failures(server, 10, address="203.0.113.9")
    assert log_in(server, address="203.0.113.9").status_code == 429
    assert log_in(server, address="192.0.2.1").status_code == 200


def test_one_password_for_many_names_is_slowed_by_address(start_server: StartServer) -> None:
    server = start_server(login_failures=2)
    server.admin()
    statuses = [log_in(server, f"name {number}", "Summer2026!").status_code for number in range(2 * ADDRESS_FACTOR + 2)]
    assert statuses == [401] * 2 * ADDRESS_FACTOR + [429, 429]
    assert log_in(server).status_code == 429, "nor a known name from there"
    assert log_in(server, address="192.0.2.77").status_code == 200


def test_many_addresses_that_guess_one_account_end_too(clock: SetClock) -> None:
    throttle = LoginThrottle(Limiter(clock), failures=2)
    for number in range(2 * ACCOUNT_FACTOR):
        throttle.admit("ada", f"10.0.0.{number}")
        throttle.failed("ada", f"10.0.0.{number}")
    with pytest.raises(TooManyRequestsError):
        throttle.admit("ada", "10.9.9.9")
    throttle.admit("bob", "10.9.9.9")


@pytest.mark.parametrize(
    "name", ["ADA", " ada ", "\N{FULLWIDTH LATIN SMALL LETTER A}da"], ids=["case", "space", "width"]
)
def test_other_spellings_of_a_name_are_the_same_account(start_server: StartServer, name: str) -> None:
    server = start_server(login_failures=3)
    server.admin()
    failures(server, 3)
    assert log_in(server, name).status_code == 429


def test_many_attempts_at_once_are_not_all_let_through(start_server: StartServer) -> None:
    server = start_server(login_failures=5)
    server.admin()
    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(lambda _: failures(server, 1)[0], range(24)))
    assert statuses.count(401) == 5
    assert statuses.count(429) == 19


def test_a_pending_account_with_the_right_password_counts_as_failed(start_server: StartServer) -> None:
    server = start_server(login_failures=2)
    server.admin()
    server.register("bob")
    assert [log_in(server, "bob").status_code for _ in range(3)] == [403, 403, 429]


def test_servers_that_share_redis_share_the_count() -> None:
    url = redis_url()
    one, other = Limiter(Clock(), url), Limiter(Clock(), url)
    name = f"shared {id(one)}"
    LoginThrottle(one, 1).admit(name, "192.0.2.1")
    with pytest.raises(TooManyRequestsError):
        LoginThrottle(other, 1).admit(name, "192.0.2.1")
    LoginThrottle(other, 1).succeeded(name, "192.0.2.1")
    LoginThrottle(one, 1).admit(name, "192.0.2.1")


def test_registrations_from_one_place_are_limited(clock: SetClock) -> None:
    throttle = LoginThrottle(Limiter(clock), failures=10)
    for _ in range(60):
        throttle.admit_registration("192.0.2.1")
    with pytest.raises(TooManyRequestsError, match="registered"):
        throttle.admit_registration("192.0.2.1")
    throttle.admit_registration("192.0.2.2")
    clock.advance(3600)
    throttle.admit_registration("192.0.2.1")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        (None, "nowhere"),
        ("", "nowhere"),
        ("testclient", "nowhere"),
    ],
)
def test_an_ipv6_customer_counts_as_one_caller(address: str | None, network: str) -> None:
    assert network_of(address) == network


def notes(server: Server) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = server.log_in().get("/api/v1/audit?limit=200").json()["items"]
    return items


def test_failures_are_in_the_audit_log_and_a_flood_is_noted_once_a_minute(
    start_server: StartServer, clock: SetClock
) -> None:
    server = start_server(login_failures=2)
    server.admin()
    failures(server, 20)
    clock.advance(60)
    failures(server, 5)
    kinds = [note["action"] for note in notes(server)]
    assert kinds.count("login.failed") == 2
    assert kinds.count("login.throttled") == 2
    (failed, _) = [note for note in notes(server) if note["action"] == "login.failed"]
    assert (failed["user_id"], failed["address"]) == (None, "192.0.2.1")
    assert failed["details"] == {
        "username": "ada",
        "known": True,
        "reason": "The user name or the password is wrong.",
    }


def test_a_name_that_nobody_has_is_not_written_down(start_server: StartServer) -> None:
    """It may be a password that was typed into the wrong field."""
    server = start_server()
    server.admin()
    log_in(server, username="my secret password")
    assert "my secret password" not in str(notes(server))
    assert [note["details"]["known"] for note in notes(server) if note["action"] == "login.failed"] == [False]
