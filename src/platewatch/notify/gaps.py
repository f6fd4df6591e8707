"""Ids that are missing from what was read, because their transactions are slower or were rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Gap:
    """Missing ids, both ends included, and when (monotonic seconds) they were first missed."""

    first: int
    last: int
    missed_at_s: float

    def __contains__(self, event_id: int) -> bool:
        return self.first <= event_id <= self.last


class Gaps:
    """The highest id that was read, and the lower ids that are still awaited.

    Databases give out ids before the commit, so id 7 can become visible before id 6.
    """

    def __init__(self, highest: int, life_s: float) -> None:
        self.highest = highest
        self._life_s = life_s
        self._gaps: list[Gap] = []

    def __iter__(self) -> Iterator[Gap]:
        return iter(self._gaps)

    def __contains__(self, event_id: int) -> bool:
        return any(event_id in gap for gap in self._gaps)

    @property
    def settled_id(self) -> int:
        """The id up to which nothing is awaited."""
        # Other threads ask too, so the list is looked up once.
        gaps = self._gaps
        return gaps[0].first - 1 if gaps else self.highest

    def advance(self, event_id: int, now_s: float) -> None:
        """Notes an id above all others; those that it skips are awaited from now on."""
        if event_id > self.highest + 1:
            self._gaps.append(Gap(self.highest + 1, event_id - 1, now_s))
        self.highest = event_id

    def fill(self, event_id: int) -> None:
        """Notes an id that was awaited."""
        parts: list[Gap] = []
        for gap in self._gaps:
            if event_id in gap:
                parts += [replace(gap, last=event_id - 1), replace(gap, first=event_id + 1)]
            else:
                parts.append(gap)
        self._gaps = [gap for gap in parts if gap.first <= gap.last]

    def forget_old(self, now_s: float) -> None:
        """Gives up what was awaited for too long: its transactions were rolled back."""
        self._gaps = [gap for gap in self._gaps if now_s - gap.missed_at_s < self._life_s]

    def spans(self, size: int) -> list[tuple[int, int]]:
        """First and last id of ranges that cover all gaps, of at most `size` ids where one gap is not larger."""
        spans: list[tuple[int, int]] = []
        for gap in self._gaps:
            if spans and gap.last - spans[-1][0] < size:
                spans[-1] = (spans[-1][0], gap.last)
            else:
                spans.append((gap.first, gap.last))
        return spans
