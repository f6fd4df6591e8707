"""Rows with every required column filled, for tests that care about one or two of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from platewatch.db.tables import SightingRow, UserRow

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def sighting(**fields: Any) -> SightingRow:
    """A sighting of ABC123 at noon, but for the fields that are given."""
    captured_at = fields.get("captured_at", NOON)
    defaults: dict[str, Any] = {
        "plate": "ABC123",
        "confidence": 0.9,
        "characters": [("A", 0.9)],
        "alternatives": [],
        "corners": ((0, 0), (9, 0), (9, 3), (0, 3)),
        "direction": "unknown",
        "captured_at": captured_at,
        "first_seen_at": captured_at,
        "last_seen_at": captured_at,
        "recorded_at": captured_at,
        "source": "upload",
        "detector": "rapidocr",
        "recognizer": "rapidocr",
    }
    return SightingRow(**(defaults | fields))


def user(username: str = "Ada") -> UserRow:
    """An active administrator."""
    return UserRow(
        username=username,
        username_key=username.casefold(),
        password_hash="-",
        role="admin",
        status="active",
        created_at=NOON,
    )
