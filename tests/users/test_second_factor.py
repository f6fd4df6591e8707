from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from platewatch.clock import SetClock
from platewatch.db.tables import RecoveryCodeRow, UserRow
from tests.servers import PASSWORD, Server

FACTOR = "/api/v1/second-factor"
PROOF = {"password": PASSWORD}

StartServer = Callable[..., Server]


def code_at(clock: SetClock, secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).generate_otp(int(clock.now().timestamp()) // 30 + steps)


def begun(client: TestClient) -> str:
    answer = client.post(FACTOR, json=PROOF)
    assert answer.status_code == 201, answer.text
    secret: str = answer.json()["secret"]
    return secret


def enabled(client: TestClient, clock: SetClock) -> tuple[str, list[str]]:
    """The secret and the recovery codes of the client's new second factor; its code of now is used up."""
    secret = begun(client)
    answer = client.post(f"{FACTOR}/confirm", json={"code": code_at(clock, secret)})
    assert answer.status_code == 200, answer.text
    return secret, answer.json()["recovery_codes"]


def log_in(server: Server, code: str | None = None) -> Any:
    body = {"username": "ada", "password": PASSWORD} | ({} if code is None else {"code": code})
    return server.new_client().post("/auth/login", json=body)


def test_the_app_is_given_a_secret_as_text_and_as_uri(start_server: StartServer) -> None:
    ada = start_server().admin()
    answer = ada.post(FACTOR, json=PROOF).json()
    uri = urlsplit(answer["uri"])
    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", "/platewatch:ada")
    assert parse_qs(uri.query) == {"secret": [answer["secret"]], "issuer": ["platewatch"]}
    assert len(answer["secret"]) == 32


def test_the_secret_is_stored_sealed(server: Server) -> None:
    secret = begun(server.admin())
    with server.runtime.database.reading() as session:
        sealed = session.scalar(select(UserRow.sealed_totp_secret)) or ""
    assert secret not in sealed
    assert server.runtime.seal.unseal(sealed) == secret


def test_with_another_key_of_the_server_only_recovery_codes_work(start_server: StartServer, clock: SetClock) -> None:
    secret, codes = enabled(start_server(secret_key="a phrase of one server").admin(), clock)
    clock.advance(60)
    server = start_server(secret_key="a phrase of another server")
    refused = log_in(server, code_at(clock, secret))
    assert (refused.status_code, "PLATEWATCH_SECRET_KEY" in refused.json()["message"]) == (500, True)
    assert log_in(server, codes[0]).status_code == 200


def test_nothing_changes_before_a_code_is_confirmed(start_server: StartServer) -> None:
    server = start_server()
    begun(server.admin())
    assert log_in(server).status_code == 200


def test_with_it_a_log_in_needs_the_code(start_server: StartServer, clock: SetClock) -> None:
    server = start_server()
    ada = server.admin()
    secret, _ = enabled(ada, clock)
    asked = log_in(server)
    assert asked.status_code == 401
    assert asked.json()["data"] == {"second_factor_required": True}
    assert "set-cookie" not in asked.headers
    clock.advance(30)
    assert log_in(server, code_at(clock, secret)).status_code == 200
    assert ada.get("/auth/me").status_code == 200, "sessions from before go on"
    assert ada.get("/api/v1/users").json()["items"][0]["second_factor"] is True


def test_log_ins_without_the_code_end_when_it_is_turned_on(start_server: StartServer, clock: SetClock) -> None:
    server = start_server()
    ada, elsewhere, bob = server.admin(), server.log_in(), server.user("bob")
    enabled(ada, clock)
    assert [client.get("/auth/me").status_code for client in (ada, elsewhere, bob)] == [200, 401, 200]


def test_with_it_a_wrong_password_is_told_as_ever(start_server: StartServer, clock: SetClock) -> None:
    server = start_server()
    enabled(server.admin(), clock)
    answer = server.new_client().post("/auth/login", json={"username": "ada", "password": "wrong password"})
    assert (answer.status_code, set(answer.json())) == (401, {"success", "message"})


@pytest.mark.parametrize(
    ("steps", "status"),
    [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)],
    ids=["a minute ago", "half a minute ago", "now", "in half a minute", "in a minute"],
)
def test_clocks_may_differ_by_half_a_minute(
    start_server: StartServer, clock: SetClock, steps: int, status: int
) -> None:
    server = start_server()
    secret, _ = enabled(server.admin(), clock)
    clock.advance(120)
    assert log_in(server, code_at(clock, secret, steps)).status_code == status


@pytest.mark.parametrize("steps", [0, -1], ids=["the same", "an older one"])
def test_no_code_is_taken_twice(start_server: StartServer, clock: SetClock, steps: int) -> None:
    server = start_server()
    secret, _ = enabled(server.admin(), clock)
    clock.advance(60)
    assert log_in(server, code_at(clock, secret)).status_code == 200
    again = log_in(server, code_at(clock, secret, steps))
    assert again.status_code == 401
    assert "used already" in again.json()["message"]


def test_the_code_of_the_set_up_does_not_log_in(start_server: StartServer, clock: SetClock) -> None:
    server = start_server()
    secret, _ = enabled(server.admin(), clock)
    assert log_in(server, code_at(clock, secret)).status_code == 401


@pytest.mark.parametrize(
    "code",
    ["000000x", "12345", "", "١٢٣٤٥٦", "123 456 7", "\0" * 6, "a" * 65, 123456, ["123456"]],
    ids=["letters", "short", "empty", "other digits", "long", "NUL", "very long", "a number", "a list"],
)
def test_what_is_no_code_is_refused(start_server: StartServer, clock: SetClock, code: Any) -> None:
    server = start_server()
    enabled(server.admin(), clock)
    assert log_in(server, code).status_code in {401, 422}


def test_a_code_may_have_a_space_in_it(start_server: StartServer, clock: SetClock) -> None:
    server = start_server()
    secret, _ = enabled(server.admin(), clock)
    clock.advance(60)
    code = code_at(clock, secret)
    assert log_in(server, f"{code[:3]} {code[3:]}").status_code == 200


def test_each_recovery_code_logs_in_once_and_only_hashes_are_kept(start_server: StartServer, clock: SetClock) -> None:
    server = start_server()
    ada = server.admin()
    _, codes = enabled(ada, clock)
    assert len(set(codes)) == 10
    assert log_in(server, codes[0].upper()).status_code == 200
    assert log_in(server, codes[0]).status_code == 401
    assert log_in(server, codes[1].replace("-", "")).status_code == 200
    assert ada.get(FACTOR).json() == {"enabled": True, "recovery_codes_left": 8}
    with server.runtime.database.reading() as session:
        hashes = session.scalars(select(RecoveryCodeRow.code_hash)).all()
    assert not {code.replace("-", "") for code in codes} & set(hashes)


def test_guessing_codes_is_slowed_down(start_server: StartServer, clock: SetClock) -> None:
    server = start_server(login_failures=3)
    enabled(server.admin(), clock)
    assert [log_in(server, f"00000{number}").status_code for number in range(4)] == [401, 401, 401, 429]


def test_it_is_turned_off_with_the_password(start_server: StartServer, clock: SetClock) -> None:
    server = start_server()
    ada = server.admin()
    enabled(ada, clock)
    assert ada.post(f"{FACTOR}/disable", json={"password": "wrong password"}).status_code == 422
    assert log_in(server).status_code == 401
    assert ada.post(f"{FACTOR}/disable", json=PROOF).status_code == 204
    assert log_in(server).status_code == 200
    assert ada.get(FACTOR).json() == {"enabled": False, "recovery_codes_left": 0}


def test_an_administrator_can_turn_it_off_for_somebody(start_server: StartServer, clock: SetClock) -> None:
    server = start_server()
    ada, bob = server.admin(), server.user("bob")
    enabled(bob, clock)
    user_id = bob.get("/auth/me").json()["data"]["user_id"]
    path = f"/api/v1/users/{user_id}/second-factor"
    assert ada.delete(path).status_code == 204
    assert bob.get("/auth/me").status_code == 401, "whoever has the device may be logged in on it"
    assert server.log_in("bob").get("/auth/me").status_code == 200
    assert ada.delete(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        pytest.param(FACTOR, {"password": "wrong password"}, 422, id="begin with a wrong password"),
        pytest.param(FACTOR, {}, 422, id="begin without the password"),
        pytest.param(f"{FACTOR}/confirm", {"code": "123456"}, 409, id="confirm before the beginning"),
        pytest.param(f"{FACTOR}/disable", PROOF, 204, id="disable what is off"),
    ],
)
def test_the_steps_come_in_their_order(sqlite_server: Server, path: str, body: dict[str, str], status: int) -> None:
    ada = sqlite_server.admin()
    assert ada.post(path, json=body).status_code == status
    assert ada.get(FACTOR).json()["enabled"] is False


def test_a_wrong_code_confirms_nothing(sqlite_server: Server) -> None:
    ada = sqlite_server.admin()
    begun(ada)
    answer = ada.post(f"{FACTOR}/confirm", json={"code": "abcdef"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "code")
    assert ada.get(FACTOR).json()["enabled"] is False


def test_what_is_on_can_not_be_begun_or_confirmed_again(start_server: StartServer, clock: SetClock) -> None:
    ada = start_server().admin()
    secret, _ = enabled(ada, clock)
    assert ada.post(FACTOR, json=PROOF).status_code == 409
    clock.advance(60)
    assert ada.post(f"{FACTOR}/confirm", json={"code": code_at(clock, secret)}).status_code == 409


def test_it_works_on_every_database(server: Server) -> None:
    """With the machine's own clock, so that the other tests' set one hides nothing."""
    ada = server.admin()
    secret = begun(ada)
    codes = ada.post(f"{FACTOR}/confirm", json={"code": pyotp.TOTP(secret).now()}).json()["recovery_codes"]
    assert log_in(server).status_code == 401
    assert log_in(server, codes[0]).status_code == 200
