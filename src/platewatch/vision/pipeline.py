"""An image in, its plates out: detect, rectify, recognize, judge.

The detector proposes generously, also things that overlap; every proposal is read, and what the text says decides
which of them are plates. A plate whose reading is unsure is read once more, from several cuts.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np

from platewatch.errors import ImageError
from platewatch.vision.arguments import as_bytes, as_path, require_several, require_type
from platewatch.vision.denoise import without_impulses
from platewatch.vision.geometry import overlap_of_smaller, quad_size
from platewatch.vision.image import EncodedImage, ImageLimits, check_array, open_image
from platewatch.vision.inference.model_card import Joint
from platewatch.vision.inference.registry import OWN, BackendOptions, make_detector, make_recognizer
from platewatch.vision.inference.traits import detector_traits, recognizer_traits
from platewatch.vision.judging import joint_score, judge, reported_region
from platewatch.vision.recognizer.second_look import UNSURE
from platewatch.vision.rectify import rectify
from platewatch.vision.types import Crop, Detection, ImageBgr, ImageReadings, Reading, Transcript

# More plates are read right than from 0.2 on, for few false ones: docs/tuning-log.md.
DEFAULT_MIN_CONFIDENCE: Final = 0.1
# What is more confident in the first look may turn out to be read well: of the 332 plates 4 more than from 0.2 on.
_WORTH_A_LOOK: Final = 0.02
# Two proposals that share this much of the smaller one are about the same plate.
_SAME_PLATE: Final = 0.4
_MS: Final = 1000.0


@dataclass(frozen=True, slots=True)
class StageTimes:
    """The durations of one image's stages, in milliseconds."""

    decode_ms: float = 0.0
    detect_ms: float = 0.0
    rectify_ms: float = 0.0
    recognize_ms: float = 0.0
    judge_ms: float = 0.0

    @property
    def total_ms(self) -> float:
        """All stages together."""
        return self.decode_ms + self.detect_ms + self.rectify_ms + self.recognize_ms + self.judge_ms


@dataclass(frozen=True, slots=True)
class Located:
    """One image after detection: its proposals cut out, sizes in pixels of the upright image."""

    crops: tuple[Crop, ...]
    width: int
    height: int
    times: StageTimes


@dataclass(frozen=True, slots=True)
class ReadOutcome:
    """The outcome of one image of many: its readings, or the error that stopped it."""

    path: Path
    result: ImageReadings | None
    error: ImageError | OSError | None


class PlateReader:
    """Reads plates with one detector and one recognizer. All methods may be called from several threads at once.

    `read` takes the path of a file, `read_bytes` a file's content, `read_array` a BGR array, `read_many` many paths.

    Args:
        detector: Name of what finds plates, as `platewatch models list` shows it.
        recognizer: Name of what reads them.
        threads: Processor threads of each network.
        min_confidence: Plates below this (0 to 1) are not reported.
        limits: How large an image may be; by default 16 MB and 50 megapixels.
        options: Options of single backends: the profile, model files, the device.

    Raises:
        UnknownBackendError: No detector or recognizer of that name is installed.
        ModelError: A model can't be used.
    """

    def __init__(
        self,
        detector: str = OWN,
        recognizer: str = OWN,
        *,
        threads: int = 1,
        min_confidence: float = DEFAULT_MIN_CONFIDENCE,
        limits: ImageLimits | None = None,
        options: BackendOptions | None = None,
    ) -> None:
        """Load both networks, which takes about a second."""
        options = replace(options or BackendOptions(), threads=threads)
        self.detector_name = detector
        self.recognizer_name = recognizer
        self.min_confidence = min_confidence
        self.limits = limits or ImageLimits()
        self._detector = make_detector(detector, options)
        self._recognizer = make_recognizer(recognizer, options)
        self._joint = detector_traits(self._detector).joint
        self._traits = recognizer_traits(self._recognizer)

    def read(self, path: str | Path) -> ImageReadings:
        """The plates of an image file.

        Raises:
            OSError: The file can't be read.
            ImageError: It can't be read as an image.
            TypeError: It is no path; the message names the method to call.
        """
        return self.read_image(self._open(as_path("read", path)))

    def read_bytes(self, data: bytes) -> ImageReadings:
        """The plates of an encoded image, as a file or an upload holds it.

        Raises:
            ImageError: It can't be read as an image.
            TypeError: These are no bytes; the message names the method to call.
        """
        return self.read_image(open_image(as_bytes(data), self.limits))

    def read_array(self, image_bgr: ImageBgr) -> ImageReadings:
        """The plates of an upright uint8 (H, W, 3) BGR array, as OpenCV gives it.

        Raises:
            ImageError: It has another type or shape.
            TypeError: It is no array; the message names the method to call.
        """
        require_type("read_array", np.ndarray, image_bgr)
        located = self._locate_array(check_array(image_bgr))
        return self._finish([located])[0][0]

    def read_image(self, image: EncodedImage) -> ImageReadings:
        """The plates of an opened image; raises ImageError if its pixels are damaged, TypeError if it is none."""
        require_type("read_image", EncodedImage, image)
        return self.read_timed(image)[0]

    def read_timed(self, image: EncodedImage) -> tuple[ImageReadings, StageTimes]:
        """The plates of an opened image, and how long each stage took."""
        return self._finish([self.pre_process(image)])[0]

    def read_crop(self, crop: Crop) -> Reading:
        """The reading of a crop that is known to be a plate, also where it is not sure."""
        require_type("read_crop", Crop, crop)
        transcript = self._recognizer.recognize([crop])[0]
        return self._with_regions(self._settle([(judge(crop, transcript), transcript)], None))[0]

    def read_many(self, paths: Iterable[str | Path], batch: int = 8) -> Iterator[ReadOutcome]:
        """An outcome for each path, in their order; the crops of `batch` images are recognized together.

        `duration_ms` of a result counts its share of the common recognition. An image that can't be read has its
        error in the outcome and stops no other.

        Raises:
            TypeError: This is a single path, or no path is among them; the message names the method to call.
        """
        waiting = iter(require_several(paths))
        while chosen := [as_path("read", path) for path in islice(waiting, batch)]:
            opened = [self._try_locate(path) for path in chosen]
            finished = iter(self._finish([located for located in opened if isinstance(located, Located)]))
            for path, located in zip(chosen, opened, strict=True):
                if isinstance(located, Located):
                    yield ReadOutcome(path, next(finished)[0], None)
                else:
                    yield ReadOutcome(path, None, located)

    def warm_up(self) -> None:
        """Run both networks once, so that the first image is as fast as the others."""
        self._detector.warm_up()
        self._recognizer.warm_up()

    def pre_process(self, image: EncodedImage) -> Located:
        """The proposals of the image, found and cut at full resolution; raises ImageError if its pixels are damaged."""
        start = time.perf_counter()
        with image.pixels() as image_bgr:
            decode_ms = (time.perf_counter() - start) * _MS
            located = self._locate_array(image_bgr)
        return replace(located, times=replace(located.times, decode_ms=decode_ms))

    def forward(self, located: Sequence[Located]) -> list[list[Transcript]]:
        """The transcripts of each image's crops, all read together."""
        transcripts = iter(self._recognizer.recognize([crop for image in located for crop in image.crops]))
        return [[next(transcripts) for _ in image.crops] for image in located]

    def post_process(
        self, crops: Sequence[Crop], transcripts: Sequence[Transcript]
    ) -> list[tuple[Reading, Transcript]]:
        """The readings worth a closer look, and what they were judged by; of overlapping ones only the best.

        Where the recognizer can't look more closely, those are what is sure enough.
        """
        least = self.min_confidence if self._traits.look_again is None else min(_WORTH_A_LOOK, self.min_confidence)
        judged = [(judge(crop, one, self._joint), one) for crop, one in zip(crops, transcripts, strict=True)]
        sure = [pair for pair in judged if pair[0].text and pair[0].confidence >= least]
        kept: list[tuple[Reading, Transcript]] = []
        for reading, transcript in sorted(sure, key=lambda pair: joint_score(*pair), reverse=True):
            if all(overlap_of_smaller(reading.box_xyxy, other.box_xyxy) < _SAME_PLATE for other, _ in kept):
                kept.append((reading, transcript))
        return kept

    def _finish(self, located: Sequence[Located]) -> list[tuple[ImageReadings, StageTimes]]:
        start = time.perf_counter()
        transcripts = self.forward(located)
        recognize_ms = (time.perf_counter() - start) * _MS
        all_crops = sum(len(image.crops) for image in located)
        finished = []
        for image, image_transcripts in zip(located, transcripts, strict=True):
            judge_start = time.perf_counter()
            plates = self.post_process(image.crops, image_transcripts)
            judged = time.perf_counter()
            settled = self._settle(plates, self._joint)
            readings = self._with_regions([pair for pair in settled if pair[0].confidence >= self.min_confidence])
            again_ms = (time.perf_counter() - judged) * _MS
            times = replace(
                image.times,
                recognize_ms=(recognize_ms * len(image.crops) / all_crops if all_crops else 0.0) + again_ms,
                judge_ms=(judged - judge_start) * _MS,
            )
            finished.append((ImageReadings(readings, image.width, image.height, times.total_ms), times))
        return finished

    def _settle(
        self, plates: Sequence[tuple[Reading, Transcript]], joint: Joint | None
    ) -> list[tuple[Reading, Transcript]]:
        """The readings by falling confidence, those that are not sure read once more and closely."""
        settled = [pair for pair in plates if self._traits.look_again is None or pair[0].confidence >= UNSURE]
        if self._traits.look_again is not None and len(settled) < len(plates):
            unsure = [(reading, transcript) for reading, transcript in plates if reading.confidence < UNSURE]
            crops = [Crop(reading.crop_bgr, reading.detection) for reading, _ in unsure]
            again = self._traits.look_again(crops, [transcript for _, transcript in unsure])
            settled += [(judge(crop, one, joint), one) for crop, one in zip(crops, again, strict=True)]
        return sorted(settled, key=lambda pair: pair[0].confidence, reverse=True)

    def _with_regions(self, plates: Sequence[tuple[Reading, Transcript]]) -> tuple[Reading, ...]:
        """The readings with the regions of the recognizer's closer look, where it has one."""
        if self._traits.tell_regions is None or not plates:
            return tuple(reading for reading, _ in plates)
        crops = [Crop(reading.crop_bgr, reading.detection) for reading, _ in plates]
        regions = map(reported_region, self._traits.tell_regions(crops, [transcript for _, transcript in plates]))
        return tuple(
            replace(reading, region=region, region_confidence=confidence)
            for (reading, _), (region, confidence) in zip(plates, regions, strict=True)
        )

    def _locate_array(self, image_bgr: ImageBgr) -> Located:
        start = time.perf_counter()
        image_bgr = without_impulses(image_bgr)
        detections = self._detector.detect(image_bgr)
        detected = time.perf_counter()
        crops = tuple(self._cut(image_bgr, found) for found in detections)
        times = StageTimes(detect_ms=(detected - start) * _MS, rectify_ms=(time.perf_counter() - detected) * _MS)
        return Located(crops, image_bgr.shape[1], image_bgr.shape[0], times)

    def _cut(self, image_bgr: ImageBgr, found: Detection) -> Crop:
        """The crop with as much around it as the recognizer wants."""
        height = quad_size(found.corners)[1]
        return rectify(
            image_bgr, found, self._traits.margin + (self._traits.padding_px / height if height > 0 else 0.0)
        )

    def _try_locate(self, path: Path) -> Located | ImageError | OSError:
        try:
            return self.pre_process(self._open(path))
        except (ImageError, OSError) as error:
            return error

    def _open(self, path: Path) -> EncodedImage:
        with path.open("rb") as file:
            # One byte more than allowed is enough to know that a file is too large.
            return open_image(file.read(self.limits.max_bytes + 1), self.limits)
