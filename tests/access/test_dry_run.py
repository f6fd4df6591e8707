"""A dry run says what would be decided, and leaves no trace but a note in the audit log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from platewatch.db.tables import AccessLogRow, AuditRow, EventRow, SightingRow, VisitRow
from tests.access.relays import Relay, http_relay
from tests.access.test_endpoints import PHOTO, see, set_gate, set_up, settled
from tests.servers import Server, upload

ROUTES = ["/api/v1/access/decide", "/verification"]


@pytest.fixture
def relay() -> Iterator[Relay]:
    with http_relay() as relay:
        yield relay


def rows(server: Server) -> list[int]:
    with server.runtime.database.reading() as session:
        tables = (AccessLogRow, EventRow, SightingRow, VisitRow)
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def ask(client: TestClient, path: str, **request: Any) -> dict[str, Any]:
    answer = client.post(path, **request)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize(
    ("plate", "decision", "reason"),
    [("ab12 cde", "granted", "allow_list"), ("XX99XXX", "denied", "deny_list"), ("ZZ1", "denied", "unknown_plate")],
)
def test_a_dry_run_decides_alike_and_opens_nothing(
    server: Server, relay: Relay, path: str, plate: str, decision: str, reason: str
) -> None:
    client = server.admin()
    place = set_up(server, client, enabled=True)
    set_gate(client, place, relay.url)
    before = rows(server)
    body = {"plate": plate, "location_id": place}
    dry = ask(client, path, json=body | {"dry_run": True})
    assert (dry["decision"], dry["reason"], dry["dry_run"]) == (decision, reason, True)
    assert dry.get("id", dry.get("log_id")) is None
    assert rows(server) == before
    real = ask(client, path, json=body)
    assert (real["decision"], real["reason"], real["dry_run"]) == (decision, reason, False)
    entry = settled(client, real["id"] if "id" in real else real["log_id"])
    assert entry["gate"]["state"] == ("opened" if decision == "granted" else "none")
    assert len(relay.calls) == (decision == "granted")


def test_the_answer_names_the_gate_that_would_open(sqlite_server: Server, relay: Relay) -> None:
    client = sqlite_server.admin()
    place = set_up(sqlite_server, client, enabled=True)
    gate = set_gate(client, place, relay.url)
    told = ask(client, ROUTES[0], json={"plate": "AB12CDE", "location_id": place, "dry_run": True})
    assert told["gate"] == {
        "id": gate,
        "name": "barrier",
        "state": "none",
        "detail": "dry run: the gate was not opened",
        "at": None,
    }
    assert relay.calls == []


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize(
    "request_",
    [
        pytest.param({"json": {"plate": "AB12CDE"}, "params": {"dry_run": "true"}}, id="query"),
        pytest.param({"files": upload(PHOTO), "data": {"dry_run": "true"}}, id="form"),
        pytest.param({"files": upload(PHOTO), "params": {"dry_run": "1"}}, id="photo and query"),
    ],
)
def test_a_dry_run_is_asked_for_in_the_body_the_form_or_the_query(
    sqlite_server: Server, path: str, request_: dict[str, Any]
) -> None:
    client = sqlite_server.admin()
    see(sqlite_server, ("AB12CDE", 0.98))
    set_up(sqlite_server, client)
    before = rows(sqlite_server)
    told = ask(client, path, **request_)
    assert (told["plate"], told["decision"], told["dry_run"]) == ("AB12CDE", "granted", True)
    assert rows(sqlite_server) == before
    assert sqlite_server.media_files == []


def test_a_dry_run_sees_what_a_decision_sees(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    place = set_up(sqlite_server, client, anti_passback=True, cool_down_s=600)
    body = {"plate": "AB12CDE", "location_id": place, "dry_run": True}
    for _ in range(2):
        assert ask(client, ROUTES[0], json=body)["decision"] == "granted"
    assert ask(client, ROUTES[0], json=body | {"dry_run": False})["decision"] == "granted"
    assert ask(client, ROUTES[0], json=body)["reason"] == "cool_down"


def test_a_dry_run_at_an_unknown_location_is_refused(sqlite_server: Server) -> None:
    answer = sqlite_server.admin().post(ROUTES[0], json={"plate": "AB12CDE", "location_id": 7, "dry_run": True})
    assert (answer.status_code, "no location 7" in answer.text) == (422, True)


def test_a_dry_run_is_noted_in_the_audit_log_with_its_reason(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    ask(client, ROUTES[1], json={"plate": "AB12CDE", "dry_run": True}, headers={"X-Search-Reason": "new camera"})
    with sqlite_server.runtime.database.reading() as session:
        note = session.scalars(select(AuditRow).where(AuditRow.action == "access.decided")).one()
    assert (note.subject, note.details["dry_run"], note.details["why"]) == ("AB12CDE", True, "new camera")


@pytest.mark.parametrize("path", ROUTES)
def test_a_dry_run_says_why_where_searches_have_to(start_server: Callable[..., Server], path: str) -> None:
    client = start_server(search_reason="required").admin()
    answer = client.post(path, json={"plate": "AB12CDE", "dry_run": True})
    assert (answer.status_code, "X-Search-Reason" in answer.text) == (422, True)
    assert ask(client, f"{path}?reason=test", json={"plate": "AB12CDE", "dry_run": True})["dry_run"] is True
    assert ask(client, path, json={"plate": "AB12CDE"})["dry_run"] is False


@pytest.mark.parametrize("path", ROUTES)
def test_the_description_says_in_bold_that_the_gate_opens(sqlite_server: Server, path: str) -> None:
    described = sqlite_server.app.openapi()["paths"][path]["post"]
    assert "**If it is granted at a location with a gate, the gate opens.**" in described["description"]
    assert "dry_run" in described["description"]
