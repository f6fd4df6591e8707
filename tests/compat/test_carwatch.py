"""CarWatch's upload as CarWatch's client sends it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from platewatch.compat import carwatch
from platewatch.compat.carwatch import WholeHistories
from platewatch.db.tables import ImageRow, SightingRow
from tests.servers import SAMPLES, Server, upload
from tests.sightings.test_endpoints import photo_without_plate

BRITAIN = SAMPLES / "britain.jpg"


@pytest.mark.parametrize("status", ["entering", "leaving", "unknown"])
def test_an_upload_is_read_recorded_and_answered_in_the_envelope(server: Server, status: str) -> None:
    client = server.admin()
    answer = client.post(f"/api/upload_image?status={status}", files=upload(BRITAIN))
    assert answer.status_code == 200
    told = answer.json()
    assert re.fullmatch(r"image_\d{17}\.jpg", told.pop("image_filename"))
    assert told == {
        "success": True,
        "message": "Image received, uploaded to database, OCR processed, and data recorded successfully.",
        "plate_number": "WM64UMA",
        "status": status,
        "image_uploaded": True,
    }
    (item,) = client.get("/api/v1/sightings").json()["items"]
    assert (item["plate"], item["direction"], item["recorded_by"]) == ("WM64UMA", status, "ada")


def test_without_a_status_the_direction_is_unknown(sqlite_server: Server) -> None:
    answer = sqlite_server.admin().post("/api/upload_image", files=upload(BRITAIN))
    assert answer.json()["status"] == "unknown"


def test_a_photo_without_plates_is_stored_and_says_so(server: Server) -> None:
    answer = server.admin().post("/api/upload_image", files=[("image", photo_without_plate())])
    assert answer.status_code == 200
    told = answer.json()
    assert (told["success"], told["plate_number"], told["image_uploaded"]) == (True, None, True)
    assert "no plate" in told["message"]
    with server.runtime.database.reading() as session:
        assert session.query(ImageRow).one().filename == told["image_filename"]
        assert session.query(SightingRow).count() == 0
    assert len(server.media_files) == 1


def refused(answer: Any, status: int) -> str:
    assert answer.status_code == status
    told = answer.json()
    assert set(told) == {"success", "message"}
    assert told["success"] is False
    message: str = told["message"]
    return message


def test_a_wrong_field_name_is_reported_with_the_fields_found(sqlite_server: Server) -> None:
    answer = sqlite_server.admin().post("/api/upload_image", files=upload(BRITAIN, field="file"))
    assert "'image'" in refused(answer, 422)
    assert "file" in refused(answer, 422)


def test_a_wrong_status_is_reported(sqlite_server: Server) -> None:
    answer = sqlite_server.admin().post("/api/upload_image?status=parked", files=upload(BRITAIN))
    assert "status" in refused(answer, 422)


def test_nobody_uploads_without_a_log_in(sqlite_server: Server) -> None:
    answer = sqlite_server.anonymous.post("/api/upload_image", files=upload(BRITAIN))
    assert "Log in" in refused(answer, 401)
    assert sqlite_server.media_files == []


def history(client: Any, **params: Any) -> Any:
    answer = client.get("/api/history", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def write_down(client: Any, plate: str, **fields: str) -> Any:
    answer = client.post("/api/plate", json={"plate": plate, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


@pytest.mark.parametrize(
    ("status", "subject", "description"),
    [
        pytest.param("entering", "Vehicle Entry", "car is available", id="entering"),
        pytest.param("leaving", "Vehicle Exit", "car has left", id="leaving"),
        pytest.param("unknown", "Vehicle Detection", "car was seen", id="unknown"),
    ],
)
def test_the_history_says_in_carwatchs_words_which_way_a_vehicle_went(
    sqlite_server: Server, status: str, subject: str, description: str
) -> None:
    client = sqlite_server.admin()
    answer = client.post(f"/api/upload_image?status={status}", files=upload(BRITAIN))
    assert (answer.status_code, answer.json()["plate_number"]) == (200, "WM64UMA"), answer.text
    (record,) = history(client)["data"]
    record.pop("date")
    assert record == {"subject": subject, "plate": "WM64UMA", "description": description, "username": "ada"}


def test_a_record_by_hand_without_words_gets_some(sqlite_server: Server) -> None:
    record = write_down(sqlite_server.admin(), "ab 12-cde")
    assert (record["plate"], record["subject"]) == ("AB12CDE", "Manual Entry")
    assert record["description"] == "Manually recorded plate"


def test_the_history_comes_in_pages_newest_first(server: Server) -> None:
    client = server.admin()
    for number in range(5):
        write_down(client, f"AB{number}CDE")
    seen, cursor = [], None
    for _ in range(3):
        page = history(client, limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [record["plate"] for record in page["data"]]
        cursor = page["next_cursor"]
    assert seen == ["AB4CDE", "AB3CDE", "AB2CDE", "AB1CDE", "AB0CDE"]
    assert cursor is None


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        pytest.param({}, ["LV22LVE", "EN11TER"], id="all"),
        pytest.param({"status": "entering"}, ["EN11TER"], id="by status"),
        pytest.param({"direction": "leaving"}, ["LV22LVE"], id="by direction"),
        pytest.param({"plate": "EN??TER"}, ["EN11TER"], id="by pattern"),
        pytest.param({"plate": "LV22LV3", "match": "fuzzy"}, ["LV22LVE"], id="roughly"),
        pytest.param({"captured_to": "2000-01-01T00:00:00Z"}, [], id="by time"),
    ],
)
def test_the_history_is_filtered(sqlite_server: Server, params: dict[str, str], expected: list[str]) -> None:
    client = sqlite_server.admin()
    write_down(client, "EN11TER", status="entering")
    write_down(client, "LV22LVE", status="leaving")
    assert [record["plate"] for record in history(client, **params)["data"]] == expected


def test_a_search_in_the_history_is_in_the_audit_log(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    history(client, plate="AB12CDE", reason="stolen")
    (note,) = client.get("/api/v1/audit", params={"action": "sightings.searched"}).json()["items"]
    assert (note["subject"], note["details"]["reason"]) == ("AB12CDE", "stolen")


def test_without_any_image_none_is_fetched(sqlite_server: Server) -> None:
    assert "There is no stored image yet." in refused(sqlite_server.admin().post("/api/fetch_img"), 404)


def test_a_fetched_image_has_a_harmless_name_whatever_its_sender_called_it(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    client.post("/api/v1/sightings", files=[("image", ("../../evil.jpg", BRITAIN.read_bytes(), "image/jpeg"))])
    told = client.post("/api/fetch_img").json()
    assert re.fullmatch(r"image_\d{17}\.jpg", told["filename"])
    assert (sqlite_server.runtime.settings.data / told["filepath"]).read_bytes() == BRITAIN.read_bytes()


def test_a_fetched_image_is_gone_when_its_sighting_is_deleted(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    client.post("/api/upload_image", files=upload(BRITAIN))
    told = client.post("/api/fetch_img").json()
    copy = sqlite_server.runtime.settings.data / told["filepath"]
    assert copy.is_file()
    (item,) = client.get("/api/v1/sightings").json()["items"]
    assert client.delete(f"/api/v1/sightings/{item['id']}").status_code == 204
    assert not copy.exists()


def visits(client: Any) -> list[tuple[str, str, str | None]]:
    """Plate, state and location of all visits, as `/api/v1/visits` and `/session_queries` both tell them."""
    answer = client.get("/api/v1/visits")
    assert answer.status_code == 200
    items = answer.json()["items"]
    sessions = client.get("/session_queries").json()["sessions"]
    assert [visit["id"] for visit in sessions] == [visit["id"] for visit in items]
    return [(visit["plate"], visit["state"], visit["location"]) for visit in items]


def upload_as(client: Any, status: str, query: str = "", **form: str) -> Any:
    return client.post(f"/api/upload_image?status={status}{query}", files=upload(BRITAIN), data=form)


def test_entering_and_leaving_uploads_make_a_visit(server: Server) -> None:
    client = server.admin()
    assert upload_as(client, "entering").status_code == 200
    assert visits(client) == [("WM64UMA", "open", "main site")]
    assert client.get("/plate_status", params={"plate": "WM64UMA"}).json()["inside"] is True
    assert upload_as(client, "leaving").status_code == 200
    assert visits(client) == [("WM64UMA", "closed", "main site")]
    assert client.get("/plate_status", params={"plate": "WM64UMA"}).json()["inside"] is False


def test_an_upload_of_unknown_status_makes_no_visit(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    upload_as(client, "unknown")
    assert visits(client) == []


def test_a_record_by_hand_makes_a_visit_too(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    write_down(client, "AB12CDE", status="entering")
    write_down(client, "XY34ZZZ", status="entering", location="north")
    assert visits(client) == [("XY34ZZZ", "open", "north"), ("AB12CDE", "open", "main site")]


@pytest.mark.parametrize(
    ("query", "form", "expected"),
    [
        pytest.param("&location=north%20gate", {}, "north gate", id="query"),
        pytest.param("", {"location": "north gate"}, "north gate", id="form"),
        pytest.param("&location=north", {"location": "north"}, "north", id="both alike"),
        pytest.param("&location=", {"location": ""}, "main site", id="empty"),
    ],
)
def test_a_location_is_taken_from_the_query_or_the_form(
    sqlite_server: Server, query: str, form: dict[str, str], expected: str
) -> None:
    client = sqlite_server.admin()
    assert upload_as(client, "entering", query, **form).status_code == 200
    assert visits(client) == [("WM64UMA", "open", expected)]


def test_two_locations_in_one_upload_are_refused(sqlite_server: Server) -> None:
    answer = upload_as(sqlite_server.admin(), "entering", "&location=north", location="south")
    assert "'north'" in refused(answer, 422)
    assert "'south'" in refused(answer, 422)


@pytest.mark.parametrize(
    ("setting", "expected"), [("east yard", [("WM64UMA", "open", "east yard")]), ("none", [])], ids=["named", "none"]
)
def test_the_default_location_is_a_setting(
    start_server: Any, setting: str, expected: list[tuple[str, str, str]]
) -> None:
    client = start_server(carwatch_location=setting).admin()
    assert upload_as(client, "entering").status_code == 200
    assert visits(client) == expected


@pytest.mark.parametrize(
    ("query", "form", "name"),
    [
        pytest.param("&state=entering", {}, "state", id="query parameter"),
        pytest.param("", {"plate": "AB12CDE"}, "plate", id="form field"),
        pytest.param("&locaton=north", {}, "locaton", id="misspelt"),
    ],
)
def test_unknown_fields_of_an_upload_are_refused_and_nothing_is_stored(
    sqlite_server: Server, query: str, form: dict[str, str], name: str
) -> None:
    message = refused(upload_as(sqlite_server.admin(), "entering", query, **form), 422)
    assert f"{name!r} is not known" in message
    assert "location" in message
    assert sqlite_server.media_files == []


def test_the_whole_history_is_made_for_few_clients_at_a_time(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    write_down(client, "AB12CDE")
    sqlite_server.runtime.state.part(WholeHistories).close()
    assert "history" in refused(client.get("/api/history"), 503)
    assert len(history(client, limit=10)["data"]) == 1


def test_a_client_without_pages_gets_the_whole_history(sqlite_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    client = sqlite_server.admin()
    for number in range(205):
        write_down(client, f"AB{number:03d}CD")
    whole = history(client)
    assert (len(whole["data"]), whole["message"], whole["next_cursor"]) == (205, "History retrieved", None)
    assert len(history(client, limit=200)["data"]) == 200
    monkeypatch.setattr(carwatch, "MAX_WHOLE", 10)
    newest = history(client)
    assert [record["plate"] for record in newest["data"]] == [f"AB{number:03d}CD" for number in range(204, 194, -1)]
    assert newest["message"].startswith("History retrieved: the newest 10 records.")
    older = history(client, cursor=newest["next_cursor"])
    assert (older["data"][0]["plate"], older["message"]) == ("AB194CD", "History retrieved")
