"""Plates are compared by code points on every database: MariaDB's own collation would call Ö and O equal."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import inspect, select

from platewatch.db.engine import Database
from platewatch.db.tables import (
    AccessLogRow,
    LegalHoldRow,
    PassRow,
    PlateTextRow,
    SightingRow,
    VisitRow,
    WatchlistEntryRow,
    WatchlistMatchRow,
)
from tests.db.rows import NOON

COLLATIONS = {"sqlite": None, "mysql": "utf8mb4_bin", "postgresql": "C"}
KEY_COLUMNS = [
    SightingRow.plate,
    SightingRow.read_plate,
    WatchlistEntryRow.plate,
    WatchlistMatchRow.plate,
    WatchlistMatchRow.entry_plate,
    PassRow.plate,
    PassRow.plate_key,
    VisitRow.plate,
    VisitRow.plate_key,
    AccessLogRow.plate,
    AccessLogRow.entry_plate,
    LegalHoldRow.plate,
    PlateTextRow.text,
]


def test_key_columns_have_a_binary_collation(database: Database) -> None:
    inspector = inspect(database.engine)
    expected = COLLATIONS[database.engine.dialect.name]
    for column in KEY_COLUMNS:
        table = column.class_.__tablename__
        types: dict[str, Any] = {one["name"]: one["type"] for one in inspector.get_columns(table)}
        # MariaDB names a column's collation only where it is not that of its table.
        collation = types[column.key].collation or inspector.get_table_options(table).get("mysql_collate")
        assert collation == expected, f"{table}.{column.key}"


@pytest.mark.parametrize("column", [PlateTextRow.text, LegalHoldRow.plate], ids=["unique", "indexed"])
def test_plates_that_differ_in_marks_or_case_are_different(database: Database, column: Any) -> None:
    texts = ["BO1", "BÖ1", "bo1", "BÓ1"]
    same: dict[str, Any] = {} if column is PlateTextRow.text else {"reason": "test", "created_at": NOON}
    with database.transaction() as session:
        session.add_all([column.class_(**{column.key: text}, **same) for text in texts])
    with database.reading() as session:
        for text in texts:
            assert list(session.scalars(select(column).where(column == text))) == [text]
