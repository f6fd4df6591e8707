"""The report of a takeover: rows taken over, rows left, and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from platewatch.csv_rows import Cell
from platewatch.imports.carwatch.source import SourceTable

_IDS_NAMED: Final = 5
COLUMNS: Final = ("table", "id", "reason")


class Outcome(StrEnum):
    """The outcome of a row of the source."""

    TAKEN = "taken"
    BEFORE = "before"
    """An earlier run took or linked it."""
    LINKED = "linked"
    """A user whose name somebody has here already: the history is put down to that account."""
    LEFT = "left"


@dataclass(slots=True)
class Tally:
    """The rows of one table by outcome, those that are left by reason, and notes on those that were taken."""

    total: int = 0
    zone: str = ""
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    left: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    notes: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        self.outcomes[outcome] += 1

    def leave(self, source_id: int, reason: str) -> None:
        self.outcomes[Outcome.LEFT] += 1
        self.left[reason].append(source_id)

    @property
    def waiting(self) -> int:
        """The number of rows without an outcome, because the run was stopped."""
        return self.total - self.outcomes.total()


@dataclass(slots=True)
class Report:
    """One run over all tables."""

    is_dry: bool
    tallies: dict[SourceTable, Tally] = field(default_factory=lambda: {name: Tally() for name in SourceTable})

    @property
    def left(self) -> int:
        return sum(tally.outcomes[Outcome.LEFT] for tally in self.tallies.values())

    def lines(self) -> Iterator[str]:
        """A table for people, and below it what was left and why."""
        taken = "would be taken" if self.is_dry else "taken"
        heads = ("", "in CarWatch", taken, "taken before", "linked", "left", "waiting")
        rows = [heads, *(self._cells(name, tally) for name, tally in self.tallies.items())]
        if not any(tally.waiting for tally in self.tallies.values()):
            rows = [row[:-1] for row in rows]
        widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
        for row in rows:
            cells = [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
            yield "  ".join(cells).rstrip()
        for name, tally in self.tallies.items():
            yield from self._explain(name, tally)

    def rows(self) -> Iterator[tuple[Cell, ...]]:
        """Each row that was left, for a CSV file with `COLUMNS`."""
        for name, tally in self.tallies.items():
            for reason, ids in tally.left.items():
                yield from ((name.value, source_id, reason) for source_id in ids)

    def counts(self) -> dict[str, int]:
        """For the audit log."""
        return {
            f"{name}_{outcome}": tally.outcomes[outcome] for name, tally in self.tallies.items() for outcome in Outcome
        }

    def _cells(self, name: SourceTable, tally: Tally) -> tuple[str, ...]:
        numbers = (tally.total, *(tally.outcomes[outcome] for outcome in Outcome), tally.waiting)
        return (name.value, *(str(number) for number in numbers))

    def _explain(self, name: SourceTable, tally: Tally) -> Iterator[str]:
        if tally.total:
            yield f"{name}: dates are in {tally.zone}"
        for note, count in tally.notes.items():
            yield f"{name}: {count} {note}"
        for reason, ids in tally.left.items():
            named = ", ".join(str(source_id) for source_id in ids[:_IDS_NAMED])
            more = ", ..." if len(ids) > _IDS_NAMED else ""
            yield f"{name}: {len(ids)} left: {reason} (id {named}{more})"
