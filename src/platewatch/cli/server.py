"""`platewatch serve`, `migrate` and `openapi`."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from platewatch.settings import ReadSettings, Settings


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on.")] = None,
) -> None:
    """Start the server and its dashboard."""
    from platewatch.app.asgi import prepare_database
    from platewatch.app.main import create_app
    from platewatch.app.start import prepare_start
    from platewatch.cli.serving import run_server
    from platewatch.memory import settle

    read = _read_settings(host, port)
    hints = prepare_start(read, listens=True)
    settings = read.settings
    _set_up_logs(settings)
    prepare_database(settings)
    app = create_app(settings)
    settle()
    _greet(settings, hints, first_account=app.state.runtime.first_account_missing())
    run_server(app, settings)


def migrate() -> None:
    """Make the database's tables, or bring them up to this version."""
    from platewatch.app.start import prepare_data
    from platewatch.db.engine import Database, SchemaState
    from platewatch.settings import load_settings

    settings = load_settings()
    prepare_data(settings)
    database = Database.of(settings)
    before = database.schema_state()
    database.migrate()
    database.dispose()
    done = "is up to date" if before is SchemaState.CURRENT else "was brought up to date"
    typer.echo(f"The database {database.name} {done}.")


def openapi() -> None:
    """Print the description of the API as JSON."""
    from platewatch.app.main import create_app
    from platewatch.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        schema = create_app(Settings(data=Path(folder))).openapi()
    typer.echo(json.dumps(schema, indent=2, ensure_ascii=False))


def _read_settings(host: str | None, port: int | None) -> ReadSettings:
    from platewatch.settings import read_settings

    read = read_settings()
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    return replace(read, settings=read.settings.model_copy(update=given))


def _set_up_logs(settings: Settings) -> None:
    from platewatch.logs import set_up_logs

    set_up_logs(folder=settings.log_folder, level=settings.effective_log_level, terminal=settings.log_format)


def _greet(settings: Settings, hints: list[str], *, first_account: bool) -> None:
    from platewatch.app.greeting import address_for_people, greeting

    typer.secho(f"platewatch is starting at {address_for_people(settings)}", bold=True, err=True)
    for line in (*greeting(settings, first_account=first_account), *hints):
        typer.echo(line, err=True)
