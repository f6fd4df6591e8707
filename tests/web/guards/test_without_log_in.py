"""Where no log-in is needed: who callers are, and who is refused even so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from platewatch.app.main import create_app
from platewatch.errors import SettingsError
from platewatch.settings import Settings
from tests.servers import PASSWORD, Server

StartServer = Callable[..., Server]
FOREIGN = "https://evil.example.com"
KEY = {"name": "x", "scopes": ["read"]}


def test_without_log_ins_everybody_is_the_local_administrator(start_server: StartServer) -> None:
    server = start_server(auth="off")
    me = server.anonymous.get("/auth/me").json()["data"]
    assert (me["username"], me["role"], me["has_session"]) == ("(local)", "admin", False)
    assert server.anonymous.post("/api/v1/api-keys", json=KEY).status_code == 201
    assert server.anonymous.get("/api/v1/audit").json()["items"][0]["username"] == "(local)"


def test_the_local_account_can_not_be_logged_in_to_and_is_not_the_first(start_server: StartServer) -> None:
    server = start_server(auth="off")
    for name in ("(local)", "\x01local"):
        for password in ("!", "", PASSWORD):
            body = {"username": name, "password": password}
            assert server.anonymous.post("/auth/login", json=body).status_code in {401, 422}
    assert server.register("ada").json()["data"]["role"] == "admin"
    assert server.anonymous.post("/api/v1/users/1/password", json={"password": PASSWORD}).status_code in {409, 422}


def test_with_log_ins_again_the_local_account_opens_nothing(start_server: StartServer) -> None:
    assert start_server(auth="off").anonymous.get("/auth/me").status_code == 200
    assert start_server(auth="on").anonymous.get("/auth/me").status_code == 401


def test_a_wrong_key_is_refused_even_where_none_is_needed(start_server: StartServer) -> None:
    assert start_server(auth="off").anonymous.get("/auth/me", headers={"X-API-Key": "pw_x"}).status_code == 401


@pytest.mark.parametrize("headers", [{"Origin": FOREIGN}, {"Sec-Fetch-Site": "cross-site"}], ids=["origin", "site"])
def test_where_no_log_in_is_needed_other_sites_are_refused_without_a_cookie_too(
    start_server: StartServer, headers: dict[str, str]
) -> None:
    assert start_server(auth="off").anonymous.post("/api/v1/api-keys", json=KEY, headers=headers).status_code == 403


def test_where_no_log_in_is_needed_a_foreign_name_is_refused(start_server: StartServer) -> None:
    answer = start_server(auth="off").anonymous.get("/api/v1/sightings", headers={"Host": "evil.example"})
    assert answer.status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.9"},
        {"Via": "1.1 proxy"},
        {"CF-Connecting-IP": "203.0.113.9"},
        {"Forwarded": "for=x"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_where_no_log_in_is_needed_callers_through_a_proxy_are_refused_unless_they_are_meant(
    start_server: StartServer, headers: dict[str, str]
) -> None:
    server = start_server(auth="off")
    for path in ("/api/v1/users", "/api/v1/sightings", "/auth/me"):
        refused = server.anonymous.get(path, headers=headers)
        assert refused.status_code == 403, path
        assert "PLATEWATCH_AUTH_OFF_CONFIRMED" in refused.text
    assert server.anonymous.post("/api/v1/api-keys", json=KEY, headers=headers).status_code == 403
    assert server.new_client("203.0.113.9").get("/api/v1/users").status_code == 403
    meant = start_server(auth="off", auth_off_confirmed=True)
    assert meant.anonymous.get("/api/v1/users", headers=headers).status_code == 200


def test_where_no_log_in_is_needed_a_key_still_works_through_a_proxy(start_server: StartServer) -> None:
    server = start_server(auth="off")
    key = server.anonymous.post("/api/v1/api-keys", json=KEY).json()["key"]
    headers = {"X-API-Key": key, "X-Forwarded-For": "203.0.113.9"}
    assert server.anonymous.get("/api/v1/sightings", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("host", "confirmed", "starts"), [("127.0.0.1", False, True), ("0.0.0.0", False, False), ("0.0.0.0", True, True)]
)
def test_a_server_that_others_reach_is_open_only_if_that_is_meant(
    tmp_path: Path, host: str, confirmed: bool, starts: bool
) -> None:
    settings = Settings(data=tmp_path, host=host, auth="off", auth_off_confirmed=confirmed)
    if starts:
        create_app(settings)
        return
    with pytest.raises(SettingsError, match="PLATEWATCH_AUTH_OFF_CONFIRMED"):
        create_app(settings)
