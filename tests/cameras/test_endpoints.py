from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from platewatch.db.tables import AuditRow, CameraRow, SightingRow
from tests.db.rows import sighting
from tests.servers import Server

PATH = "/api/v1/cameras"
SECRET = "rtsp://viewer:s3cret@192.0.2.10:554/stream1"
SHOWN = "rtsp://viewer:***@192.0.2.10:554/stream1"


def create(client: TestClient, **fields: Any) -> dict[str, Any]:
    answer = client.post(PATH, json={"name": "gate-1"} | fields)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def location(client: TestClient, name: str = "depot") -> int:
    answer = client.post("/api/v1/locations", json={"name": name})
    assert answer.status_code == 201, answer.text
    made: int = answer.json()["id"]
    return made


def test_a_camera_is_made_shown_changed_and_deleted(server: Server) -> None:
    client = server.admin()
    location_id = location(client)
    made = create(client, location_id=location_id, direction="entering", source_url=SECRET)
    assert made == {
        "id": made["id"],
        "name": "gate-1",
        "location_id": location_id,
        "location": "depot",
        "direction": "entering",
        "source_url": SHOWN,
        "enabled": True,
        "created_at": made["created_at"],
    }
    path = f"{PATH}/{made['id']}"
    assert client.get(path).json() == made
    changed = client.patch(path, json={"name": "north", "direction": "both", "location_id": None, "enabled": False})
    assert changed.json() == made | {
        "name": "north",
        "direction": "both",
        "location_id": None,
        "location": None,
        "enabled": False,
    }
    assert client.get(PATH).json() == {"items": [changed.json()], "next_cursor": None}
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


def test_the_password_is_kept_but_never_shown(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    made = create(client, source_url=SECRET)
    kept = client.patch(f"{PATH}/{made['id']}", json={"source_url": SHOWN, "name": "north"})
    assert kept.json()["source_url"] == SHOWN
    with sqlite_server.runtime.database.reading() as session:
        (row,) = session.execute(select(CameraRow.source_url, CameraRow.sealed_source_url)).all()
        noted = [(row.details, row.subject) for row in session.scalars(select(AuditRow))]
    assert "s3cret" not in f"{row} {noted}"
    assert sqlite_server.runtime.seal.unseal(row.sealed_source_url) == SECRET
    moved = client.patch(f"{PATH}/{made['id']}", json={"source_url": "rtsp://viewer:***@elsewhere.example/1"})
    assert moved.status_code == 422
    assert moved.json()["errors"][0]["field"] == "source_url"


def test_a_new_address_replaces_the_old_one(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    path = f"{PATH}/{create(client, source_url=SECRET)['id']}"
    stored: list[str | None] = []
    for url in ("rtsp://viewer:other@192.0.2.10:554/stream1", "rtsp://host/1", None):
        assert client.patch(path, json={"source_url": url}).status_code == 200
        with sqlite_server.runtime.database.reading() as session:
            sealed = session.scalar(select(CameraRow.sealed_source_url))
        stored.append(sqlite_server.runtime.seal.unseal(sealed) if sealed else None)
    assert stored == ["rtsp://viewer:other@192.0.2.10:554/stream1", "rtsp://host/1", None]


def test_an_address_whose_shown_form_is_longer_than_itself_is_kept(server: Server) -> None:
    """Signs that are percent-encoded when the secret is taken out."""
    url = f"http://host/v?token=x&place={'ü' * 900}"
    assert create(server.admin(), source_url=url)["source_url"].startswith("http://host/v?token=***&place=%C3%BC")


def test_edits_are_in_the_audit_log(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    path = f"{PATH}/{create(client)['id']}"
    client.patch(path, json={"enabled": False})
    client.delete(path)
    with sqlite_server.runtime.database.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action.like("camera.%")).order_by(AuditRow.id)).all()
    assert [(row.action, row.username, row.details) for row in rows] == [
        ("camera.created", "ada", {"name": "gate-1", "fields": ["name"]}),
        ("camera.updated", "ada", {"name": "gate-1", "fields": ["enabled"]}),
        ("camera.deleted", "ada", {"name": "gate-1"}),
    ]


def test_sightings_of_a_deleted_camera_stay(server: Server) -> None:
    client = server.admin()
    made = create(client)
    with server.runtime.database.transaction() as session:
        session.add(sighting(camera_id=made["id"]))
    assert client.delete(f"{PATH}/{made['id']}").status_code == 204
    with server.runtime.database.reading() as session:
        assert session.scalars(select(SightingRow.camera_id)).all() == [None]


def test_cameras_are_listed_by_name_page_by_page(server: Server) -> None:
    client = server.admin()
    depot = location(client)
    for name in ("b", "d", "a", "c"):
        create(client, name=name, location_id=depot if name in "abc" else None, enabled=name != "a")
    first = client.get(PATH, params={"limit": 3}).json()
    assert [item["name"] for item in first["items"]] == ["a", "b", "c"]
    second = client.get(PATH, params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert ([item["name"] for item in second["items"]], second["next_cursor"]) == (["d"], None)
    there = client.get(PATH, params={"location_id": depot, "enabled": True}).json()["items"]
    assert [item["name"] for item in there] == ["b", "c"]
    assert [item["name"] for item in client.get(PATH, params={"enabled": False}).json()["items"]] == ["a"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "a" * 151}, "name"),
        ({"name": None}, "name"),
        ({"name": "a", "direction": "sideways"}, "direction"),
        ({"name": "a", "location_id": 0}, "location_id"),
        ({"name": "a", "location_id": 2**63}, "location_id"),
        ({"name": "a", "location_id": 4711}, "location_id"),
        ({"name": "a", "source_url": "file:///etc/passwd"}, "source_url"),
        ({"name": "a", "source_url": "rtsp://host/" + "a" * 2000}, "source_url"),
        ({"name": "a", "source_url": "rtsp://viewer:***@host/"}, "source_url"),
        ({"name": "a", "enabled": "perhaps"}, "enabled"),
        ({"name": "a", "password": "x"}, "password"),
    ],
    ids=str,
)
def test_a_camera_that_can_not_be_is_refused(sqlite_server: Server, body: dict[str, Any], field: str) -> None:
    answer = sqlite_server.admin().post(PATH, json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize("field", ["name", "direction", "enabled"])
def test_what_a_camera_must_have_is_not_taken_away(sqlite_server: Server, field: str) -> None:
    client = sqlite_server.admin()
    answer = client.patch(f"{PATH}/{create(client)['id']}", json={field: None})
    assert answer.status_code == 422
    assert "leave it out" in answer.json()["detail"]


def test_a_name_is_given_once(server: Server) -> None:
    client = server.admin()
    create(client)
    other = create(client, name="gate-2")
    assert client.post(PATH, json={"name": "gate-1"}).status_code == 409
    taken = client.patch(f"{PATH}/{other['id']}", json={"name": "gate-1"})
    assert taken.status_code == 409
    assert "'gate-1'" in taken.json()["detail"]


@pytest.mark.parametrize("cursor", ["x", "eyJ4", "____", "a\0", "A" * 999])
def test_a_cursor_that_is_not_ours_is_refused(server: Server, cursor: str) -> None:
    answer = server.admin().get(PATH, params={"cursor": cursor})
    assert answer.status_code in (200, 422)
    assert answer.status_code == 422 or answer.json()["items"] == []
