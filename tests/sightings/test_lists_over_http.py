"""Searching, exporting, correcting and writing down by hand, as a client sees it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from platewatch.db.tables import AuditRow, ImageRow, SightingRow
from platewatch.sightings.endpoints import searching
from tests.db.rows import NOON
from tests.privacy.pictures import photographed
from tests.servers import BlindReader, Server
from tests.sightings.rows import add_sighting


@pytest.fixture(scope="module")
def reader() -> BlindReader:
    """Nothing here looks at plates, so no models are loaded."""
    return BlindReader()


@pytest.fixture
def client(sqlite_server: Server) -> TestClient:
    """An administrator's, on a server with three sightings."""
    with sqlite_server.runtime.database.transaction() as session:
        for hour, (plate, note) in enumerate((("AB12CDE", "=1+1"), ("AB12CDF", None), ("XY99ZZZ", "late"))):
            add_sighting(session, plate, note=note, captured_at=NOON + timedelta(hours=hour))
    return sqlite_server.admin()


def notes(server: Server, action: str) -> list[AuditRow]:
    with server.runtime.database.reading() as session:
        return session.query(AuditRow).filter_by(action=action).order_by(AuditRow.id).all()


def test_a_search_for_a_plate_is_noted_once_and_one_without_is_not(sqlite_server: Server, client: TestClient) -> None:
    client.get("/api/v1/sightings")
    page = client.get("/api/v1/sightings", params={"plate": "ab12*", "limit": 1, "reason": "lost car"}).json()
    client.get("/api/v1/sightings", params={"plate": "ab12*", "limit": 1, "cursor": page["next_cursor"]})
    (note,) = notes(sqlite_server, "sightings.searched")
    assert (note.subject, note.username, note.details["reason"]) == ("AB12*", "ada", "lost car")
    assert client.get("/api/v1/sightings/count", params={"plate": "AB12*"}).json() == {"count": 2, "is_exact": True}


def test_where_a_reason_is_required_a_plate_is_not_searched_without(start_server: Callable[..., Server]) -> None:
    client = start_server(search_reason="required").admin()
    assert client.get("/api/v1/sightings").status_code == 200
    for path in ("/api/v1/sightings?plate=AB12CDE", "/api/v1/sightings/count?plate=AB1*", "/api/v1/sightings/export"):
        refused = client.get(path)
        assert refused.status_code == 422
        assert "X-Search-Reason" in refused.json()["detail"]
        assert client.get(path, headers={"X-Search-Reason": "lost car"}).status_code == 200


def test_sightings_are_exported_as_csv_that_no_spreadsheet_computes(
    sqlite_server: Server, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "EXPORT_PAGE", 2)
    answer = client.get("/api/v1/sightings/export")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="sightings.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["plate"] for row in rows] == ["XY99ZZZ", "AB12CDF", "AB12CDE"]
    assert [row["note"] for row in rows] == ["late", "", "'=1+1"]
    assert notes(sqlite_server, "sightings.exported")[0].details["sightings"] == 3


def test_sightings_are_exported_as_json(client: TestClient) -> None:
    told = client.get("/api/v1/sightings/export", params={"format": "json", "plate": "AB*"}).json()
    assert told == client.get("/api/v1/sightings", params={"plate": "AB*"}).json()["items"]
    assert client.get("/api/v1/sightings/export", params={"format": "json", "plate": "Q*"}).json() == []


def test_more_than_one_file_takes_is_refused(start_server: Callable[..., Server]) -> None:
    server = start_server(max_export_rows=1)
    client = server.admin()
    with server.runtime.database.transaction() as session:
        for _ in range(2):
            add_sighting(session, "AB12CDE")
    refused = client.get("/api/v1/sightings/export")
    assert refused.status_code == 422
    assert "shorter time" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"match": "fuzzy"}, "match"),
        ({"plate": "A", "distance": "3"}, "distance"),
        ({"sort": "color"}, "sort"),
        ({"region": "U S"}, "region"),
        ({"watchlist_id": str(2**63)}, "watchlist_id"),
        ({"camera": "a\0b"}, "camera"),
    ],
    ids=["match without plate", "too far", "no such order", "no region", "id beyond 64 bits", "NUL"],
)
def test_a_bad_filter_is_refused(client: TestClient, params: dict[str, str], field: str) -> None:
    answer = client.get("/api/v1/sightings", params=params)
    assert answer.status_code == 422
    assert field in answer.text


def test_a_pass_is_written_down_by_hand(client: TestClient) -> None:
    body = {
        "plate": "qq 11 qqq",
        "direction": "leaving",
        "camera": "gate",
        "location": "north",
        "region": "gb",
        "subject": "Manual entry",
        "note": "camera dirty",
    }
    answer = client.post("/api/v1/sightings/manual", json=body)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["plate"], told["source"], told["direction"]) == ("QQ11QQQ", "manual", "leaving")
    assert (told["region"], told["region_confidence"]) == ("gb", 1.0)
    assert (told["box"], told["corners"], told["characters"], told["image_url"]) == (None, None, [], None)
    assert (told["subject"], told["note"], told["recorded_by"]) == ("Manual entry", "camera dirty", "ada")
    assert client.get("/api/v1/sightings", params={"plate": "QQ11QQ?"}).json()["items"] == [told]


@pytest.mark.parametrize(
    "body",
    [{"plate": "?"}, {"plate": "AB12CDE", "captured_at": "2999-01-01T00:00:00Z"}, {"plate": "AB12CDE", "color": "red"}],
    ids=["no plate", "in the future", "unknown field"],
)
def test_nonsense_is_not_written_down(client: TestClient, body: dict[str, Any]) -> None:
    assert client.post("/api/v1/sightings/manual", json=body).status_code == 422


def test_a_sighting_is_corrected_merged_and_deleted_over_http(sqlite_server: Server, client: TestClient) -> None:
    first, second = (photographed(sqlite_server, "A812CDE", color=color)[0] for color in ("red", "blue"))
    path = f"/api/v1/sightings/{first}"
    corrected = client.patch(path, json={"plate": "AB12CDE", "reason": "dirt"}).json()
    assert (corrected["plate"], corrected["read_plate"], corrected["is_corrected"]) == ("AB12CDE", "A812CDE", True)
    assert client.post(f"{path}/merge", json={"other_id": second}).status_code == 200
    history = client.get(f"{path}/history").json()["items"]
    assert [(item["kind"], item["corrected_by"]) for item in history] == [("correction", "ada"), ("merge", "ada")]
    assert len(sqlite_server.media_files) == 2
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert sqlite_server.media_files == []
    assert sqlite_server.runtime.media.pending() == []


def test_an_unlisted_plate_is_stored_as_a_pseudonym_that_only_its_text_finds(
    start_server: Callable[..., Server],
) -> None:
    server = start_server(unlisted_plates="pseudonym")
    client = server.admin()
    made = client.post("/api/v1/watchlists", json={"name": "staff", "kind": "allow"})
    assert made.status_code == 201, made.text
    entries = f"/api/v1/watchlists/{made.json()['id']}/entries"
    assert client.post(entries, json={"plate": "ST11AFF"}).status_code == 201
    for plate in ("AB12CDE", "ST11AFF"):
        assert client.post("/api/v1/sightings/manual", json={"plate": plate}).status_code == 201
    (hidden,) = client.get("/api/v1/sightings", params={"plate": "ab12cde"}).json()["items"]
    assert hidden["plate"].startswith("~")
    assert client.get("/api/v1/sightings", params={"plate": "ST11AFF"}).json()["items"][0]["plate"] == "ST11AFF"
    assert client.get("/api/v1/sightings", params={"plate": "AB1*"}).json()["items"] == []
    with server.runtime.database.engine.connect() as connection:
        dump = [
            str(row)
            for name in ("sightings", "events", "plate_texts", "passes", "visits", "access_log")
            for row in connection.exec_driver_sql(f"SELECT * FROM {name}")
        ]
    assert not [row for row in dump if "AB12CDE" in row]
    client.patch(f"/api/v1/sightings/{hidden['id']}", json={"plate": "ST11AFF"})
    assert len(client.get("/api/v1/sightings", params={"plate": "ST11AFF"}).json()["items"]) == 2


def test_pictures_of_hidden_plates_are_not_kept(start_server: Callable[..., Server]) -> None:
    server = start_server(unlisted_plates="pseudonym")
    client = server.admin()
    (sighting_id,) = photographed(server, "AB12CDE")
    assert client.patch(f"/api/v1/sightings/{sighting_id}", json={"plate": "AB12CDF"}).status_code == 200
    with server.runtime.database.reading() as session:
        row = session.get_one(SightingRow, sighting_id)
        assert (row.image_id, row.crop_key, row.characters) == (None, None, [])
        assert session.query(ImageRow).count() == 0
    assert server.media_files == []
