"""The command `platewatch`: one verb a file.

Each verb imports what it needs when it runs, so that `platewatch version` and `--help` answer at once.
"""

from __future__ import annotations

from typing import Annotated, Final, NoReturn

import typer

from platewatch import __version__
from platewatch.cli import dataset, importing, media, models, plates, read, reseal, server
from platewatch.errors import InputError, PlatewatchError, SettingsError

FAILED: Final = 1
USAGE: Final = 2


def _print_version(wanted: bool) -> None:  # noqa: FBT001 (typer's)
    if wanted:
        typer.echo(f"platewatch {__version__}")
        raise typer.Exit


app = typer.Typer(
    name="platewatch",
    help="Read license plates from photos, serve the dashboard and the API.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("read")(read.read)
app.add_typer(models.app, name="models")
app.add_typer(dataset.app, name="dataset")
app.add_typer(plates.app, name="plates")
app.add_typer(importing.app, name="import")
app.command("serve")(server.serve)
app.command("migrate")(server.migrate)
app.command("reseal")(reseal.reseal)
app.command("sweep-media")(media.sweep_media)
app.command("openapi")(server.openapi)


@app.command("version")
def version() -> None:
    """Print the version."""
    typer.echo(f"platewatch {__version__}")


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Read license plates from photos, serve the dashboard and the API."""


def main() -> None:
    """Run the command; the entry point. Errors are printed as one message, without a traceback."""
    try:
        app()
    except (SettingsError, InputError) as error:
        _end(error, USAGE)
    except PlatewatchError as error:
        _end(error, FAILED)


def _end(error: PlatewatchError, status: int) -> NoReturn:
    typer.echo(str(error), err=True)
    raise SystemExit(status) from error
