"""The dashboard's files under `/app/`; its own router shows the page that the address names."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

router = APIRouter(include_in_schema=False)

STATIC_FOLDER = Path(__file__).parent / "static"
_NEVER_CHANGES = "public, max-age=31536000, immutable"
_ASK_EACH_TIME = "no-cache"
_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>platewatch</title>
<h1>The dashboard is not built</h1><p>Run <code>make dashboard</code> in the checkout and load this page again.
The API works without it.</p></html>"""


@router.get("/app")
async def read_bare_address() -> Response:
    return RedirectResponse("/app/", HTTPStatus.PERMANENT_REDIRECT)


@router.get("/app/{path:path}")
def read_dashboard(path: str) -> Response:
    """A file of the dashboard, or its page for any other address."""
    root = STATIC_FOLDER.resolve()
    if file := _file_below(root, path):
        forever = path.startswith("assets/")
        return FileResponse(file, headers={"Cache-Control": _NEVER_CHANGES if forever else _ASK_EACH_TIME})
    if path.startswith("assets/"):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    page = root / "index.html"
    if not page.is_file():
        return HTMLResponse(_NOT_BUILT, HTTPStatus.SERVICE_UNAVAILABLE)
    return FileResponse(page, headers={"Cache-Control": _ASK_EACH_TIME})


def _file_below(root: Path, path: str) -> Path | None:
    """The file of that path, or None where there is none or the path leads out of the folder."""
    try:
        file = (root / path).resolve()
        return file if file.is_relative_to(root) and file.is_file() else None
    except (OSError, ValueError):
        return None  # no name that a file can have: too long, or with a NUL
