"""The description of the API (OpenAPI) and a page that shows it, from files of this server only."""

from __future__ import annotations

from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from platewatch.web.dependencies import PrincipalDep

router = APIRouter(include_in_schema=False)

PROBLEM_MEDIA_TYPE = "application/problem+json"
_PROBLEM = "#/components/schemas/Problem"
_FILES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>platewatch API</title>
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#page",
  deepLinking: true,
  docExpansion: "none",
  persistAuthorization: false,
  validatorUrl: null,
});
"""


class DescribedApp(FastAPI):
    """An app whose description has the errors as they are sent."""

    def openapi(self) -> dict[str, Any]:
        """The description; problem details have their own media type in it."""
        if self.openapi_schema is None:
            schema = super().openapi()
            for operations in schema["paths"].values():
                for operation in operations.values():
                    _name_problems(operation)
        return super().openapi()


def _name_problems(operation: dict[str, Any]) -> None:
    """Give errors their media type, whatever the operation answers else; another system's errors stay as they are."""
    for status, answer in operation["responses"].items():
        models = {content.get("schema", {}).get("$ref", _PROBLEM) for content in answer.get("content", {}).values()}
        if status == "4XX" and models == {_PROBLEM}:
            answer["content"] = {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": _PROBLEM}}}


@router.get("/openapi.json")
def read_openapi(request: Request, _principal: PrincipalDep) -> dict[str, Any]:
    """Give the description of the API."""
    schema: dict[str, Any] = request.app.openapi()
    return schema


@router.get("/api/docs")
def read_page(_principal: PrincipalDep) -> HTMLResponse:
    """Show the description, with a form to try each operation."""
    return HTMLResponse(_PAGE)


@router.get("/api/docs/start.js")
def read_start() -> Response:
    """Start the page; a file of its own, because the security policy forbids scripts within pages."""
    return Response(_START, media_type="text/javascript")


@router.get("/api/docs/{name}")
def read_page_file(name: str) -> Response:
    """Give a file of Swagger UI, as fastapi-offline packs it."""
    if name not in _FILES:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return FileResponse(
        _package_files() / name, media_type=_FILES[name], headers={"Cache-Control": "public, max-age=86400"}
    )


def _package_files() -> Path:
    # Found but not imported: only its files are wanted.
    package = find_spec("fastapi_offline")
    if package is None or package.origin is None:
        raise RuntimeError("The package fastapi-offline is not installed; install platewatch again.")
    return Path(package.origin).parent / "static"
