"""The output of `platewatch read`: a table, JSON lines or CSV, on any text stream."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol, TextIO

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from platewatch.vision.types import ImageReadings, Reading

_CSV_COLUMNS: Final = (
    "image",
    "plate",
    "confidence",
    "region",
    "region_confidence",
    "left",
    "top",
    "right",
    "bottom",
    "error",
)
# Where nobody looks at the width, names are not broken into lines.
_FILE_WIDTH: Final = 200


class Style(StrEnum):
    """The format of printed results."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One image as it was named on the command line, with its readings or the text of its error."""

    image: str
    result: ImageReadings | None
    error: str | None


class Printer(Protocol):
    """Prints outcomes as they come."""

    def show(self, outcome: Outcome) -> None:
        """Take one outcome."""
        ...

    def finish(self) -> None:
        """Print what was kept back for the end."""
        ...


def make_printer(style: Style, stream: TextIO) -> Printer:
    """The printer of that style."""
    printers: dict[Style, type[JsonPrinter | CsvPrinter | TablePrinter]] = {
        Style.JSON: JsonPrinter,
        Style.CSV: CsvPrinter,
        Style.TABLE: TablePrinter,
    }
    return printers[style](stream)


class JsonPrinter:
    """One JSON object a line and image."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def show(self, outcome: Outcome) -> None:
        result = outcome.result
        document = {
            "image": outcome.image,
            "width": result.width if result else None,
            "height": result.height if result else None,
            "ms": round(result.duration_ms, 1) if result else None,
            "plates": [_plate(reading) for reading in result.readings] if result else [],
            "error": outcome.error,
        }
        self._stream.write(json.dumps(document, ensure_ascii=False) + "\n")
        self._stream.flush()

    def finish(self) -> None:
        """Nothing is kept back."""


class CsvPrinter:
    """A line a plate; an image without plates or with an error has one line too."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._writer = csv.writer(stream, lineterminator="\n")
        self._writer.writerow(_CSV_COLUMNS)

    def show(self, outcome: Outcome) -> None:
        readings = outcome.result.readings if outcome.result else ()
        for reading in readings:
            box = [round(side, 1) for side in reading.box_xyxy]
            confidence = round(reading.confidence, 4)
            region = (reading.region or "", _round(reading.region_confidence))
            self._writer.writerow([outcome.image, reading.text, confidence, *region, *box, ""])
        if not readings:
            self._writer.writerow([outcome.image, *[""] * 8, outcome.error or ""])
        self._stream.flush()

    def finish(self) -> None:
        """Nothing is kept back."""


class _QuietConsole(Console):
    """A console that leaves a broken pipe to the command, which ends quietly; Rich's own would end with 1."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class TablePrinter:
    """A table for people, printed at the end; errors are on standard error and leave no row."""

    def __init__(self, stream: TextIO) -> None:
        self._console = _QuietConsole(file=stream, width=None if stream.isatty() else _FILE_WIDTH)
        self._table = Table("Image", "Plate", "Confidence", "Region", "Box")

    def show(self, outcome: Outcome) -> None:
        if outcome.result is None:
            return
        for index, reading in enumerate(outcome.result.readings):
            self._table.add_row(
                "" if index else outcome.image,
                reading.text,
                f"{reading.confidence:.0%}",
                _region(reading),
                ", ".join(f"{side:.0f}" for side in reading.box_xyxy),
            )
        if not outcome.result.readings:
            self._table.add_row(outcome.image, "no plate", "", "", "")

    def finish(self) -> None:
        if self._table.row_count:
            self._console.print(self._table)


def _plate(reading: Reading) -> dict[str, object]:
    return {
        "text": reading.text,
        "confidence": round(reading.confidence, 4),
        "region": reading.region,
        "region_confidence": _round(reading.region_confidence),
        "box": [round(side, 1) for side in reading.box_xyxy],
        "corners": [[round(x, 1), round(y, 1)] for x, y in reading.corners],
        "characters": [[character.text, round(character.confidence, 4)] for character in reading.characters],
    }


def _region(reading: Reading) -> str:
    if reading.region is None:
        return ""
    return reading.region if reading.region_confidence is None else f"{reading.region} {reading.region_confidence:.0%}"


def _round(confidence: float | None) -> float | None:
    return None if confidence is None else round(confidence, 4)
