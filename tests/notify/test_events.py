from __future__ import annotations

from datetime import UTC, datetime

import pytest

from platewatch.notify.events import Event, EventKind

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_kinds_are_the_words_of_the_design() -> None:
    assert set(EventKind) == {
        "sighting.recorded",
        "sighting.updated",
        "watchlist.matched",
        "access.decided",
        "access.updated",
        "visit.opened",
        "visit.closed",
        "visit.overstayed",
        "camera.state_changed",
    }


@pytest.mark.parametrize(
    ("settled_id", "resume_id"),
    [(None, 7), (7, 7), (5, 5), (9, 7)],
    ids=["not from the outbox", "nothing awaited", "6 is awaited", "came late itself"],
)
def test_a_receiver_resumes_where_nothing_can_be_missed(settled_id: int | None, resume_id: int) -> None:
    event = Event(7, EventKind.SIGHTING_RECORDED, NOON, {}, settled_id)
    assert event.resume_id == resume_id
