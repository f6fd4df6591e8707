"""The command `platewatch`: one verb a file.

Each verb imports what it needs when it runs, so that `platewatch version` and `--help` answer at once.
"""

from __future__ import annotations

from typing import Final, NoReturn

import typer

from platewatch.cli import dataset, media, models, plates, read, reseal, server
from platewatch.errors import InputError, PlatewatchError, SettingsError

FAILED: Final = 1
USAGE: Final = 2

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
app.command("serve")(server.serve)
app.command("migrate")(server.migrate)
app.command("reseal")(reseal.reseal)
app.command("sweep-media")(media.sweep_media)
app.command("openapi", hidden=True)(server.openapi)


@app.command("version")
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as version_of

    typer.echo(f"platewatch {version_of('platewatch')}")


def main() -> None:
    """Run the command; the entry point. What can't work is told in a message, without a traceback."""
    try:
        app()
    except (SettingsError, InputError) as error:
        _end(error, USAGE)
    except PlatewatchError as error:
        _end(error, FAILED)


def _end(error: PlatewatchError, status: int) -> NoReturn:
    typer.echo(str(error), err=True)
    raise SystemExit(status) from error
