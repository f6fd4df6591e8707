"""What is told of a vehicle: with a photo or by hand, corrected, merged, exported and erased."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from platewatch.audit.service import Actor
from platewatch.clock import SetClock
from platewatch.db.engine import Database
from platewatch.db.tables import AuditRow, EventRow, SightingRow
from platewatch.reading.photos import ReadPhoto, open_photo
from platewatch.sightings.changes import SightingChanges
from platewatch.sightings.schemas import SightingMerge, SightingRead, SightingUpdate, VehicleType
from platewatch.sightings.service import Circumstances, SightingService, Vehicle
from platewatch.sightings.staging import StagedPhoto
from platewatch.vision.image import ImageLimits
from platewatch.vision.types import Character, Detection, ImageReadings, Reading
from tests.db.rows import NOON
from tests.servers import SAMPLES, Server, upload
from tests.sightings.rows import add_sighting

ACTOR = Actor(username="ada")
BRITAIN = SAMPLES / "britain.jpg"
VAN = {"vehicle_type": "van", "vehicle_color": "white", "vehicle_make": "škoda"}
UNKNOWN = dict.fromkeys(VAN)


def vehicle_of(told: SightingRow | SightingRead | dict[str, Any]) -> dict[str, Any]:
    return {name: told[name] if isinstance(told, dict) else getattr(told, name) for name in VAN}


def add(database: Database, plate: str = "AB12CDE", **fields: Any) -> int:
    with database.transaction() as session:
        return add_sighting(session, plate, **fields).id


def correct(database: Database, clock: SetClock, sighting_id: int, **fields: Any) -> SightingRead:
    with database.transaction() as session:
        return SightingChanges(session, clock).correct(sighting_id, SightingUpdate(**fields), ACTOR)


def changes_of(database: Database, clock: SetClock, sighting_id: int) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    with database.reading() as session:
        return [(row.before, row.after) for row in SightingChanges(session, clock).history(sighting_id)]


def reading(plate: str, confidence: float) -> Reading:
    corners = ((1.0, 1.0), (9.0, 1.0), (9.0, 4.0), (1.0, 4.0))
    characters = tuple(Character(sign, confidence) for sign in plate)
    crop = np.zeros((4, 9, 3), np.uint8)
    return Reading(plate, confidence, characters, None, (), Detection(corners, confidence), crop)


def test_the_vehicle_told_with_a_photo_is_that_of_its_surest_plate(sqlite_database: Database, clock: SetClock) -> None:
    found = ImageReadings((reading("AB12CDE", 0.9), reading("XY99ZZZ", 0.7)), 416, 416, 0.0)
    photo = open_photo("car.jpg", BRITAIN.read_bytes(), ImageLimits(max_bytes=10**6, max_pixels=10**6))
    staged = StagedPhoto(ReadPhoto(photo, found, "-", "-"), "photo", 9, ("crop", "other crop"))
    vehicle = Vehicle(VehicleType.VAN, "white", "škoda")
    with sqlite_database.transaction() as session:
        recorded = SightingService(session, clock).record(staged, Circumstances(NOON, vehicle=vehicle))
    assert [(one.plate, vehicle_of(one)) for one in recorded] == [("AB12CDE", VAN), ("XY99ZZZ", UNKNOWN)]


def test_a_photo_comes_with_what_somebody_knows_of_the_vehicle(server: Server) -> None:
    client = server.admin()

    def record(**fields: str) -> Any:
        headers = {"Idempotency-Key": "upload-1"} if "vehicle_type" in fields else {}
        return client.post("/api/v1/sightings", files=upload(BRITAIN), data=fields, headers=headers)

    answer = record(vehicle_type="Van", vehicle_color=" White ", vehicle_make="ŠKODA")
    assert answer.status_code == 201, answer.text
    (told,) = answer.json()["images"][0]["sightings"]
    assert vehicle_of(told) == VAN
    assert client.get(f"/api/v1/sightings/{told['id']}").json() == told
    with server.runtime.database.reading() as session:
        (event,) = session.query(EventRow)
        assert vehicle_of(event.payload) == VAN
    (unknown,) = record(vehicle_color="", record_known="true").json()["images"][0]["sightings"]
    assert vehicle_of(unknown) == UNKNOWN
    assert record(vehicle_type="bus").status_code == 422, "the same key for another vehicle"


def test_a_vehicle_is_written_down_by_hand(server: Server) -> None:
    client = server.admin()
    body = {"plate": "AB12CDE", "vehicle_type": "VAN", "vehicle_color": "White", "vehicle_make": " Škoda"}
    told = client.post("/api/v1/sightings/manual", json=body).json()
    assert vehicle_of(told) == VAN
    for params in (*({name: value} for name, value in VAN.items()), {"vehicle_make": "ŠKODA", "vehicle_type": "Van"}):
        assert client.get("/api/v1/sightings", params=params).json()["items"] == [told]
        assert client.get("/api/v1/sightings/count", params=params).json()["count"] == 1


BAD = [
    pytest.param("vehicle_type", "boat", id="no type"),
    pytest.param("vehicle_color", "", id="no color"),
    pytest.param("vehicle_color", "x" * 33, id="long color"),
    pytest.param("vehicle_color", "İ" * 32, id="a color that is long in lower case"),
    pytest.param("vehicle_make", "x" * 65, id="long make"),
    pytest.param("vehicle_make", "a\x00b", id="NUL"),
]


@pytest.mark.parametrize(("field", "value"), BAD)
def test_a_vehicle_that_can_not_be_is_refused(sqlite_server: Server, field: str, value: str) -> None:
    client = sqlite_server.admin()
    sighting_id = client.post("/api/v1/sightings/manual", json={"plate": "AB12CDE"}).json()["id"]
    answers = [
        client.post("/api/v1/sightings/manual", json={"plate": "AB12CDE", field: value}),
        client.patch(f"/api/v1/sightings/{sighting_id}", json={field: value}),
        client.get("/api/v1/sightings", params={field: value}),
    ]
    if value:  # an empty field of a form is one that is left out
        answers.append(client.post("/api/v1/sightings", files=upload(BRITAIN), data={field: value}))
    for answer in answers:
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["field"] == field
    assert client.get("/api/v1/sightings/count").json()["count"] == 1


def test_the_longest_color_and_make_fit(server: Server) -> None:
    body = {"plate": "AB12CDE", "vehicle_color": "ü" * 32, "vehicle_make": "車" * 64, "vehicle_type": "motorcycle"}
    told = server.admin().post("/api/v1/sightings/manual", json=body)
    assert told.status_code == 201, told.text
    assert vehicle_of(told.json()) == vehicle_of(body)


def test_an_unknown_vehicle_is_reported_and_a_known_one_corrected(database: Database, clock: SetClock) -> None:
    sighting_id = add(database)
    told = correct(database, clock, sighting_id, vehicle_type="van", vehicle_make="Škoda")
    assert vehicle_of(told) == VAN | {"vehicle_color": None}
    assert not told.is_corrected
    assert correct(database, clock, sighting_id, vehicle_make="ŠKODA") == told
    corrected = correct(database, clock, sighting_id, vehicle_type="truck", vehicle_make=None, reason="looked again")
    assert vehicle_of(corrected) == UNKNOWN | {"vehicle_type": "truck"}
    assert corrected.is_corrected
    assert changes_of(database, clock, sighting_id) == [
        ({"vehicle_type": None, "vehicle_make": None}, {"vehicle_type": "van", "vehicle_make": "škoda"}),
        ({"vehicle_type": "van", "vehicle_make": "škoda"}, {"vehicle_type": "truck", "vehicle_make": None}),
    ]
    with database.reading() as session:
        assert [row.details["fields"] for row in session.query(AuditRow)] == [["vehicle_make", "vehicle_type"]] * 2
        assert [vehicle_of(row.payload)["vehicle_type"] for row in session.query(EventRow).order_by(EventRow.id)] == [
            "van",
            "truck",
        ]


def test_a_merge_keeps_the_vehicle_and_learns_what_it_lacks(database: Database, clock: SetClock) -> None:
    kept = add(database, vehicle_type="van")
    other = add(database, captured_at=NOON + timedelta(seconds=3), vehicle_type="car", vehicle_make="škoda")
    with database.transaction() as session:
        merged = SightingChanges(session, clock).merge(kept, SightingMerge(other_id=other), ACTOR)
    assert vehicle_of(merged) == VAN | {"vehicle_color": None}
    ((before, after),) = changes_of(database, clock, kept)
    assert vehicle_of(before) == VAN | {"vehicle_type": "car", "vehicle_color": None}
    assert {name: after.get(name) for name in VAN} == UNKNOWN | {"vehicle_make": "škoda"}


def test_a_merge_with_one_whose_vehicle_is_unknown_changes_nothing_of_it(
    sqlite_database: Database, clock: SetClock
) -> None:
    kept, other = add(sqlite_database, **VAN), add(sqlite_database)
    with sqlite_database.transaction() as session:
        merged = SightingChanges(session, clock).merge(kept, SightingMerge(other_id=other), ACTOR)
    assert vehicle_of(merged) == VAN
    ((_, after),) = changes_of(sqlite_database, clock, kept)
    assert set(after) == {"first_seen_at", "last_seen_at"}


def test_vehicles_are_exported(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    add(sqlite_server.runtime.database, **VAN | {"vehicle_make": "=1+1"})
    add(sqlite_server.runtime.database, "XY99ZZZ")
    rows = csv.DictReader(io.StringIO(client.get("/api/v1/sightings/export").text.removeprefix("\ufeff")))
    assert [vehicle_of(row) for row in rows] == [dict.fromkeys(VAN, ""), VAN | {"vehicle_make": "'=1+1"}]
    told = client.get("/api/v1/sightings/export", params={"format": "json", "vehicle_color": "white"}).json()
    assert [vehicle_of(one) for one in told] == [VAN | {"vehicle_make": "=1+1"}]


def test_with_a_plate_its_vehicle_is_reported_and_erased(server: Server) -> None:
    client = server.admin()
    body = {"plate": "AB12CDE", "vehicle_make": "Zastava"}
    first, second = (client.post("/api/v1/sightings/manual", json=body).json()["id"] for _ in range(2))
    client.patch(f"/api/v1/sightings/{first}", json={"vehicle_make": "Yugo"})
    client.post(f"/api/v1/sightings/{first}/merge", json={"other_id": second})
    report = client.get("/api/v1/privacy/report", params={"plate": "AB12CDE"}).json()
    assert [one["vehicle_make"] for one in report["sightings"]] == ["yugo"]
    erased = client.post("/api/v1/privacy/erasures", json={"plate": "AB12CDE", "reason": "request", "dry_run": False})
    assert erased.json()["sightings"] == 1
    with server.runtime.database.engine.connect() as connection:
        names = ("sightings", "sighting_corrections", "events", "idempotency_keys", "audit_log")
        dump = [str(row) for name in names for row in connection.execute(text(f"SELECT * FROM {name}"))]
    assert not [row for row in dump if "yugo" in row or "zastava" in row]
