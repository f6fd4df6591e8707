"""`/api/locations` as Galaxy's front end uses it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compat.galaxy.test_querying import write_down
from tests.servers import Server

NORTH = {
    "name": "north car park",
    "address": "1 Park Street",
    "latitude": 52.5163,
    "longitude": 13.3777,
    "capacity": 120,
    "time_zone": "Europe/Berlin",
}


def make(client: Any, **fields: Any) -> Any:
    answer = client.post("/api/locations", json=NORTH | fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_location_is_made_read_changed_and_deleted(server: Server) -> None:
    client = server.admin()
    made = make(client)
    assert made == NORTH | {"id": made["id"], "occupancy": 0}
    path = f"/api/locations/{made['id']}"
    assert client.get(path).json() == made
    assert client.get("/api/locations").json() == [made]
    # What was given may be sent back, as front ends do.
    changed = client.put(path, json=made | {"name": "south", "capacity": None})
    assert changed.json() == made | {"name": "south", "capacity": None}
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.get("/api/locations").json() == []


def test_what_a_put_leaves_out_has_no_value_but_other_rules_stay(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    made = make(client)
    own = f"/api/v1/locations/{made['id']}"
    assert client.patch(own, json={"overstay_minutes": 90}).status_code == 200
    told = client.put(f"/api/locations/{made['id']}", json={"name": "north"}).json()
    assert (told["address"], told["latitude"], told["capacity"]) == (None, None, None)
    assert told["time_zone"] == made["time_zone"], "every location has a zone"
    assert client.get(own).json()["overstay_minutes"] == 90


def test_occupancy_follows_from_visits_and_can_not_be_written(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    made = make(client)
    write_down(client, "AB12CDE", 8, location=made["name"], direction="entering")
    told = client.put(f"/api/locations/{made['id']}", json=made | {"occupancy": 77}).json()
    assert told["occupancy"] == 1
    inside = client.delete(f"/api/locations/{made['id']}")
    assert inside.status_code == 409
    assert "inside" in inside.json()["detail"]


def test_pages_are_linked(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    for name in ("a", "b", "c"):
        make(client, name=name)
    first = client.get("/api/locations", params={"limit": 2})
    assert [place["name"] for place in first.json()] == ["a", "b"]
    second = client.get(first.links["next"]["url"])
    assert [place["name"] for place in second.json()] == ["c"]
    assert "next" not in second.links


def test_a_list_without_a_limit_is_as_long_as_can_be(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    for number in range(51):
        make(client, name=f"place {number:02}")
    assert len(client.get("/api/locations").json()) == 51


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        pytest.param({"name": ""}, 422, id="no name"),
        pytest.param({"latitude": 91}, 422, id="off the globe"),
        pytest.param({"latitude": None}, 422, id="half a coordinate"),
        pytest.param({"capacity": -1}, 422, id="less than no place"),
        pytest.param({"time_zone": "Mars/North"}, 422, id="no time zone"),
        pytest.param({"owner": "x"}, 422, id="unknown field"),
        pytest.param({"id": 7}, 422, id="an id of one's own"),
    ],
)
def test_a_bad_location_is_reported(sqlite_server: Server, fields: dict[str, Any], status: int) -> None:
    answer = sqlite_server.admin().post("/api/locations", json=NORTH | fields)
    assert answer.status_code == status
    assert isinstance(answer.json()["detail"], str)


def test_a_name_is_there_once(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    make(client)
    assert client.post("/api/locations", json=NORTH).status_code == 409


def test_a_body_about_another_location_is_refused(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    made = make(client)
    answer = client.put(f"/api/locations/{made['id']}", json=NORTH | {"id": made["id"] + 1})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "id"
