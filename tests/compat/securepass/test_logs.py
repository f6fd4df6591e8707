"""`GET /logs` and `POST /logs`."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

import pytest

from tests.servers import Server


def write(client: Any, plate: str = "AB12CDE", decision: str = "granted", **fields: Any) -> Any:
    answer = client.post("/logs", json={"plate": plate, "decision": decision, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_an_event_is_written_and_listed(server: Server) -> None:
    client = server.admin()
    written = write(client, "ab 12-cde", reason="let in by the guard")
    assert (written["plate"], written["decision"], written["reason"]) == ("AB12CDE", "granted", "let in by the guard")
    assert (written["source"], written["match"], written["location_id"]) == ("note", None, None)
    assert client.get("/logs").json() == {"logs": [written], "next_cursor": None}


def test_an_event_without_a_reason_was_written_by_hand(sqlite_server: Server) -> None:
    assert write(sqlite_server.admin())["reason"] == "manual"


def test_who_wrote_an_event_is_in_the_audit_log(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    write(client)
    (note,) = client.get("/api/v1/audit", params={"action": "access.decided"}).json()["items"]
    assert (note["subject"], note["username"], note["details"]["decision"]) == ("AB12CDE", "ada", "granted")


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        pytest.param({}, ["QQ11QQQ", "XY99ZZZ", "AB12CDE"], id="newest first"),
        pytest.param({"plate": "xy99 zzz"}, ["XY99ZZZ"], id="by plate"),
        pytest.param({"plate": "*2*"}, ["AB12CDE"], id="by pattern"),
        pytest.param({"decision": "denied"}, ["XY99ZZZ"], id="by decision"),
        pytest.param({"source": "request"}, [], id="by source"),
        pytest.param({"decided_to": "2000-01-01T00:00:00Z"}, [], id="by time"),
    ],
)
def test_the_log_is_filtered(sqlite_server: Server, params: dict[str, str], expected: list[str]) -> None:
    client = sqlite_server.admin()
    for plate, decision in (("AB12CDE", "granted"), ("XY99ZZZ", "denied"), ("QQ11QQQ", "review")):
        write(client, plate, decision)
    assert [entry["plate"] for entry in client.get("/logs", params=params).json()["logs"]] == expected


def test_pages_follow_each_other(server: Server) -> None:
    client = server.admin()
    for number in range(3):
        write(client, f"AB{number}CDE")
    first = client.get("/logs", params={"limit": 2}).json()
    rest = client.get("/logs", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [entry["plate"] for entry in first["logs"] + rest["logs"]] == ["AB2CDE", "AB1CDE", "AB0CDE"]
    assert rest["next_cursor"] is None


def test_the_log_is_given_as_csv_without_formulas(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    write(client, reason="=1+1")
    write(client, "XY99ZZZ", "denied")
    answer = client.get("/logs", params={"format": "csv", "decision": "granted"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    (row,) = csv.DictReader(StringIO(answer.content.decode("utf-8-sig")))
    assert (row["plate"], row["decision"], row["note"]) == ("AB12CDE", "granted", "'=1+1")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"decision": "granted"}, id="no plate"),
        pytest.param({"plate": "AB12CDE"}, id="no decision"),
        pytest.param({"plate": "AB12CDE", "decision": "maybe"}, id="no such decision"),
        pytest.param({"plate": "-", "decision": "granted"}, id="no letter or digit"),
        pytest.param({"plate": "AB12CDE", "decision": "granted", "reason": "x" * 501}, id="reason too long"),
        pytest.param({"plate": "AB12CDE", "decision": "granted", "gate": 1}, id="unknown field"),
    ],
)
def test_a_bad_event_is_reported_and_not_written(sqlite_server: Server, body: dict[str, Any]) -> None:
    client = sqlite_server.admin()
    answer = client.post("/logs", json=body)
    assert answer.status_code == 422
    assert isinstance(answer.json()["detail"], str)
    assert client.get("/logs").json()["logs"] == []


@pytest.mark.parametrize("params", [{"limit": 0}, {"format": "xml"}, {"cursor": "x"}, {"user": 1}])
def test_a_bad_filter_is_reported(sqlite_server: Server, params: dict[str, Any]) -> None:
    assert sqlite_server.admin().get("/logs", params=params).status_code == 422
