"""Servers for tests: the whole app on a test database, read with one reader that all tests share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from platewatch.app.main import create_app
from platewatch.app.runtime import Runtime
from platewatch.clock import Clock
from platewatch.reading.pool import ReaderPool
from platewatch.settings import Settings
from platewatch.vision.image import EncodedImage
from platewatch.vision.pipeline import PlateReader
from platewatch.vision.types import ImageReadings

SAMPLES = Path(__file__).parents[1] / "samples"
PASSWORD = "correct horse battery"


def samples() -> list[tuple[Path, str]]:
    """Each sample photo with the text of its first plate."""
    lines = [json.loads(line) for line in (SAMPLES / "labels.jsonl").read_text().splitlines()]
    return [(SAMPLES / line["image"], line["plates"][0]["text"]) for line in lines]


class Server:
    """A started app and the ways to call it."""

    def __init__(self, app: FastAPI, client: TestClient) -> None:
        self.app = app
        self.anonymous = client

    @property
    def runtime(self) -> Runtime:
        runtime: Runtime = self.app.state.runtime
        return runtime

    @property
    def media_files(self) -> list[Path]:
        folder = self.runtime.settings.data / "media"
        return [path for path in folder.rglob("*") if path.is_file() and path.suffix == ".jpg"]

    def new_client(
        self, address: str = "127.0.0.1", base_url: str = "http://localhost:8000", **options: Any
    ) -> TestClient:
        """A client without a log-in that calls from `address`."""
        return TestClient(self.app, client=(address, 50000), base_url=base_url, **options)

    def log_in(self, username: str = "ada", password: str = PASSWORD) -> TestClient:
        client = self.new_client()
        answer = client.post("/auth/login", json={"username": username, "password": password})
        assert answer.status_code == 200, answer.text
        return client

    def register(self, username: str = "ada", **fields: Any) -> Any:
        body = {"username": username, "password": PASSWORD, **fields}
        return self.new_client().post("/auth/register", json=body)

    def admin(self) -> TestClient:
        """The first account, logged in."""
        assert self.register().status_code == 201
        return self.log_in()

    def user(self, username: str, role: str = "operator") -> TestClient:
        """One more account, approved with this role and logged in; `ada` must be there as the first one."""
        registered = self.register(username)
        assert registered.status_code == 201, registered.text
        path = f"/api/v1/users/{registered.json()['data']['user_id']}"
        changed = self.log_in().patch(path, json={"role": role, "status": "active"})
        assert changed.status_code == 200, changed.text
        return self.log_in(username)

    def key_client(self, owner: TestClient, *scopes: str, **fields: Any) -> TestClient:
        """A client with a new API key of the owner's."""
        made = owner.post("/api/v1/api-keys", json={"name": "gate", "scopes": list(scopes), **fields})
        assert made.status_code == 201, made.text
        return self.new_client(headers={"Authorization": f"Bearer {made.json()['key']}"})


class BlindReader(PlateReader):
    """Sees no plates; for tests of what lies round the reading, which need no models."""

    def __init__(self) -> None:
        """Load nothing."""

    def warm_up(self) -> None:
        """Have nothing to run."""

    def read_image(self, image: EncodedImage) -> ImageReadings:
        return ImageReadings((), image.width, image.height, 0.0)


def routes_of(app: FastAPI) -> list[tuple[str, str]]:
    """Each route of the app as its method (`WS` for WebSockets) and its path."""
    found = []
    for included in app.routes:
        for route in included.original_router.routes:  # type: ignore[attr-defined]
            found += [(method, route.path) for method in sorted(getattr(route, "methods", None) or {"WS"})]
    return found


def migrate(settings: Settings) -> None:
    """Make the tables of the database of these settings; no connection stays open."""
    database = create_app(settings).state.runtime.database
    database.migrate()
    database.dispose()


@contextmanager
def started(settings: Settings, reader: PlateReader, clock: Clock | None = None) -> Iterator[Server]:
    """The app of these settings, started; its readers are replaced by the shared one."""
    app = create_app(settings, clock)
    runtime: Runtime = app.state.runtime
    runtime.reading.readers = ReaderPool(lambda: reader, 1, settings.waiting_line)
    with TestClient(app, client=("127.0.0.1", 50000), base_url="http://localhost:8000") as client:
        yield Server(app, client)


def upload(path: Path, field: str = "image") -> list[tuple[str, tuple[str, bytes, str]]]:
    """The photo as the `files` of a request."""
    return [(field, (path.name, path.read_bytes(), "image/jpeg"))]
