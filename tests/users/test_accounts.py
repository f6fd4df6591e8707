from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from fastapi.testclient import TestClient

from tests.servers import PASSWORD, Server

USERS = "/api/v1/users"


def id_of(client: TestClient) -> int:
    user_id: int = client.get("/auth/me").json()["data"]["user_id"]
    return user_id


def active_admins(client: TestClient) -> list[str]:
    items = client.get(USERS).json()["items"]
    return [item["username"] for item in items if (item["role"], item["status"]) == ("admin", "active")]


def test_accounts_are_listed_by_name_without_their_passwords(server: Server) -> None:
    admin = server.admin()
    server.register("Zoe")
    server.register("bob")
    answer = admin.get(USERS)
    assert [item["username"] for item in answer.json()["items"]] == ["ada", "bob", "Zoe"]
    assert [item["status"] for item in answer.json()["items"]] == ["active", "pending", "pending"]
    assert set(answer.json()["items"][0]) == {
        "user_id",
        "username",
        "role",
        "status",
        "created_at",
        "second_factor",
    }


def test_an_approved_account_can_log_in(server: Server) -> None:
    admin = server.admin()
    user_id = server.register("bob").json()["data"]["user_id"]
    changed = admin.patch(f"{USERS}/{user_id}", json={"status": "active"})
    assert (changed.json()["status"], changed.json()["role"]) == ("active", "operator")
    assert id_of(server.log_in("bob")) == user_id


def test_a_disabled_account_is_out_at_once(server: Server) -> None:
    admin = server.admin()
    bob = server.user("bob")
    user_id = id_of(bob)
    assert admin.patch(f"{USERS}/{user_id}", json={"status": "disabled"}).status_code == 200
    assert bob.get("/auth/me").status_code == 401
    admin.patch(f"{USERS}/{user_id}", json={"status": "active"})
    assert bob.get("/auth/me").status_code == 401, "the old session must not come back"
    assert id_of(server.log_in("bob")) == user_id


def test_a_new_role_holds_for_running_sessions(sqlite_server: Server) -> None:
    admin = sqlite_server.admin()
    bob = sqlite_server.user("bob", "viewer")
    assert bob.get(USERS).status_code == 403
    admin.patch(f"{USERS}/{id_of(bob)}", json={"role": "admin"})
    assert bob.get(USERS).status_code == 200


def test_an_empty_change_changes_nothing(sqlite_server: Server) -> None:
    admin = sqlite_server.admin()
    before = admin.get(USERS).json()["items"][0]
    assert admin.patch(f"{USERS}/{before['user_id']}", json={}).json() == before


@pytest.mark.parametrize(
    "change",
    [{"role": "operator"}, {"role": "viewer"}, {"status": "disabled"}, {"status": "pending"}],
    ids=lambda change: "-".join(next(iter(change.items()))),
)
def test_the_last_administrator_can_not_go(sqlite_server: Server, change: dict[str, str]) -> None:
    admin = sqlite_server.admin()
    answer = admin.patch(f"{USERS}/{id_of(admin)}", json=change)
    assert answer.status_code == 409
    assert "last active administrator" in answer.json()["detail"]
    assert active_admins(admin) == ["ada"]


def test_a_disabled_administrator_does_not_count_as_one_left(sqlite_server: Server) -> None:
    admin = sqlite_server.admin()
    bob = sqlite_server.user("bob", "admin")
    admin.patch(f"{USERS}/{id_of(bob)}", json={"status": "disabled"})
    assert admin.patch(f"{USERS}/{id_of(admin)}", json={"role": "viewer"}).status_code == 409


def test_one_of_two_administrators_can_go(sqlite_server: Server) -> None:
    admin = sqlite_server.admin()
    bob = sqlite_server.user("bob", "admin")
    assert admin.patch(f"{USERS}/{id_of(admin)}", json={"role": "viewer"}).status_code == 200
    assert active_admins(bob) == ["bob"]


def test_two_administrators_who_leave_at_once_do_not_both_succeed(server: Server) -> None:
    admins = [server.admin(), server.user("bob", "admin")]
    ids = [id_of(admin) for admin in admins]
    together = Barrier(2)

    def leave(who: int) -> int:
        together.wait(10)
        status: int = admins[who].patch(f"{USERS}/{ids[who]}", json={"role": "operator"}).status_code
        return status

    with ThreadPoolExecutor(2) as threads:
        statuses = sorted(threads.map(leave, range(2)))
    assert statuses == [200, 409]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        pytest.param("999999", {"role": "viewer"}, 404, id="unknown id"),
        pytest.param("0", {"role": "viewer"}, 422, id="id zero"),
        pytest.param(str(2**63), {"role": "viewer"}, 422, id="id beyond 64 bits"),
        pytest.param("1", {"role": "emperor"}, 422, id="unknown role"),
        pytest.param("1", {"status": "gone"}, 422, id="unknown status"),
        pytest.param("1", {"password": PASSWORD}, 422, id="unknown field"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(
    sqlite_server: Server, path: str, body: dict[str, str], status: int
) -> None:
    answer = sqlite_server.admin().patch(f"{USERS}/{path}", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
