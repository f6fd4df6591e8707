"""Reads the photos of imports, one after the other, and stops and goes on at any of them.

A file's row says what became of it and is written in the transaction that records its plates: whatever happens to the
process, each photo is recorded once. A lease decides which process works at an import.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from platewatch.background import BackgroundWorker
from platewatch.db.leases import Leases
from platewatch.db.tables import ImportFileRow, ImportJobRow
from platewatch.errors import BusyError, FieldError, InputError, PlatewatchError
from platewatch.imports.repository import ImportFileRepository, ImportJobRepository, failed_file, waiting_file
from platewatch.imports.schemas import FileState, ImportSource, ImportState
from platewatch.imports.service import ImportService, Outcome
from platewatch.imports.sources import ArchiveSource, FolderSource, Source, UnreadableFileError
from platewatch.reading.photos import Photo, ReadPhoto, open_photo
from platewatch.reading.service import ReadingService
from platewatch.sightings.capture_time import CaptureTime, CaptureZones, capture_time
from platewatch.sightings.recorder import Recorder
from platewatch.sightings.schemas import SightingSource
from platewatch.sightings.service import Circumstances, SightingService
from platewatch.sightings.staging import StagedPhoto
from platewatch.vision.types import Direction

LEASE: Final = timedelta(seconds=30)
POLL_S: Final = 2.0
_BUSY_S: Final = 1.0
_LISTED_AT_ONCE: Final = 1000
_MAX_PATH: Final = 500
_FORGOTTEN_AFTER: Final = timedelta(hours=1)

log = structlog.get_logger(__name__)


class _SettledElsewhereError(Exception):
    """Another worker was faster with this file; nothing of this one's work may stay."""


class _LeaseLostError(Exception):
    """Another worker has taken the import over; this one leaves it alone."""


class ImportWorker:
    """Takes up imports that wait, and those whose process died."""

    def __init__(self, reading: ReadingService, recorder: Recorder, archives: Path, max_files: int) -> None:
        self._database = recorder.database
        self._clock = recorder.clock
        self._reading = reading
        self._recorder = recorder
        self.archives = archives
        self._max_files = max_files
        self._holder = secrets.token_hex(16)
        self.worker = BackgroundWorker("imports", self._work_off, POLL_S)

    def wake(self) -> None:
        """Look at once whether there is something to do."""
        self.worker.wake()

    def _work_off(self) -> None:
        self._clear_archives()
        for job_id in self._waiting():
            if not self.worker.is_stopping():
                self._take_up(job_id)

    def _waiting(self) -> list[int]:
        with self._database.reading() as session:
            return ImportJobRepository(session).ids_at_work()

    def _take_up(self, job_id: int) -> None:
        job = self._database.transact(lambda session: self._begin(session, job_id))
        if job is None:
            return
        log.info("import.began", job=job_id)
        error = None
        try:
            with closing(_source_of(job, self.archives)) as source:
                is_over = self._work(job, source)
        except _LeaseLostError:
            is_over = False
        except PlatewatchError as problem:
            is_over, error = True, str(problem)
        except Exception as problem:  # a bug must not be met again every two seconds
            log.exception("import.crashed", job=job_id)
            is_over, error = (
                True,
                f"Something went wrong; the server's error.log has more ({type(problem).__name__}).",
            )
        self._database.transact(lambda session: self._end(session, job_id, is_over=is_over, error=error))
        log.info("import.stopped", job=job_id, over=is_over, error=error)

    def _begin(self, session: Session, job_id: int) -> ImportJobRow | None:
        """The import, which is this worker's now; None if it is another one's."""
        if not self._renew(session, job_id):
            return None
        row = session.get(ImportJobRow, job_id, populate_existing=True)
        if row is None or row.state not in (ImportState.QUEUED, ImportState.RUNNING):
            Leases(session).give_back(_lease(job_id), self._holder)
            return None
        row.state = ImportState.RUNNING
        row.started_at = row.started_at or self._clock.now()
        return row

    def _end(self, session: Session, job_id: int, *, is_over: bool, error: str | None) -> None:
        if is_over:
            ImportService(session, self._clock).end(job_id, error)
        Leases(session).give_back(_lease(job_id), self._holder)

    def _work(self, job: ImportJobRow, source: Source) -> bool:
        """Whether the import is over; otherwise somebody stopped it, or the server stops."""
        if not job.is_listed:
            self._list(job, source)
        zones = self._recorder.capture_zones(camera=job.camera, location=job.location)
        while not self.worker.is_stopping():
            file = self._database.transact(lambda session: self._next(session, job.id))
            if isinstance(file, bool):
                return file
            self._do(job, file, source, zones)
        return False

    def _next(self, session: Session, job_id: int) -> ImportFileRow | bool:
        """The next file; True if there is none left, False if this worker has to stop."""
        state = session.scalar(select(ImportJobRow.state).where(ImportJobRow.id == job_id))
        if state != ImportState.RUNNING or not self._renew(session, job_id):
            return False
        return ImportFileRepository(session).next_waiting(job_id) or True

    def _renew(self, session: Session, job_id: int) -> bool:
        return Leases(session).take(_lease(job_id), self._holder, self._clock.now(), LEASE)

    def _list(self, job: ImportJobRow, source: Source) -> None:
        """Write down all files. A worker that began this before may have died over it, so begin again.

        Raises:
            FieldError: there are too many.
            _LeaseLostError: another worker has taken the import over.
        """
        self._database.transact(lambda session: ImportFileRepository(session).delete_of(job.id))
        for rows in self._file_rows(job.id, source):
            self._database.transact(lambda session, rows=rows: self._add_files(session, job.id, rows))  # type: ignore[misc]
        self._database.transact(lambda session: _count(session, job.id))

    def _file_rows(self, job_id: int, source: Source) -> Iterator[list[dict[str, Any]]]:
        rows: list[dict[str, Any]] = []
        seen: set[str] = set()
        for number, path in enumerate(source.paths(), 1):
            if number > self._max_files:
                raise FieldError("folder", f"There are more than {self._max_files} files. Import part after part.")
            row = self._file_row(job_id, path)
            # Some databases take no notice of spaces at the end.
            if row["path"].rstrip() not in seen:
                seen.add(row["path"].rstrip())
                rows.append(row)
            if len(rows) == _LISTED_AT_ONCE:
                yield rows
                rows = []
        yield rows

    def _file_row(self, job_id: int, path: str) -> dict[str, Any]:
        shown = path.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
        if shown == path and len(path) <= _MAX_PATH:
            return waiting_file(job_id, path)
        problem = "The file's name is too long or not in UTF-8. Rename it."
        return failed_file(job_id, shown[-_MAX_PATH:], problem, self._clock.now())

    def _add_files(self, session: Session, job_id: int, rows: list[dict[str, Any]]) -> None:
        if not self._renew(session, job_id):
            raise _LeaseLostError
        ImportFileRepository(session).add_all(rows)

    def _do(self, job: ImportJobRow, file: ImportFileRow, source: Source, zones: CaptureZones) -> None:
        """Read one file and record what is in it, unless the photo is known."""
        try:
            found = source.read(file.path, self._reading.limits.max_bytes, zones.of_files)
            photo = open_photo(file.path, found.data, self._reading.limits)
            time = capture_time(found.data, zones, self._clock.now(), changed_at=found.changed_at)
            circumstances = _circumstances(job, time)
            known = self._recorder.find_known(found.data, circumstances)
            read = None if known else self._read(photo)
        except InputError as error:
            self._settle(job.id, Outcome(file.id, FileState.FAILED, error=str(error)))
            return
        if known:
            self._settle(job.id, Outcome(file.id, FileState.DONE, time=time, known_sighting_id=known[0].id))
        elif read is not None and not read.found.readings:
            self._settle(job.id, Outcome(file.id, FileState.DONE, time=time))
        elif read is not None:
            self._record(file, read, circumstances, time)

    def _read(self, photo: Photo) -> ReadPhoto | None:
        """The photo's plates; None if the server stops before a reader is free."""
        while not self.worker.is_stopping():
            try:
                return self._reading.read(photo)
            except BusyError:
                # People come first: the waiting line is theirs.
                self.worker.wait(_BUSY_S)
        return None

    def _record(self, file: ImportFileRow, read: ReadPhoto, circumstances: Circumstances, time: CaptureTime) -> None:
        def record(session: Session, service: SightingService, photo: StagedPhoto) -> None:
            recorded = service.record_photo(photo, circumstances)
            known = recorded.sightings[0].id if recorded.is_known else None
            sightings = 0 if recorded.is_known else len(recorded.sightings)
            outcome = Outcome(file.id, FileState.DONE, sightings, time, known_sighting_id=known)
            if not ImportService(session, self._clock).settle(file.job_id, outcome):
                raise _SettledElsewhereError

        try:
            self._recorder.record([read], lambda session, service, staged: record(session, service, staged[0]))
        except _SettledElsewhereError:
            log.info("import.settled_elsewhere", job=file.job_id, file=file.id)

    def _settle(self, job_id: int, outcome: Outcome) -> None:
        self._database.transact(lambda session: ImportService(session, self._clock).settle(job_id, outcome))

    def _clear_archives(self) -> None:
        """Delete archives whose import is over, or was never begun because the server died over its upload."""
        if not self.archives.is_dir():
            return
        with self._database.reading() as session:
            needed = ImportJobRepository(session).archives()
        for path in self.archives.iterdir():
            age = self._clock.now().timestamp() - path.stat().st_mtime
            if path.name not in needed and age > _FORGOTTEN_AFTER.total_seconds():
                path.unlink(missing_ok=True)


def _source_of(job: ImportJobRow, archives: Path) -> Source:
    """The source of the import's photos.

    Raises:
        UnreadableFileError: they are not there.
    """
    if job.source == ImportSource.ARCHIVE:
        return ArchiveSource.open(archives / job.place)
    folder = Path(job.place)
    if not folder.is_dir():
        raise UnreadableFileError(f"There is no folder {job.place!r} any more.")
    return FolderSource(folder)


def _circumstances(job: ImportJobRow, time: CaptureTime) -> Circumstances:
    return Circumstances(
        captured_at=time.at,
        captured_at_source=time.source,
        user_id=job.user_id,
        direction=Direction(job.direction),
        camera=job.camera,
        location=job.location,
        source=SightingSource.IMPORT,
        record_known=job.record_known,
    )


def _count(session: Session, job_id: int) -> None:
    job, files = ImportJobRepository(session).lock_or_raise(job_id), ImportFileRepository(session)
    job.total, job.failed = files.count(job_id), files.count(job_id, FileState.FAILED)
    job.is_listed = True


def _lease(job_id: int) -> str:
    return f"import {job_id}"
