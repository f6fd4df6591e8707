from __future__ import annotations

import sys

import cv2
import numpy as np
import pytest

from platewatch.errors import ModelFileError
from platewatch.vision.backends.tesseract import TesseractRecognizer
from platewatch.vision.geometry import corners_from_box
from platewatch.vision.image import from_pillow
from platewatch.vision.inference.registry import BackendOptions, make_recognizer
from platewatch.vision.types import Crop, Detection, ImageBgr
from tests.missing import need_tesseract
from tests.vision.pictures import sign


@pytest.fixture(scope="module")
def recognizer() -> TesseractRecognizer:
    need_tesseract()
    return TesseractRecognizer(BackendOptions())


def crop(image_bgr: ImageBgr) -> Crop:
    height, width = image_bgr.shape[:2]
    return Crop(image_bgr, Detection(corners_from_box((0, 0, width, height)), 1.0))


def plate(text: str, *, bright: bool = False) -> ImageBgr:
    image = from_pillow(sign(text, 300, 72))
    return np.asarray(255 - image, np.uint8) if bright else image


@pytest.mark.parametrize("bright", [False, True], ids=["dark on white", "white on dark"])
def test_a_clean_plate_is_read(recognizer: TesseractRecognizer, bright: bool) -> None:
    (read,) = recognizer.recognize([crop(plate("KX 472 HR", bright=bright))])
    assert read.text == "KX472HR"
    assert all(0 < character.confidence <= 1 for character in read.characters)
    assert read.confidence is None


def test_two_rows_are_read_from_the_upper_to_the_lower_one(recognizer: TesseractRecognizer) -> None:
    rows = np.vstack([from_pillow(sign(text, 150, 72))[12:60] for text in ("KXH", "4722")])
    (read,) = recognizer.recognize([crop(rows)])
    assert read.text == "KXH4722"


def test_a_tilted_plate_stays_one_row(recognizer: TesseractRecognizer) -> None:
    image = plate("KX 472 HR")
    height, width = image.shape[:2]
    turned = cv2.warpAffine(
        image,
        cv2.getRotationMatrix2D((width / 2, height / 2), 4, 0.9),
        (width, height),
        borderMode=cv2.BORDER_REPLICATE,
    )
    assert len(recognizer.pre_process(crop(np.asarray(turned, np.uint8)))) == 1


def test_a_frame_round_the_plate_is_painted_over(recognizer: TesseractRecognizer) -> None:
    image = plate("KX 472 HR")
    cv2.rectangle(image, (0, 0), (image.shape[1] - 1, image.shape[0] - 1), (0, 0, 0), 5)
    (read,) = recognizer.recognize([crop(image)])
    assert read.text == "KX472HR"


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 3000, 3), (3000, 3, 3), (72, 300, 3)])
def test_an_empty_crop_has_no_text(recognizer: TesseractRecognizer, shape: tuple[int, int, int]) -> None:
    (read,) = recognizer.recognize([crop(np.full(shape, 90, np.uint8))])
    assert read.characters == ()


def test_no_crops_give_no_transcripts(recognizer: TesseractRecognizer) -> None:
    assert recognizer.recognize([]) == []


def test_it_can_be_chosen_by_name(recognizer: TesseractRecognizer) -> None:
    assert isinstance(make_recognizer("tesseract", BackendOptions()), type(recognizer))


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytesseract", None)
    with pytest.raises(ModelFileError, match=r"install .*\[tesseract\]"):
        TesseractRecognizer(BackendOptions())


def test_a_missing_program_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytesseract.pytesseract.tesseract_cmd", "no-such-program")
    with pytest.raises(ModelFileError, match="apt install tesseract-ocr"):
        TesseractRecognizer(BackendOptions())
