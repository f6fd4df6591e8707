"""The base of all tables: names of constraints, and column types that mean the same on every database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeAlias

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData, String, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

MYSQL_TABLE: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    # MySQL's own default takes `MÜ1` and `mu1` for one plate.
    "mysql_collate": "utf8mb4_bin",
}

LASTING_IDS: dict[str, Any] = MYSQL_TABLE | {"sqlite_autoincrement": True}
"""For every table that makes its own ids: an id is never used twice.

SQLite would give the id of a deleted row to the next one: two people or vehicles would be taken for one in the audit
log and in events, and a late request to change or delete the old row would hit the new one.
"""

MAX_ID = 2**63 - 1
SLOT_S = 900

Json: TypeAlias = dict[str, Any] | list[Any]
"""The value of a JSON column."""

ScoredText: TypeAlias = tuple[str, float]
"""A text with its confidence in 0..1."""

CornerPoints: TypeAlias = tuple[tuple[float, float], ...]
"""Corners in pixels: top left, top right, bottom right, bottom left."""

BigId = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit id; SQLite counts up by itself only in a column of type INTEGER, which has 64 bits there."""


LONG_TEXT = Text().with_variant(mysql.MEDIUMTEXT(), "mysql")
"""Up to 16 MB; MySQL's own TEXT has 64 KB."""


PlateKey = (
    String(32)
    .with_variant(String(32, collation="C"), "postgresql")
    .with_variant(mysql.VARCHAR(32, charset="utf8mb4", collation="utf8mb4_bin"), "mysql")
)
"""The key of a plate: compared and sorted by code points on every database. MySQL's own default calls Ö and O equal."""

WrittenPlateText = String(64)
"""A plate as somebody typed it, for people only: nothing is compared by it."""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant with microseconds: aware UTC in Python, UTC on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """DATETIME(6) on MySQL, which would round to seconds."""
        if dialect.name == "mysql":
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC as the driver wants it.

        Raises:
            ValueError: The time says no time zone.
        """
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"The time {value!r} has no time zone. Store aware times only.")
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's
        """Aware UTC, whatever time zone the driver used."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ScoredTexts(TypeDecorator[list[ScoredText]]):
    """Texts with their confidence, kept as JSON `[[text, confidence], ...]`."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Sequence[ScoredText] | None, dialect: Dialect) -> list[Any] | None:  # noqa: ARG002  # SQLAlchemy's
        return None if value is None else [[text, float(confidence)] for text, confidence in value]

    def process_result_value(self, value: list[Any] | None, dialect: Dialect) -> list[ScoredText] | None:  # noqa: ARG002  # SQLAlchemy's
        return None if value is None else [(text, confidence) for text, confidence in value]


class Points(TypeDecorator[CornerPoints]):
    """Points in pixels, kept as JSON `[[x, y], ...]`."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: CornerPoints | None, dialect: Dialect) -> list[Any] | None:  # noqa: ARG002  # SQLAlchemy's
        return None if value is None else [[float(x), float(y)] for x, y in value]

    def process_result_value(self, value: list[Any] | None, dialect: Dialect) -> CornerPoints | None:  # noqa: ARG002  # SQLAlchemy's
        return None if value is None else tuple((x, y) for x, y in value)


class Base(DeclarativeBase):
    """The tables of platewatch."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime()}
    __table_args__: Any = MYSQL_TABLE


def slot_of(instant: datetime) -> int:
    """The number of the quarter of an hour that the instant lies in, counted in UTC since 1970.

    Every time zone's hours and days begin at such a quarter, so counts of them can be regrouped for any zone.
    """
    return int(instant.timestamp() // SLOT_S)


class NamedRow(Base):
    """A table in which each name stands once."""

    __abstract__ = True
    __table_args__ = LASTING_IDS

    name: Mapped[str] = mapped_column(String(150), unique=True)
