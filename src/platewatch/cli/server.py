"""`platewatch serve`, `migrate` and `openapi`."""

from __future__ import annotations

import json
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from platewatch.errors import SettingsError

if TYPE_CHECKING:
    from platewatch.settings import Settings


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on.")] = None,
) -> None:
    """Start the server and its dashboard."""
    from platewatch.app.asgi import prepare_database
    from platewatch.app.main import create_app
    from platewatch.cli.serving import run_server
    from platewatch.memory import settle

    settings = _settings(host, port)
    require_free_port(settings.host, settings.port)
    _set_up_logs(settings)
    prepare_database(settings)
    app = create_app(settings)
    settle()
    _greet(settings, first_account=app.state.runtime.first_account_missing())
    run_server(app, settings)


def migrate() -> None:
    """Make the database's tables, or bring them up to this version."""
    from platewatch.db.engine import Database, SchemaState
    from platewatch.settings import load_settings

    database = Database(load_settings().effective_database_url)
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


def _settings(host: str | None, port: int | None) -> Settings:
    from platewatch.settings import load_settings

    settings = load_settings()
    given = {"host": host, "port": port}
    return settings.model_copy(update={name: value for name, value in given.items() if value is not None})


def require_free_port(host: str, port: int) -> None:
    """Do nothing if the server can listen there; asked before anything is changed or printed.

    Raises:
        SettingsError: it can't; the message says why.
    """
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            with socket.socket(family, kind, protocol) as probe:
                # As the server itself does; else a restart would have to wait for the last connections to fade.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(
            f"The server can't listen on {host!r}, port {port}: {reason}. End what uses it, or choose another address "
            "with --host and --port or PLATEWATCH_HOST and PLATEWATCH_PORT."
        ) from error


def _set_up_logs(settings: Settings) -> None:
    from platewatch.logs import set_up_logs

    try:
        set_up_logs(folder=settings.log_folder, level=settings.effective_log_level, terminal=settings.log_format)
    except OSError as error:
        raise SettingsError(
            f"The folder {str(settings.log_folder)!r} can't be made: {error.strerror}. "
            "Choose another one with PLATEWATCH_DATA or PLATEWATCH_LOGS."
        ) from error


def _greet(settings: Settings, *, first_account: bool) -> None:
    address = address_for_people(settings)
    typer.secho(f"platewatch is starting at {address}", bold=True, err=True)
    if not first_account:
        return
    typer.echo(
        f"Nobody has an account yet. Open {address}/app/ to make the first one: it becomes the administrator.", err=True
    )
    if not settings.listens_on_loopback:
        from platewatch.users.setup_token import SetupToken

        token = SetupToken(settings.data).get_or_create()
        typer.echo(f"The page asks for this one-time setup token: {token}", err=True)


def address_for_people(settings: Settings) -> str:
    """The address to type into a browser on this machine."""
    everywhere = {"0.0.0.0": "localhost", "::": "localhost"}  # noqa: S104 -- compared with, not bound to
    host = everywhere.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
