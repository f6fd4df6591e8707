"""Reading of photos: networks, profile, and readers at a time."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from platewatch.settings.group import CommaList, SettingsGroup, UserPath


class ReadingSettings(SettingsGroup):
    """Reading.

    These settings also hold for `platewatch read`, whose options win. That command uses all processors unless
    `PLATEWATCH_READER_THREADS` is given.
    """

    detector: str = "platewatch"
    """Which detector; `platewatch models list` shows which are ready and what others need."""

    profile: Literal["fast", "balanced", "thorough"] = "balanced"
    """How closely the detector `platewatch` looks for small plates."""

    detector_model: UserPath | None = None
    """Path of your own ONNX export, for the detector `yolo`."""

    detector_layout: Literal["auto", "v5", "v8", "nms-free"] = "auto"
    """Layout of your export, where its metadata and the shape of its output leave it open."""

    detector_class: str | None = Field(default=None, max_length=1000)
    """Which classes of your export are plates: names or numbers from 0 on, by commas, or `all`; empty: those that are
    named so."""

    recognizer: str = "platewatch"
    """Which recognizer; `platewatch` is the project's own."""

    recognizer_model: UserPath | None = None
    """[Model folder](models.md) for the recognizer `platewatch`; without it the built-in one."""

    char_yolo_model: UserPath | None = None
    """A YOLO export (ONNX) whose classes are characters, for the recognizer [`char-yolo`](models.md#other-engines)."""

    easyocr_folder: UserPath | None = None
    """Folder with the weights for the recognizer `easyocr`; nothing is downloaded."""

    easyocr_network: str = Field(default="english_g2", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    """Name of the EasyOCR network that the weights belong to."""

    ensemble: CommaList[str] = ("platewatch", "rapidocr")
    """Recognizers, by commas, that vote in the recognizer `ensemble`."""

    provider: Literal["auto", "cpu", "cuda", "openvino", "tensorrt"] = "auto"
    """The execution provider of the networks; ONNX Runtime must have it. `auto`: the fastest one."""

    min_confidence: float = Field(default=0.1, ge=0, le=1)
    """Plates below this are not reported."""

    unsure_below: float = Field(default=0.5, ge=0, le=1)
    """Readings below this are marked [unsure](sightings.md#unsure-readings), and open no visit and no gate; `0`:
    none."""

    readers: int = Field(default=2, ge=1, le=64)
    """Images that are read at the same time. Recognizers that requests choose by name share one more reader, in which
    one of them is loaded at a time."""

    reader_threads: int = Field(default=1, ge=1, le=64)
    """Processor threads of each reader; several readers with one each read more than one with several."""

    waiting_line: int = Field(default=16, ge=0, le=32)
    """Images that may wait for a reader; beyond it the server answers 503."""

    result_cache_mb: int = Field(default=16, ge=0, le=65_536)
    """Memory, in MB, for what was read from a photo, in case it comes again within the hour; `0`: none."""
