from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.servers import BlindReader, Server


@pytest.fixture(scope="session")
def reader() -> BlindReader:
    """Nothing here looks at plates, so no models are loaded."""
    return BlindReader()


def test_zone_is_utc_until_somebody_chooses(server: Server) -> None:
    admin = server.admin()
    assert admin.get("/api/v1/settings").json() == {"time_zone": "UTC", "time_zone_origin": "nobody"}
    made = admin.post("/api/v1/locations", json={"name": "first"}).json()
    assert made["time_zone"] == "UTC"

    changed = admin.patch("/api/v1/settings", json={"time_zone": "Asia/Tokyo"})
    assert changed.json() == {"time_zone": "Asia/Tokyo", "time_zone_origin": "administrator"}
    assert admin.get("/api/v1/settings").json() == changed.json()
    assert admin.patch("/api/v1/settings", json={"time_zone": "Asia/Seoul"}).json()["time_zone"] == "Asia/Seoul"
    assert admin.patch("/api/v1/settings", json={}).json()["time_zone"] == "Asia/Seoul"
    noted = admin.get("/api/v1/audit", params={"action": "settings.changed"}).json()["items"]
    assert [note["details"] for note in noted] == [{"time_zone": "Asia/Seoul"}, {"time_zone": "Asia/Tokyo"}]


def test_places_made_by_name_get_zone_of_server(server: Server) -> None:
    admin = server.admin()
    admin.patch("/api/v1/settings", json={"time_zone": "Europe/Berlin"})
    seen = admin.post("/api/v1/sightings/manual", json={"plate": "AB12", "location": "by name"})
    assert seen.status_code == 201
    admin.post("/api/v1/locations", json={"name": "made"})
    admin.post("/api/v1/locations", json={"name": "elsewhere", "time_zone": "Asia/Tokyo"})
    admin.post("/api/locations", json={"name": "galaxy"})
    zones = {place["name"]: place["time_zone"] for place in admin.get("/api/v1/locations").json()["items"]}
    assert zones == {
        "by name": "Europe/Berlin",
        "made": "Europe/Berlin",
        "elsewhere": "Asia/Tokyo",
        "galaxy": "Europe/Berlin",
    }


def test_galaxy_keeps_zone_that_is_left_out(server: Server) -> None:
    admin = server.admin()
    made = admin.post("/api/locations", json={"name": "north", "time_zone": "Asia/Tokyo"}).json()
    changed = admin.put(f"/api/locations/{made['id']}", json={"name": "south"})
    assert (changed.json()["name"], changed.json()["time_zone"]) == ("south", "Asia/Tokyo")


def test_first_account_chooses_zone(server: Server) -> None:
    asked = server.anonymous.get("/auth/register").json()["data"]
    assert asked["time_zone"] is None
    assert server.register(time_zone="America/Vancouver").status_code == 201
    assert server.anonymous.get("/auth/register").json()["data"]["time_zone"] == "America/Vancouver"
    admin = server.log_in()
    assert admin.get("/api/v1/settings").json()["time_zone"] == "America/Vancouver"
    (note,) = admin.get("/api/v1/audit", params={"action": "settings.changed"}).json()["items"]
    assert note["username"] == "ada"


def test_later_account_does_not_choose_zone(server: Server) -> None:
    server.admin()
    refused = server.register("eve", time_zone="Asia/Tokyo")
    assert refused.status_code == 422
    assert "Only the first account" in refused.json()["message"]


@pytest.mark.parametrize("zone", ["Mars/Olympus", "CEST", 1, ""])
def test_unknown_zone_is_refused(server: Server, zone: object) -> None:
    admin = server.admin()
    assert admin.patch("/api/v1/settings", json={"time_zone": zone}).status_code == 422
    assert server.register("eve", time_zone=zone).status_code == 422


def test_only_administrator_changes_settings(server: Server) -> None:
    server.admin()
    viewer = server.user("vic", "viewer")
    assert viewer.get("/api/v1/settings").status_code == 200
    assert viewer.patch("/api/v1/settings", json={"time_zone": "Asia/Tokyo"}).status_code == 403
    assert server.anonymous.get("/api/v1/settings").status_code == 401


def test_environment_wins(start_server: Callable[..., Server]) -> None:
    server = start_server(time_zone="Europe/Berlin")
    assert server.anonymous.get("/auth/register").json()["data"]["time_zone"] == "Europe/Berlin"
    assert server.register(time_zone="Asia/Tokyo").status_code == 201
    admin = server.log_in()
    shown = {"time_zone": "Europe/Berlin", "time_zone_origin": "environment"}
    assert admin.get("/api/v1/settings").json() == shown
    refused = admin.patch("/api/v1/settings", json={"time_zone": "Asia/Tokyo"})
    assert refused.status_code == 409
    assert "PLATEWATCH_TIME_ZONE" in refused.json()["detail"]
    assert admin.patch("/api/v1/settings", json={"time_zone": "Europe/Berlin"}).json() == shown


def test_statistics_count_sightings_without_place_in_zone_of_server(server: Server) -> None:
    admin = server.admin()
    admin.patch("/api/v1/settings", json={"time_zone": "Asia/Tokyo"})
    admin.post("/api/v1/sightings/manual", json={"plate": "AB12", "captured_at": "2026-02-28T15:30:00Z"})
    days = {"date_from": "2026-02-27", "date_to": "2026-03-01"}
    counted = admin.get("/api/v1/statistics/counts", params=days).json()
    assert counted["time_zone"] == "Asia/Tokyo"
    assert [item["key"] for item in counted["items"] if item["count"]] == ["2026-03-01"]


def test_schedule_without_place_is_in_zone_of_server(server: Server) -> None:
    admin = server.admin()
    admin.patch("/api/v1/settings", json={"time_zone": "Asia/Tokyo"})
    made = admin.post("/api/v1/watchlists", json={"name": "staff", "kind": "allow"}).json()
    entry = {"plate": "AB12", "schedule": "mon-fri 08:00-18:00"}
    assert admin.post(f"/api/v1/watchlists/{made['id']}/entries", json=entry).status_code == 201
    for hour, fits in (("00", True), ("12", False)):
        at = f"2026-03-02T{hour}:00:00Z"
        found = admin.get("/api/v1/watchlists/check", params={"plate": "AB12", "at": at}).json()["matches"]
        assert bool(found) is fits
