"""The page that maps the three documents names routes, tests and files that are there, and none of ours is missing."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from platewatch.app.main import create_app
from platewatch.settings import Settings
from tests.servers import routes_of

CHECKOUT = Path(__file__).parents[2]
PAGE = (CHECKOUT / "docs" / "seeds.md").read_text(encoding="utf-8")
TAGS = {"CarWatch", "Galaxy ALPR", "SecurePass"}


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)
    assert len(named) > 50
    for file, test in named:
        tree = ast.parse((CHECKOUT / file).read_text(encoding="utf-8"))
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert not test or test in functions, f"{file}::{test}"


def test_every_file_that_is_named_is_there() -> None:
    paths = re.findall(r"`((?:src|deploy)/[\w./]*)`", PAGE) + [
        f"docs/{name}" for name in re.findall(r"\]\(([\w./-]+)\)", PAGE)
    ]
    assert [path for path in paths if not (CHECKOUT / path).exists()] == []


def named_routes() -> set[tuple[str, str]]:
    return set(re.findall(r"`(GET|POST|PUT|DELETE|WS) (/[^`\s]*)`", PAGE))


def test_every_route_that_is_named_is_there(tmp_path: Path) -> None:
    routes = {(method, path.replace(":path}", "}")) for method, path in routes_of(create_app(Settings(data=tmp_path)))}
    assert named_routes() - routes == set()


def test_no_route_of_the_three_systems_is_left_out(tmp_path: Path) -> None:
    described = create_app(Settings(data=tmp_path)).openapi()["paths"]
    theirs = {
        (method.upper(), path)
        for path, operations in described.items()
        for method, operation in operations.items()
        if TAGS & set(operation["tags"])
    }
    assert len(theirs) >= 25
    assert theirs - named_routes() == set()
