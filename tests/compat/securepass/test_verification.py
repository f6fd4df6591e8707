"""`POST /verification`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.servers import SAMPLES, Server, upload

BRITAIN = SAMPLES / "britain.jpg"


def on_list(client: Any, plate: str, kind: str) -> None:
    made = client.post("/api/v1/watchlists", json={"name": kind, "kind": kind})
    entry = client.post(f"/api/v1/watchlists/{made.json()['id']}/entries", json={"plate": plate})
    assert entry.status_code == 201, entry.text


def verify(client: Any, **request: Any) -> Any:
    answer = client.post("/verification", **request)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("kind", "decision", "reason"),
    [
        pytest.param("allow", "granted", "allow_list", id="allowed"),
        pytest.param("deny", "denied", "deny_list", id="denied"),
        pytest.param("watch", "denied", "unknown_plate", id="only watched"),
    ],
)
def test_a_plate_is_verified_against_the_lists(server: Server, kind: str, decision: str, reason: str) -> None:
    client = server.admin()
    on_list(client, "AB12CDE", kind)
    told = verify(client, json={"plate": "ab12 cde"})
    assert (told["plate"], told["decision"], told["reason"], told["confidence"]) == ("AB12CDE", decision, reason, None)
    if kind == "watch":
        assert told["match"] is None
    else:
        match = told["match"]
        assert (match["watchlist"], match["entry_plate"], match["distance"]) == (kind, "AB12CDE", 0)


@pytest.mark.parametrize("field", ["file", "image"])
def test_a_photo_is_verified(sqlite_server: Server, field: str) -> None:
    client = sqlite_server.admin()
    on_list(client, "WM64UMA", "allow")
    told = verify(client, files=upload(BRITAIN, field), data={"direction": "entering"})
    assert (told["plate"], told["decision"]) == ("WM64UMA", "granted")
    assert 0.5 < told["confidence"] <= 1


def test_every_verification_is_in_the_access_log(server: Server) -> None:
    client = server.admin()
    place = client.post("/api/locations", json={"name": "north"}).json()["id"]
    told = verify(client, json={"plate": "AB12CDE", "location_id": place, "direction": "leaving"})
    (entry,) = client.get("/logs").json()["logs"]
    assert (entry["id"], entry["plate"], entry["decision"]) == (told["log_id"], "AB12CDE", told["decision"])
    assert (entry["location_id"], entry["direction"], entry["source"]) == (place, "leaving", "request")


@pytest.mark.parametrize(
    ("request_parts", "status"),
    [
        pytest.param({}, 422, id="nothing"),
        pytest.param({"json": {}}, 422, id="no plate"),
        pytest.param({"json": {"plate": "--"}}, 422, id="no letter or digit"),
        pytest.param({"json": {"plate": 5}}, 422, id="not a text"),
        pytest.param({"json": {"plate": "AB12CDE", "gate": 1}}, 422, id="unknown field"),
        pytest.param({"json": {"plate": "AB12CDE", "direction": "up"}}, 422, id="no direction"),
        pytest.param({"json": {"plate": "AB12CDE", "location_id": 4711}}, 422, id="no such location"),
        pytest.param({"content": b"[" * 100_000, "headers": {"Content-Type": "application/json"}}, 422, id="nested"),
        pytest.param({"files": {"photo": b"x"}}, 422, id="another field"),
        pytest.param({"files": {"file": b"text"}}, 422, id="no image"),
        pytest.param({"files": {"file": b"text", "image": b"text"}}, 422, id="two photos"),
        pytest.param({"files": upload(BRITAIN), "data": {"location_id": "x"}}, 422, id="no id"),
        pytest.param({"files": upload(BRITAIN), "data": {"plate": "AB12CDE"}}, 422, id="a plate beside the photo"),
    ],
)
def test_a_bad_question_is_reported_and_not_logged(
    sqlite_server: Server, request_parts: dict[str, Any], status: int
) -> None:
    client = sqlite_server.admin()
    answer = client.post("/verification", **request_parts)
    assert answer.status_code == status
    assert isinstance(answer.json()["detail"], str)
    assert client.get("/logs").json()["logs"] == []
