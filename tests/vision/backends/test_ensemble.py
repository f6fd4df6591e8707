from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from platewatch.errors import ModelFileError
from platewatch.vision.backends.ensemble import EnsembleRecognizer, vote
from platewatch.vision.geometry import corners_from_box
from platewatch.vision.inference.registry import BackendOptions
from platewatch.vision.recognizer.slot_recognizer import MARGIN
from platewatch.vision.types import Character, Crop, Detection, Reading
from tests.vision.character_models import row, write_character_model
from tests.vision.slot_models import write_slot_model

DETECTION = Detection(corners_from_box((0, 0, 100, 20)), 1.0)
PIXELS = np.zeros((20, 100, 3), np.uint8)


def reading(
    text: str,
    confidence: float = 0.8,
    weak: dict[int, float] | None = None,
    region: str | None = None,
    region_confidence: float | None = None,
) -> Reading:
    """A reading of equally sure characters, but for the `weak` ones."""
    characters = tuple(Character(sign, (weak or {}).get(place, 0.9)) for place, sign in enumerate(text))
    return Reading(text, confidence, characters, region, (), DETECTION, PIXELS, region_confidence)


@pytest.mark.parametrize(
    ("heard", "text"),
    [
        pytest.param(["KX472HR"] * 3, "KX472HR", id="all agree"),
        pytest.param(["KX472HR", "KX472HR", "KX412HR"], "KX472HR", id="two against one"),
        pytest.param(["KX472HR", "KX412HR", "KY472HR"], "KX472HR", id="each wrong somewhere else"),
        pytest.param(["BX472HR", "KX412HR", "KX472HB"], "KX472HR", id="nobody read it whole"),
        pytest.param(["KX472HR", "KX472HR", "X472HR"], "KX472HR", id="one missed the first"),
        pytest.param(["X472HR", "KX472HR", "KX472HR"], "KX472HR", id="the first missed the first"),
        pytest.param(["KX472H", "KX472HR", "KX472HR"], "KX472HR", id="one missed the last"),
        pytest.param(["IKX472HR", "KX472HR", "KX472HR"], "KX472HR", id="one saw a bolt as a letter"),
        pytest.param(["KX472HR", "KX472HR", ""], "KX472HR", id="one saw nothing"),
        pytest.param(["KX472HR", "", ""], "", id="most saw nothing"),
        pytest.param(["", "", ""], "", id="nobody saw anything"),
    ],
)
def test_each_character_is_voted_on(heard: list[str], text: str) -> None:
    assert vote([reading(one) for one in heard]).text == text


def test_the_surer_one_wins_of_two() -> None:
    assert vote([reading("KX472HR", 0.9), reading("KX412HR", 0.6)]).text == "KX472HR"
    assert vote([reading("KX472HR", 0.6), reading("KX412HR", 0.9)]).text == "KX412HR"


def test_a_character_that_its_reader_doubts_weighs_little() -> None:
    doubting = reading("KX412HR", 0.85, weak={3: 0.2})
    assert vote([reading("KX472HR", 0.8), doubting]).text == "KX472HR"


def test_two_weak_voices_that_agree_beat_one_that_is_a_little_surer() -> None:
    assert vote([reading("KX412HR", 0.8), reading("KX472HR", 0.5), reading("KX472HR", 0.5)]).text == "KX472HR"


def test_confidence_grows_with_agreement_and_stays_a_share() -> None:
    agreed = vote([reading("KX472HR", 0.8), reading("KX472HR", 0.6)])
    split = vote([reading("KX472HR", 0.8), reading("KX412HR", 0.6)])
    alone = vote([reading("KX472HR", 0.8), reading("")])
    assert agreed.confidence == pytest.approx(0.7)
    assert (agreed.confidence or 0) > (split.confidence or 0) > (alone.confidence or 0) > 0
    assert split.characters[3].confidence < split.characters[0].confidence


def test_what_others_read_are_the_alternatives_the_most_confident_first() -> None:
    voted = vote([reading("KX472HR", 0.9), reading("KX412HR", 0.3), reading("KY472HR", 0.5), reading("KX472HR", 0.7)])
    assert voted.alternatives == (("KY472HR", 0.5), ("KX412HR", 0.3))


def test_the_region_is_that_of_most_confidence() -> None:
    voted = vote(
        [reading("AB12", 0.9, region="de"), reading("AB12", 0.5, region="pl"), reading("AB12", 0.6, region="pl")]
    )
    assert (voted.region, voted.region_confidence) == ("pl", None)
    assert vote([reading("AB12")]).region is None


@pytest.mark.parametrize(
    ("heard", "region", "confidence"),
    [
        pytest.param([("de", 0.9, 0.6)], "de", 0.6, id="one tells it"),
        pytest.param([("de", 0.9, 0.6), (None, 0.9, None)], "de", 0.6, id="who tells none says nothing against it"),
        pytest.param([("de", 0.8, 0.9), ("de", 0.4, 0.6)], "de", 0.8, id="agreed, by the weight of each"),
        pytest.param([("de", 0.9, 0.5), ("pl", 0.7, 0.9)], "pl", 0.63 / 1.6, id="the surer one wins"),
        pytest.param([("de", 0.8, 0.5), ("pl", 0.8, 0.4)], "de", 0.25, id="divided"),
        pytest.param([("de", 0.8, None), ("pl", 0.8, 0.4)], "de", None, id="the winner doesn't say how sure"),
    ],
)
def test_how_sure_the_region_is_is_voted_too(
    heard: list[tuple[str | None, float, float | None]], region: str | None, confidence: float | None
) -> None:
    voted = vote(
        [reading("AB12", confidence, region=told, region_confidence=sure) for told, confidence, sure in heard],
    )
    assert voted.region == region
    assert voted.region_confidence == (None if confidence is None else pytest.approx(confidence))


def test_the_order_of_the_members_decides_nothing() -> None:
    heard = [reading("BX472HR", 0.9), reading("KX412HR", 0.8), reading("KX472HB", 0.7)]
    assert {vote(order).text for order in (heard, heard[::-1], [heard[1], heard[2], heard[0]])} == {"KX472HR"}


def crop(brightness: int) -> Crop:
    return Crop(np.full((64, 160, 3), brightness, np.uint8), DETECTION)


@pytest.fixture
def options(tmp_path: Path) -> BackendOptions:
    return BackendOptions(
        ensemble=("platewatch", "char-yolo"),
        recognizer_model=write_slot_model(tmp_path / "slots"),
        char_yolo_model=write_character_model(tmp_path / "characters.onnx", row("WM64UMA")),
    )


def test_its_members_read_the_same_crops(options: BackendOptions) -> None:
    bright, dark = EnsembleRecognizer(options).recognize([crop(255), crop(0)])
    assert bright.text == "WM64UMA"
    assert bright.region == "de"
    assert (bright.region_confidence or 0) > 0.9
    assert (bright.confidence or 0) > 0.7
    assert (dark.confidence or 0) < 0.5
    assert EnsembleRecognizer(options).traits.padding_px == 10
    assert EnsembleRecognizer(options).traits.margin == MARGIN > 0


@pytest.mark.parametrize(
    "names",
    [(), ("rapidocr",), ("rapidocr", "rapidocr"), ("rapidocr", "ensemble"), ("a", "b", "c", "d", "e", "f")],
    ids=["none", "one", "one twice", "itself", "six"],
)
def test_two_to_five_different_members_are_needed(names: tuple[str, ...]) -> None:
    with pytest.raises(ModelFileError, match="PLATEWATCH_ENSEMBLE"):
        EnsembleRecognizer(BackendOptions(ensemble=names))


def test_a_member_that_can_not_be_used_is_an_error() -> None:
    with pytest.raises(ModelFileError, match="PLATEWATCH_ENSEMBLE names 'nope'"):
        EnsembleRecognizer(BackendOptions(ensemble=("rapidocr", "nope")))
    with pytest.raises(ModelFileError, match="PLATEWATCH_CHAR_YOLO_MODEL"):
        EnsembleRecognizer(BackendOptions(ensemble=("rapidocr", "char-yolo")))
