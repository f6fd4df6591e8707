"""`platewatch import`: take over what another system's database holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from platewatch.cli.dataset_progress import Steps
from platewatch.errors import FieldError, InputError
from platewatch.users.principal import Role
from platewatch.zones import zone_of

if TYPE_CHECKING:
    from platewatch.app.runtime import Runtime
    from platewatch.imports.carwatch.report import Report

app = typer.Typer(help="Take over the rows of another system's database.", no_args_is_help=True)

SOME_LEFT: Final = 1
_MAX_NAME: Final = 64


@app.callback()
def group() -> None:
    """Take over the rows of another system's database."""


@app.command("carwatch")
def carwatch(  # noqa: PLR0913 (each parameter is an option of the command)
    source: Annotated[
        str, typer.Option("--from", help="CarWatch's database: mysql://, mariadb://, postgresql:// or sqlite:///file.")
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be taken.")] = False,
    time_zone: Annotated[
        str | None, typer.Option(help="Zone of dates that have none, like Europe/Berlin; MySQL's TIMESTAMP has one.")
    ] = None,
    location: Annotated[
        str | None,
        typer.Option(help="Where the history's vehicles came and went; by default PLATEWATCH_CARWATCH_LOCATION."),
    ] = None,
    admin: Annotated[str | None, typer.Option(help="The user who becomes an administrator.")] = None,
    role: Annotated[Role, typer.Option(help="What the other users become.")] = Role.OPERATOR,
    name: Annotated[str, typer.Option(help="A name for this source; another one for each CarWatch.")] = "carwatch",
    report: Annotated[Path | None, typer.Option(help="A CSV file for the rows that are left.")] = None,
    ask_password: Annotated[bool, typer.Option("--ask-password", help="Ask for the source's password.")] = False,
) -> None:
    """Take over CarWatch's users with their passwords, its history and its images.

    The source is only read. Stopped in any way, the same command goes on where it ended; started again later, it takes
    what was added. Ends with 1 if rows were left.
    """
    from platewatch.imports.carwatch.source import opened
    from platewatch.imports.carwatch.takeover import Takeover, TakeoverPlan, Target

    if not 0 < len(name.strip()) <= _MAX_NAME:
        raise FieldError("name", f"Give --name 1 to {_MAX_NAME} characters.")
    if report is not None:
        _require_writable(report)
    address = _with_password(source) if ask_password else source
    zone = _zone(time_zone)
    with _runtime() as runtime, opened(address, zone) as rows, Steps("Taking over") as steps:
        place = _location(location, runtime.settings.carwatch_location)
        plan = TakeoverPlan(name.strip(), place, admin, role, dry_run)
        target = Target(runtime.settings, runtime.recorder, runtime.reading.limits)
        takeover = Takeover(rows, target, plan, steps.report)
        takeover.require_settled()
        try:
            takeover.run()
        finally:
            _print(takeover.report, report)
    if takeover.report.left:
        raise typer.Exit(SOME_LEFT)


@contextmanager
def _runtime() -> Iterator[Runtime]:
    """The server's database and images, without the server."""
    from platewatch.app.runtime import Runtime
    from platewatch.app.start import prepare_data
    from platewatch.clock import Clock
    from platewatch.settings import load_settings

    settings = load_settings()
    prepare_data(settings)
    runtime = Runtime(settings, Clock())
    try:
        runtime.open_stores()
        yield runtime
    finally:
        runtime.close_stores()


def _require_writable(file: Path) -> None:
    """Do nothing if the report can be written, before hours of work end without it."""
    from platewatch.data_folder import write_fault

    folder = file.absolute().parent
    if file.is_dir():
        reason: str | None = "it is a folder"
    elif not folder.is_dir():
        reason = f"there is no folder {str(folder)!r}"
    elif file.exists():
        reason = None if os.access(file, os.W_OK) else "this user may not write there"
    else:
        reason = write_fault(folder)
    if reason is not None:
        raise FieldError("report", f"The report {str(file)!r} can't be written: {reason}. Choose another --report.")


def _with_password(address: str) -> str:
    from platewatch.db.engine import normalized_url

    url = normalized_url(address)
    return url.set(password=typer.prompt("Password", hide_input=True)).render_as_string(hide_password=False)


def _zone(name: str | None) -> tzinfo | None:
    try:
        return None if name is None else zone_of(name)
    except ValueError as error:
        raise InputError(f"There is no time zone {name!r}. Use an IANA name like Europe/Berlin, or UTC.") from error


def _location(given: str | None, default: str | None) -> str | None:
    from pydantic import TypeAdapter, ValidationError

    from platewatch.sightings.schemas import PlaceName

    try:
        return None if given is None and default is None else TypeAdapter(PlaceName).validate_python(given or default)
    except ValidationError as error:
        raise FieldError("location", f"{given!r} is no name of a location: {error.errors()[0]['msg']}.") from error


def _print(report: Report, file: Path | None) -> None:
    from platewatch.csv_rows import csv_text
    from platewatch.imports.carwatch.report import COLUMNS

    for line in report.lines():
        typer.echo(line)
    if file is not None:
        with file.open("w", encoding="utf-8", newline="") as rows:
            rows.writelines(csv_text(COLUMNS, report.rows()))
