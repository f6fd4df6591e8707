"""`GET /statistics`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compat.galaxy.test_querying import write_down
from tests.servers import Server

DAY = {"date_from": "2026-03-01", "date_to": "2026-03-01"}


def statistics(client: Any, **params: Any) -> Any:
    answer = client.get("/statistics", params=DAY | params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_empty_server_has_nothing_to_count(sqlite_server: Server) -> None:
    told = statistics(sqlite_server.admin())
    assert (told["total_detections"], told["unique_plates"], told["mean_confidence"]) == (0, 0, None)
    assert told["busiest_hours"] == told["occupancy"] == told["by_type"] == told["by_location"] == []
    assert [hour["count"] for hour in told["by_hour"]] == [0] * 24
    assert [(day["key"], day["count"]) for day in told["by_day"]] == [("2026-03-01", 0)]


def test_detections_are_counted_by_time_and_place(server: Server) -> None:
    client = server.admin()
    write_down(client, "AB12CDE", 8, location="north", camera="gate 1", direction="entering")
    write_down(client, "XY99ZZZ", 8, location="north", camera="gate 2", direction="entering")
    write_down(client, "AB12CDE", 9, location="north", camera="gate 1", direction="leaving")
    write_down(client, "QQ11QQQ", 9, location="south", vehicle_type="bus")
    told = statistics(client)
    assert (told["total_detections"], told["unique_plates"]) == (4, 3)
    assert told["mean_confidence"] is None, "nobody read these, they were typed"
    assert {hour["hour"]: hour["count"] for hour in told["by_hour"] if hour["count"]} == {8: 2, 9: 2}
    assert {row["name"]: row["count"] for row in told["by_location"]} == {"north": 3, "south": 1}
    assert {row["name"]: row["count"] for row in told["by_camera"]} == {"gate 1": 2, "gate 2": 1, None: 1}
    assert [(row["key"], row["count"]) for row in told["by_type"]] == [(None, 3), ("bus", 1)]
    assert told["busiest_hours"] == [
        {"weekday": 6, "hour": 8, "count": 2},
        {"weekday": 6, "hour": 9, "count": 2},
    ]
    assert {place["location"]: place["occupancy"] for place in told["occupancy"]} == {"north": 1, "south": 0}


def test_one_location_is_counted_alone(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    place = client.post("/api/locations", json={"name": "north", "capacity": 10}).json()["id"]
    write_down(client, "AB12CDE", 8, location="north")
    write_down(client, "XY99ZZZ", 8)
    told = statistics(client, location_id=place)
    assert told["total_detections"] == 1
    assert told["occupancy"] == [{"location_id": place, "location": "north", "occupancy": 0, "capacity": 10}]


@pytest.mark.parametrize(
    ("params", "status"),
    [
        pytest.param({"location_id": 4711}, 404, id="no such location"),
        pytest.param({"date_from": "2026-03-02"}, 422, id="days turned round"),
        pytest.param({"date_from": "soon"}, 422, id="no day"),
        pytest.param({"city": "x"}, 422, id="unknown filter"),
    ],
)
def test_a_bad_question_is_reported(sqlite_server: Server, params: dict[str, Any], status: int) -> None:
    answer = sqlite_server.admin().get("/statistics", params=DAY | params)
    assert answer.status_code == status
    assert isinstance(answer.json()["detail"], str)
