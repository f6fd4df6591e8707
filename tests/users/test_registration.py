from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from platewatch.db.tables import UserRow
from platewatch.users.setup_token import SetupToken
from tests.servers import PASSWORD, Server

BODY = {"username": "ada", "password": PASSWORD}
OUTSIDE = "192.168.1.5"

StartServer = Callable[..., Server]


def usernames(server: Server) -> list[str]:
    with server.runtime.database.reading() as session:
        return list(session.scalars(select(UserRow.username).order_by(UserRow.id)))


def test_the_first_account_is_an_active_administrator(server: Server) -> None:
    answer = server.register("ada")
    assert answer.status_code == 201
    data = answer.json()["data"]
    assert answer.json()["success"] is True
    assert (data["username"], data["role"], data["status"]) == ("ada", "admin", "active")
    assert server.log_in("ada").get("/auth/me").json()["data"] == {
        "user_id": data["user_id"],
        "username": "ada",
        "role": "admin",
        "has_session": True,
        "scopes": ["read", "recognize", "manage"],
    }


def test_the_second_account_waits_for_approval_and_can_not_log_in(server: Server) -> None:
    server.register("ada")
    answer = server.register("bob")
    assert answer.status_code == 201
    assert (answer.json()["data"]["role"], answer.json()["data"]["status"]) == ("operator", "pending")
    refused = server.anonymous.post("/auth/login", json={"username": "bob", "password": PASSWORD})
    assert refused.status_code == 403
    assert "approval" in refused.json()["message"]
    assert "set-cookie" not in refused.headers


@pytest.mark.parametrize(
    "other",
    ["ada", "ADA", " Ada ", "\uff41\uff44\uff41"],
    ids=["same", "upper case", "spaces round it", "wide letters"],
)
def test_a_taken_name_is_refused_however_it_is_written(server: Server, other: str) -> None:
    server.register("Ada")
    answer = server.register(other)
    assert answer.status_code == 409
    assert "taken" in answer.json()["message"]
    assert usernames(server) == ["Ada"]


def test_of_two_first_accounts_at_once_one_becomes_the_administrator(server: Server) -> None:
    together = Barrier(2)

    def register(username: str) -> int:
        client = server.new_client()
        together.wait(10)
        status: int = client.post("/auth/register", json={**BODY, "username": username}).status_code
        return status

    with ThreadPoolExecutor(2) as threads:
        statuses = list(threads.map(register, ["ada", "bob"]))
    assert 201 in statuses
    assert set(statuses) <= {201, 409}
    with server.runtime.database.reading() as session:
        rows = list(session.scalars(select(UserRow)))
    assert [row.role for row in rows].count("admin") == 1
    assert [row.is_first for row in rows].count(True) == 1
    assert len(rows) == statuses.count(201)


def test_of_one_name_registered_twice_at_once_one_is_made(server: Server) -> None:
    server.register("ada")
    together = Barrier(2)

    def register(username: str) -> tuple[int, str]:
        client = server.new_client()
        together.wait(10)
        answer = client.post("/auth/register", json={**BODY, "username": username})
        return answer.status_code, answer.json()["message"]

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(register, ["bob", "Bob"]))
    assert sorted(status for status, _ in answers) == [201, 409]
    assert len(usernames(server)) == 2


def test_an_account_made_at_the_same_moment_is_asked_to_try_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.register("ada")
    # What the loser of the race sees: nobody is there yet when it looks.
    monkeypatch.setattr("platewatch.users.repository.UserRepository.any", lambda _self: False)
    answer = server.register("bob")
    assert answer.status_code == 409
    assert "same moment" in answer.json()["message"]
    assert usernames(server) == ["ada"]


@pytest.mark.parametrize("registration", ["approval", "open", "closed"])
def test_the_first_account_can_be_made_whatever_is_set(start_server: StartServer, registration: str) -> None:
    server = start_server(registration=registration)
    assert server.register().json()["data"]["role"] == "admin"


def test_open_registration_lets_everybody_in_as_operator(start_server: StartServer) -> None:
    server = start_server(registration="open")
    server.register("ada")
    assert server.register("bob").json()["data"]["status"] == "active"
    assert server.log_in("bob").get("/auth/me").json()["data"]["role"] == "operator"


def test_closed_registration_refuses_later_accounts(start_server: StartServer) -> None:
    server = start_server(registration="closed")
    server.register("ada")
    answer = server.register("bob")
    assert answer.status_code == 403
    assert "closed" in answer.json()["message"]
    assert usernames(server) == ["ada"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        pytest.param({"username": ""}, "username", id="no name"),
        pytest.param({"username": "   "}, "username", id="only spaces"),
        pytest.param({"username": "a\0b"}, "username", id="NUL in the name"),
        pytest.param({"username": "a\nb"}, "username", id="line end in the name"),
        pytest.param({"username": "a" * 151}, "username", id="name too long"),
        pytest.param({"username": "\N{LATIN SMALL LETTER SHARP S}" * 100}, "name", id="name too long when folded"),
        pytest.param({"password": "short"}, "password", id="short password"),
        pytest.param({"password": "x" * 73}, "password", id="long password"),
        pytest.param({"password": "password"}, "easy to guess", id="the first password that is tried"),
        pytest.param({"password": "12345678"}, "easy to guess", id="a row of digits"),
        pytest.param({"username": "gatekeeper", "password": "Gatekeeper1"}, "easy to guess", id="the user name"),
        pytest.param({"password": "Platewatch2026"}, "easy to guess", id="the product's name"),
        pytest.param({"password": "long enough\0"}, "password", id="NUL in the password"),
        pytest.param({"password": 12345678}, "password", id="a number as password"),
        pytest.param({"role": "admin"}, "role", id="unknown field"),
    ],
)
def test_a_body_that_can_not_be_used_is_refused_and_leaves_no_account(
    sqlite_server: Server, changed: dict[str, object], field: str
) -> None:
    answer = sqlite_server.anonymous.post("/auth/register", json={**BODY, **changed})
    assert answer.status_code == 422, answer.text
    assert answer.json()["success"] is False
    assert field in answer.json()["message"]
    assert usernames(sqlite_server) == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(rb'{"username": "ada", "password": "\ud800\ud800\ud800\ud800"}', id="half a letter"),
        pytest.param(b'{"username": "ada", "password": ', id="cut short"),
        pytest.param(b'{"username": "ada", "password": "\xff\xff\xff\xff\xff\xff\xff\xff"}', id="not UTF-8"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_bytes_that_are_no_registration_are_refused(sqlite_server: Server, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = sqlite_server.anonymous.post("/auth/register", content=body, headers=headers)
    assert answer.status_code in {400, 422}, answer.text
    assert answer.json()["success"] is False
    assert usernames(sqlite_server) == []


@pytest.mark.parametrize("username", ["a" * 150, "Žofie 🚗", "Österreich"], ids=["long", "emoji", "umlaut"])
def test_names_in_any_script_can_register_and_log_in(server: Server, username: str) -> None:
    assert server.register(username).json()["data"]["username"] == username
    assert server.log_in(username.upper()).get("/auth/me").json()["data"]["username"] == username


@pytest.mark.parametrize(
    ("settings", "client", "headers"),
    [
        pytest.param({}, {"address": OUTSIDE}, {}, id="from another machine"),
        pytest.param({"host": "0.0.0.0"}, {}, {}, id="listens everywhere"),
        pytest.param({"host": "192.168.1.2"}, {}, {}, id="listens on the network"),
        pytest.param({}, {}, {"X-Forwarded-For": "127.0.0.1"}, id="behind a proxy"),
        pytest.param({}, {}, {"Forwarded": "for=127.0.0.1"}, id="behind a modern proxy"),
        pytest.param({}, {}, {"X-Real-IP": "127.0.0.1"}, id="behind nginx"),
        pytest.param({}, {}, {"Via": "1.1 proxy"}, id="behind a proxy that says no more"),
        pytest.param({}, {}, {"CF-Connecting-IP": "127.0.0.1"}, id="behind a tunnel"),
        pytest.param({}, {}, {"True-Client-IP": "127.0.0.1"}, id="behind a content network"),
        pytest.param(
            {}, {}, {"X-Forwarded-Host": "plates.example.org"}, id="behind a proxy that keeps the caller secret"
        ),
        pytest.param({}, {"base_url": "http://plates.example.com:8000"}, {}, id="by a name that points here"),
    ],
)
def test_off_this_machine_the_first_account_needs_the_token(
    start_server: StartServer,
    settings: dict[str, str],
    client: dict[str, str],
    headers: dict[str, str],
) -> None:
    server = start_server(**settings)
    caller = server.new_client(**client, headers=headers)
    shown = caller.get("/auth/register").json()["data"]
    assert (shown["first_account"], shown["setup_token_required"]) == (True, True)
    for wrong in ({}, {"setup_token": "guess"}, {"setup_token": ""}):
        refused = caller.post("/auth/register", json={**BODY, **wrong})
        assert refused.status_code == 403
        assert "setup token" in refused.json()["message"]
    assert usernames(server) == []

    token = server.runtime.state.part(SetupToken).get_or_create()
    made = caller.post("/auth/register", json={**BODY, "setup_token": token})
    assert (made.status_code, made.json()["data"]["role"]) == (201, "admin")
    assert not (server.runtime.settings.data / "setup-token").exists()
    assert caller.get("/auth/register").json()["data"]["setup_token_required"] is False


@pytest.mark.parametrize("base_url", ["http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000"])
def test_on_this_machine_no_token_is_needed(start_server: StartServer, base_url: str) -> None:
    server = start_server()
    caller = server.new_client(base_url=base_url)
    assert caller.get("/auth/register").json()["data"] == {
        "first_account": True,
        "setup_token_required": False,
        "registration": "approval",
        "time_zone": None,
    }
    assert caller.post("/auth/register", json=BODY).status_code == 201


def test_later_accounts_need_no_token_from_anywhere(start_server: StartServer) -> None:
    server = start_server(host="0.0.0.0", registration="open")
    token = server.runtime.state.part(SetupToken).get_or_create()
    caller = server.new_client(OUTSIDE)
    caller.post("/auth/register", json={**BODY, "setup_token": token})
    assert caller.post("/auth/register", json={**BODY, "username": "bob"}).status_code == 201


@pytest.mark.parametrize("registration", ["approval", "open", "closed"])
def test_the_page_is_shown_who_may_register(start_server: StartServer, registration: str) -> None:
    server = start_server(registration=registration)
    server.register()
    data = server.anonymous.get("/auth/register").json()["data"]
    assert data == {
        "first_account": False,
        "setup_token_required": False,
        "registration": registration,
        "time_zone": None,
    }
