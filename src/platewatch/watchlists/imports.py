"""Long lists into the database, whole or not at all, while cameras go on recording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeAlias

from sqlalchemy.orm import Session

from platewatch.audit.service import Actor, AuditAction, AuditService, Details
from platewatch.clock import Clock
from platewatch.db.engine import Database
from platewatch.db.tables import WatchlistBatchRow, WatchlistEntryRow, WatchlistVariantRow
from platewatch.errors import FieldError, NotFoundError, RowProblem, RowsError
from platewatch.plates.matching import is_pattern, pattern_spelling
from platewatch.watchlists.csv_files import EntryLine, Parsed
from platewatch.watchlists.import_records import ImportRecord
from platewatch.watchlists.import_schemas import MAX_PROBLEMS
from platewatch.watchlists.matching import Entry
from platewatch.watchlists.repository import BatchRepository, BatchState, EntryRepository, VersionRepository
from platewatch.watchlists.schedule import write_schedule
from platewatch.watchlists.schemas import EntryWrite, ImportAnswer
from platewatch.watchlists.service import MAX_PATTERNS, columns, keys_of

MAX_ADDED: Final = 50_000
"""Rows that may be added in one transaction."""
MAX_ROWS: Final = 2_000_000
MANY: Final = 10_000
"""From this number of new rows on, the database's statistics are gathered again."""
CHUNK: Final = 2000
"""Rows a transaction of a replacement; on SQLite, other writers wait for that long."""

Identity: TypeAlias = tuple[object, ...]
"""The identity of an entry: BÖ and BO are two plates, although both have one key."""


@dataclass(frozen=True, slots=True)
class _Filled:
    """The contents of a batch: its entries, the skipped rows, and the largest tolerance."""

    added: int
    skipped: int
    tolerance: int


class ListImport:
    """Makes transactions of its own, since a long list is too much for one.

    With a `record`, the record has how far the import is and what it did.
    """

    def __init__(self, database: Database, clock: Clock, record: ImportRecord | None = None) -> None:
        self._database = database
        self._clock = clock
        self._record = record

    def add(self, watchlist_id: int, lines: Iterable[Parsed], actor: Actor) -> ImportAnswer:
        """Add the entries that the list doesn't have yet.

        Raises:
            NotFoundError: no such list.
            RowsError: some rows can't be used; nothing was added.
            FieldError: the file can't be read, has no rows or too many.
        """
        bodies: list[EntryWrite] = []
        for portion in _portions(lines, MAX_ADDED):
            bodies += portion
        if not bodies:
            raise _empty()
        answer = self._database.transact(lambda session: self._add(session, watchlist_id, bodies, actor))
        self._gather_statistics(answer.added)
        return answer

    def replace(self, watchlist_id: int, lines: Iterable[Parsed], actor: Actor) -> ImportAnswer:
        """Put these entries in the place of all that the list has, at one instant.

        Raises:
            NotFoundError: no such list.
            RowsError: some rows can't be used; the list is as it was.
            FieldError: the file can't be read, has no rows or too many.
        """
        staged_id = self._database.transact(lambda session: self._stage(session, watchlist_id))
        try:
            filled = self._fill(staged_id, lines)
            self._gather_statistics(filled.added)
            removed = self._database.transact(
                lambda session: self._go_live(session, watchlist_id, staged_id, filled, actor)
            )
        except BaseException:
            self._database.transact(lambda session: BatchRepository(session).drop(staged_id))
            raise
        return ImportAnswer(added=filled.added, skipped=filled.skipped, removed=removed)

    def _add(self, session: Session, watchlist_id: int, bodies: Sequence[EntryWrite], actor: Actor) -> ImportAnswer:
        batch = BatchRepository(session).lock_live_of(watchlist_id)
        if batch is None:
            raise NotFoundError("watchlist", watchlist_id)
        entries = EntryRepository(session)
        known: set[Identity] = set()
        plates = sorted({body.key for body in bodies})
        for first in range(0, len(plates), CHUNK):
            same = entries.same_plates(batch.id, plates[first : first + CHUNK])
            known.update(_identity_of_entry(entry) for entry in same)
        new = list(_unknown(bodies, known))
        if entries.count_patterns(batch.id) + sum(is_pattern(body.key) for body in new) > MAX_PATTERNS:
            raise _too_many_patterns()
        self._insert(session, batch.id, new)
        batch.max_tolerance = max([batch.max_tolerance, *(body.tolerance for body in new)])
        session.flush()
        VersionRepository(session).renew()
        answer = ImportAnswer(added=len(new), skipped=len(bodies) - len(new), removed=0)
        self._note(session, watchlist_id, actor, "add", answer)
        return answer

    def _gather_statistics(self, added: int) -> None:
        if added >= MANY:
            self._database.gather_statistics(WatchlistEntryRow, WatchlistVariantRow)

    def _stage(self, session: Session, watchlist_id: int) -> int:
        batches = BatchRepository(session)
        now = self._clock.now()
        if batches.lock_live_of(watchlist_id) is None:
            raise NotFoundError("watchlist", watchlist_id)
        staged = WatchlistBatchRow(watchlist_id=watchlist_id, state=BatchState.STAGED, max_tolerance=0, created_at=now)
        return batches.add(staged).id

    def _fill(self, batch_id: int, lines: Iterable[Parsed]) -> _Filled:
        """The contents of the batch."""
        # A hash is enough here: of two million, two different ones that share one are once in a million files.
        seen: set[int] = set()
        added = skipped = patterns = tolerance = 0
        for portion in _portions(lines, MAX_ROWS):
            new = []
            for body in portion:
                identity = hash(_identity(body))
                if identity not in seen:
                    seen.add(identity)
                    new.append(body)
            patterns += sum(is_pattern(body.key) for body in new)
            if patterns > MAX_PATTERNS:
                raise _too_many_patterns()
            added, skipped = added + len(new), skipped + len(portion) - len(new)
            self._database.transact(lambda session, new=new, added=added: self._write(session, batch_id, new, added))  # type: ignore[misc]
            tolerance = max([tolerance, *(body.tolerance for body in new)])
        if not added:
            raise _empty()
        return _Filled(added, skipped, tolerance)

    def _write(self, session: Session, batch_id: int, bodies: Sequence[EntryWrite], added: int) -> None:
        """Insert a portion of a replacement, with which `added` rows are written."""
        self._insert(session, batch_id, bodies)
        if self._record is not None:
            self._record.renew(session, added)

    def _insert(self, session: Session, batch_id: int, bodies: Sequence[EntryWrite]) -> None:
        entries = EntryRepository(session)
        now = self._clock.now()
        indexed: list[tuple[EntryWrite, WatchlistEntryRow]] = []
        plain = []
        for body in bodies:
            values = columns(body, now) | {"batch_id": batch_id, "created_at": now}
            if body.location_ids or body.tolerance or is_pattern(body.key):
                indexed.append((body, WatchlistEntryRow(**values)))
            else:
                plain.append(values)
        entries.add_plain(plain)
        entries.add_all([row for _, row in indexed])
        entries.add_keys([(key, row.id) for body, row in indexed for key in keys_of(body)])
        entries.add_locations([(row.id, place) for body, row in indexed for place in dict.fromkeys(body.location_ids)])

    def _go_live(self, session: Session, watchlist_id: int, staged_id: int, filled: _Filled, actor: Actor) -> int:
        """The number of entries that the new ones replace."""
        batches, entries = BatchRepository(session), EntryRepository(session)
        old = batches.lock_live_of(watchlist_id)
        if old is None:
            raise NotFoundError("watchlist", watchlist_id)
        new = batches.get_or_raise(staged_id)
        if new.state != BatchState.STAGED:
            raise FieldError("file", "The import took too long and was given up. Send the file again.")
        removed, added = entries.count(old.id), entries.count(new.id)
        old.state, old.watchlist_id = BatchState.DROPPED, None
        new.state, new.max_tolerance = BatchState.LIVE, filled.tolerance
        session.flush()
        VersionRepository(session).renew()
        answer = ImportAnswer(added=added, skipped=filled.skipped, removed=removed)
        self._note(session, watchlist_id, actor, "replace", answer)
        return removed

    def _note(self, session: Session, watchlist_id: int, actor: Actor, mode: str, answer: ImportAnswer) -> None:
        details: Details = {"mode": mode, "added": answer.added, "skipped": answer.skipped, "removed": answer.removed}
        subject = f"watchlist {watchlist_id}"
        AuditService(session, self._clock).note(AuditAction.WATCHLIST_IMPORTED, actor, subject, details)
        if self._record is not None:
            self._record.finish(session, answer)


def _portions(lines: Iterable[Parsed], limit: int) -> Iterator[list[EntryWrite]]:
    """The entries in portions; after a problem no more of them, but the problems of all that follows.

    Raises:
        RowsError: there were problems.
        FieldError: there are more than `limit` rows.
    """
    remaining = iter(lines)
    problems: list[RowProblem] = []
    rows = 0
    while portion := list(islice(remaining, CHUNK)):
        rows += len(portion)
        if rows > limit:
            raise FieldError(
                "file", f"The file has more than {limit} rows. Use `mode=replace` for long lists, or several lists."
            )
        problems += [line for line in portion if isinstance(line, RowProblem)]
        if len(problems) >= MAX_PROBLEMS:
            break
        if not problems:
            yield [line.body for line in portion if isinstance(line, EntryLine)]
    if problems:
        raise RowsError(problems[:MAX_PROBLEMS], more=len(problems) >= MAX_PROBLEMS)


def _unknown(bodies: Iterable[EntryWrite], known: set[Identity]) -> Iterator[EntryWrite]:
    for body in bodies:
        identity = _identity(body)
        if identity not in known:
            known.add(identity)
            yield body


def _identity(body: EntryWrite) -> Identity:
    places = frozenset(body.location_ids)
    return pattern_spelling(body.plate), body.region, body.valid_from, body.valid_to, body.schedule, not places, places


def _identity_of_entry(entry: Entry) -> Identity:
    schedule = write_schedule(entry.schedule) if entry.schedule else None
    return (
        entry.spelling,
        entry.region,
        entry.valid_from,
        entry.valid_to,
        schedule,
        entry.everywhere,
        entry.location_ids,
    )


def _empty() -> FieldError:
    return FieldError("file", "The file has no rows, so nothing was changed. To empty a list, delete its entries.")


def _too_many_patterns() -> FieldError:
    return FieldError("file", f"A list has at most {MAX_PATTERNS} patterns with ? or *. Write whole plates.")
