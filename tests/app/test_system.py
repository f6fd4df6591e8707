from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from platewatch.app.main import create_app
from platewatch.db.engine import Database
from platewatch.errors import ModelFileError
from platewatch.settings import Settings
from platewatch.version import VERSION
from tests.servers import BlindReader, Server, started

PATIENCE_S = 20
CHECKOUT = Path(__file__).parents[2]

StartServer = Callable[..., Server]


def health_when(client: TestClient, model_state: str) -> Any:
    """The answer of `/health` as soon as the models are in this state."""
    deadline_s = time.monotonic() + PATIENCE_S
    while (answer := client.get("/health")).json()["models"]["state"] != model_state:
        assert time.monotonic() < deadline_s, answer.text
        time.sleep(0.01)
    return answer


class SlowReader(BlindReader):
    def __init__(self) -> None:
        self.may_go_on = threading.Event()

    def warm_up(self) -> None:
        assert self.may_go_on.wait(PATIENCE_S)


class BrokenReader(BlindReader):
    def __init__(self, error: Exception) -> None:
        self.error = error

    def warm_up(self) -> None:
        raise self.error


@pytest.fixture
def own_settings(tmp_path: Path) -> Settings:
    """Settings with a database that no other test uses."""
    settings = Settings(data=tmp_path, database_url=f"sqlite:///{tmp_path}/own.db", bcrypt_rounds=4)
    database = Database(settings.effective_database_url)
    database.migrate()
    database.dispose()
    return settings


def test_a_ready_server_is_healthy_and_says_what_it_works_with(server: Server) -> None:
    answer = health_when(server.anonymous, "ready")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "healthy",
        "service": "platewatch",
        "version": VERSION,
        "endpoints": {"auth": "/auth/*", "api": "/api/*"},
        "database": {"state": "ready", "kind": server.runtime.database.engine.dialect.name},
        "storage": {"state": "ready"},
        "models": {
            "state": "ready",
            "detector": "platewatch",
            "recognizer": "platewatch",
            "error": None,
            "readers": 1,
            "busy": 0,
            "waiting": 0,
        },
    }


def test_a_server_is_not_ready_while_its_models_load(own_settings: Settings) -> None:
    reader = SlowReader()
    with started(own_settings, reader) as server:
        loading = server.anonymous.get("/health")
        assert (loading.status_code, loading.json()["status"]) == (503, "unhealthy")
        assert loading.json()["models"]["state"] == "loading"
        assert server.anonymous.get("/health/live").status_code == 200
        reader.may_go_on.set()
        assert health_when(server.anonymous, "ready").status_code == 200


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ModelFileError("The file '/srv/x.onnx' is damaged."), "The file '/srv/x.onnx' is damaged."),
        (ZeroDivisionError("/srv/oops"), "ZeroDivisionError"),
    ],
    ids=["foreseen", "unforeseen"],
)
def test_a_server_whose_models_fail_runs_on_and_says_why_in_its_log_alone(
    own_settings: Settings, error: Exception, says: str, log_folder: Path
) -> None:
    with started(own_settings, BrokenReader(error)) as server:
        failed = health_when(server.anonymous, "failed")
        assert (failed.status_code, failed.json()["status"]) == (503, "unhealthy")
        assert failed.json()["models"]["error"] == "The models can't be used. The server's error.log says why."
        assert "/srv" not in failed.text
        assert server.anonymous.get("/").status_code == 200
    assert says in (log_folder / "error.log").read_text()


def test_a_server_whose_database_is_gone_is_not_ready_but_alive(own_settings: Settings) -> None:
    with started(own_settings, BlindReader()) as server:
        assert health_when(server.anonymous, "ready").status_code == 200
        server.runtime.database.dispose()
        for file in own_settings.data.glob("own.db*"):
            file.write_bytes(b"this is not a database any more " * 100)
        gone = server.anonymous.get("/health")
        assert (gone.status_code, gone.json()["status"]) == (503, "unhealthy")
        assert gone.json()["database"] == {"state": "unreachable", "kind": "sqlite"}
        assert str(own_settings.data) not in gone.text
        assert server.anonymous.get("/health/live").json() == {"status": "alive"}


@pytest.mark.parametrize("accept", [None, "*/*", "application/json"], ids=["nothing", "anything", "JSON"])
def test_programs_are_welcomed_at_the_root(sqlite_server: Server, accept: str | None) -> None:
    headers = {} if accept is None else {"Accept": accept}
    answer = sqlite_server.anonymous.get("/", headers=headers, follow_redirects=False)
    assert answer.json() == {"message": "platewatch is running", "version": VERSION, "status": "healthy"}
    assert answer.headers["vary"] == "Accept"


def test_browsers_are_sent_from_the_root_to_the_dashboard(sqlite_server: Server) -> None:
    headers = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer = sqlite_server.anonymous.get("/", headers=headers, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/app/")
    assert answer.headers["vary"] == "Accept"


@pytest.fixture(scope="module")
def openapi(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return create_app(Settings(data=tmp_path_factory.mktemp("openapi"))).openapi()


def operations(openapi: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method} {path}", operation)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    ]


def has_example(openapi: dict[str, Any], schema: Any, seen: frozenset[str] = frozenset()) -> bool:
    """Whether the schema, or one that it is made of, shows an example or names the only values there are."""
    if isinstance(schema, list):
        return any(has_example(openapi, part, seen) for part in schema)
    if not isinstance(schema, dict):
        return False
    reference = schema.get("$ref")
    if reference and reference not in seen:
        return has_example(openapi, openapi["components"]["schemas"][reference.rsplit("/")[-1]], seen | {reference})
    if {"examples", "const", "enum"} & schema.keys():
        return True
    return any(has_example(openapi, part, seen) for part in schema.values())


def test_the_served_description_is_the_apps_own(sqlite_server: Server) -> None:
    answer = sqlite_server.admin().get("/openapi.json")
    assert answer.json() == json.loads(json.dumps(sqlite_server.app.openapi()))


def test_every_operation_has_a_summary_a_description_and_a_tag(openapi: dict[str, Any]) -> None:
    lacking = [
        name
        for name, operation in operations(openapi)
        if not (operation.get("summary") and operation.get("description") and operation.get("tags"))
    ]
    assert lacking == []
    assert len(operations(openapi)) >= 20


def test_no_two_operations_share_their_id(openapi: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, operation in operations(openapi)]
    assert len(set(ids)) == len(ids)


def test_every_json_body_and_answer_has_an_example(openapi: dict[str, Any]) -> None:
    lacking = []
    for name, operation in operations(openapi):
        contents = [operation.get("requestBody", {}), *operation["responses"].values()]
        bodies = [c["content"]["application/json"] for c in contents if "application/json" in c.get("content", {})]
        schemas = [body["schema"] for body in bodies if "schema" in body]  # a file has none
        lacking += [name for schema in schemas if not has_example(openapi, schema)]
    assert lacking == []


def test_every_operation_that_needs_a_log_in_says_so(openapi: dict[str, Any]) -> None:
    public = {name for name, operation in operations(openapi) if not operation.get("security")}
    assert public == {
        "get /",
        "get /health",
        "get /health/live",
        "get /auth/register",
        "post /auth/register",
        "post /auth/login",
    }


def test_the_dashboards_copy_of_the_description_is_up_to_date(openapi: dict[str, Any]) -> None:
    copy = CHECKOUT / "dashboard" / "openapi.json"
    assert json.loads(copy.read_text(encoding="utf-8")) == json.loads(json.dumps(openapi)), "run `make openapi`"
