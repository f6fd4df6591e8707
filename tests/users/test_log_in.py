from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from platewatch.clock import SetClock
from platewatch.db.tables import LoginSessionRow
from platewatch.users.passwords import hash_token
from tests.servers import PASSWORD, Server

COOKIE = "platewatch_session"

StartServer = Callable[..., Server]


def log_in(client: TestClient, **changed: str) -> Any:
    return client.post("/auth/login", json={"username": "ada", "password": PASSWORD, **changed})


def cookie_of(answer: Any) -> Morsel[str]:
    return SimpleCookie(answer.headers["set-cookie"])[COOKIE]


def sessions(server: Server) -> list[LoginSessionRow]:
    with server.runtime.database.reading() as session:
        return list(session.scalars(select(LoginSessionRow)))


def test_logging_in_tells_who_one_is_and_keeps_only_a_hash_of_the_token(server: Server) -> None:
    server.register()
    answer = log_in(server.anonymous)
    assert answer.status_code == 200
    assert answer.json()["success"] is True
    assert (answer.json()["data"]["username"], answer.json()["data"]["role"]) == ("ada", "admin")
    assert PASSWORD not in answer.text
    token = cookie_of(answer).value
    assert token not in answer.text
    assert [row.token_hash for row in sessions(server)] == [hash_token(token)]
    assert sessions(server)[0].address == "127.0.0.1"


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"password": "wrong password"}, id="wrong password"),
        pytest.param({"password": PASSWORD + " "}, id="a space after the password"),
        pytest.param({"password": PASSWORD.upper()}, id="other case in the password"),
        pytest.param({"password": PASSWORD + "\0"}, id="NUL after the password"),
        pytest.param({"password": "x" * 1024}, id="long password"),
        pytest.param({"password": ""}, id="no password"),
        pytest.param({"username": "nobody"}, id="unknown name"),
        pytest.param({"username": "ada'--"}, id="quotes in the name"),
    ],
)
def test_a_wrong_name_and_a_wrong_password_look_alike(server: Server, wrong: dict[str, str]) -> None:
    server.register()
    answer = log_in(server.anonymous, **wrong)
    assert answer.status_code == 401
    assert answer.json() == {"success": False, "message": "The user name or the password is wrong."}
    assert "set-cookie" not in answer.headers
    assert sessions(server) == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"username": "a\0b", "password": PASSWORD}, id="NUL in the name"),
        pytest.param({"username": "ada"}, id="no password field"),
        pytest.param({"username": "ada", "password": "x" * 1025}, id="endless password"),
        pytest.param({"username": ["ada"], "password": PASSWORD}, id="a list as name"),
        pytest.param({"username": "ada", "password": PASSWORD, "remember": True}, id="unknown field"),
    ],
)
def test_a_log_in_that_makes_no_sense_is_refused(sqlite_server: Server, body: dict[str, object]) -> None:
    sqlite_server.register()
    answer = sqlite_server.anonymous.post("/auth/login", json=body)
    assert answer.status_code == 422
    assert answer.json()["success"] is False


@pytest.mark.parametrize(
    ("status", "says"), [("pending", "approval"), ("disabled", "disabled")], ids=["pending", "disabled"]
)
def test_an_account_that_is_not_active_is_told_so_only_with_the_right_password(
    sqlite_server: Server, status: str, says: str
) -> None:
    admin = sqlite_server.admin()
    user_id = sqlite_server.register("bob").json()["data"]["user_id"]
    assert admin.patch(f"/api/v1/users/{user_id}", json={"status": status}).status_code == 200
    right = log_in(sqlite_server.anonymous, username="bob")
    assert (right.status_code, says in right.json()["message"]) == (403, True)
    wrong = log_in(sqlite_server.anonymous, username="bob", password="wrong password")
    assert wrong.status_code == 401
    assert says not in wrong.json()["message"]


@pytest.mark.parametrize(
    ("base_url", "secure"), [("http://localhost:8000", False), ("https://plates.example.com", True)]
)
def test_the_cookie_is_kept_from_scripts_other_sites_and_plain_connections(
    sqlite_server: Server, base_url: str, *, secure: bool
) -> None:
    sqlite_server.register()
    cookie = cookie_of(log_in(sqlite_server.new_client(base_url=base_url)))
    assert cookie["httponly"] is True
    assert cookie["samesite"].lower() == "lax"
    assert bool(cookie["secure"]) is secure
    assert cookie["path"] == "/"
    assert int(cookie["max-age"]) == 7 * 24 * 3600


def test_logging_out_ends_the_session_for_every_copy_of_the_cookie(server: Server) -> None:
    client = server.admin()
    copy = server.new_client(cookies={COOKIE: client.cookies[COOKIE]})
    assert copy.get("/auth/me").status_code == 200
    answer = client.post("/auth/logout")
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    assert COOKIE not in client.cookies
    refused = copy.get("/auth/me")
    assert refused.status_code == 401
    assert "data" not in refused.json()
    assert sessions(server) == []


def test_logging_out_leaves_other_log_ins_alone(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    other = sqlite_server.log_in()
    client.post("/auth/logout")
    assert other.get("/auth/me").status_code == 200


def test_nobody_can_log_out_who_is_not_logged_in(sqlite_server: Server) -> None:
    assert sqlite_server.anonymous.post("/auth/logout").status_code == 401


def test_a_session_ends_at_its_time_and_not_before(start_server: StartServer, clock: SetClock) -> None:
    client = start_server(session_hours=2).admin()
    clock.advance(timedelta(hours=2).total_seconds() - 1)
    assert client.get("/auth/me").status_code == 200
    clock.advance(1)
    refused = client.get("/auth/me")
    assert refused.status_code == 401
    assert "Log in again" in refused.json()["message"]


def test_a_log_in_clears_away_sessions_that_have_ended(start_server: StartServer, clock: SetClock) -> None:
    server = start_server(session_hours=1)
    server.admin()
    server.log_in()
    clock.advance(3600)
    server.log_in()
    with server.runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LoginSessionRow)) == 1


@pytest.mark.parametrize("token", ["", "guess", "x" * 4000], ids=["empty", "wrong", "long"])
def test_a_cookie_that_was_never_given_out_is_nobody(sqlite_server: Server, token: str) -> None:
    sqlite_server.register()
    answer = sqlite_server.new_client(headers={"Cookie": f"{COOKIE}={token}"}).get("/auth/me")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_the_name_of_the_browser_may_be_longer_than_its_column(server: Server) -> None:
    server.register()
    client = server.new_client(headers={"User-Agent": "Mozilla " * 100})
    assert log_in(client).status_code == 200
    assert len(sessions(server)[0].user_agent or "") == 255
