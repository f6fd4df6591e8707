"""Rules for one row of CarWatch: the values that platewatch keeps, or the reason why the row is left."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from platewatch.errors import FieldError, InputError
from platewatch.imports.carwatch.source import SourceDate, SourceRecord, SourceUser
from platewatch.plates.text import MAX_WRITTEN, as_written
from platewatch.sightings.capture_time import plausible_time
from platewatch.sightings.service import plate_of
from platewatch.users.repository import username_key
from platewatch.users.schemas import MAX_USERNAME_LENGTH
from platewatch.vision.types import Direction

MAX_BCRYPT_COST: Final = 16
"""As much as PLATEWATCH_BCRYPT_ROUNDS may say; a log-in with a cost of 20 takes minutes of a processor."""
MAX_SUBJECT: Final = 150
MAX_NOTE: Final = 500
MAX_FILENAME: Final = 255

_BCRYPT: Final = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}", re.ASCII)
_MIN_BCRYPT_COST: Final = 4
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]+")
_CONTROLS_BUT_LINES: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]+")
_BY_HAND: Final = re.compile(r"\bmanual(ly)?\b", re.IGNORECASE)
"""In `Manual Entry` the entry is one in a book."""
_WORDS: Final = re.compile(r"[a-z]+")
_ENTERING: Final = frozenset({"entry", "entering", "entered", "enter", "enters", "arrival", "arrived"})
_LEAVING: Final = frozenset({"exit", "exiting", "exited", "exits", "leaving", "left", "leave", "leaves", "departure"})
_AVAILABLE: Final = "car is available"
"""CarWatch's words for a vehicle that entered."""
_NO_PLATE: Final = frozenset(
    {"", "-", "unknown", "none", "null", "nan", "n/a", "na", "undefined", "unreadable", "not found", "not detected"}
    | {"no plate", "no plate found", "no plate detected", "no text", "plate not found", "plate not detected"}
)


class LeftError(InputError):
    """A row is left in the source; the message says why."""


@dataclass(frozen=True, slots=True)
class PastPass:
    """A row of the history. `is_shortened`: its texts are longer than platewatch keeps."""

    plate: str
    captured_at: datetime
    direction: Direction
    subject: str | None
    note: str | None
    is_shortened: bool


def usable_hash(user: SourceUser) -> str:
    """The user's password hash.

    Raises:
        LeftError: It is none of bcrypt, or one that would take too long to compare.
    """
    found = _BCRYPT.fullmatch(user.password_hash)
    if found is None:
        raise LeftError("the password is no bcrypt hash ($2a$, $2b$, $2y$); make the account by hand")
    if not _MIN_BCRYPT_COST <= int(found[1]) <= MAX_BCRYPT_COST:
        raise LeftError(f"the password's bcrypt cost is not {_MIN_BCRYPT_COST} to {MAX_BCRYPT_COST}")
    return user.password_hash


def usable_name(user: SourceUser) -> str:
    """The name with which the user logs in.

    Raises:
        LeftError: Nobody can log in with it here.
    """
    name = user.username.strip()
    if not name or _CONTROLS.search(name) or not username_key(name):
        raise LeftError("the user name is empty or has control characters")
    if max(len(name), len(username_key(name))) > MAX_USERNAME_LENGTH:
        raise LeftError(f"the user name is longer than {MAX_USERNAME_LENGTH} characters")
    return name


def past_pass(record: SourceRecord, now: datetime) -> PastPass:
    """The pass that a row of the history describes.

    Raises:
        LeftError: It has no plate or no date that can be used.
    """
    if record.plate.strip().casefold() in _NO_PLATE:
        raise LeftError("no plate was read")
    plate = as_written(record.plate)
    try:
        plate_of(plate)
    except FieldError as error:
        raise LeftError(f"the text is no plate: {error}") from error
    if len(plate) > MAX_WRITTEN:
        raise LeftError("the text is no plate")
    subject, is_subject_cut = _cut(_CONTROLS.sub(" ", record.subject).strip(), MAX_SUBJECT)
    note, is_note_cut = _cut(_CONTROLS_BUT_LINES.sub(" ", record.description).strip(), MAX_NOTE)
    return PastPass(
        plate=plate,
        captured_at=usable_time(record.date, now),
        direction=direction_of(record.subject, record.description),
        subject=subject or None,
        note=note or None,
        is_shortened=is_subject_cut or is_note_cut,
    )


def usable_time(date: SourceDate, now: datetime) -> datetime:
    """The time that a row bears.

    Raises:
        LeftError: There is none, or none that can be.
    """
    if date.at is None:
        raise LeftError("there is no date that can be read")
    try:
        return plausible_time(date.at, now)
    except FieldError as error:
        raise LeftError("the date can't be: it is before 2000 or in the future") from error


def direction_of(subject: str, description: str) -> Direction:
    """The vehicle's direction by CarWatch's words; the subject counts before the description."""
    for text in (subject.lower(), description.lower()):
        words = set(_WORDS.findall(text)) - ({"entry"} if _BY_HAND.search(text) else set())
        enters = bool(words & _ENTERING) or text.strip() == _AVAILABLE
        leaves = bool(words & _LEAVING)
        if enters != leaves:
            return Direction.ENTERING if enters else Direction.LEAVING
    return Direction.UNKNOWN


def usable_filename(name: str) -> str:
    """The file's name without its folder and without what no name may have."""
    base = re.split(r"[/\\]", name)[-1]
    return _CONTROLS.sub("_", base).strip()[-MAX_FILENAME:] or "image.jpg"


def _cut(text: str, limit: int) -> tuple[str, bool]:
    return text[:limit], len(text) > limit
