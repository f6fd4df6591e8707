"""Under which names the server answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.servers import Server

StartServer = Callable[..., Server]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("plates.example.com", 200),
        ("PLATES.example.com:8443", 200),
        ("plates.example.com.", 200),
        ("a.gates.example.com", 200),
        ("localhost:8000", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("gates.example.com", 421),
        ("evil.example.com", 421),
        ("plates.example.com.evil.example", 421),
        ("evil@plates.example.com:x", 421),
        ("plates.example.com@evil.example", 421),
        ("", 421),
        ("[", 421),
    ],
)
def test_only_the_names_of_the_server_are_answered(start_server: StartServer, host: str, status: int) -> None:
    server = start_server(allowed_hosts="plates.example.com, *.gates.example.com")
    assert server.anonymous.get("/health/live", headers={"Host": host}).status_code == status


def test_without_the_setting_any_name_is_answered(start_server: StartServer) -> None:
    assert start_server().anonymous.get("/health/live", headers={"Host": "whatever.example"}).status_code == 200


def test_a_refused_host_is_shown_what_to_do(start_server: StartServer) -> None:
    answer = start_server(allowed_hosts="a.example").anonymous.get("/api/v1/users", headers={"Host": "b.example"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert "PLATEWATCH_ALLOWED_HOSTS" in answer.json()["detail"]
