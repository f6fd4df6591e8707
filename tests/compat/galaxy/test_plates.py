"""`/plate_status` and `/session_queries`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compat.galaxy.test_querying import write_down
from tests.servers import Server


def on_list(client: Any, plate: str, kind: str = "deny") -> None:
    made = client.post("/api/v1/watchlists", json={"name": "stolen cars", "kind": kind})
    entry = client.post(f"/api/v1/watchlists/{made.json()['id']}/entries", json={"plate": plate})
    assert entry.status_code == 201, entry.text


def test_the_status_of_a_plate_that_nobody_knows(sqlite_server: Server) -> None:
    told = sqlite_server.admin().get("/plate_status", params={"plate": "ab12 cde"}).json()
    assert told == {
        "plate": "AB12CDE",
        "lists": [],
        "inside": False,
        "inside_location_id": None,
        "inside_location": None,
        "last_seen": None,
        "visits": [],
    }


def test_the_status_of_a_plate_that_is_inside_and_on_a_list(server: Server) -> None:
    client = server.admin()
    on_list(client, "AB12CDE")
    write_down(client, "AB12CDE", 8, location="north", camera="gate 1", direction="entering")
    told = client.get("/plate_status", params={"plate": "AB12CDE"}).json()
    assert [(fit["watchlist"]["name"], fit["watchlist"]["kind"]) for fit in told["lists"]] == [("stolen cars", "deny")]
    assert (told["inside"], told["inside_location"]) == (True, "north")
    assert told["inside_location_id"] == told["last_seen"]["location_id"]
    assert (told["last_seen"]["camera"], told["last_seen"]["timestamp"]) == ("gate 1", "2026-03-01T08:00:00Z")
    assert [visit["state"] for visit in told["visits"]] == ["open"]


def test_the_status_of_a_plate_that_left(server: Server) -> None:
    client = server.admin()
    write_down(client, "AB12CDE", 8, location="north", direction="entering")
    write_down(client, "AB12CDE", 9, location="north", direction="leaving")
    told = client.get("/plate_status", params={"plate": "AB12CDE"}).json()
    assert (told["inside"], told["inside_location_id"], told["last_seen"]["direction"]) == (False, None, "leaving")
    assert [(visit["state"], visit["duration_s"]) for visit in told["visits"]] == [("closed", 3600)]


@pytest.mark.parametrize("params", [{}, {"plate": ""}, {"plate": "--"}, {"plate": "A" * 65}, {"number": "AB12CDE"}])
def test_a_status_needs_a_plate(sqlite_server: Server, params: dict[str, str]) -> None:
    answer = sqlite_server.admin().get("/plate_status", params=params)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] in {"plate", "number"}


def test_asking_for_a_plate_needs_a_reason_where_one_is_required(start_server: Any) -> None:
    client = start_server(search_reason="required").admin()
    assert client.get("/plate_status", params={"plate": "AB12CDE"}).status_code == 422
    assert client.get("/plate_status", params={"plate": "AB12CDE", "reason": "lost ticket"}).status_code == 200
    (note,) = client.get("/api/v1/audit", params={"action": "sightings.searched"}).json()["items"]
    assert (note["subject"], note["details"]["reason"]) == ("AB12CDE", "lost ticket")


def test_sessions_are_visits_by_default(server: Server) -> None:
    client = server.admin()
    write_down(client, "AB12CDE", 8, location="north", direction="entering")
    write_down(client, "XY99ZZZ", 8, location="north", direction="entering")
    write_down(client, "XY99ZZZ", 9, location="north", direction="leaving")
    every = client.get("/session_queries").json()
    assert (every["kind"], {visit["plate"] for visit in every["sessions"]}) == ("visit", {"AB12CDE", "XY99ZZZ"})
    still = client.get("/session_queries", params={"kind": "visit", "state": "open"}).json()["sessions"]
    assert [visit["plate"] for visit in still] == ["AB12CDE"]
    page = client.get("/session_queries", params={"limit": 1}).json()
    rest = client.get("/session_queries", params={"limit": 1, "cursor": page["next_cursor"]}).json()
    assert {visit["plate"] for visit in page["sessions"] + rest["sessions"]} == {"AB12CDE", "XY99ZZZ"}


def test_log_ins_are_shown_to_administrators(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    told = client.get("/session_queries", params={"kind": "user"}).json()
    assert (told["kind"], told["next_cursor"]) == ("user", None)
    assert [(login["username"], login["current"]) for login in told["sessions"]] == [("ada", True)]
    assert "token" not in str(told)


@pytest.mark.parametrize(
    ("caller", "kind", "status"),
    [
        pytest.param("operator", "user", 403, id="an operator asks for log-ins"),
        pytest.param("operator", "visit", 200, id="an operator asks for visits"),
        pytest.param("manage", "user", 200, id="a managing key asks for log-ins"),
        pytest.param("manage", "visit", 403, id="a managing key asks for visits"),
        pytest.param("read", "user", 403, id="a reading key asks for log-ins"),
    ],
)
def test_each_kind_of_session_needs_its_own_right(sqlite_server: Server, caller: str, kind: str, status: int) -> None:
    admin = sqlite_server.admin()
    client = sqlite_server.user("otto") if caller == "operator" else sqlite_server.key_client(admin, caller)
    assert client.get("/session_queries", params={"kind": kind}).status_code == status


@pytest.mark.parametrize("params", [{"kind": "parking"}, {"kind": "user", "plate": "AB12CDE"}, {"state": "shut"}])
def test_a_bad_question_about_sessions_is_reported(sqlite_server: Server, params: dict[str, str]) -> None:
    assert sqlite_server.admin().get("/session_queries", params=params).status_code == 422
