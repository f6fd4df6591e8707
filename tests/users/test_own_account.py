"""`/auth/update/*` and `/auth/delete`, with the bodies of CarWatch's document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from platewatch.db.tables import ApiKeyRow, IdempotencyRow, ImageRow, LoginSessionRow, UserRow
from tests.db.rows import NOON
from tests.servers import PASSWORD, Server

NEW = "a whole new password"
CHANGE = {"current_password": PASSWORD, "new_password": NEW, "confirm_new_password": NEW}

StartServer = Callable[..., Server]


def me(client: TestClient) -> Any:
    return client.get("/auth/me").json()["data"]


def status_of_log_in(server: Server, username: str, password: str) -> int:
    body = {"username": username, "password": password}
    return server.new_client().post("/auth/login", json=body).status_code


def count(server: Server, row: type[Any]) -> int:
    with server.runtime.database.reading() as session:
        return session.scalar(select(func.count()).select_from(row)) or 0


def notes(server: Server) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = server.log_in().get("/api/v1/audit").json()["items"]
    return items


def test_a_new_name_holds_at_once_and_for_the_next_log_in(server: Server) -> None:
    ada = server.admin()
    answer = ada.post("/auth/update/username", json={"new_username": "Ada Žofie"})
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    assert me(ada)["username"] == "Ada Žofie"
    assert status_of_log_in(server, "ada žofie", PASSWORD) == 200
    assert status_of_log_in(server, "ada", PASSWORD) == 401


def test_one_may_change_the_case_of_the_own_name(sqlite_server: Server) -> None:
    ada = sqlite_server.admin()
    assert ada.post("/auth/update/username", json={"new_username": "ADA"}).status_code == 200
    assert me(ada)["username"] == "ADA"


@pytest.mark.parametrize(
    ("name", "status"),
    [("bob", 409), ("BOB", 409), ("", 422), ("  ", 422), ("a\0b", 422), ("x" * 151, 422), (7, 422), (None, 422)],
    ids=repr,
)
def test_a_name_that_can_not_be_had_changes_nothing(server: Server, name: object, status: int) -> None:
    ada = server.admin()
    server.register("bob")
    answer = ada.post("/auth/update/username", json={"new_username": name})
    assert (answer.status_code, answer.json()["success"]) == (status, False)
    assert me(ada)["username"] == "ada"


def test_a_new_password_ends_the_other_sessions_and_not_this_one(server: Server) -> None:
    ada, elsewhere = server.admin(), server.log_in()
    answer = ada.post("/auth/update/password", json=CHANGE)
    assert (answer.status_code, answer.json()["success"]) == (200, True), answer.text
    assert ada.get("/auth/me").status_code == 200
    assert elsewhere.get("/auth/me").status_code == 401
    assert status_of_log_in(server, "ada", NEW) == 200
    assert status_of_log_in(server, "ada", PASSWORD) == 401


def test_a_new_password_by_key_ends_every_session(sqlite_server: Server) -> None:
    ada = sqlite_server.admin()
    key = sqlite_server.key_client(ada, "manage")
    assert key.post("/auth/update/password", json=CHANGE).status_code == 200
    assert ada.get("/auth/me").status_code == 401
    assert key.get("/auth/me").status_code == 200


@pytest.mark.parametrize(("revokes", "works"), [(None, 200), (False, 200), (True, 401)], ids=str)
def test_keys_end_with_a_new_password_where_their_owner_says_so(
    sqlite_server: Server, revokes: bool | None, works: int
) -> None:
    ada = sqlite_server.admin()
    key = sqlite_server.key_client(ada, "read")
    asked = {} if revokes is None else {"revoke_api_keys": revokes}
    assert ada.post("/auth/update/password", json={**CHANGE, **asked}).status_code == 200
    assert key.get("/auth/me").status_code == works
    assert ada.get("/auth/me").status_code == 200


def test_a_key_does_not_rename_its_owner(sqlite_server: Server) -> None:
    ada = sqlite_server.admin()
    key = sqlite_server.key_client(ada, "manage", "read", "recognize")
    assert key.post("/auth/update/username", json={"new_username": "eve"}).status_code == 403
    assert me(ada)["username"] == "ada"


@pytest.mark.parametrize(
    ("changed", "status", "says"),
    [
        pytest.param({"current_password": "wrong password"}, 422, "wrong", id="wrong password"),
        pytest.param({"confirm_new_password": "another one!"}, 422, "differ", id="another confirmation"),
        pytest.param({"new_password": "short", "confirm_new_password": "short"}, 422, "at least", id="short"),
        pytest.param({"new_password": "x" * 73, "confirm_new_password": "x" * 73}, 422, "longer", id="long"),
        pytest.param(
            {"new_password": "ada-ada-ada", "confirm_new_password": "ada-ada-ada"}, 422, "easy to guess", id="the name"
        ),
        pytest.param({"new_password": None}, 422, "new_password", id="none"),
        pytest.param({"user_id": 2}, 422, "user_id", id="somebody else's"),
    ],
)
def test_a_password_change_that_makes_no_sense_changes_nothing(
    sqlite_server: Server, changed: dict[str, object], status: int, says: str
) -> None:
    ada, elsewhere = sqlite_server.admin(), sqlite_server.log_in()
    answer = ada.post("/auth/update/password", json={**CHANGE, **changed})
    assert (answer.status_code, answer.json()["success"]) == (status, False)
    assert says in answer.json()["message"]
    assert elsewhere.get("/auth/me").status_code == 200
    assert status_of_log_in(sqlite_server, "ada", PASSWORD) == 200


def test_the_own_password_can_not_be_guessed_with_a_stolen_session(start_server: StartServer) -> None:
    server = start_server(login_failures=3)
    ada = server.admin()
    statuses = [ada.post("/auth/delete", json={"password": f"guess {number}"}).status_code for number in range(5)]
    assert statuses == [422, 422, 422, 429, 429]
    assert ada.post("/auth/delete", json={"password": PASSWORD}).status_code == 429, "even the right one has to wait"


def recorded(server: Server, user_id: int) -> None:
    with server.runtime.database.transaction() as session:
        session.add(
            ImageRow(media_key="k", filename="f", width=1, height=1, byte_size=1, user_id=user_id, created_at=NOON)
        )
        session.add(
            IdempotencyRow(owner=str(user_id), key="k", request_hash="h", response={}, created_at=NOON),
        )


def test_a_deleted_account_is_gone_and_what_it_recorded_stays(server: Server) -> None:
    server.admin()
    bob = server.user("bob")
    key = server.key_client(bob, "read")
    recorded(server, me(bob)["user_id"])
    answer = bob.post("/auth/delete", json={"password": PASSWORD})
    assert (answer.status_code, answer.json()["success"]) == (200, True), answer.text
    assert bob.get("/auth/me").status_code == key.get("/auth/me").status_code == 401
    assert status_of_log_in(server, "bob", PASSWORD) == 401
    with server.runtime.database.reading() as session:
        assert session.scalars(select(ImageRow)).one().user_id is None
    assert count(server, ApiKeyRow) == 0
    assert count(server, IdempotencyRow) == 0, "the next account may get this id on SQLite"


def test_the_log_still_names_who_was_deleted(server: Server) -> None:
    server.admin()
    bob = server.user("bob")
    bob.post("/auth/delete", json={"password": PASSWORD})
    told = [(note["action"], note["username"]) for note in notes(server)]
    assert ("user.deleted", "bob") in told
    assert ("login.succeeded", "bob") in told


def test_the_only_account_can_go_and_the_next_one_is_the_first_again(server: Server) -> None:
    ada = server.admin()
    assert ada.post("/auth/delete", json={"password": PASSWORD}).status_code == 200
    assert count(server, UserRow) == count(server, LoginSessionRow) == 0
    assert server.register("eve").json()["data"]["role"] == "admin"


def test_the_last_administrator_of_others_can_not_go(sqlite_server: Server) -> None:
    ada = sqlite_server.admin()
    sqlite_server.user("bob")
    answer = ada.post("/auth/delete", json={"password": PASSWORD})
    assert answer.status_code == 409
    assert me(ada)["username"] == "ada"


@pytest.mark.parametrize("body", [{}, {"password": "wrong password"}, {"password": ""}], ids=["none", "wrong", "empty"])
def test_without_the_password_nothing_is_deleted(sqlite_server: Server, body: dict[str, str]) -> None:
    ada = sqlite_server.admin()
    assert ada.post("/auth/delete", json=body).status_code == 422
    assert ada.get("/auth/me").status_code == 200


def test_a_lesser_key_can_not_touch_the_account(sqlite_server: Server) -> None:
    key = sqlite_server.key_client(sqlite_server.admin(), "read", "recognize")
    assert key.post("/auth/update/username", json={"new_username": "eve"}).status_code == 403
    assert key.post("/auth/update/password", json=CHANGE).status_code == 403
    assert key.post("/auth/delete", json={"password": PASSWORD}).status_code == 403
