"""Local time in SQL, in words that SQLite, MariaDB and PostgreSQL all know: numbers added, divided and compared.

Numbers are written into the statement: a placeholder in GROUP BY is another one than in SELECT for PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Integer,
    SQLColumnExpression,
    UnaryExpression,
    and_,
    case,
    literal_column,
    or_,
    type_coerce,
)
from sqlalchemy.sql.operators import custom_op

from platewatch.statistics.local_time import (
    DAY_SLOTS,
    FIRST_MONDAY,
    HOUR_SLOTS,
    WEEK_HOURS,
    BucketKey,
    Span,
    TimeBucket,
)
from platewatch.statistics.scopes import Scope

IntColumn: TypeAlias = SQLColumnExpression[Any]
"""Of whole numbers, with or without NULL."""

_PACKED = 1000
"""More than there are offsets."""


def number(value: int) -> IntColumn:
    """The number itself in the statement."""
    return literal_column(str(int(value)), Integer)


def unindexed(column: IntColumn) -> IntColumn:
    """The same value, in a form for which no database looks into an index."""
    return UnaryExpression(type_coerce(column, Integer), operator=custom_op("+"), type_=Integer())


def offset(slot: IntColumn, spans: Sequence[Span]) -> IntColumn:
    """The number of slots by which local time is ahead of UTC in this slot."""
    *earlier, last = spans
    if not earlier:
        return number(last.offset)
    return case(*((slot < number(span.end), number(span.offset)) for span in earlier), else_=number(last.offset))


def local_slot(slot: IntColumn, spans: Sequence[Span]) -> IntColumn:
    """The slot in local time."""
    return slot + offset(slot, spans)


def bucket_number(local: IntColumn, bucket: TimeBucket) -> IntColumn:
    """The hour, day or week since 1970 that a slot of local time lies in."""
    if bucket is TimeBucket.HOUR:
        return local // number(HOUR_SLOTS)
    day = local // number(DAY_SLOTS)
    return day if bucket is TimeBucket.DAY else (day + number(7 - FIRST_MONDAY)) // number(7)


def bucket_key(slot: IntColumn, spans: Sequence[Span], bucket: TimeBucket, *, with_offset: bool) -> IntColumn:
    """A `BucketKey` as one number, since a constant offset can't stand in GROUP BY."""
    packed = bucket_number(local_slot(slot, spans), bucket) * number(_PACKED)
    return packed + (offset(slot, spans) + number(_PACKED // 2) if with_offset else number(_PACKED // 2))


def unpacked(packed: int) -> BucketKey:
    """The key that `bucket_key` made a number of."""
    whole, rest = divmod(int(packed), _PACKED)
    return BucketKey(whole, rest - _PACKED // 2)


def hour_of_week(local: IntColumn) -> IntColumn:
    """0 for Monday's first hour to 167 for Sunday's last."""
    return (local // number(HOUR_SLOTS) + number(WEEK_HOURS - 24 * FIRST_MONDAY)) % number(WEEK_HOURS)


def within(scope: Scope, location_id: IntColumn, slot: IntColumn) -> ColumnElement[bool]:
    """Whether a row is at one of the scope's places and in its days."""
    there = (
        location_id.in_([number(one) for one in scope.location_ids]) if scope.location_ids else location_id.is_(None)
    )
    return and_(there, slot >= number(scope.first_slot), slot < number(scope.end_slot))


def within_any(scopes: Sequence[Scope], location_id: IntColumn, slot: IntColumn) -> ColumnElement[bool]:
    return or_(*(within(scope, location_id, slot) for scope in scopes))


def local_slot_of_any(scopes: Sequence[Scope], location_id: IntColumn, slot: IntColumn) -> IntColumn:
    """The slot in the local time of the row's own place."""
    *others, last = scopes
    if not others:
        return local_slot(slot, last.spans)
    places = ((within(scope, location_id, slot), local_slot(slot, scope.spans)) for scope in others)
    return case(*places, else_=local_slot(slot, last.spans))
