from __future__ import annotations

import random
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from platewatch.errors import ModelFileError, ModelShapeError
from platewatch.vision.backends.char_yolo import CharYoloDetector, CharYoloRecognizer, by_rows
from platewatch.vision.backends.yolo_network import YoloBox
from platewatch.vision.geometry import corners_from_box
from platewatch.vision.inference.registry import BackendOptions, YoloLayout
from platewatch.vision.judging import judge
from platewatch.vision.pipeline import PlateReader
from platewatch.vision.types import Crop, Detection
from tests.vision.character_models import SIGNS, CharacterBox, row, write_character_model
from tests.vision.networks import constant_network

CROP = Crop(np.zeros((64, 64, 3), np.uint8), Detection(corners_from_box((0, 0, 64, 64)), 1.0))


def read(path: Path, found: Sequence[CharacterBox]) -> str:
    recognizer = CharYoloRecognizer(BackendOptions(char_yolo_model=write_character_model(path, found)))
    return recognizer.recognize([CROP])[0].text


def test_characters_come_from_left_to_right_whatever_their_order(tmp_path: Path) -> None:
    found = row("KX472H")
    random.Random(3).shuffle(found)
    assert read(tmp_path / "characters.onnx", found) == "KX472H"


def test_the_upper_row_comes_first(tmp_path: Path) -> None:
    assert read(tmp_path / "characters.onnx", row("472", top=40, left=2) + row("KXH", top=10, left=12)) == "KXH472"


def test_a_tilted_row_stays_one(tmp_path: Path) -> None:
    found = [(sign, (8 * at, 10 + 4 * at, 8 * at + 6, 22 + 4 * at), 0.9) for at, sign in enumerate("KX472H")]
    assert read(tmp_path / "characters.onnx", found) == "KX472H"


@pytest.mark.parametrize(
    ("score", "overlap", "text"),
    [
        pytest.param(0.11, 0, "AB", id="from 0.1 on it counts"),
        pytest.param(0.09, 0, "A", id="below it does not"),
        pytest.param(0.8, 2.4, "AB", id="sharing a quarter, both stay"),
        pytest.param(0.8, 3.3, "A", id="sharing more than 0.3, the surer one stays"),
    ],
)
def test_the_numbers_are_carwatchs(tmp_path: Path, score: float, overlap: float, text: str) -> None:
    found = [("A", (10, 20, 16, 32), 0.9), ("B", (16 - overlap, 20, 22 - overlap, 32), score)]
    assert read(tmp_path / "characters.onnx", found) == text


def test_each_character_has_its_score(tmp_path: Path) -> None:
    model = write_character_model(tmp_path / "c.onnx", [("A", (10, 20, 16, 32), 0.5), ("B", (20, 20, 26, 32), 0.7)])
    (transcript,) = CharYoloRecognizer(BackendOptions(char_yolo_model=model)).recognize([CROP])
    assert [character.confidence for character in transcript.characters] == pytest.approx([0.5, 0.7])
    assert transcript.confidence is None


def test_classes_that_are_no_characters_are_left_out(tmp_path: Path) -> None:
    names = str({**dict.fromkeys(range(36), "letter"), 0: "plate", 1: "1", 2: "2"})
    model = write_character_model(tmp_path / "c.onnx", row("1023"), names)
    assert CharYoloRecognizer(BackendOptions(char_yolo_model=model)).recognize([CROP])[0].text == "12"


@pytest.mark.parametrize(
    "names",
    [["0", "a", "b", *"x" * 33], dict(enumerate(["0", "a", "b", *"x" * 33]))],
    ids=["a list, as old v5", "a dict"],
)
def test_names_are_understood_as_exports_write_them(tmp_path: Path, names: object) -> None:
    model = write_character_model(tmp_path / "c.onnx", row("12"), str(names))
    assert CharYoloRecognizer(BackendOptions(char_yolo_model=model)).recognize([CROP])[0].text == "AB"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("Ö", "GOAB123", id="marks go off, as the other recognizers read them"),
        pytest.param("ö", "GOAB123", id="lower case"),
        pytest.param("О", "GOAB123", id="Cyrillic"),
        pytest.param("Æ", "GAEAB123", id="a letter that counts as two"),
        pytest.param("-", "GAB123", id="left out because its maker says so"),
    ],
)
def test_class_with_a_mark_is_read_as_its_key(tmp_path: Path, name: str, text: str) -> None:
    names = dict(enumerate(SIGNS)) | {SIGNS.index("O"): name}
    model = write_character_model(tmp_path / "c.onnx", row("GOAB123"), str(names))
    recognizer = CharYoloRecognizer(BackendOptions(char_yolo_model=model))
    (transcript,) = recognizer.recognize([CROP])
    assert judge(CROP, transcript).text == text


@pytest.mark.parametrize(
    ("name", "named"), [("Ж", "LETTER ZHE"), ("가", "SYLLABLE GA"), ("٣", "Write 3"), ("ß", "SHARP S")]
)
def test_class_without_a_key_is_refused_by_name(tmp_path: Path, name: str, named: str) -> None:
    """Left out in silence, it would make another plate of every plate that has it."""
    names = dict(enumerate(SIGNS)) | {SIGNS.index("O"): name}
    model = write_character_model(tmp_path / "c.onnx", row("12"), str(names))
    with pytest.raises(ModelShapeError, match=rf"A class of .*c\.onnx can't be used: .*{named}.*the name '-'"):
        CharYoloRecognizer(BackendOptions(char_yolo_model=model))


@pytest.mark.parametrize(
    "names",
    [None, "", "not python", "{0: 'plate', 1: 'car'}", "__import__('os').abort()", "7", "{'a': 'b'}", "(" * 300],
    ids=["none", "empty", "nonsense", "other things", "code", "a number", "no numbers", "brackets"],
)
def test_a_model_without_characters_is_refused(tmp_path: Path, names: str | None) -> None:
    model = write_character_model(tmp_path / "c.onnx", row("12"), names)
    with pytest.raises(ModelShapeError, match=r"No class of .*c\.onnx is a single character"):
        CharYoloRecognizer(BackendOptions(char_yolo_model=model))


def test_the_model_and_how_to_name_it_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="PLATEWATCH_CHAR_YOLO_MODEL"):
        CharYoloRecognizer(BackendOptions())
    with pytest.raises(ModelFileError, match=r"no model file .*mine\.onnx"):
        CharYoloRecognizer(BackendOptions(char_yolo_model=tmp_path / "mine.onnx"))


def test_what_is_told_for_the_detectors_model_does_not_concern_this_one(tmp_path: Path) -> None:
    model = write_character_model(tmp_path / "c.onnx", row("12"))
    options = BackendOptions(char_yolo_model=model, layout=YoloLayout.V5, detector_class="0", min_score=0.99)
    assert CharYoloRecognizer(options).recognize([CROP])[0].text == "12"


def test_wrong_shapes_are_answered_with_the_expected_and_the_found_ones(tmp_path: Path) -> None:
    path = tmp_path / "classifier.onnx"
    path.write_bytes(constant_network(np.zeros((1, 1000), np.float32)))
    with pytest.raises(ModelShapeError, match="No class"):
        CharYoloRecognizer(BackendOptions(char_yolo_model=path))
    with pytest.raises(ModelShapeError, match=r"\(1, 1000\).*\(1, 252, 5 \+ classes\)"):
        CharYoloDetector(BackendOptions(model=path)).warm_up()


@pytest.mark.parametrize("make", [CharYoloDetector, CharYoloRecognizer])
@pytest.mark.parametrize("name", ["best_OCR.pt", "renamed.onnx"])
def test_a_pytorch_file_is_answered_with_how_to_export_it(
    tmp_path: Path, make: type[CharYoloDetector | CharYoloRecognizer], name: str
) -> None:
    path = tmp_path / name
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("best/data.pkl", b"\x80\x02.")
    with pytest.raises(ModelFileError, match=rf"yolo export model={name} format=onnx.*export\.py.*AGPL"):
        make(BackendOptions(model=path, char_yolo_model=path))


def plate_model(path: Path, score: float) -> Path:
    """Finds one plate in the middle of every picture, and a worse box that half covers it."""
    output = np.zeros((1, 5, 84), np.float32)
    output[0, :, 0] = [32, 32, 40, 16, score]
    output[0, :, 1] = [32 + 40 * 0.25, 32, 40, 16, score - 0.01]
    path.write_bytes(constant_network(output))
    return path


@pytest.mark.parametrize(("score", "count"), [(0.52, 1), (0.49, 0)])
def test_the_detector_takes_plates_from_a_half_and_of_two_half_the_same_the_best(
    tmp_path: Path, score: float, count: int
) -> None:
    detector = CharYoloDetector(BackendOptions(model=plate_model(tmp_path / "plates.onnx", score)))
    assert len(detector.detect(np.zeros((64, 64, 3), np.uint8))) == count


def test_plates_are_cut_with_ten_pixels_of_the_photo_around_them(tmp_path: Path) -> None:
    options = BackendOptions(
        model=plate_model(tmp_path / "plates.onnx", 0.9),
        char_yolo_model=write_character_model(tmp_path / "c.onnx", row("KX472H")),
    )
    photo = np.zeros((640, 640, 3), np.uint8)
    (reading,) = PlateReader("char-yolo", "char-yolo", options=options).read_array(photo).readings
    assert reading.text == "KX472H"
    assert reading.box_xyxy == pytest.approx((120, 240, 520, 400), abs=0.1)
    assert reading.crop_bgr.shape == (160 + 20, 400 + 20, 3)


def test_no_boxes_make_no_rows() -> None:
    box = YoloBox(corners_from_box((1, 1, 2, 2)), 0.5, 0)
    assert by_rows([]) == []
    assert by_rows([box]) == [[box]]
