"""Schemathesis: requests made from the description of the API, good and bad ones; none may break the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import requests
import schemathesis
import structlog
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation, BaseSchema

from platewatch.access.actuators import Actuator
from platewatch.app.main import create_app
from platewatch.errors import GateError
from platewatch.settings import Settings
from tests.databases import Kind, empty_url
from tests.servers import BlindReader, Server, migrate, started

EXAMPLES = 5
OTHER_KEYS = 7
LEFT_OUT = {("get", "/api/v1/events")}
"""It never ends."""


def description() -> dict[str, Any]:
    """The API's own, without its ways to log in: those would be made up too, and every answer would be 401."""
    with TemporaryDirectory() as folder:
        told = create_app(Settings(data=Path(folder))).openapi()
    del told["components"]["securitySchemes"]
    for operations in told["paths"].values():
        for operation in operations.values():
            operation.pop("security", None)
    return told


DESCRIPTION = description()
CASES = [
    pytest.param(method, path, mode, id=f"{method} {path} {mode.value}")
    for path, operations in DESCRIPTION["paths"].items()
    for method, operation in operations.items()
    for mode in GenerationMode
    if (method, path) not in LEFT_OUT
    if mode is GenerationMode.POSITIVE or operation.get("parameters") or operation.get("requestBody")
]


class NamedReader(BlindReader):
    """Sees no plates, under names that a row can have."""

    def __init__(self) -> None:
        """Load nothing."""
        self.detector_name = self.recognizer_name = "blind"


def refuse(_actuator: Actuator, _within_s: float) -> str:
    raise GateError("no gate is opened in this test")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all requests, so that what some of them made is there for others."""
    folder = tmp_path_factory.mktemp("generated")
    with ExitStack() as stack:
        # The default shows every variable of a crash, which takes a minute.
        stack.callback(structlog.reset_defaults)
        structlog.configure(
            processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        )
        url = stack.enter_context(empty_url(Kind.SQLITE, folder, "generated"))
        chosen = Settings(data=folder, database_url=url, bcrypt_rounds=4, rate_limit=0, rate_limit_anonymous=0)
        migrate(chosen)
        server = stack.enter_context(started(chosen, NamedReader()))
        # Made-up gates have whatever address; nothing is sent there.
        server.runtime.gates._opening = refuse
        yield server


@pytest.fixture(scope="module")
def client(server: Server) -> TestClient:
    """A key with every right, whose id is none of the first that are tried."""
    admin = server.admin()
    for _ in range(OTHER_KEYS):
        server.key_client(admin, "read")
    return server.key_client(admin, "read", "recognize", "manage")


@pytest.fixture(scope="module")
def schema() -> BaseSchema:
    return schemathesis.openapi.from_dict(DESCRIPTION)


@pytest.mark.parametrize(("method", "path", "mode"), CASES)
def test_no_request_breaks_the_server(
    schema: BaseSchema, client: TestClient, method: str, path: str, mode: GenerationMode
) -> None:
    operation: APIOperation[Any, Any, Any, Any] = schema[path][method]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        request = case.as_transport_kwargs(base_url="http://localhost:8000")
        prepared = requests.Request(**request).prepare()
        headers = {name: str(value) for name, value in prepared.headers.items()}
        content: Any = prepared.body or b""
        answer = client.request(method, str(prepared.url), headers=headers, content=content)
        assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR, (request, answer.text)

    try:
        send()
    except Unsatisfiable:
        pytest.skip("nothing of this kind can be made for it")
