from __future__ import annotations

import logging
import socket
import sys
from importlib.metadata import PackagePath
from pathlib import Path

import numpy as np
import pytest

from platewatch.errors import ModelFileError, ModelShapeError
from platewatch.vision.backends import rapidocr
from platewatch.vision.backends.rapidocr import RapidOcrDetector, RapidOcrRecognizer, damaged_files, model_file
from platewatch.vision.geometry import corners_from_box, iou
from platewatch.vision.image import from_pillow
from platewatch.vision.inference.registry import BackendOptions
from platewatch.vision.types import Crop, Detection, ImageBgr
from tests.vision.networks import constant_network
from tests.vision.pictures import sign


@pytest.fixture(scope="module")
def detector() -> RapidOcrDetector:
    return RapidOcrDetector(BackendOptions(threads=2))


@pytest.fixture(scope="module")
def recognizer() -> RapidOcrRecognizer:
    return RapidOcrRecognizer(BackendOptions(threads=2))


def crop(image_bgr: ImageBgr) -> Crop:
    height, width = image_bgr.shape[:2]
    return Crop(image_bgr, Detection(corners_from_box((0, 0, width, height)), 1.0))


def test_written_text_is_found_where_it_is(detector: RapidOcrDetector) -> None:
    photo = np.full((480, 640, 3), 90, dtype=np.uint8)
    photo[200:248, 220:420] = from_pillow(sign("AB 123 CD", 200, 48))
    found = detector.detect(photo)
    assert max(iou(detection.box_xyxy, (232, 204, 408, 244)) for detection in found) > 0.5
    assert all(0 < detection.confidence <= 1 for detection in found)


@pytest.mark.parametrize("shape", [(480, 640, 3), (1, 1, 3), (3, 3000, 3), (3000, 3, 3)])
def test_an_empty_picture_has_no_text(detector: RapidOcrDetector, shape: tuple[int, int, int]) -> None:
    assert detector.detect(np.full(shape, 90, dtype=np.uint8)) == []


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [
        pytest.param(736, 736, (736, 736), id="as trained"),
        pytest.param(268, 500, (672, 1280), id="small ones grow up to the limit"),
        pytest.param(3000, 4000, (960, 1280), id="large ones shrink"),
        pytest.param(10, 10_000, (32, 1280), id="no side under a stride"),
    ],
)
def test_the_input_has_sides_the_network_can_take(
    detector: RapidOcrDetector,
    height: int,
    width: int,
    expected: tuple[int, int],
) -> None:
    batch = detector.pre_process(np.full((height, width, 3), 255, dtype=np.uint8))
    assert batch.shape == (1, 3, *expected)
    assert batch.dtype == np.float32
    assert (float(batch.min()), float(batch.max())) == (1.0, 1.0)


def test_a_map_becomes_quads_in_pixels_of_the_image(detector: RapidOcrDetector) -> None:
    text_map = np.zeros((64, 128), dtype=np.float32)
    text_map[20:30, 40:80] = 0.9
    text_map[50:52, 100:102] = 0.9
    text_map[40:48, 10:40] = 0.4
    (found,) = detector.post_process(text_map, np.zeros((640, 640, 3), dtype=np.uint8))
    # 10 x 40 grown by its area x 1.6 / its perimeter = 6 on each side, then 10 times as high and 5 times as wide.
    assert found.box_xyxy == pytest.approx((170, 130, 430, 360), abs=25)
    assert found.confidence == pytest.approx(0.85, abs=0.1)


def test_one_row_is_read_with_a_confidence_for_each_character(recognizer: RapidOcrRecognizer) -> None:
    (transcript,) = recognizer.recognize([crop(from_pillow(sign("WM64UMA", 260, 56)))])
    assert transcript.text.replace(" ", "") == "WM64UMA"
    assert all(0.5 < character.confidence <= 1 for character in transcript.characters)


def test_two_rows_are_read_from_top_to_bottom(recognizer: RapidOcrRecognizer) -> None:
    stacked = np.concatenate([from_pillow(sign("MH12", 160, 56)), from_pillow(sign("DE1433", 160, 56))])
    (transcript,) = recognizer.recognize([crop(stacked)])
    assert transcript.text.replace(" ", "") == "MH12DE1433"


def test_transcripts_come_in_the_order_of_the_crops(recognizer: RapidOcrRecognizer) -> None:
    texts = ["AB12CDE", "7", "KL07CD1234", "X99", "TN37CS2765", "B87GLA", "PO77XYZ", "GH12KLM", "DD33XYZ", "RX61GDU"]
    crops = [crop(from_pillow(sign(text, 60 + 28 * len(text), 56))) for text in texts]
    read = [transcript.text.replace(" ", "") for transcript in recognizer.recognize(crops)]
    assert sum(one == other for one, other in zip(read, texts, strict=True)) >= 9


def test_no_crops_give_no_transcripts(recognizer: RapidOcrRecognizer) -> None:
    assert recognizer.recognize([]) == []


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 900, 3), (900, 2, 3), (48, 320, 3)])
def test_an_empty_crop_has_no_characters(recognizer: RapidOcrRecognizer, shape: tuple[int, int, int]) -> None:
    (transcript,) = recognizer.recognize([crop(np.full(shape, 128, dtype=np.uint8))])
    assert transcript.text == ""


def test_nothing_is_looked_up_online_and_no_logger_is_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    RapidOcrDetector(BackendOptions()).warm_up()
    RapidOcrRecognizer(BackendOptions()).warm_up()
    assert "rapidocr" not in sys.modules
    assert "RapidOCR" not in logging.Logger.manager.loggerDict


def test_the_models_are_those_of_the_wheel() -> None:
    assert damaged_files() == []


def test_a_changed_model_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = tmp_path / "other.onnx"
    other.write_bytes(b"something else")
    monkeypatch.setattr(PackagePath, "locate", lambda _: other)
    assert damaged_files() == [other, other]
    monkeypatch.setattr(PackagePath, "locate", lambda _: tmp_path / "gone.onnx")
    assert len(damaged_files()) == 2


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rapidocr, "_PACKAGE", "platewatch_no_such_package")
    for use in (lambda: model_file("*.onnx"), damaged_files):
        with pytest.raises(ModelFileError, match="platewatch_no_such_package"):
            use()


def test_a_model_that_finds_no_text_maps_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(constant_network(np.zeros((1, 84, 6), dtype=np.float32), (1, 3, "h", "w")))
    with pytest.raises(ModelShapeError, match=r"\(1, 84, 6\)"):
        RapidOcrDetector(BackendOptions(model=path)).detect(np.zeros((64, 64, 3), dtype=np.uint8))
