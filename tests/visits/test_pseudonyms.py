"""Visits of plates that are stored as pseudonyms: found by the plate, and seen by the rules at gates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.servers import Server

PATH = "/api/v1/visits"


@pytest.fixture
def hiding(start_server: Callable[..., Server]) -> Server:
    return start_server(unlisted_plates="pseudonym")


def enter(client: TestClient, plate: str) -> dict[str, Any]:
    answer = client.post(
        "/api/v1/sightings/manual", json={"plate": plate, "location": "depot", "direction": "entering"}
    )
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def put_on_list(client: TestClient, plate: str) -> str:
    """The path of the entry."""
    listed = client.post("/api/v1/watchlists", json={"name": "staff", "kind": "allow"}).json()["id"]
    path = f"/api/v1/watchlists/{listed}/entries"
    return f"{path}/{client.post(path, json={'plate': plate}).json()['id']}"


def test_a_hidden_visit_is_found_by_the_plate_and_by_its_pseudonym(hiding: Server) -> None:
    client = hiding.admin()
    hidden = enter(client, "AB12CDE")["plate"]
    enter(client, "XY77ZZZ")
    for text in ("ab-12 cde", hidden):
        (visit,) = client.get(PATH, params={"plate": text}).json()["items"]
        assert (visit["plate"], visit["state"]) == (hidden, "open")
        assert len(client.get(f"{PATH}/export", params={"plate": text}).text.splitlines()) == 2
        assert len(client.get("/api/v1/sightings", params={"plate": text}).json()["items"]) == 1
        assert len(client.get("/session_queries", params={"plate": text}).json()["sessions"]) == 1


def test_what_was_hidden_before_a_list_named_it_is_found_still(hiding: Server) -> None:
    client = hiding.admin()
    hidden = enter(client, "AB12CDE")["plate"]
    denied = client.post("/api/v1/access/decide", json={"plate": "AB12CDE"}).json()
    put_on_list(client, "AB12CDE")
    (visit,) = client.get(PATH, params={"plate": "AB12CDE"}).json()["items"]
    assert visit["plate"] == hidden
    assert client.get("/plate_status", params={"plate": "AB12CDE"}).json()["inside"] is True
    (logged,) = client.get("/api/v1/access/log", params={"plate": "AB12CDE"}).json()["items"]
    assert (logged["id"], logged["plate"]) == (denied["id"], hidden)


@pytest.mark.parametrize("first_listed", [False, True], ids=["put on a list meanwhile", "taken off it meanwhile"])
def test_who_is_inside_by_either_text_is_not_let_in_again(hiding: Server, *, first_listed: bool) -> None:
    client = hiding.admin()
    entry = put_on_list(client, "AB12CDE") if first_listed else None
    place = enter(client, "AB12CDE")["location_id"]
    if entry is None:
        put_on_list(client, "AB12CDE")
    else:
        assert client.delete(entry).status_code == 204
    rules = {"enabled": True, "anti_passback": True, "unknown": "grant"}
    assert client.put(f"/api/v1/access/policies/{place}", json=rules).status_code == 200
    asked = {"plate": "AB12CDE", "location_id": place, "direction": "entering"}
    decided = client.post("/api/v1/access/decide", json=asked).json()
    assert (decided["decision"], decided["reason"]) == ("denied", "already_inside")


def test_a_cool_down_holds_for_both_texts(hiding: Server) -> None:
    client = hiding.admin()
    place = enter(client, "XY77ZZZ")["location_id"]
    client.put(f"/api/v1/access/policies/{place}", json={"enabled": True, "cool_down_s": 60, "unknown": "grant"})
    asked = {"plate": "AB12CDE", "location_id": place, "direction": "entering"}
    assert client.post("/api/v1/access/decide", json=asked).json()["decision"] == "granted"
    put_on_list(client, "AB12CDE")
    assert client.post("/api/v1/access/decide", json=asked).json()["reason"] == "cool_down"
