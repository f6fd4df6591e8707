"""Whatever is recorded late, corrected, merged and deleted: visits are those of the sightings that are left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from platewatch.audit.service import Actor
from platewatch.clock import SetClock
from platewatch.db.engine import Database
from platewatch.db.tables import LocationRow
from platewatch.sightings.changes import SightingChanges
from platewatch.sightings.schemas import SightingCreate, SightingMerge, SightingUpdate
from platewatch.sightings.service import Circumstances, SightingService
from platewatch.vision.types import Direction
from platewatch.visits.stays import Pass, PassDirection, derive
from tests.databases import delete_all_rows
from tests.visits.passes import LOOKALIKES, at, written
from tests.visits.site import Site

NOBODY = Actor()
PLATES = (*LOOKALIKES, "XY77")


@dataclass(frozen=True)
class Seen:
    """What one sighting says now."""

    plate: str
    direction: Direction
    minute: int


@dataclass(frozen=True)
class Corrected:
    number: int
    plate: str | None
    direction: Direction | None


@dataclass(frozen=True)
class Merged:
    number: int
    other: int


@dataclass(frozen=True)
class Deleted:
    number: int


Step: TypeAlias = Seen | Corrected | Merged | Deleted
PLATE, WAY, NUMBER = st.sampled_from(PLATES), st.sampled_from(Direction), st.integers(0, 99)
SEEN = st.builds(Seen, PLATE, WAY, st.integers(0, 20))
STEPS = st.lists(
    st.one_of(
        SEEN,
        SEEN,
        st.builds(Corrected, NUMBER, st.none() | PLATE, st.none() | WAY),
        st.builds(Merged, NUMBER, NUMBER),
        st.builds(Deleted, NUMBER),
    ),
    max_size=16,
)


class Story:
    """Steps as a user takes them, and what is left in the end. A step that names nobody is left out."""

    def __init__(self, database: Database, clock: SetClock, place: str) -> None:
        self._database, self._clock, self._place = database, clock, place
        self.left: dict[int, Seen] = {}

    def take(self, step: Step) -> None:
        with self._database.transaction() as session:
            changes = SightingChanges(session, self._clock)
            match step:
                case Seen():
                    circumstances = Circumstances(at(step.minute), direction=step.direction, location=self._place)
                    service = SightingService(session, self._clock)
                    made = service.record_manual(SightingCreate(plate=step.plate), circumstances)
                    self.left[made.id] = step
                case Corrected() if self.left:
                    one = self._one(step.number)
                    said = {"plate": step.plate, "direction": step.direction}
                    given = {field: value for field, value in said.items() if value is not None}
                    changes.correct(one, SightingUpdate.model_validate(given), NOBODY)
                    self.left[one] = replace(self.left[one], **given)  # type: ignore[arg-type]  # of both fields
                case Merged() if self._one(step.number) != self._one(step.other):
                    gone = self._one(step.other)
                    changes.merge(self._one(step.number), SightingMerge(other_id=gone), NOBODY)
                    del self.left[gone]
                case Deleted() if self.left:
                    one = self._one(step.number)
                    changes.delete(one, NOBODY)
                    del self.left[one]
                case _:
                    pass

    def visits(self) -> list[str]:
        """What the sightings that are left make, plate by plate that look alike."""
        passes = [
            Pass(identity, seen.plate, PassDirection(seen.direction), at(seen.minute))
            for identity, seen in self.left.items()
            if seen.direction is not Direction.UNKNOWN
        ]
        alike = [[one for one in passes if one.plate in LOOKALIKES], [one for one in passes if one.plate == "XY77"]]
        return sorted(text for some in alike for text in written(derive(some)))

    def _one(self, number: int) -> int:
        return sorted(self.left)[number % len(self.left)] if self.left else 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_visits_are_those_of_the_sightings_that_are_left(
    sqlite_database: Database, clock: SetClock, steps: list[Step]
) -> None:
    delete_all_rows(sqlite_database)
    site = Site(sqlite_database, clock)
    story = Story(sqlite_database, clock, "depot")
    for step in steps:
        story.take(step)
    assert site.visits() == story.visits()
    assert site.occupancy() == sum(text.startswith("open ") for text in story.visits())
    with sqlite_database.reading() as session:
        assert session.scalars(select(LocationRow.name)).all() == ["depot"]
