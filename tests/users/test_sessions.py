from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from platewatch.clock import SetClock
from platewatch.users import sessions
from tests.servers import Server

SESSIONS = "/api/v1/sessions"

StartServer = Callable[..., Server]


def listed(client: TestClient, path: str = SESSIONS) -> list[dict[str, Any]]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_the_callers_sessions_are_listed_newest_first_without_their_tokens(server: Server) -> None:
    server.admin()
    server.user("bob")
    client = server.new_client(headers={"User-Agent": "Mozilla/5.0 (gate)"})
    client.post("/auth/login", json={"username": "ada", "password": "correct horse battery"})
    items = listed(client)
    assert [item["current"] for item in items] == [True, *[False] * (len(items) - 1)]
    assert {item["username"] for item in items} == {"ada"}
    assert (items[0]["user_agent"], items[0]["address"]) == ("Mozilla/5.0 (gate)", "127.0.0.1")
    assert "token" not in client.get(SESSIONS).text


def test_one_session_is_ended_and_the_others_stay(server: Server) -> None:
    ada, elsewhere = server.admin(), server.log_in()
    other = next(item["id"] for item in listed(ada) if not item["current"])
    assert ada.delete(f"{SESSIONS}/{other}").status_code == 204
    assert elsewhere.get("/auth/me").status_code == 401
    assert ada.get("/auth/me").status_code == 200
    assert ada.delete(f"{SESSIONS}/{other}").status_code == 404


def test_all_others_are_ended_at_once(server: Server) -> None:
    ada, others = server.admin(), [server.log_in() for _ in range(3)]
    bob = server.user("bob")
    assert ada.delete(SESSIONS).status_code == 204
    assert [client.get("/auth/me").status_code for client in others] == [401] * 3
    assert [item["current"] for item in listed(ada)] == [True]
    assert bob.get("/auth/me").status_code == 200


def test_somebody_elses_session_is_neither_seen_nor_ended(sqlite_server: Server) -> None:
    ada = sqlite_server.admin()
    bob = sqlite_server.user("bob")
    adas = listed(ada)[0]["id"]
    assert {item["username"] for item in listed(bob)} == {"bob"}
    assert bob.delete(f"{SESSIONS}/{adas}").status_code == 404
    assert bob.get(f"{SESSIONS}?everyone=true").status_code == 403
    assert ada.get("/auth/me").status_code == 200


def test_an_administrator_sees_and_ends_everybodys(sqlite_server: Server) -> None:
    ada = sqlite_server.admin()
    bob, elsewhere = sqlite_server.user("bob"), sqlite_server.log_in("bob")
    user_id = bob.get("/auth/me").json()["data"]["user_id"]
    assert {item["username"] for item in listed(ada, f"{SESSIONS}?everyone=true")} == {"ada", "bob"}
    of_bob = listed(ada, f"/api/v1/users/{user_id}/sessions")
    assert len(of_bob) == 2
    assert ada.delete(f"{SESSIONS}/{of_bob[0]['id']}").status_code == 204
    assert elsewhere.get("/auth/me").status_code == 401
    assert ada.delete(f"/api/v1/users/{user_id}/sessions").status_code == 204
    assert bob.get("/auth/me").status_code == 401
    assert ada.get("/auth/me").status_code == 200


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_there_are_no_sessions_of_nobody(sqlite_server: Server, method: str) -> None:
    assert sqlite_server.admin().request(method, "/api/v1/users/999999/sessions").status_code == 404


def test_an_ended_session_is_not_listed(start_server: StartServer, clock: SetClock) -> None:
    server = start_server(session_hours=1)
    server.admin()
    clock.advance(1800)
    ada = server.log_in()
    assert len(listed(ada)) >= 2
    clock.advance(1800)
    assert len(listed(ada)) == 1


def test_the_use_of_a_session_is_noted_to_the_minute(start_server: StartServer, clock: SetClock) -> None:
    ada = start_server().admin()

    def seen_after(seconds: float) -> str:
        clock.advance(seconds)
        return str(listed(ada)[0]["last_seen_at"])

    first = seen_after(0)
    assert seen_after(59) == first
    # The request that notes it still reads what was noted before.
    clock.advance(1)
    ada.get("/auth/me")
    assert seen_after(0) > first


def test_a_log_in_ends_the_session_that_the_browser_had(sqlite_server: Server) -> None:
    ada = sqlite_server.admin()
    old = ada.cookies["platewatch_session"]
    ada.post("/auth/login", json={"username": "ada", "password": "correct horse battery"})
    assert ada.get("/auth/me").status_code == 200
    assert sqlite_server.new_client(cookies={"platewatch_session": old}).get("/auth/me").status_code == 401


def test_the_oldest_sessions_of_a_user_make_room(sqlite_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MAX_PER_USER", 3)
    clients = [sqlite_server.admin(), *[sqlite_server.log_in() for _ in range(4)]]
    assert [client.get("/auth/me").status_code for client in clients] == [401, 401, 200, 200, 200]
