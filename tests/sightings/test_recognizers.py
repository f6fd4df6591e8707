"""A request that chooses its recognizer by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from platewatch.errors import BudgetError, PlatewatchError, RemoteModelError
from platewatch.vision.inference.install import install, remove
from platewatch.vision.pipeline import PlateReader
from platewatch.vision.types import ImageReadings
from tests.missing import need_tesseract
from tests.servers import SAMPLES, Server, upload
from tests.vision.slot_models import write_slot_model

BRITAIN = SAMPLES / "britain.jpg"


def test_a_photo_is_read_and_recorded_by_the_one_that_was_asked_for(sqlite_server: Server) -> None:
    need_tesseract()
    client = sqlite_server.admin()
    fields = {"recognizer": "tesseract"}
    assert client.post("/api/v1/read", files=upload(BRITAIN), data=fields).status_code == 200
    answer = client.post("/api/v1/sightings", files=upload(BRITAIN), data=fields)
    assert answer.status_code == 201, answer.text
    reading = sqlite_server.runtime.reading
    assert reading.spare_reader.run("tesseract", lambda reader: reader.recognizer_name) == "tesseract"
    assert reading.readers.run(lambda reader: reader.recognizer_name) == "platewatch"


@pytest.mark.parametrize("name", ["", "platewatch"])
def test_the_one_that_is_set_may_be_named_too(sqlite_server: Server, name: str) -> None:
    answer = sqlite_server.admin().post("/api/v1/read", files=upload(BRITAIN), data={"recognizer": name})
    assert answer.json()["images"][0]["plates"][0]["text"] == "WM64UMA"


@pytest.mark.parametrize(
    ("name", "status", "message"),
    [
        pytest.param("nope", 422, "no recognizer 'nope'. Ready are: ensemble, platewatch", id="an unknown one"),
        pytest.param("x" * 65, 422, "64", id="a long name"),
        pytest.param("llm", 503, "switched off", id="one that is switched off"),
        pytest.param("char-yolo", 503, "PLATEWATCH_CHAR_YOLO_MODEL", id="one without its model"),
    ],
)
def test_one_that_can_not_be_used_is_reported(sqlite_server: Server, name: str, status: int, message: str) -> None:
    client = sqlite_server.admin()
    for path in ("/api/v1/read", "/api/v1/sightings"):
        answer = client.post(path, files=upload(BRITAIN), data={"recognizer": name})
        assert answer.status_code == status
        assert message in answer.text


@pytest.mark.parametrize(
    ("error", "status", "retry_after"),
    [
        (RemoteModelError("The model 'far' did not answer within 20 s."), 502, None),
        (BudgetError(spent=1, cap=1, retry_after_s=59.2), 503, "60"),
    ],
    ids=["a service that fails", "a day that has cost enough"],
)
def test_a_failing_service_is_no_photo_without_plates(
    sqlite_server: Server,
    monkeypatch: pytest.MonkeyPatch,
    error: PlatewatchError,
    status: int,
    retry_after: str | None,
) -> None:
    def fail(*_: object) -> ImageReadings:
        raise error

    monkeypatch.setattr(PlateReader, "read_image", fail)
    answer = sqlite_server.admin().post("/api/v1/read", files=upload(BRITAIN))
    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, retry_after)
    assert answer.json()["detail"] == str(error)


def test_an_installed_model_is_chosen_like_a_recognizer(sqlite_server: Server, tmp_path: Path) -> None:
    models = sqlite_server.runtime.settings.models_folder
    install(write_slot_model(tmp_path / "exported", name="mine"), models)
    client = sqlite_server.admin()
    assert client.post("/api/v1/read", files=upload(BRITAIN), data={"recognizer": "mine"}).status_code == 200
    spare = sqlite_server.runtime.reading.spare_reader
    assert spare.run("mine", lambda reader: reader.recognizer_name) == "mine"
    remove("mine", models)
    assert client.post("/api/v1/read", files=upload(BRITAIN), data={"recognizer": "mine"}).status_code == 422
