"""`/api/v1/imports`: photos from a folder or an archive, read in the background."""

from __future__ import annotations

import secrets
import shutil
from http import HTTPStatus
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Path, Query, UploadFile

from platewatch.db.base import MAX_ID
from platewatch.fields import NO_CONTROLS
from platewatch.imports.schemas import (
    FolderImport,
    ImportFilePage,
    ImportFileQuery,
    ImportFileRead,
    ImportPage,
    ImportPlace,
    ImportQuery,
    ImportRead,
    ImportSource,
    ImportUpdate,
)
from platewatch.imports.service import ImportService, Origin
from platewatch.imports.sources import ArchiveLimits, allowed_folder, check_archive
from platewatch.imports.worker import ImportWorker
from platewatch.redaction import printable
from platewatch.vision.types import Direction
from platewatch.web.dependencies import OPENAPI_SECURITY, ActorDep, Manager, ReadingSession, StateDep

JobId = Annotated[int, Path(ge=1, le=MAX_ID)]
FormName = Annotated[str, Form(max_length=150, pattern=NO_CONTROLS, description="made on first mention")]
router = APIRouter(prefix="/api/v1", tags=["imports"], dependencies=OPENAPI_SECURITY)


@router.post("/imports/folder", status_code=HTTPStatus.CREATED)
def import_folder(body: FolderImport, state: StateDep, actor: ActorDep, _manager: Manager) -> ImportRead:
    """Import all photos of a folder on the server, which a setting must allow."""
    folder = str(allowed_folder(body.folder, state.settings.import_folders))
    origin = Origin(ImportSource.FOLDER, folder, folder)
    return _begin(state, origin, body, actor)


def get_place(
    camera: FormName = "",
    location: FormName = "",
    direction: Annotated[Direction, Form()] = Direction.UNKNOWN,
    record_known: Annotated[bool, Form(description="record photos even if they were recorded before")] = False,  # noqa: FBT002
) -> ImportPlace:
    return ImportPlace(camera=camera or None, location=location or None, direction=direction, record_known=record_known)


@router.post("/imports/archive", status_code=HTTPStatus.CREATED)
def import_archive(
    state: StateDep,
    actor: ActorDep,
    _manager: Manager,
    archive: Annotated[UploadFile, File(description="a ZIP file of photos")],
    place: Annotated[ImportPlace, Depends(get_place)],
) -> ImportRead:
    """Import all photos of a ZIP file. It is read in place, and deleted when all is done."""
    kept = state.part(ImportWorker).archives / f"{secrets.token_hex(16)}.zip"
    try:
        _keep(archive, kept)
        settings = state.settings
        check_archive(kept, ArchiveLimits(settings.import_max_files, settings.import_max_gb * 1024**3))
        origin = Origin(ImportSource.ARCHIVE, kept.name, printable(archive.filename or "archive.zip"))
        return _begin(state, origin, place, actor)
    except BaseException:
        kept.unlink(missing_ok=True)
        raise


@router.get("/imports")
def read_imports(
    query: Annotated[ImportQuery, Query()], state: StateDep, session: ReadingSession, _manager: Manager
) -> ImportPage:
    """List imports, newest first."""
    page = ImportService(session, state.clock).page(query)
    return ImportPage(items=[ImportRead.of(row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/imports/{job_id}")
def read_import(job_id: JobId, state: StateDep, session: ReadingSession, _manager: Manager) -> ImportRead:
    """Tell how far an import has come."""
    return ImportRead.of(ImportService(session, state.clock).get_or_raise(job_id))


@router.get("/imports/{job_id}/files")
def read_files(
    job_id: JobId,
    query: Annotated[ImportFileQuery, Query()],
    state: StateDep,
    session: ReadingSession,
    _manager: Manager,
) -> ImportFilePage:
    """List the files of an import, and what became of each."""
    rows, next_after_id = ImportService(session, state.clock).files(job_id, query)
    return ImportFilePage(items=[ImportFileRead.of(row) for row in rows], next_after_id=next_after_id)


@router.patch("/imports/{job_id}")
def update_import(job_id: JobId, body: ImportUpdate, state: StateDep, actor: ActorDep, _manager: Manager) -> ImportRead:
    """Pause an import, let it go on, or cancel it. The photo at hand is still recorded."""
    changed = state.database.transact(
        lambda session: ImportRead.of(ImportService(session, state.clock).update(job_id, body, actor))
    )
    state.part(ImportWorker).wake()
    return changed


@router.delete("/imports/{job_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_import(job_id: JobId, state: StateDep, actor: ActorDep, _manager: Manager) -> None:
    """Delete the record of an import that is over. The sightings stay."""
    state.database.transact(lambda session: ImportService(session, state.clock).delete(job_id, actor))


def _begin(state: StateDep, origin: Origin, place: ImportPlace, actor: ActorDep) -> ImportRead:
    begun = state.database.transact(
        lambda session: ImportRead.of(ImportService(session, state.clock).begin(origin, place, actor))
    )
    state.part(ImportWorker).wake()
    return begun


def _keep(upload: UploadFile, path: FilePath) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        shutil.copyfileobj(upload.file, file)
