"""Imports from the request to the last photo: progress, pausing, going on after a restart, and each photo once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from fastapi.testclient import TestClient

from platewatch.app.runtime import Runtime
from platewatch.audit.service import Actor
from platewatch.clock import Clock
from platewatch.db.engine import Database
from platewatch.db.leases import Leases
from platewatch.db.tables import ImportFileRow, ImportJobRow, LeaseRow, LocationRow, SightingRow
from platewatch.imports import worker
from platewatch.imports.schemas import FileState, ImportPlace, ImportSource
from platewatch.imports.service import ImportService, Origin, Outcome
from platewatch.imports.worker import ImportWorker
from platewatch.reading.photos import Photo, ReadPhoto
from platewatch.reading.pool import ReaderPool
from platewatch.reading.service import ReadingService
from platewatch.settings import Settings
from tests.db.rows import NOON
from tests.imports.archives import archive
from tests.imports.readers import BLACK, ColorReader, photo
from tests.servers import Server, started

PATIENCE_S = 60
OVER = {"done", "failed", "cancelled"}


def until(client: TestClient, job_id: int, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The import as soon as that is so."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        job: dict[str, Any] = client.get(f"/api/v1/imports/{job_id}").json()
        if is_so(job):
            return job
        time.sleep(0.02)
    raise AssertionError(job)


def finished(client: TestClient, job_id: int) -> dict[str, Any]:
    return until(client, job_id, lambda job: job["state"] in OVER)


def outcomes(client: TestClient, job_id: int) -> dict[str, tuple[str, int]]:
    items = client.get(f"/api/v1/imports/{job_id}/files").json()["items"]
    return {item["path"]: (item["state"], item["sightings"]) for item in items}


def send(client: TestClient, files: dict[str, bytes], tmp_path: Path, **fields: str) -> int:
    content = archive(tmp_path / "sent.zip", files).read_bytes()
    answer = client.post(
        "/api/v1/imports/archive", files={"archive": ("march.zip", BytesIO(content), "application/zip")}, data=fields
    )
    assert answer.status_code == 201, answer.text
    assert (answer.json()["state"], answer.json()["name"]) == ("queued", "march.zip")
    job_id: int = answer.json()["id"]
    return job_id


def plates(server: Server) -> list[str]:
    with server.runtime.database.reading() as session:
        return sorted(plate for (plate,) in session.query(SightingRow.plate))


def test_an_archive_is_imported_and_every_file_accounted_for(server: Server, tmp_path: Path) -> None:
    client = server.admin()
    with server.runtime.database.transaction() as session:
        session.add(LocationRow(name="north", time_zone="Europe/Berlin", created_at=NOON))
    files = {
        "a.jpg": photo(100, "2026:01:15 08:30:00"),
        "b/c.jpg": photo(150),
        "empty.jpg": photo(BLACK),
        "notes.txt": b"hello",
        "cut.jpg": photo(90)[:300],
    }
    job_id = send(client, files, tmp_path, location="north", camera="gate", direction="entering")
    job = finished(client, job_id)
    figures = [job[name] for name in ("state", "total", "done", "failed", "sightings", "is_listed")]
    assert figures == ["done", 5, 3, 2, 2, True]
    assert outcomes(client, job_id) == {
        "a.jpg": ("done", 1),
        "b/c.jpg": ("done", 1),
        "empty.jpg": ("done", 0),
        "notes.txt": ("failed", 0),
        "cut.jpg": ("failed", 0),
    }
    items = {item["plate"]: item for item in client.get("/api/v1/sightings?source=import").json()["items"]}
    assert set(items) == {"AB12100", "AB12150"}
    first = items["AB12100"]
    assert (first["location"], first["camera"], first["direction"]) == ("north", "gate", "entering")
    assert datetime.fromisoformat(first["captured_at"]) == datetime(2026, 1, 15, 7, 30, tzinfo=UTC)
    # Without a time of its own a photo has that of its entry in the archive.
    assert datetime.fromisoformat(items["AB12150"]["captured_at"]) == datetime(2026, 2, 3, 3, 5, 6, tzinfo=UTC)
    failed = client.get(f"/api/v1/imports/{job_id}/files?state=failed&limit=1").json()
    assert "Send a JPEG" in failed["items"][0]["error"]
    rest = client.get(f"/api/v1/imports/{job_id}/files?state=failed&after_id={failed['next_after_id']}").json()
    assert ([item["path"] for item in rest["items"]], rest["next_after_id"]) == (["cut.jpg"], None)


def test_photos_of_phones_come_with_their_times_and_without_clutter(sqlite_server: Server, tmp_path: Path) -> None:
    pillow_heif.register_heif_opener()
    client = sqlite_server.admin()
    files = {
        "IMG_1.HEIC": photo(100, "2026:01:15 08:30:00", "HEIF"),
        "IMG_2.avif": photo(150, "2026:01:15 09:30:00", "AVIF"),
        "__MACOSX/._IMG_1.HEIC": b"Mac OS X",
        "._IMG_2.avif": b"Mac OS X",
        ".DS_Store": b"Bud1",
    }
    job = finished(client, send(client, files, tmp_path, location="north"))
    assert [job[name] for name in ("state", "total", "failed", "sightings")] == ["done", 2, 0, 2]
    items = client.get("/api/v1/sightings?source=import").json()["items"]
    assert {item["plate"]: item["captured_at"] for item in items} == {
        "AB12100": "2026-01-15T08:30:00Z",
        "AB12150": "2026-01-15T09:30:00Z",
    }


def test_a_folder_of_the_server_is_imported_if_a_setting_allows_it(
    start_server: Callable[..., Server], tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(photo(100))
    client = start_server(import_folders=(folder,)).admin()
    refused = client.post("/api/v1/imports/folder", json={"folder": str(tmp_path)})
    assert refused.status_code == 403
    answer = client.post("/api/v1/imports/folder", json={"folder": str(folder)})
    assert answer.status_code == 201, answer.text
    assert finished(client, answer.json()["id"])["sightings"] == 1
    assert [job["name"] for job in client.get("/api/v1/imports").json()["items"]] == [str(folder)]


def test_an_import_is_paused_goes_on_and_is_cancelled(sqlite_server: Server, tmp_path: Path) -> None:
    client, gate, arrived = sqlite_server.admin(), threading.Semaphore(0), threading.Semaphore(0)

    class GatedReader(ColorReader):
        def read_image(self, image: Any) -> Any:
            arrived.release()
            assert gate.acquire(timeout=PATIENCE_S)
            return super().read_image(image)

    sqlite_server.runtime.reading.readers = ReaderPool(GatedReader, 1, 0)
    job_id = send(client, {f"{number}.jpg": photo(100 + 10 * number) for number in range(6)}, tmp_path)
    path = f"/api/v1/imports/{job_id}"
    try:
        assert arrived.acquire(timeout=PATIENCE_S)
        assert client.patch(path, json={"state": "paused"}).json()["state"] == "paused"
        gate.release()
        assert until(client, job_id, lambda job: job["done"] == 1)["state"] == "paused"
        assert not arrived.acquire(timeout=0.3)
        assert client.patch(path, json={"state": "paused"}).status_code == 409
        assert client.delete(path).status_code == 409
        assert client.patch(path, json={"state": "queued"}).json()["state"] == "queued"
        gate.release(2)
        until(client, job_id, lambda job: job["done"] == 3)
        assert client.patch(path, json={"state": "cancelled"}).json()["state"] == "cancelled"
    finally:
        gate.release(10)
    assert client.patch(path, json={"state": "queued"}).status_code == 409
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


def test_a_source_that_is_gone_fails_the_import_until_it_is_back(
    start_server: Callable[..., Server], tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    server = start_server(import_folders=(folder,))
    client = server.admin()
    with server.runtime.database.transaction() as session:
        origin = Origin(ImportSource.FOLDER, str(folder / "later"), "later")
        job_id = ImportService(session, server.runtime.clock).begin(origin, ImportPlace(), Actor()).id
    server.runtime.imports.wake()
    job = finished(client, job_id)
    assert job["state"] == "failed"
    assert "no folder" in job["error"]
    (folder / "later").mkdir()
    (folder / "later" / "a.jpg").write_bytes(photo(100))
    client.patch(f"/api/v1/imports/{job_id}", json={"state": "queued"})
    assert until(client, job_id, lambda job: job["state"] == "done")["sightings"] == 1


def test_too_many_files_fail_the_import(start_server: Callable[..., Server], tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.jpg").write_bytes(photo(100))
    client = start_server(import_folders=(folder,), import_max_files=3).admin()
    job_id = client.post("/api/v1/imports/folder", json={"folder": str(folder)}).json()["id"]
    assert "more than 3 files" in finished(client, job_id)["error"]


@pytest.mark.parametrize(
    ("files", "advice"),
    [
        pytest.param({"../a.jpg": b"x"}, "points to somewhere else", id="a way out"),
        pytest.param({str(number): b"" for number in range(6)}, "more than 5 files", id="too many"),
    ],
)
def test_a_bad_archive_is_refused_and_leaves_nothing(
    start_server: Callable[..., Server], tmp_path: Path, files: dict[str, bytes], advice: str
) -> None:
    server = start_server(import_max_files=5)
    content = archive(tmp_path / "sent.zip", files).read_bytes()
    answer = server.admin().post("/api/v1/imports/archive", files={"archive": ("a.zip", content, "application/zip")})
    assert answer.status_code == 422
    assert advice in answer.json()["detail"]
    assert list(server.runtime.imports.archives.iterdir()) == []


class DyingReading(ReadingService):
    """Its process is killed over the third photo, before or after that is recorded."""

    moment = "before the commit"
    photos = 0

    def read(self, photo: Photo, recognizer: str = "") -> ReadPhoto:
        self.photos += 1
        if self.photos == 3 and self.moment == "before the commit":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.photos == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().read(photo, recognizer)


def import_and_die(settings: Settings, moment: str) -> None:
    runtime = Runtime(settings, Clock())
    reading = DyingReading(settings, Clock())
    reading.moment = moment
    reading.readers = ReaderPool(ColorReader, 1, 4)
    ImportWorker(reading, runtime.recorder, runtime.imports.archives, 100).worker.start()
    threading.Event().wait(PATIENCE_S)


@pytest.mark.parametrize(("moment", "done"), [("before the commit", 2), ("after the commit", 3)])
def test_after_a_kill_an_import_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: ColorReader, moment: str, done: int
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.jpg").write_bytes(photo(100 + 10 * number))
    settings = Settings(data=tmp_path, database_url=f"sqlite:///{tmp_path}/x.db", bcrypt_rounds=4)
    database = Database(settings.effective_database_url)
    database.migrate()
    with database.transaction() as session:
        origin = Origin(ImportSource.FOLDER, str(folder), str(folder))
        job_id = ImportService(session, Clock()).begin(origin, ImportPlace(), Actor()).id
    child = multiprocessing.get_context("spawn").Process(target=import_and_die, args=(settings, moment))
    child.start()
    child.join(PATIENCE_S)
    assert child.exitcode == -signal.SIGKILL
    with database.reading() as session:
        assert session.query(ImportFileRow).filter_by(state="done").count() == done
        assert session.query(SightingRow).count() == done
    with database.transaction() as session:  # as if the dead process's lease had run out
        Leases(session).give_back(f"import {job_id}", holder_of(database, job_id))
    monkeypatch.setattr(worker, "POLL_S", 0.05)
    with started(settings, reader) as server:
        job = finished(server.admin(), job_id)
        assert (job["done"], job["sightings"]) == (6, 6)
        assert plates(server) == [f"AB12{100 + 10 * number}" for number in range(6)]
        assert server.runtime.media.pending() == []
    database.dispose()


def test_an_import_goes_on_after_the_clock_was_set_back(
    sqlite_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process had a clock two days ahead and died; its lease ends in two days."""
    monkeypatch.setattr(worker, "POLL_S", 0.05)
    client, runtime = sqlite_server.admin(), sqlite_server.runtime
    runtime.imports.worker.stop()
    job_id = send(client, {f"{number}.jpg": photo(60 + 10 * number) for number in range(3)}, tmp_path)
    with runtime.database.transaction() as session:
        ahead = runtime.clock.now() + timedelta(days=2)
        assert Leases(session).take(f"import {job_id}", "a process that died", ahead, worker.LEASE)
        session.get_one(ImportJobRow, job_id).state = "running"
    later = new_worker(runtime)
    later.worker.start()
    try:
        assert finished(client, job_id)["done"] == 3
    finally:
        later.worker.stop()


def test_a_worker_that_lost_its_import_leaves_it_alone(
    sqlite_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, runtime = sqlite_server.admin(), sqlite_server.runtime
    runtime.imports.worker.stop()
    job_id = send(client, {"1.jpg": photo(60)}, tmp_path)
    slow = new_worker(runtime)
    listed = worker.ImportWorker._file_rows

    def lose_the_lease(self: ImportWorker, job_id: int, source: Any) -> Any:
        with runtime.database.transaction() as session:
            session.query(LeaseRow).update({"holder": "another worker"})
        return listed(self, job_id, source)

    monkeypatch.setattr(worker.ImportWorker, "_file_rows", lose_the_lease)
    slow._take_up(job_id)
    job = client.get(f"/api/v1/imports/{job_id}").json()
    assert (job["state"], job["error"], job["is_listed"]) == ("running", None, False)
    assert holder_of(runtime.database, job_id) == "another worker"


def new_worker(runtime: Runtime) -> ImportWorker:
    return ImportWorker(runtime.reading, runtime.recorder, runtime.imports.archives, 100)


def holder_of(database: Database, job_id: int) -> str:
    with database.reading() as session:
        row = session.connection().exec_driver_sql(f"SELECT holder FROM leases WHERE name = 'import {job_id}'").one()
    return str(row[0])


def test_two_workers_share_the_imports_and_no_photo_is_recorded_twice(server: Server, tmp_path: Path) -> None:
    client = server.admin()
    others = [new_worker(server.runtime) for _ in range(2)]
    for other in others:
        other.worker.start()
    try:
        jobs = [
            send(client, {f"{number}.jpg": photo(50 + 10 * (5 * job + number)) for number in range(5)}, tmp_path)
            for job in range(3)
        ]
        for other in others:
            other.wake()
        assert [finished(client, job_id)["sightings"] for job_id in jobs] == [5, 5, 5]
    finally:
        for other in others:
            other.worker.stop()
    assert plates(server) == [f"AB12{50 + 10 * (5 * job + number):03d}" for job in range(3) for number in range(5)]


def test_what_became_of_a_file_is_settled_once(database: Database) -> None:
    clock = Clock()
    with database.transaction() as session:
        service = ImportService(session, clock)
        job = service.begin(Origin(ImportSource.FOLDER, "/x", "x"), ImportPlace(), Actor())
        file = ImportFileRow(job_id=job.id, path="a", state="waiting", sightings=0)
        session.add(file)
        session.flush()
        assert service.settle(job.id, Outcome(file.id, FileState.DONE, 2))
        assert not service.settle(job.id, Outcome(file.id, FileState.FAILED, error="x"))
    with database.reading() as session:
        row = ImportService(session, clock).get_or_raise(job.id)
        assert (row.done, row.failed, row.sightings) == (1, 0, 2)


def test_archives_without_an_import_are_cleared(start_server: Callable[..., Server], tmp_path: Path) -> None:
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "old.zip").write_bytes(b"x")
    os.utime(folder / "old.zip", (NOON.timestamp() - 7200,) * 2)
    (folder / "new.zip").write_bytes(b"x")
    os.utime(folder / "new.zip", (NOON.timestamp() - 60,) * 2)
    start_server()
    deadline = time.monotonic() + PATIENCE_S
    while (folder / "old.zip").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [path.name for path in folder.iterdir()] == ["new.zip"]
