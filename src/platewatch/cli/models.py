"""`platewatch models`: what can find and read plates here, whether it is whole, and models of one's own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from platewatch.errors import ModelError, ModelFileError

app = typer.Typer(help="List, verify, install and remove what finds and reads plates.", no_args_is_help=True)

DAMAGED: Final = 1

FolderOption = Annotated[Path | None, typer.Option("--folder", help="A folder with models of your own.")]


@app.command("list")
def list_models(folder: FolderOption = None) -> None:
    """Print which detectors and recognizers are ready, what the others lack, and the models that have a card."""
    from platewatch.clock import Clock
    from platewatch.reading.backend_options import backend_options
    from platewatch.settings import load_settings
    from platewatch.vision.inference.model_card import list_models as models_in
    from platewatch.vision.inference.registry import installed_backends, problem_of

    options = backend_options(load_settings(), Clock().now)
    try:
        models = models_in(*_folders(folder))
    except ModelFileError as error:
        _fail(error)
    for backend in installed_backends():
        problem = problem_of(backend.kind, backend.name, options)
        state = "ready" if problem is None else f"not ready: {problem}"
        typer.echo(f"{backend.kind:<11} {backend.name:<16} {state}")
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


@app.command("install")
def install_model(
    folder: Annotated[Path, typer.Argument(help="A model folder, as `platewatch-train recognizer export` writes it.")],
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of a model of that name.")] = False,
) -> None:
    """Check a model, run it once, and copy it into the data folder, where it is chosen by its name."""
    from platewatch.app.start import prepare_data
    from platewatch.settings import load_settings
    from platewatch.vision.inference.install import install

    settings = load_settings()
    prepare_data(settings)
    model = install(folder, settings.models_folder, replace=replace)
    kind, name = model.card.kind.value, model.card.name
    typer.echo(f"{model.folder}: choose it with --{kind} {name}, or PLATEWATCH_{kind.upper()}={name}")


@app.command("remove")
def remove_model(name: Annotated[str, typer.Argument(help="As `platewatch models list` shows it.")]) -> None:
    """Remove an installed model; a server that has loaded it goes on with it until it is restarted."""
    from platewatch.settings import load_settings
    from platewatch.vision.inference.install import remove

    typer.echo(f"{remove(name, load_settings().models_folder)}: removed")


def _folders(folder: Path | None) -> list[Path]:
    """Of the built-in models, the installed ones, and those that were named."""
    from platewatch.settings import load_settings
    from platewatch.vision.inference.model_card import BUILT_IN_MODELS

    return [BUILT_IN_MODELS, load_settings().models_folder, *([folder] if folder else [])]


def _checks(folder: Path | None) -> Iterator[tuple[str, str | None]]:
    """A name for each model, and what is wrong with it, if anything."""
    from platewatch.vision.backends.rapidocr import damaged_files, is_installed, model_files
    from platewatch.vision.inference.model_card import list_models

    damaged = set(damaged_files()) if is_installed() else set()
    for path in model_files() if is_installed() else ():
        yield path.name, "damaged, install the package rapidocr again" if path in damaged else None
    for model in list_models(*_folders(folder)):
        try:
            model.verify()
        except ModelFileError as error:
            yield model.card.name, str(error)
        else:
            yield model.card.name, None


def _fail(error: ModelError) -> NoReturn:
    print(error, file=sys.stderr)  # noqa: T201 (a command prints)
    raise typer.Exit(DAMAGED) from error
