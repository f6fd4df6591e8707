"""Reads a photo into readings. Every source of photos calls this."""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from typing import Literal

import structlog

from platewatch.clock import Clock
from platewatch.ephemeral.cache import MAX_SHARE, NoCache, ProcessCache, RedisCache, ResultCache
from platewatch.errors import FieldError, PlatewatchError, UnknownBackendError
from platewatch.reading.backend_options import backend_options
from platewatch.reading.known_readings import KnownReadings, reading_options
from platewatch.reading.photos import Photo, ReadPhoto
from platewatch.reading.pool import PoolState, ReaderPool, Readers, SpareReader
from platewatch.settings import Settings
from platewatch.version import VERSION
from platewatch.vision.image import ImageLimits
from platewatch.vision.inference.model_card import BUILT_IN_MODELS
from platewatch.vision.inference.registry import BackendKind, choices, ready_choices
from platewatch.vision.pipeline import PlateReader
from platewatch.vision.turns import Turns
from platewatch.vision.types import Reading

log = structlog.get_logger(__name__)

ModelState = Literal["loading", "ready", "failed"]


@dataclass(frozen=True, slots=True)
class ModelHealth:
    """Whether plates can be read, and why not."""

    detector: str
    recognizer: str
    state: ModelState
    error: str | None = None


class ReadingService:
    """Reads photos with the readers of this process, and remembers what it read from the same bytes before.

    `limits` are those of photos that come in. `stored_limits` are those of photos in the media store, which passed the
    limits of the day they came. Both take turns at the memory for decoded pixels.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        decoding = _decoding_turns(settings)
        self.limits = ImageLimits(settings.max_image_bytes, settings.max_image_pixels, decoding)
        self.stored_limits = ImageLimits(sys.maxsize, sys.maxsize, decoding)
        self.readers = ReaderPool(self._make_reader, settings.readers, settings.waiting_line)
        self.spare_reader = SpareReader(self._make_reader, settings.waiting_line)
        options = reading_options(settings, VERSION, [BUILT_IN_MODELS, settings.models_folder])
        self.known_readings = KnownReadings(_result_cache(settings, clock), options)
        self._warming: threading.Thread | None = None
        self._model_state: ModelState = "loading"
        self._model_error: str | None = None

    def start(self) -> None:
        """Begin to load the models."""
        self._warming = threading.Thread(target=self._warm_up, name="model warm-up", daemon=True)
        self._warming.start()

    def stop(self) -> None:
        """Let running work end."""
        self.readers.close()
        self.spare_reader.close()
        if self._warming is not None:
            # A process that ends while a library makes its threads crashes.
            self._warming.join()

    def read(self, photo: Photo, recognizer: str = "") -> ReadPhoto:
        """The plates of the photo, or what was read from the same bytes before.

        Args:
            photo: The photo, opened.
            recognizer: Name of the recognizer; empty for the one of the settings. Only its readings are remembered.

        Raises:
            TruncatedImageError: the pixels end early or are damaged.
            BusyError: every reader is taken and the waiting line is full.
            FieldError: no recognizer of that name is installed.
        """
        if recognizer not in {"", self._settings.recognizer}:
            found = self.readers_with(recognizer).read(photo.image)
            return ReadPhoto(photo, found, self._settings.detector, recognizer)
        if (known := self.known_readings.get(photo)) is not None:
            log.debug("photo.known")
            return known
        began_s = self._clock.monotonic_s()
        found = self.readers.read(photo.image)
        log.debug("photo.read", ms=round((self._clock.monotonic_s() - began_s) * 1000, 1))
        read = ReadPhoto(photo, found, self._settings.detector, self._settings.recognizer)
        self.known_readings.put(read)
        return read

    def read_crop(self, photo: Photo, recognizer: str = "") -> Reading | None:
        """The best plate of a photo or of a picture of a plate alone; None without one. Raises like `read`."""
        return self.readers_with(recognizer or self._settings.recognizer).read_crop(photo.image)

    def readers_with(self, recognizer: str) -> Readers:
        """The readers with this recognizer; those that are not the one of the settings share a single reader.

        Raises:
            FieldError: no recognizer of that name is installed.
        """
        settings = self._settings
        if recognizer == settings.recognizer:
            return self.readers
        if recognizer not in choices(BackendKind.RECOGNIZER, settings.models_folder):
            ready = ready_choices(BackendKind.RECOGNIZER, backend_options(settings, self._clock.now))
            unknown = UnknownBackendError(kind="recognizer", name=recognizer, ready=ready)
            raise FieldError("recognizer", str(unknown))
        return self.spare_reader.of(recognizer)

    def pool_state(self) -> PoolState:
        """The numbers of readers, of readers at work and of waiting calls."""
        return self.readers.state()

    def health(self) -> ModelHealth:
        """Whether the models are loaded."""
        return ModelHealth(self._settings.detector, self._settings.recognizer, self._model_state, self._model_error)

    def _make_reader(self, recognizer: str | None = None) -> PlateReader:
        settings = self._settings
        log.debug("reader.loading", detector=settings.detector, recognizer=recognizer or settings.recognizer)
        return PlateReader(
            detector=settings.detector,
            recognizer=recognizer or settings.recognizer,
            threads=settings.reader_threads,
            min_confidence=settings.min_confidence,
            limits=self.limits,
            options=backend_options(settings, self._clock.now),
        )

    def _warm_up(self) -> None:
        try:
            self.readers.warm_up()
        except PlatewatchError as error:
            self._model_error, self._model_state = str(error), "failed"
            log.error("models.failed", error=str(error))  # noqa: TRY400 -- the message says it all
        except Exception as error:  # top of a thread: the server goes on and /health reports it
            self._model_error, self._model_state = f"{type(error).__name__}: {error}", "failed"
            log.exception("models.failed")
        else:
            self._model_state = "ready"
            log.info("models.ready", detector=self._settings.detector, recognizer=self._settings.recognizer)


def _decoding_turns(settings: Settings) -> Turns:
    """Turns at pixels in memory; the largest photo that is allowed has its turn when no other one is there."""
    size = max(settings.max_decoding_megapixels * 1_000_000, settings.max_image_pixels)
    return Turns(size, settings.waiting_line, "As many megapixels are being read as fit into memory")


def _result_cache(settings: Settings, clock: Clock) -> ResultCache:
    max_bytes = settings.result_cache_mb * 1024 * 1024
    if not max_bytes:
        return NoCache()
    if settings.redis_url:
        return RedisCache(clock, settings.redis_url, max_bytes // MAX_SHARE)
    return ProcessCache(clock, max_bytes)
