"""Plates that people typed before their text was kept: which of them may lack a letter, for an operator to correct.

Rows that were typed since have their text beside the key, so a row that is corrected or written again leaves the list.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from platewatch.db.tables import (
    LegalHoldRow,
    PlateTextRow,
    SightingRow,
    WatchlistBatchRow,
    WatchlistEntryRow,
    WatchlistRow,
)
from platewatch.plates.lost_letters import doubts_about, less_one_letter
from platewatch.plates.text import PSEUDONYM_MARK

COLUMNS: Final = ("kind", "id", "list", "plate", "doubts", "seen_with_one_letter_more")
_PORTION: Final = 1000


@dataclass(frozen=True, slots=True)
class UndecidedPlate:
    """A typed plate whose text was not kept, why it may lack a letter, and plates seen that have one letter more."""

    kind: str
    id: int
    list_name: str | None
    plate: str
    doubts: tuple[str, ...]
    seen: tuple[str, ...]

    @property
    def is_doubtful(self) -> bool:
        return bool(self.doubts or self.seen)


def undecided_plates(session: Session) -> Iterator[UndecidedPlate]:
    """All of them: entries of lists, then sightings, then legal holds, each by id."""
    plates = {plate for _, _, _, plate in _typed_plates(session)}
    seen = _seen_with_one_more(session, plates)
    for kind, identity, list_name, plate in _typed_plates(session):
        doubts = tuple(doubts_about(plate))
        yield UndecidedPlate(kind, identity, list_name, plate, doubts, tuple(seen.get(plate, ())))


def _typed_plates(session: Session) -> Iterator[tuple[str, int, str | None, str]]:
    """Kind, id, name of the list and plate of each row whose text as written is not known."""
    kinds = (
        ("entry", WatchlistEntryRow.id, _entries()),
        ("sighting", SightingRow.id, _sightings()),
        ("hold", LegalHoldRow.id, _holds()),
    )
    for kind, column, statement in kinds:
        for identity, list_name, plate in _by_id(session, column, statement):
            yield kind, identity, list_name, plate


def _seen_with_one_more(session: Session, plates: Collection[str]) -> Mapping[str, list[str]]:
    """The plates of sightings that are one of the plates and one letter more."""
    seen: dict[str, list[str]] = defaultdict(list)
    known = select(PlateTextRow.id, PlateTextRow.text).where(PlateTextRow.text.not_like(f"{PSEUDONYM_MARK}%"))
    for _, text in _by_id(session, PlateTextRow.id, known):
        for shorter in less_one_letter(text):
            if shorter in plates:
                seen[shorter].append(text)
    return seen


def _by_id(session: Session, column: InstrumentedAttribute[int], statement: Select[*tuple[Any, ...]]) -> Iterator[Any]:
    """The rows in portions, so that no cursor stays open between two of them."""
    after = 0
    while rows := session.execute(statement.where(column > after).order_by(column).limit(_PORTION)).all():
        yield from rows
        after = rows[-1][0]


def _entries() -> Select[*tuple[Any, ...]]:
    query = select(WatchlistEntryRow.id, WatchlistRow.name, WatchlistEntryRow.plate)
    query = query.join(WatchlistBatchRow, WatchlistBatchRow.id == WatchlistEntryRow.batch_id)
    query = query.join(WatchlistRow, WatchlistRow.id == WatchlistBatchRow.watchlist_id)
    return query.where(WatchlistBatchRow.state == "live", WatchlistEntryRow.written.is_(None))


def _sightings() -> Select[*tuple[Any, ...]]:
    typed = or_(SightingRow.source == "manual", SightingRow.read_plate.is_not(None))
    is_shown = SightingRow.plate.not_like(f"{PSEUDONYM_MARK}%")
    query = select(SightingRow.id, literal(None), SightingRow.plate)
    return query.where(typed, is_shown, SightingRow.written.is_(None))


def _holds() -> Select[*tuple[Any, ...]]:
    query = select(LegalHoldRow.id, literal(None), LegalHoldRow.plate)
    return query.where(LegalHoldRow.plate.is_not(None), LegalHoldRow.written.is_(None))
