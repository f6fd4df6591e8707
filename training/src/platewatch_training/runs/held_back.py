"""Validation on held-back own data: the figures at each look, the best look, and early stopping."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from platewatch_training.runs.config import RunError

HELD_BACK: Final = "held-back.jsonl"
BEST: Final = "best.pt"
"""The checkpoint whose averaged weights did best on what is held back."""


@dataclass(frozen=True, slots=True)
class Look:
    """The figures at a step. Higher is better; a later figure decides where those before it are equal."""

    step: int
    figures: Mapping[str, float]


class HeldBack:
    """The looks of one run, kept in its folder.

    Raises:
        RunError: what was kept there is damaged.
    """

    def __init__(self, run: Path, patience: int) -> None:
        self._path = run / HELD_BACK
        self._patience = patience
        self.looks = read_looks(run) if self._path.exists() else []

    @property
    def best(self) -> Look | None:
        """The best look, the earliest of equal ones."""
        return best_of(self.looks)

    @property
    def over(self) -> bool:
        """Whether the last looks, as many as there is patience for, brought nothing better."""
        best = self.best
        return best is not None and len(self.looks) - self.looks.index(best) > self._patience

    def looked_at(self, step: int) -> bool:
        """Whether that step was measured."""
        return any(look.step == step for look in self.looks)

    def forget_after(self, step: int) -> None:
        """Drop what a run that was stopped hard had seen after the checkpoint that it goes on from."""
        self.looks = [look for look in self.looks if look.step <= step]
        self._path.write_text("".join(map(_line, self.looks)))

    def note(self, look: Look) -> bool:
        """Keep the look; True if it is the best so far."""
        # As it is written, so that a run that goes on compares like with like.
        kept = Look(look.step, {name: round(value, 6) for name, value in look.figures.items()})
        self.looks.append(kept)
        with self._path.open("a") as file:
            file.write(_line(kept))
        return self.best is kept


def best_of(looks: Sequence[Look]) -> Look | None:
    """The best of them, the earliest of equal ones; None of none."""
    return max(looks, key=lambda look: tuple(look.figures.values()), default=None)


def read_looks(run: Path) -> list[Look]:
    """The looks in the course of the run.

    Raises:
        RunError: the file is missing or damaged.
    """
    path = run / HELD_BACK
    try:
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        return [Look(int(row.pop("step")), {name: float(value) for name, value in row.items()}) for row in rows]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(f"What was held back can't be read from {str(path)!r}: {error!r}. Begin a new run.") from error


def _line(look: Look) -> str:
    return json.dumps({"step": look.step, **look.figures}) + "\n"
