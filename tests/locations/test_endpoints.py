from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from platewatch.db.tables import AuditRow, CameraRow, SightingRow, TariffRow, VisitRow
from tests.db.rows import sighting
from tests.servers import Server
from tests.visits.site import Site

PATH = "/api/v1/locations"
TARIFF = {"currency": "EUR", "free_minutes": 15, "unit_minutes": 60, "unit_price": 250, "daily_cap": 1500}
WHOLE = {
    "name": "north car park",
    "address": "1 Pariser Platz, Berlin",
    "latitude": 52.5163,
    "longitude": 13.3777,
    "time_zone": "Europe/Berlin",
    "capacity": 2,
    "overstay_minutes": 480,
    "same_pass_s": 5,
    "tariff": TARIFF,
}


def create(client: TestClient, **fields: Any) -> dict[str, Any]:
    answer = client.post(PATH, json={"name": "depot"} | fields)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def site_of(server: Server, location_id: int) -> Site:
    """The location, for tests that let vehicles pass there."""
    site = Site.__new__(Site)
    site.database, site.clock, site.id = server.runtime.database, server.runtime.clock, location_id
    return site


def test_a_location_is_made_and_shown_with_all_that_was_said(server: Server) -> None:
    client = server.admin()
    made = create(client, **WHOLE)
    rest = {"id": made["id"], "created_at": made["created_at"], "occupancy": 0, "free_places": 2}
    assert made == WHOLE | rest
    assert client.get(f"{PATH}/{made['id']}").json() == made
    assert client.get(PATH).json() == {"items": [made], "next_cursor": None}


def test_a_location_needs_no_more_than_a_name(sqlite_server: Server) -> None:
    made = create(sqlite_server.admin())
    assert (made["time_zone"], made["same_pass_s"], made["capacity"], made["free_places"]) == ("UTC", 0, None, None)
    assert (made["tariff"], made["overstay_minutes"]) == (None, None)


def test_only_the_fields_that_are_sent_change(server: Server) -> None:
    client = server.admin()
    made = create(client, **WHOLE)
    path = f"{PATH}/{made['id']}"
    changed = client.patch(path, json={"name": "south", "capacity": None, "latitude": None, "longitude": None})
    expected = {"name": "south", "capacity": None, "free_places": None, "latitude": None, "longitude": None}
    assert changed.json() == made | expected
    assert client.patch(path, json={}).json() == made | expected


def test_it_tells_how_full_it_is(server: Server) -> None:
    client = server.admin()
    made = create(client, **WHOLE)
    site_of(server, made["id"]).see("in AB10 0", "in XY77 1", "in CD77 2", "out AB1O 3", "in EF55 4")
    shown = client.get(f"{PATH}/{made['id']}").json()
    assert (shown["occupancy"], shown["free_places"]) == (3, 0)
    assert client.get(PATH).json()["items"] == [shown]


def test_a_new_tariff_holds_from_now_on_and_the_old_one_is_kept(start_server: Any) -> None:
    server = start_server()
    client = server.admin()
    made = create(client, tariff=TARIFF)
    path = f"{PATH}/{made['id']}"
    server.runtime.clock.advance(60)
    dearer = TARIFF | {"unit_price": 300}
    assert client.patch(path, json={"tariff": dearer}).json()["tariff"] == dearer
    assert client.patch(path, json={"tariff": dearer}).json()["tariff"] == dearer
    assert client.patch(path, json={"tariff": TARIFF}).json()["tariff"] == TARIFF
    server.runtime.clock.advance(60)
    assert client.patch(path, json={"tariff": None}).json()["tariff"] is None
    with server.runtime.database.reading() as session:
        prices = session.execute(select(TariffRow.currency, TariffRow.unit_price).order_by(TariffRow.valid_from))
        assert [tuple(row) for row in prices] == [("EUR", 250), ("EUR", 250), (None, 0)]


def test_edits_are_in_the_audit_log(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    path = f"{PATH}/{create(client)['id']}"
    client.patch(path, json={"capacity": 3})
    client.delete(path)
    with sqlite_server.runtime.database.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action.like("location.%")).order_by(AuditRow.id)).all()
    assert [(row.action, row.details.get("fields")) for row in rows] == [
        ("location.created", ["name"]),
        ("location.updated", ["capacity"]),
        ("location.deleted", None),
    ]


def test_deleting_a_location_keeps_what_was_seen_there(server: Server) -> None:
    client = server.admin()
    made = create(client, tariff=TARIFF)
    camera = client.post("/api/v1/cameras", json={"name": "gate", "location_id": made["id"]}).json()
    site_of(server, made["id"]).see("in AB10 0", "out AB10 30")
    with server.runtime.database.transaction() as session:
        session.add(sighting(plate="XY77", location_id=made["id"], camera_id=camera["id"]))
    assert client.delete(f"{PATH}/{made['id']}").status_code == 204
    with server.runtime.database.reading() as session:
        assert [(row.plate, row.location_id) for row in session.scalars(select(SightingRow))] == [
            ("AB10", None),
            ("AB10", None),
            ("XY77", None),
        ]
        (visit,) = session.scalars(select(VisitRow)).all()
        assert (visit.plate, visit.state, visit.fee, visit.location_id) == ("AB10", "closed", 250, None)
        assert session.scalars(select(CameraRow.location_id)).all() == [None]
    shown = client.get(f"/api/v1/visits/{visit.id}").json()
    assert (shown["location"], shown["duration_s"]) == (None, 1800)


def test_a_location_with_vehicles_inside_is_deleted_by_force_only(server: Server) -> None:
    client = server.admin()
    made = create(client)
    site_of(server, made["id"]).see("in AB10 0")
    refused = client.delete(f"{PATH}/{made['id']}")
    assert refused.status_code == 409
    assert "1 vehicles are inside 'depot'" in refused.json()["detail"]
    assert client.delete(f"{PATH}/{made['id']}", params={"force": True}).status_code == 204
    (visit,) = client.get("/api/v1/visits").json()["items"]
    assert (visit["state"], visit["location_id"]) == ("missed_exit", None)
    assert visit["ended_at"] is not None


def test_locations_are_listed_by_name_page_by_page(server: Server) -> None:
    client = server.admin()
    for name in ("b", "ü", "a", "c"):
        create(client, name=name)
    seen: list[str] = []
    cursor = None
    while True:
        page = client.get(PATH, params={"limit": 1} | ({"cursor": cursor} if cursor else {})).json()
        seen += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ["a", "b", "c", "ü"]


def test_a_name_is_given_once(server: Server) -> None:
    client = server.admin()
    create(client)
    other = create(client, name="harbor")
    assert client.post(PATH, json={"name": "depot"}).status_code == 409
    taken = client.patch(f"{PATH}/{other['id']}", json={"name": "depot"})
    assert (taken.status_code, "'depot'" in taken.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": 7}, "name"),
        ({"address": "a" * 501}, "address"),
        ({"latitude": 91, "longitude": 0}, "latitude"),
        ({"latitude": 0, "longitude": -181}, "longitude"),
        ({"latitude": "NaN", "longitude": 0}, "latitude"),
        ({"latitude": 1.0}, "body"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"time_zone": "europe/berlin"}, "time_zone"),
        ({"time_zone": ""}, "time_zone"),
        ({"capacity": -1}, "capacity"),
        ({"capacity": 10**7}, "capacity"),
        ({"overstay_minutes": 0}, "overstay_minutes"),
        ({"same_pass_s": 601}, "same_pass_s"),
        ({"tariff": {}}, "tariff.currency"),
        ({"tariff": TARIFF | {"currency": "eur"}}, "tariff.currency"),
        ({"tariff": TARIFF | {"unit_minutes": 0}}, "tariff.unit_minutes"),
        ({"tariff": TARIFF | {"unit_price": -1}}, "tariff.unit_price"),
        ({"tariff": TARIFF | {"unit_price": 2.5}}, "tariff.unit_price"),
        ({"tariff": TARIFF | {"daily_cap": 10**12}}, "tariff.daily_cap"),
        ({"tariff": TARIFF | {"tip": 1}}, "tariff.tip"),
        ({"occupancy": 5}, "occupancy"),
    ],
    ids=str,
)
def test_a_location_that_can_not_be_is_refused(sqlite_server: Server, fields: dict[str, Any], field: str) -> None:
    answer = sqlite_server.admin().post(PATH, json={"name": "depot"} | fields)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize("body", [{"name": None}, {"time_zone": None}, {"latitude": 1}], ids=str)
def test_a_change_that_can_not_be_is_refused(sqlite_server: Server, body: dict[str, Any]) -> None:
    client = sqlite_server.admin()
    assert client.patch(f"{PATH}/{create(client)['id']}", json=body).status_code == 422
