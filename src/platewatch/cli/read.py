"""`platewatch read`: plates of files, folders, patterns and standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, NoReturn

import typer

from platewatch.cli.inputs import STDIN, expand
from platewatch.cli.output import Outcome, Style, make_printer
from platewatch.errors import FieldError, ImageError, ModelError

if TYPE_CHECKING:
    from rich.progress import Progress

    from platewatch.settings import Settings
    from platewatch.vision.image import EncodedImage
    from platewatch.vision.inference.registry import BackendOptions
    from platewatch.vision.pipeline import PlateReader
    from platewatch.vision.types import ImageReadings

SOME_FAILED: Final = 1
USAGE: Final = 2
_SHOW_PROGRESS_FROM: Final = 3

# Not the enumeration itself, whose module loads ONNX Runtime.
ProfileName = Literal["fast", "balanced", "thorough"]


def read(  # noqa: PLR0913 (each parameter is an option of the command)
    paths: Annotated[
        list[str], typer.Argument(help="Files, folders (with all below), patterns, or - for standard input.")
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line and image.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="One line a plate, with a header.")] = False,
    annotate: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write pictures with the plates outlined here."),
    ] = None,
    detector: Annotated[str | None, typer.Option(help="What finds plates; see `platewatch models`.")] = None,
    recognizer: Annotated[str | None, typer.Option(help="What reads them; see `platewatch models`.")] = None,
    profile: Annotated[
        ProfileName | None, typer.Option(help="How closely the detector `platewatch` looks for small plates.")
    ] = None,
    model: Annotated[Path | None, typer.Option(help="Your own ONNX file for the detector.")] = None,
    detector_class: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="Which classes of your model are plates: names or numbers, or `all`."),
    ] = None,
    recognizer_model: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="A model folder for the recognizer `platewatch`.")
    ] = None,
    min_confidence: Annotated[
        float | None, typer.Option(min=0, max=1, help="Leave out plates below this confidence.")
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Processor threads; all of the machine where the settings give none."),
    ] = None,
) -> None:
    """Read the plates of images and print them.

    Options that are not given, and the limits of images, come from the settings (PLATEWATCH_DETECTOR and so on).

    Ends with 0 if every image could be read, 1 if some could not (they are named on standard error), 2 if the
    command itself makes no sense.
    """
    from platewatch.settings import load_settings
    from platewatch.vision.image import ImageLimits
    from platewatch.vision.pipeline import PlateReader

    if as_json and as_csv:
        _refuse("--json and --csv exclude each other. Choose one.")
    images = expand(paths)
    if not images:
        _refuse(f"No images below {', '.join(paths)}. Name JPEG, PNG, WebP, AVIF, HEIC or BMP files.")
    style = Style.JSON if as_json else Style.CSV if as_csv else Style.TABLE
    try:
        settings = load_settings()
        options = _chosen_options(settings, profile, model, detector_class, recognizer_model)
        reader = PlateReader(
            detector or settings.detector,
            recognizer or settings.recognizer,
            threads=threads or _threads(settings),
            min_confidence=settings.min_confidence if min_confidence is None else min_confidence,
            limits=ImageLimits(settings.max_image_bytes, settings.max_image_pixels),
            options=options,
        )
        writer = None if annotate is None else AnnotationWriter(annotate)
        failed = _read_all(reader, images, style, writer)
    except (ModelError, FieldError) as error:
        _refuse(str(error))
    except BrokenPipeError:
        # The reader of our output has enough, as in `| head`; the interpreter must not flush into it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    if failed:
        raise typer.Exit(SOME_FAILED)


def _chosen_options(
    settings: Settings,
    profile: ProfileName | None,
    model: Path | None,
    detector_class: str | None,
    recognizer_model: Path | None,
) -> BackendOptions:
    """The options of the backends: those of the command, the others from the settings."""
    from dataclasses import replace

    from platewatch.clock import Clock
    from platewatch.reading.backend_options import backend_options
    from platewatch.vision.inference.registry import Profile

    options = backend_options(settings, Clock().now)
    return replace(
        options,
        profile=Profile(profile) if profile else options.profile,
        model=model or options.model,
        detector_class=detector_class or options.detector_class,
        recognizer_model=recognizer_model or options.recognizer_model,
    )


def _threads(settings: Settings) -> int:
    """The threads that the settings give a reader; all of the machine where they give none, as it reads alone here."""
    return settings.reader_threads if settings.is_given("reader_threads") else os.cpu_count() or 1


class AnnotationWriter:
    """Writes annotated pictures into one folder, under names that don't collide.

    Raises:
        FieldError: The folder can't be made.
    """

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FieldError("annotate", f"The folder {str(folder)!r} can't be made: {error.strerror}.") from error
        self._folder = folder
        self._taken: set[str] = set()

    def write(self, name: str, image: EncodedImage, result: ImageReadings) -> None:
        """Write `image` with its plates as a JPEG; raises OSError."""
        from platewatch.vision.annotate import annotate as draw
        from platewatch.vision.image import encode_jpeg

        marked_bgr = draw(image.decode(), [(reading.corners, reading.text) for reading in result.readings])
        (self._folder / self._free_name(name)).write_bytes(encode_jpeg(marked_bgr))

    def _free_name(self, name: str) -> str:
        stem = "stdin" if name == STDIN else Path(name).stem
        free, number = f"{stem}.jpg", 2
        while free in self._taken:
            free, number = f"{stem}-{number}.jpg", number + 1
        self._taken.add(free)
        return free


def _read_all(reader: PlateReader, images: list[str], style: Style, writer: AnnotationWriter | None) -> int:
    """The number of images that failed."""
    failed = 0
    printer = make_printer(style, sys.stdout)
    progress = _progress(len(images))
    with progress or nullcontext():
        task = progress.add_task("Reading", total=len(images)) if progress else None
        for outcome in _outcomes(reader, images, writer):
            printer.show(outcome)
            if outcome.error is not None:
                failed += 1
                print(f"{outcome.image}: {outcome.error}", file=sys.stderr)  # noqa: T201 (a command prints)
            if progress and task is not None:
                progress.advance(task)
    printer.finish()
    sys.stdout.flush()
    return failed


def _outcomes(reader: PlateReader, images: list[str], writer: AnnotationWriter | None) -> Iterator[Outcome]:
    from platewatch.vision.image import open_image

    for name in images:
        try:
            image = open_image(_bytes_of(name, reader.limits.max_bytes), reader.limits)
            result = reader.read_image(image)
            if writer is not None:
                writer.write(name, image, result)
            yield Outcome(name, result, None)
        except ImageError as error:
            yield Outcome(name, None, str(error))
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            yield Outcome(name, None, f"{error.strerror or error}.")


def _bytes_of(name: str, max_bytes: int) -> bytes:
    # One byte more than allowed is enough to know that it is too large.
    if name == STDIN:
        return sys.stdin.buffer.read(max_bytes + 1)
    with Path(name).open("rb") as file:
        return file.read(max_bytes + 1)


def _progress(count: int) -> Progress | None:
    """A bar with rate and time left on standard error, for people with many images."""
    if count < _SHOW_PROGRESS_FROM or not sys.stderr.isatty():
        return None
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class RateColumn(ProgressColumn):
        """Images a second."""

        def render(self, task: Task) -> Text:
            return Text(f"{task.speed or 0:.1f} images/s")

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _refuse(message: str) -> NoReturn:
    print(message, file=sys.stderr)  # noqa: T201 (a command prints)
    raise typer.Exit(USAGE)
