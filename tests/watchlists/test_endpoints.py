"""`/api/v1/watchlists` as a client sees it."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from platewatch.db.tables import AuditRow, WatchlistEntryRow
from tests.servers import Server
from tests.watchlists.lists import make_location


def make(client: TestClient, name: str = "residents", kind: str = "allow") -> int:
    answer = client.post("/api/v1/watchlists", json={"name": name, "kind": kind})
    assert answer.status_code == 201, answer.text
    identity: int = answer.json()["id"]
    return identity


def put_file(client: TestClient, watchlist_id: int, text: str | bytes, mode: str = "add") -> Any:
    path = f"/api/v1/watchlists/{watchlist_id}/import"
    return client.post(path, params={"mode": mode}, files={"file": ("list.csv", text, "text/csv")})


def test_a_list_lives_and_dies(server: Server) -> None:
    client = server.admin()
    watchlist_id = make(client)
    path = f"/api/v1/watchlists/{watchlist_id}"
    body = {"plate": "ab-12 cde", "owner": "Ada", "schedule": "mon-fri 08:00-18:00", "tags": ["vip"]}
    entry = client.post(f"{path}/entries", json=body)
    assert entry.status_code == 201, entry.text
    assert (entry.json()["plate"], entry.json()["schedule"]) == ("AB12CDE", "mon,tue,wed,thu,fri 08:00-18:00")
    assert client.get(f"{path}/entries").json() == {"items": [entry.json()], "next_cursor": None}
    entry_path = f"{path}/entries/{entry.json()['id']}"
    assert client.get(entry_path).json() == entry.json()
    assert client.put(entry_path, json={"plate": "XY12"}).json()["owner"] is None
    assert client.patch(path, json={"name": "tenants", "enabled": False}).json()["name"] == "tenants"
    (shown,) = client.get("/api/v1/watchlists").json()["items"]
    assert (shown["name"], shown["kind"], shown["enabled"], shown["entries"]) == ("tenants", "allow", False, 1)
    assert client.get(path).json() == shown
    assert client.delete(entry_path).status_code == 204
    assert client.get(entry_path).status_code == 404
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


def test_a_plate_is_checked_without_being_recorded(server: Server) -> None:
    client = server.admin()
    watchlist_id = make(client, "stolen", "deny")
    client.post(f"/api/v1/watchlists/{watchlist_id}/entries", json={"plate": "AB12CDO", "tolerance": 1})
    answer = client.get("/api/v1/watchlists/check", params={"plate": "ab12 cd0"}).json()
    assert answer["plate"] == "AB12CD0"
    (fit,) = answer["matches"]
    assert (fit["watchlist"], fit["distance"]) == ({"id": watchlist_id, "name": "stolen", "kind": "deny"}, 0.5)
    assert client.get("/api/v1/matches").json() == {"items": [], "next_cursor": None}


def test_a_file_goes_in_and_comes_out_again(server: Server) -> None:
    client = server.admin()
    with server.runtime.database.transaction() as session:
        make_location(session, "north")
    watchlist_id = make(client)
    text = "plate,locations,owner,tags\nAB12CDE,north,=Ada,vip;staff\nCD*,,,\n"
    assert put_file(client, watchlist_id, text).json() == {"added": 2, "skipped": 0, "removed": 0}
    export = client.get(f"/api/v1/watchlists/{watchlist_id}/export")
    assert export.headers["content-type"] == "text/csv; charset=utf-8"
    assert "'=Ada" in export.text
    other_id = make(client, "copy")
    assert put_file(client, other_id, export.content).json()["added"] == 2
    fields = ("plate", "location_ids", "owner", "tags")
    copies = [
        [
            {name: entry[name] for name in fields}
            for entry in client.get(f"/api/v1/watchlists/{one}/entries").json()["items"]
        ]
        for one in (watchlist_id, other_id)
    ]
    assert copies[0] == copies[1]
    assert copies[0][1]["owner"] == "=Ada"


@pytest.mark.parametrize("field", ["mode", "other"])
def test_a_form_field_that_would_mean_nothing_is_refused(sqlite_server: Server, field: str) -> None:
    """Or who sends `mode=replace` there would believe that the list was replaced."""
    client = sqlite_server.admin()
    watchlist_id = make(client)
    path = f"/api/v1/watchlists/{watchlist_id}/import"
    answer = client.post(path, files={"file": ("list.csv", "AB12\n")}, data={field: "replace"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert "?mode=replace" in answer.json()["detail"]
    assert client.get(f"/api/v1/watchlists/{watchlist_id}/entries").json()["items"] == []


def test_an_import_refuses_a_query_parameter_that_it_does_not_know(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    path = f"/api/v1/watchlists/{make(client)}"
    answer = client.post(f"{path}/import?modee=replace", files={"file": ("list.csv", "AB12\n")})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "modee")
    assert "'mode'" in answer.json()["detail"]
    assert client.get(f"{path}/entries").json()["items"] == []


def test_a_daily_list_replaces_the_one_before(server: Server) -> None:
    client = server.admin()
    watchlist_id = make(client, "stolen", "deny")
    put_file(client, watchlist_id, "OLD1\nOLD2\n")
    assert put_file(client, watchlist_id, "NEW1\n", "replace").json() == {"added": 1, "skipped": 0, "removed": 2}
    items = client.get(f"/api/v1/watchlists/{watchlist_id}/entries").json()["items"]
    assert [item["plate"] for item in items] == ["NEW1"]
    for _ in range(200):
        with server.runtime.database.reading() as session:
            if [row.plate for row in session.scalars(select(WatchlistEntryRow))] == ["NEW1"]:
                return
        threading.Event().wait(0.05)
    pytest.fail("the old entries were not deleted")


def test_bad_rows_are_reported_with_their_lines(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    watchlist_id = make(client)
    answer = put_file(client, watchlist_id, "plate,tolerance\nAB12CD,1\n!,0\nCD34EF,9\n", "replace")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["line 3: plate", "line 4: tolerance"]
    assert "2 row(s) can't be used" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({}, "plate", id="no plate"),
        pytest.param({"plate": "--"}, "plate", id="no letter"),
        pytest.param({"plate": "AB12", "tolerance": 5}, "tolerance", id="tolerance"),
        pytest.param({"plate": "AB12", "location_ids": [77]}, "location_ids", id="unknown location"),
        pytest.param({"plate": "AB12", "schedule": "x"}, "schedule", id="schedule"),
        pytest.param({"plate": "AB12", "id": 3}, "id", id="unknown field"),
    ],
)
def test_a_bad_entry_is_named(sqlite_server: Server, body: dict[str, Any], field: str) -> None:
    client = sqlite_server.admin()
    answer = client.post(f"/api/v1/watchlists/{make(client)}/entries", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field


def test_two_lists_of_one_name_conflict(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    make(client)
    answer = client.post("/api/v1/watchlists", json={"name": "residents", "kind": "deny"})
    assert answer.status_code == 409
    assert "'residents'" in answer.json()["detail"]


def test_an_export_is_in_the_audit_log(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    watchlist_id = make(client)
    client.get(f"/api/v1/watchlists/{watchlist_id}/export")
    with sqlite_server.runtime.database.reading() as session:
        note = session.scalars(select(AuditRow).where(AuditRow.action == "watchlist.exported")).one()
    assert (note.username, note.subject) == ("ada", f"watchlist {watchlist_id}")
