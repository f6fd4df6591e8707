"""`/detections`, `/plate_queries` and `/vehicle_queries`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.servers import Server

LISTS = ("/detections", "/plate_queries", "/vehicle_queries")


def write_down(client: Any, plate: str, hour: int, **fields: Any) -> None:
    body = {"plate": plate, "captured_at": f"2026-03-01T{hour:02}:00:00Z", **fields}
    answer = client.post("/api/v1/sightings/manual", json=body)
    assert answer.status_code == 201, answer.text


def filled(server: Server) -> Any:
    client = server.admin()
    write_down(client, "AB12CDE", 8, location="north", camera="gate 1", direction="entering")
    write_down(client, "AB12CDF", 9, location="south", camera="gate 2", vehicle_type="van", vehicle_color="white")
    write_down(client, "XY99ZZZ", 10, location="north", camera="gate 1")
    return client


def plates(client: Any, path: str, **params: Any) -> list[str]:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    found = [item["plate"] for item in answer.json()["detections"]]
    assert answer.json()["count"] == len(found)
    return found


def test_every_list_is_newest_first_with_all_that_is_known(sqlite_server: Server) -> None:
    client = filled(sqlite_server)
    for path in LISTS:
        told = client.get(path).json()
        assert [item["plate"] for item in told["detections"]] == ["XY99ZZZ", "AB12CDF", "AB12CDE"]
        _, second, oldest = told["detections"]
        assert (oldest["location"], oldest["camera"], oldest["direction"]) == ("north", "gate 1", "entering")
        assert oldest["timestamp"] == "2026-03-01T08:00:00Z"
        assert (oldest["vehicle_type"], oldest["vehicle_color"], oldest["crop_url"]) == (None, None, None)
        assert (second["vehicle_type"], second["vehicle_color"]) == ("van", "white")


def test_pages_follow_each_other(server: Server) -> None:
    client = filled(server)
    for path in LISTS:
        first = client.get(path, params={"limit": 2}).json()
        rest = client.get(path, params={"limit": 2, "cursor": first["next_cursor"]}).json()
        items = first["detections"] + rest["detections"]
        assert [item["plate"] for item in items] == ["XY99ZZZ", "AB12CDF", "AB12CDE"]
        assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        pytest.param({"plate": "ab12 cde"}, ["AB12CDE"], id="exactly"),
        pytest.param({"plate": "AB12", "match": "prefix"}, ["AB12CDF", "AB12CDE"], id="by its beginning"),
        pytest.param({"plate": "AB12CD?"}, ["AB12CDF", "AB12CDE"], id="one sign open"),
        pytest.param({"plate": "*99*"}, ["XY99ZZZ"], id="any signs open"),
        pytest.param({"plate": "A812CDE", "match": "fuzzy", "distance": 0.5}, ["AB12CDE"], id="a look-alike"),
        pytest.param({"plate": "AB12CDE", "match": "fuzzy"}, ["AB12CDF", "AB12CDE"], id="one edit"),
        pytest.param({"captured_from": "2026-03-01T09:00:00Z"}, ["XY99ZZZ", "AB12CDF"], id="from a time on"),
        pytest.param({"captured_to": "2026-03-01T09:00:00Z"}, ["AB12CDE"], id="before a time"),
        pytest.param({"location": "north"}, ["XY99ZZZ", "AB12CDE"], id="by location"),
        pytest.param({"camera": "gate 2"}, ["AB12CDF"], id="by camera"),
        pytest.param({"max_confidence": 0.5}, [], id="by confidence"),
        pytest.param({"vehicle_type": "van"}, ["AB12CDF"], id="by type of vehicle"),
    ],
)
def test_every_list_is_filtered(sqlite_server: Server, params: dict[str, Any], expected: list[str]) -> None:
    client = filled(sqlite_server)
    assert {path: plates(client, path, **params) for path in LISTS} == dict.fromkeys(LISTS, expected)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"type": "VAN"}, ["AB12CDF"]),
        ({"color": "White"}, ["AB12CDF"]),
        ({"colour": "white", "plate": "AB12*"}, ["AB12CDF"]),
        ({"colour": "white", "plate": "XY99ZZZ"}, []),
        ({"vehicle_color": "white", "type": "van"}, ["AB12CDF"]),
        ({"type": "car"}, []),
    ],
)
def test_vehicles_that_somebody_entered_are_found_and_the_answer_says_that_no_others_are(
    sqlite_server: Server, params: dict[str, str], expected: list[str]
) -> None:
    client = filled(sqlite_server)
    assert plates(client, "/vehicle_queries", **params) == expected
    assert "not recognized" in client.get("/vehicle_queries", params=params).json()["note"]
    assert client.get("/vehicle_queries", params={"plate": "AB12CDE"}).json()["note"] is None


@pytest.mark.parametrize(
    "params", [{"type": "boat"}, {"color": "red", "colour": "red"}, {"type": "car", "vehicle_type": "van"}]
)
def test_a_vehicle_that_can_not_be_is_reported(sqlite_server: Server, params: dict[str, str]) -> None:
    answer = sqlite_server.admin().get("/vehicle_queries", params=params)
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_every_search_for_a_plate_is_in_the_audit_log(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    for path in LISTS:
        client.get(path, params={"plate": "AB12CDE"}, headers={"X-Search-Reason": path})
    notes = client.get("/api/v1/audit", params={"action": "sightings.searched"}).json()["items"]
    assert {note["details"]["reason"]: note["subject"] for note in notes} == dict.fromkeys(LISTS, "AB12CDE")


@pytest.mark.parametrize("params", [{"limit": 201}, {"cursor": "x"}, {"match": "fuzzy"}, {"colr": "red"}])
def test_a_bad_filter_is_reported(sqlite_server: Server, params: dict[str, Any]) -> None:
    client = sqlite_server.admin()
    for path in LISTS:
        answer = client.get(path, params=params)
        assert answer.status_code == 422
        assert answer.json()["detail"]


@pytest.mark.parametrize(
    "params",
    [{"plate": ""}, {"plate": " - "}, {"plate": "", "match": "prefix"}, {"plate": "-", "match": "fuzzy"}],
    ids=["nothing", "separators", "as a beginning", "roughly"],
)
def test_a_plate_with_nothing_in_it_is_reported_and_not_noted(sqlite_server: Server, params: dict[str, Any]) -> None:
    client = filled(sqlite_server)
    for path in LISTS:
        answer = client.get(path, params=params)
        assert answer.status_code == 422
        told = answer.json()
        assert "leave it out" in told["detail"]
        assert told["errors"] == [{"field": "plate", "message": told["detail"]}]
    assert client.get("/api/v1/audit", params={"action": "sightings.searched"}).json()["items"] == []


def test_signs_that_stand_for_others_are_a_plate(sqlite_server: Server) -> None:
    client = filled(sqlite_server)
    assert plates(client, "/plate_queries", plate="*") == ["XY99ZZZ", "AB12CDF", "AB12CDE"]
