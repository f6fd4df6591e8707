"""`/outputs/...` and `/static/...`: pictures of detections, and files that somebody put into the data folder."""

from __future__ import annotations

import re
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response
from starlette.exceptions import HTTPException

from platewatch.db.base import MAX_ID
from platewatch.errors import NotFoundError
from platewatch.sightings.endpoints.dependencies import RecorderDep
from platewatch.sightings.recorder import Recorder
from platewatch.web.dependencies import OPENAPI_SECURITY, Reader, StateDep
from platewatch.web.error_shapes import DETAIL_ERRORS

_PICTURE: Final = re.compile(r"(uploaded|annotated|plates)/([1-9][0-9]{0,18})\.jpg", re.ASCII)
_PRIVATE: Final = {"Cache-Control": "private, no-cache"}
_FILE: dict[int | str, dict[str, Any]] = {200: {"content": {"*/*": {}}, "description": "the file"}}

router = APIRouter(tags=["Galaxy ALPR"], dependencies=OPENAPI_SECURITY, responses=DETAIL_ERRORS)


@router.get("/outputs/{path:path}", response_class=Response, responses=_FILE)
def read_output(path: str, state: StateDep, recorder: RecorderDep, _reader: Reader) -> Response:
    """Give a picture of a detection, or another file below `outputs/` in the data folder."""
    named = _PICTURE.fullmatch(path)
    if named is None:
        return _file_answer(state.settings.data / "outputs", path)
    return Response(_picture(recorder, named[1], int(named[2])), media_type="image/jpeg", headers=_PRIVATE)


@router.get("/static/{path:path}", response_class=Response, responses=_FILE)
def read_static(path: str, state: StateDep, _reader: Reader) -> Response:
    """Give a file below `static/` in the data folder."""
    return _file_answer(state.settings.data / "static", path)


def _picture(recorder: Recorder, folder: str, row_id: int) -> bytes:
    """The picture as JPEG.

    Raises:
        NotFoundError: there is no such picture, or it was deleted.
    """
    if row_id > MAX_ID:
        raise NotFoundError("picture", row_id)
    with recorder.database.reading() as session:
        service = recorder.sightings(session)
        if folder == "plates":
            return recorder.media.get(service.crop_key(row_id))
        image = service.image_or_raise(row_id)
        if folder == "uploaded":
            return recorder.media.get(image.media_key)
        photo = service.outlined_image(image)
    return recorder.annotated_jpeg(photo)


def _file_answer(root: Path, path: str) -> Response:
    file = file_below(root, path)
    if file is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return FileResponse(file, headers=_PRIVATE)


def file_below(root: Path, path: str) -> Path | None:
    """The file of that path; None where there is none, it is hidden, or the path leads out of the folder."""
    try:
        root = root.resolve()
        file = (root / path).resolve()
        if not file.is_relative_to(root) or not file.is_file():
            return None
        return None if any(part.startswith(".") for part in file.relative_to(root).parts) else file
    except (OSError, ValueError):
        return None  # no name that a file can have: too long, or with a NUL
