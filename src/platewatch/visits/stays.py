"""Visits as a pure function of who passed: the order in which sightings were recorded makes no difference.

A neighborhood is all passes at one location whose plates look alike; one of them never touches another one's visits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from platewatch.plates.matching import LOOKALIKE_COST, edit_distance, fold

JOIN_LIMIT: Final = 2 * LOOKALIKE_COST
"""An exit belongs to an entry if at most two characters were taken for others that look alike."""


class PassDirection(StrEnum):
    ENTERING = "entering"
    LEAVING = "leaving"


class VisitState(StrEnum):
    """`missed_exit`: the next entry came before an exit; `missed_entry`: only the exit was seen."""

    OPEN = "open"
    CLOSED = "closed"
    MISSED_EXIT = "missed_exit"
    MISSED_ENTRY = "missed_entry"


@dataclass(frozen=True, slots=True)
class Pass:
    """A plate as it was read or written on the way in or out. `passed_at` is aware. An unsure pass opens no stay."""

    id: int
    plate: str
    direction: PassDirection
    passed_at: datetime
    written: str | None = None
    is_unsure: bool = False


@dataclass(frozen=True, slots=True)
class Stay:
    """One visit, derived from passes. `ended_at` is when the vehicle stopped counting as inside; None: it counts."""

    entry: Pass | None = None
    exit: Pass | None = None
    ended_at: datetime | None = None

    @property
    def first(self) -> Pass:
        known = self.entry or self.exit
        assert known is not None  # noqa: S101  # nothing else makes a stay
        return known

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    @property
    def state(self) -> VisitState:
        if self.entry is None:
            return VisitState.MISSED_ENTRY
        if self.exit is not None:
            return VisitState.CLOSED
        return VisitState.OPEN if self.is_open else VisitState.MISSED_EXIT

    def reopened_at(self, instant: datetime) -> Stay:
        """The stay as it was known right before the instant."""
        return self if self.ended_at is not None and self.ended_at < instant else Stay(self.entry)


def derive(passes: Iterable[Pass], carried: Sequence[Stay] = (), *, same_pass: timedelta = timedelta(0)) -> list[Stay]:
    """The stays of one neighborhood, those that are carried over first.

    An entry opens a stay and ends one of the very same plate that was open. An exit closes the open stay of its plate,
    or else the nearest one that looks alike; without any it stands alone. The same way again within `same_pass` is the
    same pass, seen twice. An unsure entry opens nothing, and an unsure exit only closes a stay that is open: two
    readings that agree are sure enough, and otherwise a car park would fill up for ever.

    Args:
        passes: In any order.
        carried: Stays that began before all passes: open ones, and those that ended not longer than `same_pass` ago.
        same_pass: How far apart two readings of one pass can be.
    """
    stays = list(carried)
    for one in sorted(passes, key=_order):
        if one.direction is PassDirection.ENTERING:
            _enter(stays, one, same_pass)
        else:
            _leave(stays, one, same_pass)
    return stays


def _order(one: Pass) -> tuple[datetime, PassDirection, str, int]:
    # By what was seen before by what was stored first; "entering" sorts before "leaving".
    return one.passed_at, one.direction, one.plate, one.id


def _enter(stays: list[Stay], one: Pass, same_pass: timedelta) -> None:
    if one.is_unsure:
        return
    same = _open_of(stays, one.plate)
    for index in [same] if same is not None else _open_alike(stays, one.plate):
        if one.passed_at - stays[index].first.passed_at <= same_pass:
            return
    if same is not None:
        stays[same] = replace(stays[same], ended_at=one.passed_at)
    stays.append(Stay(entry=one))


def _leave(stays: list[Stay], one: Pass, same_pass: timedelta) -> None:
    index = _open_of(stays, one.plate)
    if index is None:
        if any(_left_just_now(stay, one, same_pass) for stay in stays):
            return
        index = next(iter(_open_alike(stays, one.plate)), None)
    if index is None:
        if not one.is_unsure:
            stays.append(Stay(exit=one, ended_at=one.passed_at))
    else:
        stays[index] = replace(stays[index], exit=one, ended_at=one.passed_at)


def _left_just_now(stay: Stay, one: Pass, same_pass: timedelta) -> bool:
    if stay.ended_at is None or stay.exit is None:
        return False
    return one.passed_at - stay.ended_at <= same_pass and look_alike(stay.first.plate, one.plate)


def _open_of(stays: Sequence[Stay], plate: str) -> int | None:
    return next((index for index, stay in enumerate(stays) if stay.is_open and stay.first.plate == plate), None)


def _open_alike(stays: Sequence[Stay], plate: str) -> list[int]:
    """Places of the open stays with a plate that looks alike, the nearest first, then the longest."""
    near = [index for index, stay in enumerate(stays) if stay.is_open and look_alike(stay.first.plate, plate)]
    return sorted(near, key=lambda index: (edit_distance(stays[index].first.plate, plate), _order(stays[index].first)))


def look_alike(a: str, b: str) -> bool:
    """Whether two plates may be one that was read in two ways."""
    return fold(a) == fold(b) and edit_distance(a, b, JOIN_LIMIT) <= JOIN_LIMIT
