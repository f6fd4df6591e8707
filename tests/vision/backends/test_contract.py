"""What every recognizer and every detector promises, whatever is behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from platewatch.errors import ModelFileError
from platewatch.vision.geometry import corners_from_box
from platewatch.vision.image import from_pillow
from platewatch.vision.inference.registry import (
    BackendKind,
    BackendOptions,
    Detector,
    InstalledBackend,
    LlmOptions,
    Recognizer,
    installed_backends,
    make_detector,
    make_recognizer,
    problem_of,
)
from platewatch.vision.inference.traits import recognizer_traits
from platewatch.vision.pipeline import PlateReader
from platewatch.vision.types import Crop, Detection, ImageBgr
from tests.missing import need_easyocr, need_tesseract
from tests.vision.character_models import row, write_character_model
from tests.vision.detector.test_plate_detector import write_model as write_detector_model
from tests.vision.easyocr_models import NAME as EASYOCR_NETWORK
from tests.vision.easyocr_models import write_easyocr_model
from tests.vision.gemini import KEY, gemini
from tests.vision.networks import constant_network
from tests.vision.pictures import sign
from tests.vision.slot_models import write_slot_model

# EasyOCR and PyTorch warn of their own old ways.
pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning", "ignore:.*pin_memory.*:UserWarning")

Setup = Callable[[Path], BackendOptions]
TEXT = "KX472HR"


@dataclass(frozen=True)
class Made:
    """A backend and the options that it was made with."""

    name: str
    options: BackendOptions


def slots(folder: Path) -> BackendOptions:
    return BackendOptions(recognizer_model=write_slot_model(folder))


def characters(folder: Path) -> BackendOptions:
    return BackendOptions(char_yolo_model=write_character_model(folder / "characters.onnx", row(TEXT)))


def weights(folder: Path) -> BackendOptions:
    return BackendOptions(easyocr_folder=write_easyocr_model(folder, TEXT), easyocr_network=EASYOCR_NETWORK)


def members(folder: Path) -> BackendOptions:
    return BackendOptions(
        ensemble=("platewatch", "char-yolo"),
        recognizer_model=write_slot_model(folder),
        char_yolo_model=write_character_model(folder / "characters.onnx", row(TEXT)),
    )


def nothing(_folder: Path) -> BackendOptions:
    return BackendOptions()


RECOGNIZERS: dict[str, Setup] = {
    "char-yolo": characters,
    "easyocr": weights,
    "ensemble": members,
    "llm": nothing,
    "platewatch": slots,
    "rapidocr": nothing,
    "tesseract": nothing,
}


def yolo_export(folder: Path) -> BackendOptions:
    output = np.zeros((1, 5, 84), np.float32)
    output[0, :, 0] = [32, 32, 400, 16, 0.9]
    output[0, :, 1] = [-20, 10, 4, 4, 0.9]
    (folder / "plates.onnx").write_bytes(constant_network(output))
    return BackendOptions(model=folder / "plates.onnx")


DETECTORS: dict[str, Setup] = {
    "char-yolo": yolo_export,
    "platewatch": lambda folder: BackendOptions(model=write_detector_model(folder)),
    "rapidocr": nothing,
    "yolo": yolo_export,
}
WITHOUT_MODEL = {"recognizer": ["char-yolo", "easyocr", "llm"], "detector": ["char-yolo", "yolo"]}


def skip_without(name: str) -> None:
    if name == "tesseract":
        need_tesseract()
    if name == "easyocr":
        need_easyocr()


@pytest.fixture(scope="module", params=RECOGNIZERS)
def recognizer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recognizer]:
    name: str = request.param
    skip_without(name)
    options = RECOGNIZERS[name](tmp_path_factory.mktemp(name))
    if name != "llm":
        yield make_recognizer(name, options)
        return
    with gemini() as service:
        now = datetime(2026, 5, 4, tzinfo=UTC)
        llm = LlmOptions(enabled=True, url=service.url, key=KEY, daily_cost=100, now=lambda: now)
        yield make_recognizer(name, BackendOptions(llm=llm))


@pytest.fixture(scope="module", params=DETECTORS)
def detector(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Detector:
    return make_detector(request.param, DETECTORS[request.param](tmp_path_factory.mktemp("detector")))


def crop(image_bgr: ImageBgr) -> Crop:
    height, width = image_bgr.shape[:2]
    return Crop(image_bgr, Detection(corners_from_box((0, 0, width, height)), 1.0))


def plate() -> Crop:
    return crop(from_pillow(sign("KX 472 HR", 300, 72)))


def blank(height: int = 72, width: int = 300) -> Crop:
    return crop(np.zeros((height, width, 3), np.uint8))


SHAPES = [(1, 1), (1, 400), (400, 1), (2, 2), (7, 900), (900, 7), (300, 300)]


class TestEveryRecognizer:
    def test_no_crops_give_no_transcripts(self, recognizer: Recognizer) -> None:
        assert recognizer.recognize([]) == []

    def test_a_transcript_for_each_crop_in_their_order(self, recognizer: Recognizer) -> None:
        crops = [plate(), blank(), plate(), *[blank()] * 7, plate()]
        read = recognizer.recognize(crops)
        alone = [recognizer.recognize([one])[0].text for one in (plate(), blank())]
        assert [one.text for one in read] == [alone[bool(not one.image_bgr.any())] for one in crops]
        assert alone[0]

    @pytest.mark.parametrize("shape", SHAPES, ids=str)
    def test_crops_of_any_shape_are_read(self, recognizer: Recognizer, shape: tuple[int, int]) -> None:
        (read,) = recognizer.recognize([blank(*shape)])
        assert all(0 <= character.confidence <= 1 for character in read.characters)

    def test_confidences_are_shares(self, recognizer: Recognizer) -> None:
        (read,) = recognizer.recognize([plate()])
        assert all(len(character.text) == 1 and 0 <= character.confidence <= 1 for character in read.characters)
        assert read.confidence is None or 0 <= read.confidence <= 1
        assert all(text and 0 <= confidence <= 1 for text, confidence in read.alternatives)

    def test_the_crop_stays_as_it_is(self, recognizer: Recognizer) -> None:
        given = plate()
        before = given.image_bgr.copy()
        given.image_bgr.flags.writeable = False
        recognizer.recognize([given])
        assert np.array_equal(given.image_bgr, before)

    def test_threads_may_share_it(self, recognizer: Recognizer) -> None:
        expected = recognizer.recognize([plate()])[0].text
        with ThreadPoolExecutor(4) as threads:
            read = list(threads.map(lambda _: recognizer.recognize([plate(), blank()])[0].text, range(8)))
        assert set(read) == {expected}

    def test_it_warms_up_more_than_once(self, recognizer: Recognizer) -> None:
        recognizer.warm_up()
        recognizer.warm_up()

    def test_what_it_wants_round_the_plate_is_a_number_of_pixels_or_a_share(self, recognizer: Recognizer) -> None:
        assert 0 <= recognizer_traits(recognizer).padding_px <= 100
        assert 0 <= recognizer_traits(recognizer).margin <= 0.5


class TestEveryDetector:
    @pytest.mark.parametrize("shape", [*SHAPES, (480, 640)], ids=str)
    def test_what_it_finds_is_inside_the_photo(self, detector: Detector, shape: tuple[int, int]) -> None:
        photo = np.random.default_rng(2).integers(0, 255, (*shape, 3), dtype=np.uint8)
        for found in detector.detect(photo):
            left, top, right, bottom = found.box_xyxy
            assert 0 <= left < right <= shape[1]
            assert 0 <= top < bottom <= shape[0]
            assert 0 <= found.confidence <= 1

    def test_the_photo_stays_as_it_is(self, detector: Detector) -> None:
        photo = plate().image_bgr
        before = photo.copy()
        photo.flags.writeable = False
        detector.detect(photo)
        assert np.array_equal(photo, before)

    def test_the_same_photo_gives_the_same_plates_on_all_threads(self, detector: Detector) -> None:
        photo = np.asarray(255 - np.pad(255 - plate().image_bgr, ((200, 200), (200, 200), (0, 0))), np.uint8)
        with ThreadPoolExecutor(3) as threads:
            found = list(threads.map(lambda _: detector.detect(photo), range(3)))
        assert found[0] == found[1] == found[2]

    def test_it_warms_up(self, detector: Detector) -> None:
        detector.warm_up()


def names(kind: BackendKind) -> set[str]:
    return {one.name for one in installed_backends() if one.kind is kind and one.package == "platewatch"}


def test_the_suite_leaves_none_of_ours_out() -> None:
    assert names(BackendKind.RECOGNIZER) == set(RECOGNIZERS)
    assert names(BackendKind.DETECTOR) == set(DETECTORS)


@pytest.mark.parametrize("backend", installed_backends(), ids=lambda one: f"{one.kind} {one.name}")
def test_it_is_ready_exactly_if_it_can_be_made(backend: InstalledBackend) -> None:
    make = make_detector if backend.kind is BackendKind.DETECTOR else make_recognizer
    problem = problem_of(backend.kind, backend.name, BackendOptions())
    if problem is None:
        make(backend.name, BackendOptions())
        return
    with pytest.raises(ModelFileError) as told:
        make(backend.name, BackendOptions())
    assert str(told.value) == problem


@pytest.mark.parametrize("name", WITHOUT_MODEL["detector"])
def test_a_detector_without_its_model_says_which_setting_names_it(name: str) -> None:
    with pytest.raises(ModelFileError, match=r"PLATEWATCH_DETECTOR_MODEL.*--model"):
        make_detector(name, BackendOptions())


@pytest.mark.parametrize("name", WITHOUT_MODEL["recognizer"])
def test_a_recognizer_without_its_model_says_what_to_set_or_install(name: str) -> None:
    with pytest.raises(ModelFileError, match=r"PLATEWATCH_|pip install"):
        make_recognizer(name, BackendOptions())


@pytest.mark.parametrize("name", ["char-yolo", "platewatch", "rapidocr", "tesseract", "ensemble"])
def test_each_fits_into_the_pipeline(name: str, tmp_path: Path) -> None:
    skip_without(name)
    reader = PlateReader("rapidocr", name, options=RECOGNIZERS[name](tmp_path))
    photo = np.full((400, 600, 3), 120, np.uint8)
    photo[160:232, 150:450] = plate().image_bgr
    readings = reader.read_array(photo).readings
    assert readings
    assert all(reading.text and 0 <= reading.confidence <= 1 for reading in readings)
