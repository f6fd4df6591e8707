"""Cursors of every order: they come back as they were, and nothing else is taken for one."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.dialects import sqlite

from platewatch.errors import CursorError
from platewatch.sightings.sorting import Order, Sort

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
ROWS: dict[str, tuple[Any, ...]] = {
    "captured_at": (NOON, 7),
    "recorded_at": (7,),
    "confidence": (0.1 + 0.2, 7),
    "plate": ("京A12345", NOON, 7),
}


def cursor_of(sort: Sort) -> str:
    return Order(sort).cursor_of(ROWS[sort.removeprefix("-")])  # type: ignore[arg-type]  # a row is a tuple


def encoded(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@pytest.mark.parametrize("sort", list(Sort), ids=str)
def test_a_cursor_says_where_to_go_on(sort: Sort) -> None:
    order = Order(sort)
    condition = order.after(cursor_of(sort)).compile(dialect=sqlite.dialect())
    assert set(ROWS[sort.removeprefix("-")]) == set(condition.params.values())
    assert ("<" in str(condition)) is sort.startswith("-")


@pytest.mark.parametrize("sort", list(Sort), ids=str)
@pytest.mark.parametrize("other", list(Sort), ids=str)
def test_a_cursor_belongs_to_one_order(sort: Sort, other: Sort) -> None:
    if sort is other:
        Order(sort).after(cursor_of(sort))
    else:
        with pytest.raises(CursorError):
            Order(sort).after(cursor_of(other))


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param("", id="empty"),
        pytest.param("x", id="no base 64"),
        pytest.param("W10", id="an empty list"),
        pytest.param(encoded(["-captured_at"]), id="no values"),
        pytest.param(encoded(["-captured_at", 1, 2, 3]), id="too many values"),
        pytest.param(encoded(["-captured_at", "1", 2]), id="a text for a time"),
        pytest.param(encoded(["-captured_at", True, 2]), id="a truth for a time"),
        pytest.param(encoded(["-captured_at", 10**30, 2]), id="a time out of range"),
        pytest.param(encoded(["-captured_at", 1, 0]), id="no id"),
        pytest.param(encoded(["-captured_at", 1, 2**63]), id="an id beyond 64 bits"),
        pytest.param(encoded({"-captured_at": 1}), id="no list"),
        pytest.param(encoded(["-captured_at", 1, 2]) + "=", id="padded"),
        pytest.param(" " + encoded(["-captured_at", 1, 2]), id="with a space"),
    ],
)
def test_anything_else_is_no_cursor(cursor: str) -> None:
    with pytest.raises(CursorError):
        Order(Sort.NEWEST).after(cursor)


@pytest.mark.parametrize(
    "content",
    [["plate", "A\0", 1, 2], ["plate", 5, 1, 2], ["confidence", "a", 2], ["confidence", [], 2]],
    ids=["NUL", "a number for a plate", "a text for a confidence", "a list for a confidence"],
)
def test_values_that_the_column_can_not_have_are_no_cursor(content: list[Any]) -> None:
    with pytest.raises(CursorError):
        Order(Sort(content[0])).after(encoded(content))


@pytest.mark.parametrize("number", ["NaN", "Infinity"])
def test_a_confidence_is_a_number(number: str) -> None:
    cursor = base64.urlsafe_b64encode(f'["confidence", {number}, 2]'.encode()).decode().rstrip("=")
    with pytest.raises(CursorError):
        Order(Sort.LEAST_CONFIDENT).after(cursor)
