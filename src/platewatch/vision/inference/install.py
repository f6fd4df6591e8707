"""Putting models of one's own where they can be chosen by name, and taking them away again."""

from __future__ import annotations

import errno
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from platewatch.errors import ConflictError, ModelFileError, StorageError
from platewatch.vision.detector.plate_detector import PlateDetector
from platewatch.vision.inference.model_card import (
    BUILT_IN_MODELS,
    CARD_NAME,
    MODEL_NAME,
    InstalledModel,
    ModelKind,
    load_card,
)
from platewatch.vision.inference.registry import BackendOptions, installed_backends
from platewatch.vision.inference.session import Provider
from platewatch.vision.recognizer.slot_recognizer import SlotRecognizer


def install(folder: Path, models: Path, *, replace: bool = False) -> InstalledModel:
    """The model, copied into the folder of models under its card's name once it has run there.

    It appears as a whole or not at all. With `replace` it takes the place of one of that name.

    Raises:
        ModelFileError: The card or the network is missing or damaged, or the model is of a kind that nothing runs.
        ModelShapeError: The network's input or outputs are not what the card says.
        ConflictError: A backend, a built-in model, or (without `replace`) an installed one has that name.
        StorageError: It can't be written.
    """
    name = load_card(folder).card.name
    _check_name(name, models, replace=replace)
    target = models / name
    with _beside(models, name) as (new, old):
        try:
            new.mkdir(parents=True)
            for file in (CARD_NAME, MODEL_NAME):
                _copy(folder / file, new / file)
            # What was copied is what is tried: the folder may change meanwhile.
            model = load_card(new)
            if model.card.name != name:
                raise ModelFileError(f"The card in {str(folder)!r} changed while it was installed. Install it again.")
            _try(model)
            models.mkdir(parents=True, exist_ok=True)
            if target.exists():
                target.rename(old)
            new.rename(target)
        except OSError as error:
            raise _storage_error(error, target, name) from error
    return InstalledModel(target, model.card)


def remove(name: str, models: Path) -> Path:
    """The folder where the model of that name was.

    Raises:
        ModelFileError: There is none.
        StorageError: It can't be removed.
    """
    folder = models / name
    # A name from a card has no separators; what has may lead out of the folder.
    if Path(name).name != name or not (folder / CARD_NAME).is_file():
        known = sorted(card.parent.name for card in models.glob(f"*/{CARD_NAME}"))
        raise ModelFileError(f"No model {name!r} is installed. Installed are: {', '.join(known) or 'none'}.")
    with _beside(models, name) as (_, old):
        try:
            folder.rename(old)
        except OSError as error:
            raise StorageError(f"{str(folder)!r} can't be removed: {error.strerror or error}.") from error
    return folder


def _check_name(name: str, models: Path, *, replace: bool) -> None:
    if name in {backend.name for backend in installed_backends()}:
        raise ConflictError(f"{name!r} is the name of a backend. Export the model again with another --name.")
    if (BUILT_IN_MODELS / name).exists():
        raise ConflictError(f"{name!r} is the name of a built-in model. Export yours again with another --name.")
    if (models / name).exists() and not replace:
        raise ConflictError(
            f"A model {name!r} is installed already, in {str(models / name)!r}. Replace it with --replace, or export "
            "the new one with another --name."
        )


def _try(model: InstalledModel) -> None:
    """Run the network once as the server would, so that nothing is installed that fails later."""
    options = BackendOptions(provider=Provider.CPU, model=model.folder, recognizer_model=model.folder)
    if model.card.kind is ModelKind.RECOGNIZER:
        SlotRecognizer(options).warm_up()
    elif model.card.kind is ModelKind.DETECTOR:
        PlateDetector(options).warm_up()
    else:
        raise ModelFileError(
            f"The model {model.card.name!r} is of the kind {model.card.kind.value!r}, which nothing runs by name. "
            "Install recognizers and detectors."
        )


def _copy(source: Path, target: Path) -> None:
    if not source.is_file():
        raise ModelFileError(
            f"There is no file {str(source)!r}. A model is a folder with {MODEL_NAME} and {CARD_NAME}."
        )
    shutil.copyfile(source, target)


@contextmanager
def _beside(models: Path, name: str) -> Iterator[tuple[Path, Path]]:
    """Two names beside the folder of models, for what is not yet there and what is there no more; gone afterwards."""
    mark = secrets.token_hex(4)
    new, old = (models.parent / f".{name}.{mark}.{end}" for end in ("new", "old"))
    try:
        yield new, old
    finally:
        for folder in (new, old):
            with suppress(OSError):
                shutil.rmtree(folder)


def _storage_error(error: OSError, target: Path, name: str) -> StorageError | ConflictError:
    if error.errno == errno.ENOTEMPTY:
        return ConflictError(f"Another process has just installed a model {name!r}. Look at `platewatch models list`.")
    return StorageError(f"{str(target)!r} can't be written: {error.strerror or error}. Nothing was installed.")
