"""Passes for tests, written as text: `in AB10 5` is AB10 entering at minute 5, `in? AB10 5` the same read unsurely."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from platewatch.visits.stays import Pass, PassDirection, Stay

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
DIRECTIONS = {"in": PassDirection.ENTERING, "out": PassDirection.LEAVING}
LOOKALIKES = ("AB10", "AB1O", "A810", "ABIO", "A8IO")
"""All of one neighborhood; the first and the last are further apart than one exit's reading may be."""


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def passes(*lines: str) -> list[Pass]:
    """The passes, numbered from 1."""
    made = []
    for number, line in enumerate(lines, 1):
        way, plate, minute = line.split()
        direction = DIRECTIONS[way.rstrip("?")]
        made.append(Pass(number, plate, direction, at(float(minute)), is_unsure=way.endswith("?")))
    return made


def written(stays: list[Stay]) -> list[str]:
    """Each stay as `state plate entry-exit (end)` in minutes, sorted."""
    return sorted(_written(stay) for stay in stays)


def _written(stay: Stay) -> str:
    entered = _minute(stay.entry.passed_at if stay.entry else None)
    left = _minute(stay.exit.passed_at if stay.exit else None)
    return f"{stay.state} {stay.first.plate} {entered}-{left} ({_minute(stay.ended_at)})"


def _minute(instant: datetime | None) -> str:
    return "" if instant is None else f"{(instant - START) / timedelta(minutes=1):g}"


def pass_lists(max_size: int = 14) -> st.SearchStrategy[list[Pass]]:
    """Passes of one neighborhood at few different times, so that they meet."""
    one = st.builds(
        Pass,
        st.just(0),
        st.sampled_from(LOOKALIKES),
        st.sampled_from(PassDirection),
        st.integers(0, 20).map(at),
        is_unsure=st.sampled_from([False, False, True]),
    )
    return st.lists(one, max_size=max_size).map(numbered)


def numbered(given_passes: list[Pass]) -> list[Pass]:
    """The passes, numbered from 1."""
    return [replace(one, id=number) for number, one in enumerate(given_passes, 1)]
