"""Figures as JSON files, as tables in the terminal and as Markdown between the marks of a page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.circumstances import Circumstances
from benchmarks.errors import PageError

NOTHING: Final = "-"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: the first column is text, the others figures."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """The outcome of a benchmark: all `results`, their tables, and notes for the reader.

    `mark` is where on a page they stand; by default, under the benchmark's name.
    """

    name: str
    how: Circumstances
    notes: Sequence[str]
    grids: Sequence[Grid]
    results: object
    mark: str | None = None


def publish(measured: Measured, output: Path, write: Path | None) -> None:
    """Print the tables, write everything as JSON into the folder `output`, and the tables into the page `write`.

    Raises:
        PageError: The page is missing, or its marks are.
    """
    described_by = measured.how, measured.notes, measured.grids
    show(Console(), *described_by)
    print(f"JSON: {write_json(output, measured.name, measured.how, measured.results, measured.grids)}")
    if write is not None:
        write_between_marks(write, measured.mark or measured.name, markdown(*described_by))


def percent(share: float | None) -> str:
    """A share of 0..1 in per cent with one digit."""
    return NOTHING if share is None else f"{share * 100:.1f}"


def figure(value: float | None, digits: int = 1) -> str:
    """A number with that many digits."""
    return NOTHING if value is None else f"{value:.{digits}f}"


def describe(how: Circumstances) -> list[str]:
    """The circumstances in a few lines for people."""
    code = f"commit {how.commit}" if how.commit else "no Git checkout"
    changed = " with changes that are not committed" if how.has_changes else ""
    machine = how.machine
    load = "" if machine.load is None else f", load {machine.load} when it began"
    software = f"{machine.system}, Python {machine.python}, ONNX Runtime {machine.onnxruntime}"
    return [
        f"{how.began_at:%Y-%m-%d %H:%M} UTC, {code}{changed}",
        f"Command: `{how.command}`",
        f"Machine: {machine.cpu}, {machine.cores} cores{load}; {software}",
        f"Models: {'; '.join(how.models)}",
    ]


def markdown(how: Circumstances, notes: Sequence[str], grids: Sequence[Grid]) -> str:
    """Circumstances, notes and tables for a page."""
    lines = [f"- {line}" for line in (*describe(how), *notes)]
    for grid in grids:
        lines += ["", f"**{grid.title}**", "", _markdown_row(grid.columns)]
        lines.append("|---|" + "---:|" * (len(grid.columns) - 1))
        lines += [_markdown_row(row) for row in grid.rows]
    return "\n".join(lines) + "\n"


def show(console: Console, how: Circumstances, notes: Sequence[str], grids: Sequence[Grid]) -> None:
    """Print the same to the terminal."""
    for line in (*describe(how), *notes):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for grid in grids:
        table = Table(title=grid.title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        for number, column in enumerate(grid.columns):
            table.add_column(column, justify="right" if number else "left", no_wrap=number == 0)
        for row in grid.rows:
            table.add_row(*row)
        console.print(table)


def write_json(folder: Path, name: str, how: Circumstances, results: object, grids: Sequence[Grid]) -> Path:
    """Write it all into a new file and give its path; `results` are dataclasses, plain values or lists of them."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{how.began_at:%Y%m%dT%H%M%S}.json"
    content = {"circumstances": asdict(how), "results": results, "tables": list(grids)}
    path.write_text(json.dumps(content, default=_plain, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def write_between_marks(page: Path, name: str, content: str) -> None:
    """Replace what stands in the page between `<!-- name:begin -->` and `<!-- name:end -->`.

    Raises:
        PageError: The page is missing, or its marks are.
    """
    begin, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"
    try:
        text = page.read_text(encoding="utf-8")
    except OSError as error:
        raise PageError(f"The page {str(page)!r} can't be read: {error.strerror}.") from error
    before, found_begin, rest = text.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise PageError(f"The page {str(page)!r} lacks the lines {begin.strip()!r} and {end!r}. Add them.")
    page.write_text(f"{before}{begin}{content}{end}{after}", encoding="utf-8")


def _markdown_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a result.")
