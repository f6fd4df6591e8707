"""Finding sightings: which index leads, which rows fit, and pages of them.

A page is found in two steps. First ids alone, from an index that holds all it needs; then the rows. Which index leads
is decided here and not left to the database, which on SQLite knows nothing of how many rows a filter lets through:
where few rows fit they are fetched and sorted, where many do the order is walked until the page is full.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from platewatch.db.repository import Page
from platewatch.db.tables import CameraRow, LocationRow, SightingRow, WatchlistMatchRow
from platewatch.plates.matching import LIKE_ESCAPE, search_key, wildcard_to_like
from platewatch.plates.text import ANY_SIGN, ANY_SIGNS, plate_key
from platewatch.sightings.plate_index import PlateIndex, texts_like
from platewatch.sightings.pseudonyms import Pseudonyms, texts_of
from platewatch.sightings.query import PlateMatch, SightingFilter, SightingQuery
from platewatch.sightings.repository import SightingRepository
from platewatch.sightings.sorting import Columns, Order

MAX_PLATES: Final = 500
"""A search that fits more plates than this walks the order and compares each."""
FEW_ROWS: Final = 5000
"""Rows that are fetched and sorted in 5 ms on SQLite; beyond that walking the order fills a page sooner."""
COUNTED: Final = 10_000
STATE_MARK: Final = "-"
"""Stands between a region's country and its state, as in `us-ca`."""
_NO_LIMIT: Final = 2**31 - 1
_MATCHED: Final[Columns] = (WatchlistMatchRow.captured_at, WatchlistMatchRow.sighting_id)
"""Of the matches of a list, in the order by time what the columns of that order are of sightings."""


@dataclass(frozen=True, slots=True)
class Count:
    """The number of sightings that fit; `is_exact` is False where there are more than were counted."""

    count: int
    is_exact: bool


class SightingSearch:
    """Pages and counts of sightings in one session."""

    def __init__(self, session: Session, pseudonyms: Pseudonyms | None) -> None:
        self._session = session
        self._pseudonyms = pseudonyms
        self._plates = PlateIndex(session)

    def page(self, query: SightingQuery) -> Page[SightingRow]:
        """Up to `query.limit` sightings in the order that is asked for.

        Raises:
            CursorError: the cursor is not one of ours, or of another order.
        """
        order = Order(query.sort)
        given = self._leaders(query)
        leads, few = self._leading(given, order)
        if leads is not None and leads.watchlist_id is not None and not few:
            columns: Columns = _MATCHED
            statement = _matched_sightings(given, leads, query)
        else:
            columns = order.columns
            statement = select(*columns).where(*_led(given, leads), *_following(query))
        if query.cursor is not None:
            statement = statement.where(order.after(query.cursor, columns))
        if few:
            # The limit keeps databases from walking the order after all, in the hope of meeting a page of them soon.
            fenced = statement.limit(_NO_LIMIT).subquery()
            statement = select(*fenced.c).order_by(*order.clauses(fenced.c))
        else:
            statement = statement.order_by(*order.clauses(columns))
        found = self._session.execute(statement.limit(query.limit + 1)).all()
        shown = found[: query.limit]
        rows = SightingRepository(self._session).get_all_whole([row[-1] for row in shown])
        return Page(rows, order.cursor_of(shown[-1]) if len(found) > query.limit else None)

    def count(self, query: SightingFilter, limit: int = COUNTED) -> Count:
        """The number of sightings that fit, counted up to `limit`."""
        given = self._leaders(query)
        leads = next(iter(given), None)
        if leads is not None and leads.watchlist_id is not None:
            some: Select[Any] = _matched_sightings(given, leads, query)
        else:
            some = select(SightingRow.id).where(*_led(given, leads), *_following(query))
        counted = self._count_up_to(some, limit)
        return Count(min(counted, limit), counted <= limit)

    def _leading(self, given: Sequence[_Leader], order: Order) -> tuple[_Leader | None, bool]:
        """The filter whose index leads, None if the order itself does; and whether it finds few rows, to be sorted."""
        keepers = [leader for leader in given if leader.keeps_time and order.is_by_time]
        for leader in given:
            if leader in keepers and leader.watchlist_id is None:
                continue
            if self._finds_few(leader):
                return leader, leader not in keepers
        # A list that so many were on selects less than a place does.
        keepers.sort(key=lambda leader: leader.watchlist_id is not None)
        return next(iter(keepers), None), False

    def _finds_few(self, leader: _Leader) -> bool:
        if leader.finds_many:
            return False
        if leader.watchlist_id is None:
            some: Select[Any] = select(SightingRow.id).where(leader.found)
        else:
            some = select(WatchlistMatchRow.sighting_id).where(WatchlistMatchRow.watchlist_id == leader.watchlist_id)
        return self._count_up_to(some, FEW_ROWS) <= FEW_ROWS

    def _count_up_to(self, some: Select[Any], limit: int) -> int:
        """The number of rows, counted up to one more than the limit."""
        return self._session.scalar(select(func.count()).select_from(some.limit(limit + 1).subquery())) or 0

    def _leaders(self, query: SightingFilter) -> list[_Leader]:
        """The filters that an index finds, those first that let fewest rows through."""
        plate = self._plate(query)
        leaders = [*([plate] if plate else []), *self._equalities(query)]
        return sorted(leaders, key=lambda leader: leader.finds_many)

    def _plate(self, query: SightingFilter) -> _Leader | None:
        if query.plate is None:
            return None
        hidden = SightingRow.plate + literal("")
        match query.plate_match:
            case PlateMatch.EXACT:
                return self._same_plate(query.plate)
            case PlateMatch.FUZZY:
                near = self._plates.near(plate_key(query.plate), query.distance)
                return _Leader(SightingRow.plate.in_(near), hidden.in_(near))
            case kind:
                pattern = _pattern(query.plate, kind)
        if pattern == ANY_SIGNS:
            return None
        texts = self._plates.fitting(pattern, MAX_PLATES + 1)
        if len(texts) <= MAX_PLATES:
            return _Leader(SightingRow.plate.in_(texts), hidden.in_(texts))
        fits = hidden.like(wildcard_to_like(pattern), escape=LIKE_ESCAPE)
        return _Leader(SightingRow.plate.in_(texts_like(pattern)), fits, finds_many=True)

    def _same_plate(self, plate: str) -> _Leader:
        texts = sorted(texts_of(plate, self._pseudonyms))
        if len(texts) == 1:
            return _equal(SightingRow.plate, texts[0])
        return _Leader(SightingRow.plate.in_(texts), (SightingRow.plate + literal("")).in_(texts))

    def _equalities(self, query: SightingFilter) -> list[_Leader]:
        leaders = []
        if query.watchlist_id is not None:
            leaders.append(_matched(query.watchlist_id))
        leaders += _vehicle(query)
        if query.camera_id is not None:
            leaders.append(_equal(SightingRow.camera_id, query.camera_id))
        if query.camera is not None:
            leaders.append(_equal(SightingRow.camera_id, self._id_of(CameraRow, query.camera)))
        leaders += _marks(query, value=True)
        if query.region is not None:
            leaders.append(self._of_region(query.region))
        if query.location_id is not None:
            leaders.append(_equal(SightingRow.location_id, query.location_id))
        if query.location is not None:
            leaders.append(_equal(SightingRow.location_id, self._id_of(LocationRow, query.location)))
        # Behind the places: most sightings have neither mark.
        leaders += _marks(query, value=False)
        return leaders

    def _of_region(self, region: str) -> _Leader:
        """The region; of a country also its states, where there are any."""
        after_states = region + chr(ord(STATE_MARK) + 1)
        column, hidden = SightingRow.region, SightingRow.region + literal("")
        states = select(SightingRow.id).where(column >= region + STATE_MARK, column < after_states).limit(1)
        if STATE_MARK in region or self._session.scalar(states) is None:
            return _equal(column, region)
        return _Leader(and_(column >= region, column < after_states), and_(hidden >= region, hidden < after_states))

    def _id_of(self, kind: type[CameraRow | LocationRow], name: str) -> int | None:
        return self._session.scalar(select(kind.id).where(kind.name == name))


@dataclass(frozen=True, slots=True, eq=False)
class _Leader:
    """A filter that an index finds: as that index finds it, and so that no index does.

    `keeps_time` says that the index has the rows that fit in the order of their time, `finds_many` that so many fit
    that they need not be counted. With a `watchlist_id` it is the index of that list's matches.
    """

    found: ColumnElement[bool]
    hidden: ColumnElement[bool]
    keeps_time: bool = False
    finds_many: bool = False
    watchlist_id: int | None = None


def _equal(column: InstrumentedAttribute[Any], value: str | float | None) -> _Leader:
    if value is None:
        return _Leader(false(), false(), keeps_time=True)
    if isinstance(value, str):
        return _Leader(column == value, column + literal("") == value, keeps_time=True)
    if isinstance(value, bool):
        return _Leader(column.is_(value), or_(column.is_(value), false()), keeps_time=True)
    return _Leader(column == value, column + 0 == value, keeps_time=True)


def _vehicle(query: SightingFilter) -> list[_Leader]:
    # Before the places: most sightings may have no vehicle.
    asked = (
        (SightingRow.vehicle_make, query.vehicle_make),
        (SightingRow.vehicle_color, query.vehicle_color),
        (SightingRow.vehicle_type, query.vehicle_type),
    )
    return [_equal(column, value) for column, value in asked if value is not None]


def _marks(query: SightingFilter, *, value: bool) -> list[_Leader]:
    """The marks for which this value is asked for."""
    asked = ((SightingRow.is_corrected, query.corrected), (SightingRow.is_unsure, query.unsure))
    return [_equal(column, value=value) for column, wanted in asked if wanted is value]


def _matched(watchlist_id: int) -> _Leader:
    on_list = select(WatchlistMatchRow.sighting_id).where(WatchlistMatchRow.watchlist_id == watchlist_id)
    its_own = exists().where(
        WatchlistMatchRow.watchlist_id == watchlist_id, WatchlistMatchRow.sighting_id == SightingRow.id
    )
    return _Leader(SightingRow.id.in_(on_list), its_own, keeps_time=True, watchlist_id=watchlist_id)


def _matched_sightings(given: Sequence[_Leader], leads: _Leader, query: SightingFilter) -> Select[Any]:
    """Time and id of what fits, from the matches of a list; where nothing else is asked for, from them alone."""
    # Grouped, because a sighting may have matched two entries of the list.
    statement = select(*_MATCHED).where(WatchlistMatchRow.watchlist_id == leads.watchlist_id).group_by(*_MATCHED)
    asked = [*(leader.hidden for leader in given if leader is not leads), *_asked_of_rows(query)]
    if asked:
        statement = statement.join(SightingRow, SightingRow.id == WatchlistMatchRow.sighting_id).where(*asked)
    return statement.where(*_within(query, WatchlistMatchRow.captured_at))


def _led(given: Sequence[_Leader], leads: _Leader | None) -> list[ColumnElement[bool]]:
    """The filters, all but one of them hidden from the database's choice of an index."""
    return [leader.found if leader is leads else leader.hidden for leader in given]


def _following(query: SightingFilter) -> list[ColumnElement[bool]]:
    """The conditions that remain for the rows of the index walk."""
    return [*_within(query, SightingRow.captured_at), *_asked_of_rows(query)]


def _within(query: SightingFilter, time: InstrumentedAttribute[datetime]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.captured_from is not None:
        conditions.append(time >= query.captured_from)
    if query.captured_to is not None:
        conditions.append(time < query.captured_to)
    return conditions


def _asked_of_rows(query: SightingFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.direction is not None:
        conditions.append(SightingRow.direction == query.direction)
    if query.source is not None:
        conditions.append(SightingRow.source == query.source)
    if query.min_confidence > 0:
        conditions.append(SightingRow.confidence >= query.min_confidence)
    if query.max_confidence < 1:
        conditions.append(SightingRow.confidence <= query.max_confidence)
    return conditions


def _pattern(text: str, match: PlateMatch) -> str:
    pattern = search_key(text)
    if match is PlateMatch.PREFIX:
        return pattern.replace(ANY_SIGN, "").replace(ANY_SIGNS, "") + ANY_SIGNS
    return pattern
