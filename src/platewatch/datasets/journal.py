"""The decisions of `clean` so far: a JSON line for each file, written before the file is touched."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pydantic import TypeAdapter, ValidationError

from platewatch.datasets.placing import Placing, storage_error
from platewatch.errors import ConflictError, LabelsError

_VERSION: Final = 1


class Verdict(StrEnum):
    """The outcome for a file."""

    CLEANED = "cleaned"
    TRASH = "trash"
    LEFT = "left"
    """The system could not read it; it stays, and the next run tries again."""


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt to read a file: its most confident plate, if any, or the error."""

    recognizer: str
    retouching: str
    text: str = ""
    confidence: float = 0.0
    error: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision about one file, and its name in the target folder."""

    name: str
    verdict: Verdict
    target: str
    tries: tuple[Try, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """The options that a run was started with; a resumed run must have the same."""

    raw: str
    cleaned: str
    trash: str
    placing: Placing
    recognizers: tuple[str, ...]
    detector: str
    min_confidence: float
    version: int = _VERSION


_DECISION: Final = TypeAdapter(Decision)
_TERMS: Final = TypeAdapter(Terms)


class Journal:
    """An open journal; only one process at a time has it.

    Raises:
        ConflictError: Another process has it.
        LabelsError: It belongs to a run with other terms, or is no journal.
        StorageError: It can't be written.
    """

    def __init__(self, path: Path, terms: Terms) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab+")
        except OSError as error:
            raise storage_error(error, path) from error
        try:
            _lock(self._file.fileno(), path)
            self.decisions = self._read(terms)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, decision: Decision) -> None:
        """Keep the decision, on the disk when this returns."""
        self._write(_DECISION.dump_json(decision) + b"\n")
        self.decisions[decision.name] = decision

    def _read(self, terms: Terms) -> dict[str, Decision]:
        self._file.seek(0)
        lines = self._file.read().split(b"\n")
        # What follows the last line break was cut off while it was written.
        torn = lines.pop()
        if torn:
            self._file.truncate(self._file.tell() - len(torn))
        if not lines:
            self._write(_TERMS.dump_json(terms) + b"\n")
            return {}
        self._check(lines[0], terms)
        decisions = {}
        for number, line in enumerate(lines[1:], 2):
            try:
                decision = _DECISION.validate_json(line)
            except ValidationError as error:
                raise LabelsError(
                    f"{str(self.path)!r}, line {number}: this is no decision. Restore the file."
                ) from error
            decisions[decision.name] = decision
        return decisions

    def _check(self, line: bytes, terms: Terms) -> None:
        try:
            begun = _TERMS.validate_json(line)
        except ValidationError as error:
            raise LabelsError(f"{str(self.path)!r} is no journal of `clean`. Name another folder.") from error
        if begun != terms:
            before, now = asdict(begun), asdict(terms)
            changed = ", ".join(f"{name} was {before[name]!r}" for name in now if before[name] != now[name])
            raise LabelsError(
                f"{str(self.path)!r} is about a run that was begun with other options ({changed}). Go on with those, "
                "or name another folder for the report.",
            )

    def _write(self, line: bytes) -> None:
        end = self._file.seek(0, os.SEEK_END)
        try:
            self._file.write(line)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            _cut(self._file.fileno(), end)
            raise storage_error(error, self.path) from error


def _cut(descriptor: int, end: int) -> None:
    """Take away what of a line got onto a full disk; the next start does it too, should this fail."""
    try:
        os.ftruncate(descriptor, end)
    except OSError:
        return


def _lock(descriptor: int, path: Path) -> None:
    try:
        import fcntl  # noqa: PLC0415 (not on Windows, where an open file is guard enough)
    except ImportError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ConflictError(f"Another `clean` is at work with {str(path)!r}. Wait until it has ended.") from error


def as_rows(decision: Decision) -> Sequence[dict[str, object]]:
    """A row for each try, for the report."""
    own = {"file": decision.name, "verdict": decision.verdict.value, "target": decision.target}
    return [{**own, "try": number, **asdict(one)} for number, one in enumerate(decision.tries, 1)]


def as_document(decision: Decision) -> dict[str, object]:
    """The decision for the report in JSON."""
    document: dict[str, object] = json.loads(_DECISION.dump_json(decision))
    return document
