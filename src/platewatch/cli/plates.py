"""`platewatch plates`: plates in the database that somebody has to look at."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from platewatch.csv_rows import Cell
    from platewatch.maintenance.undecided import UndecidedPlate

app = typer.Typer(help="Find plates in the database that somebody has to look at.", no_args_is_help=True)


@app.command("undecided")
def undecided(
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Also plates of which nothing says that a letter is missing.")
    ] = False,
) -> None:
    """Print as CSV the plates that were typed before their text was kept, and that may lack a letter."""
    from platewatch.csv_rows import csv_text
    from platewatch.db.engine import Database
    from platewatch.maintenance.undecided import COLUMNS, undecided_plates
    from platewatch.settings import load_settings

    total = doubtful = 0

    def cells(plates: Iterator[UndecidedPlate]) -> Iterator[tuple[Cell, ...]]:
        nonlocal total, doubtful
        for plate in plates:
            total += 1
            doubtful += plate.is_doubtful
            if every or plate.is_doubtful:
                yield _cells(plate)

    database = Database.of(load_settings())
    try:
        database.require_current()
        with database.reading() as session:
            for piece in csv_text(COLUMNS, cells(undecided_plates(session))):
                sys.stdout.write(piece)
    finally:
        database.dispose()
    typer.echo(
        f"{doubtful} of {total} plates that were typed before their text was kept may lack a letter. Write the entry, "
        "the hold or the sighting's plate again, and it is kept as written.",
        err=True,
    )


def _cells(plate: UndecidedPlate) -> tuple[Cell, ...]:
    return plate.kind, plate.id, plate.list_name, plate.plate, "; ".join(plate.doubts), " ".join(plate.seen)
