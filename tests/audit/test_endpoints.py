from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient

from platewatch.audit.service import Actor, AuditAction, AuditService
from platewatch.clock import SetClock
from tests.servers import Server, routes_of

AUDIT = "/api/v1/audit"

StartServer = Callable[..., Server]


def noted(server: Server, clock: SetClock, count: int) -> None:
    """Notes a second apart, by two users in turn, about three plates in turn."""
    with server.runtime.database.transaction() as session:
        log = AuditService(session, clock)
        for number in range(count):
            clock.advance(1)
            actor = Actor(100 + number % 2, f"user{number % 2}", None, f"192.0.2.{number % 2}")
            action = AuditAction.GATE_OPENED if number % 3 else AuditAction.SIGHTING_CORRECTED
            log.note(action, actor, f"AB{number % 3}", {"number": number})


def numbers(client: TestClient, **query: Any) -> list[int]:
    answer = client.get(f"{AUDIT}?{urlencode(query)}")
    assert answer.status_code == 200, answer.text
    return [item["details"]["number"] for item in answer.json()["items"] if "number" in item["details"]]


def test_notes_come_newest_first_page_by_page(start_server: StartServer, clock: SetClock) -> None:
    server = start_server()
    admin = server.admin()
    noted(server, clock, 25)
    found: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = admin.get(AUDIT, params={"limit": 10} | ({"cursor": cursor} if cursor else {})).json()
        found += [item["details"]["number"] for item in page["items"] if "number" in item["details"]]
        cursor = page["next_cursor"]
    assert found == list(reversed(range(25)))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param({"action": "sighting.corrected"}, [9, 6, 3, 0], id="action"),
        pytest.param({"user_id": 101}, [9, 7, 5, 3, 1], id="user"),
        pytest.param({"username": "user0"}, [8, 6, 4, 2, 0], id="name"),
        pytest.param({"address": "192.0.2.1"}, [9, 7, 5, 3, 1], id="address"),
        pytest.param({"subject": "AB1"}, [7, 4, 1], id="subject"),
        pytest.param({"noted_from": "2026-03-01T12:00:08Z"}, [9, 8, 7], id="from"),
        pytest.param({"noted_to": "2026-03-01T13:00:03+01:00"}, [1, 0], id="to"),
        pytest.param({"subject": "AB1", "user_id": 101}, [7, 1], id="two"),
        pytest.param({"subject": "AB1' OR '1'='1"}, [], id="SQL"),
        pytest.param({"action": "nothing"}, [], id="no such action"),
    ],
)
def test_filters_leave_what_fits(
    start_server: StartServer, clock: SetClock, query: dict[str, Any], expected: list[int]
) -> None:
    server = start_server()
    admin = server.admin()
    noted(server, clock, 10)
    assert numbers(admin, **query) == expected


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 201},
        {"cursor": "x"},
        {"user_id": 0},
        {"user_id": 2**63},
        {"action": ""},
        {"subject": "a\0b"},
        {"subject": "x" * 256},
        {"noted_from": "2026-03-01T12:00:00"},
        {"noted_from": "yesterday"},
        {"who": "ada"},
    ],
    ids=str,
)
def test_filters_that_make_no_sense_are_refused(sqlite_server: Server, query: dict[str, Any]) -> None:
    answer = sqlite_server.admin().get(f"{AUDIT}?{urlencode(query)}")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_the_whole_log_is_exported_however_long(
    start_server: StartServer, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platewatch.audit.endpoints.EXPORT_PAGE", 7)
    server = start_server()
    admin = server.admin()
    noted(server, clock, 40)
    answer = admin.get(f"{AUDIT}/export?subject=AB0")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    header, *rows = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"), newline=""))
    assert header[:4] == ["id", "noted_at", "action", "user_id"]
    assert [json.loads(row[-1])["number"] for row in rows] == list(reversed(range(0, 40, 3)))


def test_an_export_is_noted_itself(sqlite_server: Server) -> None:
    admin = sqlite_server.admin()
    admin.get(f"{AUDIT}/export?action=login.failed")
    newest = admin.get(AUDIT).json()["items"][0]
    assert (newest["action"], newest["username"]) == ("audit.exported", "ada")
    assert newest["details"] == {"action": "login.failed", "reason": None}


def test_no_spreadsheet_computes_what_somebody_wrote_into_the_log(sqlite_server: Server, clock: SetClock) -> None:
    admin = sqlite_server.admin()
    sqlite_server.runtime.state.note(AuditAction.GATE_OPENED, Actor(1, "=HYPERLINK(1)", None, "@x"), "+49", {})
    text = admin.get(f"{AUDIT}/export?action=gate.opened").text
    assert "'=HYPERLINK(1)" in text
    assert ",'@x,'+49," in text


def test_notes_can_only_be_read(sqlite_server: Server) -> None:
    assert {method for method, path in routes_of(sqlite_server.app) if path.startswith(AUDIT)} == {"GET"}


def test_the_log_is_the_same_on_every_database(server: Server, clock: SetClock) -> None:
    admin = server.admin()
    noted(server, clock, 5)
    assert numbers(admin, subject="AB1", limit=1) == [4]
    assert numbers(admin, username="user1", noted_to="2026-03-01T12:00:03Z") == [1]


def readings(client: TestClient) -> list[tuple[str, dict[str, Any]]]:
    items = client.get(AUDIT, params={"action": "audit.read"}).json()["items"]
    return [(item["username"], item["details"]) for item in reversed(items)]


def test_who_reads_the_log_is_noted_once_in_ten_minutes_with_what_was_asked(
    start_server: StartServer, clock: SetClock
) -> None:
    server = start_server()
    ada = server.admin()
    eve = server.user("eve", "admin")
    assert readings(ada) == [], "the reading itself is noted after it"
    for _ in range(5):
        eve.get(AUDIT, params={"subject": "AB12"})
    mine, hers = ("ada", {"action": "audit.read"}), ("eve", {"subject": "AB12"})
    assert readings(ada) == [mine, hers]
    clock.advance(600)
    eve.get(AUDIT, params={"subject": "AB12"})
    assert readings(ada) == [mine, hers, hers]


def test_further_pages_are_part_of_one_reading(start_server: StartServer, clock: SetClock) -> None:
    server = start_server()
    ada = server.admin()
    noted(server, clock, 25)
    cursor = ada.get(AUDIT, params={"limit": 10}).json()["next_cursor"]
    clock.advance(3600)
    ada.get(AUDIT, params={"limit": 10, "cursor": cursor})
    assert readings(ada) == [("ada", {})]


def test_nobody_who_may_not_read_the_log_is_noted_as_its_reader(start_server: StartServer) -> None:
    server = start_server()
    ada = server.admin()
    assert server.user("otto", "operator").get(AUDIT).status_code == 403
    assert readings(ada) == []
