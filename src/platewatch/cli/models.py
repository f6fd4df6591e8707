"""`platewatch models`: what can find and read plates here, and whether the models are whole."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from platewatch.errors import ModelError, ModelFileError

app = typer.Typer(help="List and verify what finds and reads plates.", no_args_is_help=True)

DAMAGED: Final = 1

FolderOption = Annotated[Path | None, typer.Option("--folder", help="A folder with models of your own.")]


@app.command("list")
def list_models(folder: FolderOption = None) -> None:
    """Print the backends that `read` can use, and the models that have a card."""
    from platewatch.vision.registry import installed_backends
    from platewatch.vision.zoo import BUILT_IN_MODELS
    from platewatch.vision.zoo import list_models as models_in

    for backend in installed_backends():
        typer.echo(f"{backend.kind:<11} {backend.name:<16} from the package {backend.package}")
    try:
        models = models_in(BUILT_IN_MODELS, *([folder] if folder else []))
    except ModelFileError as error:
        _fail(error)
    for model in models:
        typer.echo(f"{model.card.kind:<11} {model.card.name:<16} {model.card.version}, {model.folder}")


@app.command("verify")
def verify_models(folder: FolderOption = None) -> None:
    """Check the SHA-256 of every model; ends with 1 if one is damaged or missing."""
    damaged = False
    try:
        for name, problem in _checks(folder):
            typer.echo(f"{name}: {problem or 'whole'}")
            damaged = damaged or problem is not None
    except ModelError as error:
        _fail(error)
    if damaged:
        raise typer.Exit(DAMAGED)


def _checks(folder: Path | None) -> Iterator[tuple[str, str | None]]:
    """A name for each model, and what is wrong with it, if anything."""
    from platewatch.vision.backends.rapidocr import damaged_files, model_files
    from platewatch.vision.zoo import BUILT_IN_MODELS, list_models

    damaged = set(damaged_files())
    for path in model_files():
        yield path.name, "damaged, install the package rapidocr again" if path in damaged else None
    for model in list_models(BUILT_IN_MODELS, *([folder] if folder else [])):
        try:
            model.verify()
        except ModelFileError as error:
            yield model.card.name, str(error)
        else:
            yield model.card.name, None


def _fail(error: ModelError) -> NoReturn:
    print(error, file=sys.stderr)  # noqa: T201 (a command prints)
    raise typer.Exit(DAMAGED) from error
