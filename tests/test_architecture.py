"""The rooms of the design, and which of them may see which."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "platewatch"

CORE = {
    "background",
    "plates",
    "settings",
    "setting_values",
    "environment",
    "installation",
    "data_folder",
    "errors",
    "logs",
    "clock",
    "csv_rows",
    "fields",
    "keyfile",
    "memory",
    "redaction",
    "sealing",
    "version",
    "zones",
    "forwarding",
}
PARTS = {"vision", "media", "db", "notify", "ephemeral"}
READING = {"reading"}
WEB = {"web"}
"""What a route needs of a request, below the features."""
FEATURES = {
    "events",
    "audit",
    "sightings",
    "users",
    "cameras",
    "server_settings",
    "locations",
    "visits",
    "statistics",
    "watchlists",
    "access",
}
JOBS = {"imports", "privacy", "datasets", "maintenance"}
"""What works through many rows or photos: it uses the features, none of which knows it."""
BORDERS = {"compat"}
ENTRY = {"cli", "app", "__main__"}
LAYERS = [CORE, PARTS, READING, WEB, FEATURES, JOBS, BORDERS, ENTRY]
ROOMS = set().union(*LAYERS)

SEES_ONLY = {"plates": {"errors"}, "vision": {"plates", "errors"}, "datasets": CORE | {"vision"}}

UPWARD = {("web", "users"), ("web", "audit")}
"""The only arrows that go up: a request has a caller, and some requests are noted."""
HTTP = r"(app/.*|web/.*|compat/.*|[a-z_]+/endpoints(/.*)?|events/websocket)\.py"
"""Modules that speak HTTP."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        yield path.relative_to(SOURCE).as_posix(), ast.parse(path.read_text())


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(file: str) -> str:
    return file.split("/", maxsplit=1)[0].removesuffix(".py")


def is_allowed(file: str, imported: str) -> bool:
    """Whether the module may import `platewatch.<imported>`."""
    room, target = room_of(file), imported.split(".", maxsplit=1)[0]
    if target == room or target not in ROOMS or room == "__init__":
        return True
    if (room, target) in UPWARD:
        return True
    if room in SEES_ONLY:
        return target in SEES_ONLY[room]
    level = next(number for number, layer in enumerate(LAYERS) if room in layer)
    target_level = next(number for number, layer in enumerate(LAYERS) if target in layer)
    if room in FEATURES and target in FEATURES:
        return imported.split(".")[1:2] in ([], ["service"]) or file.endswith("endpoints.py")
    if room in CORE | ENTRY:
        return target_level <= level
    return target_level < level


def ours(tree: ast.AST) -> Iterator[str]:
    for name in imports(tree):
        if name.startswith("platewatch."):
            yield name.removeprefix("platewatch.")


def test_every_room_has_its_layer() -> None:
    rooms = {room_of(file) for file, _ in modules()} - {"__init__"}
    assert rooms == ROOMS


@pytest.mark.parametrize(("file", "tree"), [pytest.param(f, t, id=f) for f, t in modules()])
def test_imports_go_downward_only(file: str, tree: ast.Module) -> None:
    assert [name for name in ours(tree) if not is_allowed(file, name)] == []


@pytest.mark.parametrize(
    ("file", "imported", "allowed"),
    [
        ("vision/pipeline.py", "settings", False),
        ("vision/pipeline.py", "errors", True),
        ("vision/judging.py", "plates.text", True),
        ("vision/pipeline.py", "reading.service", False),
        ("reading/service.py", "vision.pipeline", True),
        ("reading/service.py", "sightings.recorder", False),
        ("plates/text.py", "errors", True),
        ("plates/text.py", "settings", False),
        ("plates/matching.py", "vision.judging", False),
        ("db/engine.py", "plates.text", True),
        ("datasets/clean.py", "vision.pipeline", True),
        ("datasets/clean.py", "db.engine", False),
        ("datasets/clean.py", "users.service", False),
        ("db/engine.py", "media.store", False),
        ("notify/outbox.py", "db.engine", False),
        ("notify/outbox.py", "web.dependencies", False),
        ("events/websocket.py", "web.dependencies", True),
        ("events/websocket.py", "app.runtime", False),
        ("web/dependencies.py", "users.principal", True),
        ("web/dependencies.py", "sightings.service", False),
        ("web/dependencies.py", "app.runtime", False),
        ("sightings/service.py", "users.service", True),
        ("sightings/service.py", "users.repository", False),
        ("sightings/endpoints/recording.py", "web.dependencies.StateDep", True),
        ("sightings/endpoints/recording.py", "app.runtime", False),
        ("sightings/service.py", "compat.carwatch", False),
        ("compat/carwatch.py", "sightings.service", True),
        ("settings/loading.py", "db.engine", False),
        ("cli/server.py", "app.main", True),
    ],
)
def test_the_rule_itself_tells_right_from_wrong(file: str, imported: str, allowed: bool) -> None:
    assert is_allowed(file, imported) is allowed


ONLY_IN = [
    pytest.param("onnxruntime", r"vision/inference/session\.py", id="ONNX Runtime"),
    pytest.param("fastapi", HTTP, id="FastAPI"),
    pytest.param("torch", r"", id="torch never"),
    pytest.param("zoneinfo", r"zones\.py", id="time zones"),
]


@pytest.mark.parametrize(("package", "where"), ONLY_IN)
def test_a_package_is_imported_in_its_place_only(package: str, where: str) -> None:
    users = {file for file, tree in modules() if package in {name.split(".")[0] for name in imports(tree)}}
    assert {file for file in users if not re.fullmatch(where, file)} == set()


@pytest.mark.parametrize(
    ("pattern", "where"),
    [
        pytest.param(r"os\.environ|os\.getenv|environb", "settings/loading.py", id="the environment"),
        pytest.param(r"cv2\.cvtColor|cv2\.COLOR_", "vision/image.py", id="color conversion"),
        pytest.param(r"datetime\.now\(|utcnow\(|time\.time\(", "clock.py", id="the time of day"),
        pytest.param(r"AwareDatetime|PastDatetime|FutureDatetime", "fields.py", id="times from outside"),
        pytest.param(r"(?i)at time zone|convert_tz|func\.timezone", "", id="zones in the database"),
    ],
)
def test_a_call_is_made_in_its_place_only(pattern: str, where: str) -> None:
    texts = {path.relative_to(SOURCE).as_posix(): path.read_text() for path in SOURCE.rglob("*.py")}
    assert {file for file, text in texts.items() if re.search(pattern, text)} <= {where}
