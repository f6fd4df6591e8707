"""`/api/v1/access` as a client sees it, from the decision to the opened gate."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from platewatch.db.tables import AuditRow, GateRow
from platewatch.reading.pool import ReaderPool
from platewatch.vision.image import EncodedImage
from platewatch.vision.types import Detection, ImageReadings, Reading
from tests.access.relays import Relay, http_relay
from tests.servers import SAMPLES, BlindReader, Server, upload
from tests.watchlists.lists import make_location

PHOTO = SAMPLES / "britain.jpg"


@pytest.fixture
def relay() -> Iterator[Relay]:
    with http_relay() as relay:
        yield relay


class SureReader(BlindReader):
    """Reads the same plates in every photo, the surest first."""

    def __init__(self, *plates: tuple[str, float]) -> None:
        super().__init__()
        self.detector_name = self.recognizer_name = "sure"
        self._plates = plates

    def read_image(self, image: EncodedImage) -> ImageReadings:
        return ImageReadings(tuple(self._reading(image, *plate) for plate in self._plates), 416, 416, 1.0)

    def _reading(self, image: EncodedImage, text: str, confidence: float) -> Reading:
        corners = ((10.0, 10.0), (90.0, 10.0), (90.0, 30.0), (10.0, 30.0))
        detection = Detection(corners, confidence)
        return Reading(text, confidence, (), None, (), detection, image.decode()[10:30, 10:90])


def see(server: Server, *plates: tuple[str, float]) -> None:
    """From now on the server's reader reads these plates in every photo."""
    server.runtime.reading.readers = ReaderPool(lambda: SureReader(*plates), 1, 4)


def set_up(server: Server, client: TestClient, **policy: Any) -> int:
    """The id of a location at which AB12CDE may pass and XX99XXX may not."""
    with server.runtime.database.transaction() as session:
        place = make_location(session, "north", capacity=1)
    for kind, plate in (("allow", "AB12CDE"), ("deny", "XX99XXX")):
        listed = client.post("/api/v1/watchlists", json={"name": kind, "kind": kind}).json()["id"]
        client.post(f"/api/v1/watchlists/{listed}/entries", json={"plate": plate})
    answer = client.put(f"/api/v1/access/policies/{place}", json=policy)
    assert answer.status_code == 200, answer.text
    return place


def set_gate(client: TestClient, place: int, url: str, **fields: Any) -> int:
    actuator = {"kind": "http", "url": url, "headers": {"X-Key": "secret"}}
    answer = client.post(
        "/api/v1/access/gates", json={"name": "barrier", "location_id": place, "actuator": actuator, **fields}
    )
    assert answer.status_code == 201, answer.text
    identity: int = answer.json()["id"]
    return identity


def settled(client: TestClient, log_id: int) -> dict[str, Any]:
    """The entry of the log once its gate is no longer about to be opened."""
    for _ in range(200):
        entry: dict[str, Any] = client.get(f"/api/v1/access/log/{log_id}").json()
        if entry["gate"]["state"] not in ("pending", "opening"):
            return entry
        threading.Event().wait(0.05)
    pytest.fail("the gate was not opened")


def test_a_plate_is_decided_on_and_the_gate_opens(server: Server, relay: Relay) -> None:
    client = server.admin()
    place = set_up(server, client)
    gate_id = set_gate(client, place, relay.url)
    answer = client.post("/api/v1/access/decide", json={"plate": "ab-12 cde", "location_id": place})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["plate"], body["decision"], body["reason"]) == ("AB12CDE", "granted", "allow_list")
    assert body["match"]["watchlist"] == "allow"
    assert (body["gate"]["id"], body["gate"]["state"]) == (gate_id, "pending")
    entry = settled(client, body["id"])
    assert (entry["gate"]["state"], entry["gate"]["detail"]) == ("opened", "answered 200")
    assert [call.headers["X-Key"] for call in relay.calls] == ["secret"]


def test_who_is_denied_opens_nothing(server: Server, relay: Relay) -> None:
    client = server.admin()
    place = set_up(server, client)
    set_gate(client, place, relay.url)
    body = client.post("/api/v1/access/decide", json={"plate": "XX99XXX", "location_id": place}).json()
    assert (body["decision"], body["reason"], body["gate"]["state"]) == ("denied", "deny_list", "none")
    assert relay.calls == []


@pytest.mark.parametrize(
    ("seen", "decision", "reason"),
    [
        ([("AB12CDE", 0.95), ("XX99XXX", 0.8)], "granted", "allow_list"),
        ([("AB12CDE", 0.5)], "review", "low_confidence"),
        ([], "review", "no_plate"),
    ],
    ids=["the surest counts", "not sure", "nothing read"],
)
def test_a_photo_is_decided_on(
    sqlite_server: Server, seen: list[tuple[str, float]], decision: str, reason: str
) -> None:
    client = sqlite_server.admin()
    place = set_up(sqlite_server, client)
    see(sqlite_server, *seen)
    fields = {"location_id": str(place), "direction": "entering"}
    answer = client.post("/api/v1/access/decide", files=upload(PHOTO), data=fields)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["decision"], answer.json()["reason"]) == (decision, reason)
    assert answer.json()["confidence"] == (seen[0][1] if seen else None)
    assert client.get("/api/v1/sightings").json()["items"] == []


def test_a_recorded_photo_opens_the_gate_and_the_visit_follows(server: Server, relay: Relay) -> None:
    client = server.admin()
    place = set_up(server, client, enabled=True, anti_passback=True, check_capacity=True)
    set_gate(client, place, relay.url, direction="entering")
    see(server, ("AB12CDE", 0.95))
    fields = {"location": "north", "direction": "entering"}
    sighting = client.post("/api/v1/sightings", files=upload(PHOTO), data=fields).json()["images"][0]["sightings"][0]
    (entry,) = client.get("/api/v1/access/log").json()["items"]
    assert (entry["decision"], entry["source"], entry["sighting_id"]) == ("granted", "sighting", sighting["id"])
    assert settled(client, entry["id"])["gate"]["state"] == "opened"
    (match,) = client.get("/api/v1/matches").json()["items"]
    assert (match["sighting_id"], match["watchlist"]["name"]) == (sighting["id"], "allow")
    found = client.get("/api/v1/sightings", params={"watchlist_id": match["watchlist"]["id"]}).json()["items"]
    assert [item["id"] for item in found] == [sighting["id"]]
    again = client.post("/api/v1/access/decide", json={"plate": "AB12CDE", "location_id": place}).json()
    assert (again["decision"], again["reason"]) == ("denied", "already_inside")


def test_a_gate_that_fails_is_in_the_log(sqlite_server: Server, relay: Relay) -> None:
    relay.status = 500
    client = sqlite_server.admin()
    place = set_up(sqlite_server, client)
    set_gate(client, place, relay.url)
    body = client.post("/api/v1/access/decide", json={"plate": "AB12CDE", "location_id": place}).json()
    gate = settled(client, body["id"])["gate"]
    assert (gate["state"], gate["detail"]) == ("failed", "it answered 500 Internal Server Error")


def test_a_gate_is_opened_by_hand(sqlite_server: Server, relay: Relay) -> None:
    client = sqlite_server.admin()
    place = set_up(sqlite_server, client)
    gate_id = set_gate(client, place, relay.url)
    guard = sqlite_server.user("otto", "operator")
    path = f"/api/v1/access/gates/{gate_id}/open"
    assert guard.post(path, json={}).status_code == 422
    assert guard.post(path, json={"reason": "  "}).status_code == 422
    answer = guard.post(path, json={"reason": "fire brigade", "plate": "f-112"})
    assert answer.status_code == 202, answer.text
    entry = settled(guard, answer.json()["id"])
    assert (entry["source"], entry["note"], entry["plate"]) == ("manual", "fire brigade", "F112")
    assert entry["gate"]["state"] == "opened"
    with sqlite_server.runtime.database.reading() as session:
        note = session.scalars(select(AuditRow).where(AuditRow.action == "gate.opened")).one()
    assert (note.username, note.details["plate"]) == ("otto", "F112")


def test_secrets_of_a_gate_are_never_shown_again(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    place = set_up(sqlite_server, client)
    gate_id = set_gate(client, place, "http://192.0.2.20/open")
    path = f"/api/v1/access/gates/{gate_id}"
    mqtt = {"kind": "mqtt", "host": "broker", "topic": "gate", "username": "u", "password": "pass phrase"}
    answers = [
        client.get(path),
        client.get("/api/v1/access/gates"),
        client.patch(path, json={"name": "south"}),
        client.patch(path, json={"actuator": mqtt}),
        client.get("/api/v1/audit"),
    ]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert answers[0].json()["actuator"]["headers"] == ["X-Key"]
    assert answers[3].json()["actuator"]["has_password"] is True
    told = "".join(answer.text for answer in answers)
    assert "secret" not in told
    assert "pass phrase" not in told
    with sqlite_server.runtime.database.reading() as session:
        stored = str(session.execute(select(GateRow.actuator, GateRow.sealed_actuator)).one())
    assert "pass phrase" not in stored
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


def test_a_gate_is_edited_without_its_secrets_and_still_called_with_them(sqlite_server: Server, relay: Relay) -> None:
    client = sqlite_server.admin()
    place = set_up(sqlite_server, client)
    gate_id = set_gate(client, place, f"{relay.url}/open?turn=on&token=tok-in-url")
    operator = sqlite_server.user("otto", "operator")
    path = f"/api/v1/access/gates/{gate_id}"
    shown = operator.get(path).json()["actuator"]
    assert shown["url"] == f"{relay.url}/open?turn=***&token=***"
    changed = client.patch(path, json={"actuator": {"kind": "http", "url": shown["url"], "timeout_s": 5}})
    assert changed.status_code == 200, changed.text
    assert changed.json()["actuator"] == shown | {"timeout_s": 5.0}
    opened = operator.post(f"{path}/open", json={"reason": "try"}).json()["id"]
    assert settled(operator, opened)["gate"]["state"] == "opened"
    (call,) = relay.calls
    assert (call.path, call.headers["X-Key"]) == ("/open?turn=on&token=tok-in-url", "secret")
    elsewhere = client.patch(path, json={"actuator": {"kind": "http", "url": "http://192.0.2.20/open"}})
    assert (elsewhere.status_code, elsewhere.json()["errors"][0]["field"]) == (422, "actuator.headers.X-Key")
    with sqlite_server.runtime.database.reading() as session:
        rows = str(session.execute(select(GateRow.actuator, GateRow.sealed_actuator)).all())
    told = "".join(client.get(page).text for page in ("/api/v1/audit", "/api/v1/access/log", path))
    assert "tok-in-url" not in rows + told


def test_a_gate_whose_key_was_lost_is_set_up_again(start_server: Callable[..., Server]) -> None:
    server = start_server(secret_key="3f9c1e7a5b2d4860")
    client = server.admin()
    gate_id = set_gate(client, set_up(server, client), "http://192.0.2.20/open?token=x")
    later = start_server(secret_key="c04e8b7d19f6a352").log_in()
    kept = later.patch(
        f"/api/v1/access/gates/{gate_id}",
        json={"actuator": {"kind": "http", "url": "http://192.0.2.20/open?token=***"}},
    )
    assert kept.status_code == 422
    anew = {"actuator": {"kind": "http", "url": "http://192.0.2.20/open?token=new"}}
    assert later.patch(f"/api/v1/access/gates/{gate_id}", json=anew).status_code == 200


def test_the_log_is_shown_filtered_and_exported(server: Server) -> None:
    client = server.admin()
    place = set_up(server, client)
    for plate in ("AB12CDE", "XX99XXX", "ZZ00ZZZ"):
        client.post("/api/v1/access/decide", json={"plate": plate, "location_id": place})
    items = client.get("/api/v1/access/log", params={"decision": "denied"}).json()["items"]
    assert [item["plate"] for item in items] == ["ZZ00ZZZ", "XX99XXX"]
    page = client.get("/api/v1/access/log", params={"limit": 2}).json()
    rest = client.get("/api/v1/access/log", params={"limit": 2, "cursor": page["next_cursor"]}).json()
    assert [item["plate"] for item in page["items"] + rest["items"]] == ["ZZ00ZZZ", "XX99XXX", "AB12CDE"]
    export = client.get("/api/v1/access/log/export", params={"decision": "denied"})
    rows = list(csv.DictReader(io.StringIO(export.text.removeprefix("\ufeff"))))
    assert [(row["plate"], row["reason"]) for row in rows] == [("ZZ00ZZZ", "unknown_plate"), ("XX99XXX", "deny_list")]


def test_a_plate_that_no_list_names_is_logged_and_found_by_its_pseudonym(start_server: Callable[..., Server]) -> None:
    server = start_server(unlisted_plates="pseudonym")
    client = server.admin()
    set_up(server, client)
    body = client.post("/api/v1/access/decide", json={"plate": "ZZ00ZZZ"}).json()
    assert (body["decision"], body["plate"][0]) == ("denied", "~")
    client.post("/api/v1/access/decide", json={"plate": "AB12CDE"})
    found = [
        [item["id"] for item in client.get("/api/v1/access/log", params={"plate": plate}).json()["items"]]
        for plate in ("zz00 zzz", "AB12CDE", "ZZ*")
    ]
    assert found == [[body["id"]], [body["id"] + 1], []]
    export = client.get("/api/v1/access/log/export", params={"plate": "ZZ00ZZZ"}).text
    assert body["plate"] in export
    assert "ZZ00ZZZ" not in export


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({}, "plate", id="no plate"),
        pytest.param({"plate": ""}, "plate", id="an empty plate"),
        pytest.param({"plate": "---"}, "plate", id="no letter"),
        pytest.param({"plate": "A" * 64}, "plate", id="too long"),
        pytest.param({"plate": 7}, "plate", id="a number"),
        pytest.param({"plate": "AB12", "direction": "up"}, "direction", id="no direction"),
        pytest.param({"plate": "AB12", "location_id": 4711}, "location_id", id="no such location"),
        pytest.param({"plate": "AB12", "location_id": 2**70}, "location_id", id="no id"),
        pytest.param({"plate": "AB12", "confidence": 2}, "confidence", id="no confidence"),
        pytest.param({"plate": "AB12", "gate": 1}, "gate", id="unknown field"),
    ],
)
def test_a_bad_question_is_named_and_not_logged(sqlite_server: Server, body: dict[str, Any], field: str) -> None:
    client = sqlite_server.admin()
    answer = client.post("/api/v1/access/decide", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field
    assert client.get("/api/v1/access/log").json()["items"] == []


def test_the_confidence_is_reported_with_as_many_digits_as_elsewhere(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    asked = {"plate": "AB12", "confidence": 0.98765432}
    assert client.post("/api/v1/access/decide", json=asked).json()["confidence"] == 0.9877
    assert client.get("/logs").json()["logs"][0]["confidence"] == 0.9877


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        pytest.param({"content": b"plate=AB12"}, "Send JSON like", id="no JSON"),
        pytest.param({"content": b"[" * 100_000}, "", id="deep JSON"),
        pytest.param({"content": b'"AB12"', "headers": {"content-type": "application/json"}}, "", id="a JSON text"),
        pytest.param({"data": {"location_id": "1"}, "files": {"photo": b"x"}}, "form field `image`", id="no image"),
        pytest.param({"files": {"image": b"x"}}, "not an image", id="no photo"),
        pytest.param({"data": {"image": "text"}, "files": {"other": b"x"}}, "form field `image`", id="text as image"),
        pytest.param({"data": {"plate": "AB12"}, "files": upload(PHOTO)}, "photo says it", id="a plate and a photo"),
        pytest.param({"data": {"colour": "red"}, "files": upload(PHOTO)}, "colour", id="unknown form field"),
    ],
)
def test_a_body_that_makes_no_sense_is_reported(sqlite_server: Server, request_: dict[str, Any], named: str) -> None:
    answer = sqlite_server.admin().post("/api/v1/access/decide", **request_)
    assert answer.status_code == 422, answer.text
    assert named in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"min_confidence": 2}, "min_confidence"),
        ({"unknown": "maybe"}, "unknown"),
        ({"cool_down_s": -1}, "cool_down_s"),
        ({"max_age_s": 0}, "max_age_s"),
        ({"opening_hours": "always"}, "opening_hours"),
    ],
)
def test_a_bad_policy_is_named(sqlite_server: Server, body: dict[str, Any], field: str) -> None:
    client = sqlite_server.admin()
    place = set_up(sqlite_server, client)
    answer = client.put(f"/api/v1/access/policies/{place}", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert client.put("/api/v1/access/policies/4711", json={}).status_code == 404
    assert client.get("/api/v1/access/policies/4711").status_code == 404
