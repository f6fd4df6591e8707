"""Users, history and images of a CarWatch database, taken over row by row.

Each row is written with its entry in the ledger in one transaction, so a run that is stopped in any way takes each row
once when it is started again, and a later run takes what was added since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeVar

from sqlalchemy.orm import Session

from platewatch.audit.service import COMMAND, AuditAction, AuditService
from platewatch.db.tables import ImageRow, UserRow
from platewatch.errors import ConflictError, FieldError, ImageError, InputError
from platewatch.imports.carwatch.ledger import RUNNING_ELSEWHERE, Ledger, digest_of, entry_of
from platewatch.imports.carwatch.report import Outcome, Report, Tally
from platewatch.imports.carwatch.rules import (
    LeftError,
    PastPass,
    past_pass,
    usable_filename,
    usable_hash,
    usable_name,
    usable_time,
)
from platewatch.imports.carwatch.source import CarwatchSource, SourceImage, SourceRecord, SourceTable, SourceUser
from platewatch.locations.service import LocationService
from platewatch.settings import Settings
from platewatch.sightings.recorder import Recorder
from platewatch.sightings.schemas import SightingCreate, SightingSource
from platewatch.sightings.service import Circumstances
from platewatch.users.principal import Role
from platewatch.users.repository import username_key
from platewatch.users.service import UserService
from platewatch.vision.image import EncodedImage, ImageLimits, open_image

BATCH: Final = 50
"""Rows of the history in one transaction: on SQLite others wait for it."""

T = TypeVar("T")
ReportProgress = Callable[[int, int], None]
"""Called with the rows that are done and their total."""


@dataclass(frozen=True, slots=True)
class Target:
    """The server whose database takes the rows over; `limits` are those of photos that come in."""

    settings: Settings
    recorder: Recorder
    limits: ImageLimits


@dataclass(frozen=True, slots=True)
class TakeoverPlan:
    """The operator's options.

    `name` stands for the source in the ledger. `location` is where the history's passes were; None makes no visits.
    `admin` is the user who becomes an administrator, `role` what the others become.
    """

    name: str = "carwatch"
    location: str | None = None
    admin: str | None = None
    role: Role = Role.OPERATOR
    is_dry: bool = False


class Takeover:
    """One run. A dry one writes nothing anywhere."""

    def __init__(
        self, source: CarwatchSource, target: Target, plan: TakeoverPlan, report_progress: ReportProgress
    ) -> None:
        self._source = source
        self._settings = target.settings
        self._limits = target.limits
        self._recorder = target.recorder
        self._database = target.recorder.database
        self._clock = target.recorder.clock
        self._plan = plan
        self._report_progress = report_progress
        self._done = 0
        self._names: set[str] = set()
        """Names of this run's users, as `username_key` gives them."""
        self.report = Report(plan.is_dry)
        for table, tally in self.report.tallies.items():
            tally.total, tally.zone = source.count(table), source.zone_of(table)

    def require_settled(self) -> None:
        """Do nothing if the plan says all that this source and this server need.

        Raises:
            FieldError: It leaves open in which zone dates are, or who is going to administer the server.
        """
        self._require_zone()
        self._require_administrator()

    def run(self) -> None:
        """Take over what was not taken yet; `report` says how far it is at any time.

        Raises:
            InputError: The source can't be read, or is another one than was taken over under this name.
            ConflictError: Another run takes the same rows.
        """
        self._note(AuditAction.IMPORT_STARTED)
        try:
            self._take_users()
            self._take_history()
            self._take_images()
        finally:
            self._note(AuditAction.IMPORT_FINISHED)

    def _require_zone(self) -> None:
        lacking = [table for table in self._source.zoneless if self.report.tallies[table].total]
        if lacking and not self._source.knows_zone:
            raise FieldError(
                "time_zone",
                f"The dates in {', '.join(lacking)} have no time zone. Say in which they are with --time-zone, for "
                "example Europe/Berlin, or UTC, in which SQLite's CURRENT_TIMESTAMP writes.",
            )

    def _require_administrator(self) -> None:
        names = [user.username for user in self._source.users()]
        if self._plan.admin is not None and self._plan.admin not in names:
            raise FieldError("admin", f"CarWatch has no user {self._plan.admin!r} who could become an administrator.")
        with self._database.reading() as session:
            has_one = UserService(session, self._settings, self._clock).any_administrator()
        if names and not has_one and self._plan.admin is None:
            raise FieldError(
                "admin",
                "Nobody administers this server yet. Make the first account in the dashboard, or name the user of "
                "CarWatch who becomes an administrator with --admin NAME.",
            )

    def _take_users(self) -> None:
        tally = self.report.tallies[SourceTable.USERS]
        # The administrator first, as the first account is one.
        users = sorted(self._source.users(), key=lambda user: user.username != self._plan.admin)
        for user in users:
            digest = digest_of(user.created.text)
            self._do(lambda session, user=user, digest=digest: self._take_user(session, user, digest), user.id, tally)  # type: ignore[misc]

    def _take_user(self, session: Session, user: SourceUser, digest: str) -> Outcome:
        ledger = Ledger(session, self._plan.name)
        if (known := ledger.known(SourceTable.USERS, [user.id]).get(user.id)) is not None:
            if known.digest != digest:
                raise InputError(
                    f"The user {user.id} of the source is another one than was taken over as {self._plan.name!r}. "
                    "Give each CarWatch database a name of its own with --name."
                )
            return Outcome.BEFORE
        name = usable_name(user)
        users = UserService(session, self._settings, self._clock)
        entry = entry_of(SourceTable.USERS, user.id, digest, self._clock.now())
        here = users.find(name)
        if username_key(name) in self._names or (here is not None and here.id in ledger.users().values()):
            raise LeftError("another user of CarWatch has this name but for its capitals, and was taken")
        if here is not None:
            entry.outcome, entry.target_id = Outcome.LINKED, here.id
        else:
            entry.target_id = self._new_account(session, users, user, name)
        if not self._plan.is_dry:
            ledger.enter(entry)
        self._names.add(username_key(name))
        return Outcome(entry.outcome)

    def _new_account(self, session: Session, users: UserService, user: SourceUser, name: str) -> int:
        password_hash = usable_hash(user)
        if self._plan.is_dry:
            return 0
        role = Role.ADMIN if user.username == self._plan.admin else self._plan.role
        created_at = user.created.at or self._clock.now()
        account = UserRow(username=name, password_hash=password_hash, role=role, created_at=created_at)
        try:
            row = users.take_over(account)
        except ConflictError as error:
            raise ConflictError(RUNNING_ELSEWHERE) from error
        details = {"role": role.value, "source": self._plan.name}
        AuditService(session, self._clock).note(AuditAction.USER_CREATED, COMMAND, f"user {row.id}", details)
        return row.id

    def _take_history(self) -> None:
        tally = self.report.tallies[SourceTable.HISTORY]
        with self._database.reading() as session:
            user_ids = Ledger(session, self._plan.name).users()
        for batch in _batches(self._source.records(), BATCH):
            waiting = self._new_rows(SourceTable.HISTORY, [(row.id, digest_of(row.date.text)) for row in batch], tally)
            passes = [(row, found) for row in batch if row.id in waiting and (found := self._passed(row, tally))]
            if passes and not self._plan.is_dry:
                self._database.transact(lambda session, passes=passes: self._record(session, passes, user_ids))  # type: ignore[misc]
            for _, found in passes:
                tally.add(Outcome.TAKEN)
                tally.notes[f"{found.direction}"] += 1
                if found.is_shortened:
                    tally.notes["with a subject or description that is shortened"] += 1
            self._count(len(batch))
        if self._plan.location is not None and tally.outcomes[Outcome.TAKEN] and not self._plan.is_dry:
            tally.notes[f"vehicles are inside at {self._plan.location!r} by the visits that follow"] = self._inside()

    def _inside(self) -> int:
        with self._database.reading() as session:
            return LocationService(session, self._clock).occupancy_of(self._plan.location or "")

    def _passed(self, record: SourceRecord, tally: Tally) -> PastPass | None:
        try:
            return past_pass(record, self._clock.now())
        except LeftError as error:
            tally.leave(record.id, str(error))
            return None

    def _record(
        self, session: Session, passes: Sequence[tuple[SourceRecord, PastPass]], user_ids: dict[int, int]
    ) -> None:
        ledger, service = Ledger(session, self._plan.name), self._recorder.sightings(session)
        for record, found in passes:
            circumstances = Circumstances(
                captured_at=found.captured_at,
                user_id=user_ids.get(record.user_id or 0),
                direction=found.direction,
                location=self._plan.location,
                source=SightingSource.IMPORT,
            )
            body = SightingCreate(plate=found.plate, subject=found.subject, note=found.note)
            entry = entry_of(SourceTable.HISTORY, record.id, digest_of(record.date.text), self._clock.now())
            entry.target_id = service.record_manual(body, circumstances).id
            ledger.enter(entry)

    def _take_images(self) -> None:
        tally = self.report.tallies[SourceTable.IMAGES]
        for batch in _batches(self._source.images(), BATCH):
            digests = {image.id: digest_of(image.uploaded.text, image.byte_size) for image in batch}
            waiting = self._new_rows(SourceTable.IMAGES, list(digests.items()), tally)
            for image in batch:
                if image.id in waiting:
                    self._take_image(image, digests[image.id], tally)
                self._count(1)

    def _take_image(self, image: SourceImage, digest: str, tally: Tally) -> None:
        try:
            created_at = usable_time(image.uploaded, self._clock.now())
            encoded = self._readable(image)
        except LeftError as error:
            tally.leave(image.id, str(error))
            return
        if not self._plan.is_dry:
            with self._recorder.staging() as staging:
                jpeg = encoded.stored_jpeg()
                columns = {
                    "media_key": staging.put(jpeg),
                    "filename": usable_filename(image.filename),
                    "width": encoded.width,
                    "height": encoded.height,
                    "byte_size": len(jpeg),
                    "created_at": created_at,
                }
                self._database.transact(lambda session: self._store_image(session, image.id, digest, columns))
        tally.add(Outcome.TAKEN)

    def _readable(self, image: SourceImage) -> EncodedImage:
        """The image, decoded once to see that its pixels are whole.

        Raises:
            LeftError: It can't be read, or may not be kept.
        """
        if self._recorder.pseudonyms is not None:
            raise LeftError("PLATEWATCH_UNLISTED_PLATES=pseudonym keeps no photos")
        limits = self._limits
        if image.byte_size > limits.max_bytes:
            raise LeftError(f"the image is larger than PLATEWATCH_MAX_IMAGE_MB ({limits.max_bytes // 1024**2} MB)")
        try:
            encoded = open_image(self._source.image_data(image.id), limits)
            encoded.decode()
        except ImageError as error:
            raise LeftError(f"the image can't be read: {error}") from error
        return encoded

    def _store_image(self, session: Session, source_id: int, digest: str, columns: Mapping[str, object]) -> None:
        row = ImageRow(**columns)
        session.add(row)
        session.flush()
        entry = entry_of(SourceTable.IMAGES, source_id, digest, self._clock.now())
        entry.target_id = row.id
        Ledger(session, self._plan.name).enter(entry)

    def _new_rows(self, table: SourceTable, digests: Sequence[tuple[int, str]], tally: Tally) -> set[int]:
        """The ids of the rows that no run has taken; the others are counted."""
        with self._database.reading() as session:
            known = Ledger(session, self._plan.name).known(table, [source_id for source_id, _ in digests])
        for source_id, digest in digests:
            if source_id in known and known[source_id].digest == digest:
                tally.add(Outcome.BEFORE)
            elif source_id in known:
                tally.leave(source_id, "another row had this id when it was taken; see --name for a second CarWatch")
        return {source_id for source_id, _ in digests} - set(known)

    def _do(self, work: Callable[[Session], Outcome], source_id: int, tally: Tally) -> None:
        """One row in a transaction of its own, or without any in a dry run."""
        try:
            if self._plan.is_dry:
                with self._database.reading() as session:
                    tally.add(work(session))
            else:
                tally.add(self._database.transact(work))
        except LeftError as error:
            tally.leave(source_id, str(error))
        self._count(1)

    def _note(self, action: AuditAction) -> None:
        if self._plan.is_dry:
            return
        details = self.report.counts() if action is AuditAction.IMPORT_FINISHED else {}
        self._database.transact(
            lambda session: AuditService(session, self._clock).note(
                action, COMMAND, f"carwatch database {self._plan.name!r}", details
            )
        )

    def _count(self, rows: int) -> None:
        self._done += rows
        self._report_progress(self._done, sum(tally.total for tally in self.report.tallies.values()))


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    waiting = iter(items)
    while batch := list(islice(waiting, size)):
        yield batch
