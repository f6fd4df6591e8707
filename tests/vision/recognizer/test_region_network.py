from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from platewatch.errors import ModelFileError, ModelShapeError
from platewatch.vision.inference.model_card import RegionWeights
from platewatch.vision.inference.registry import BackendOptions
from platewatch.vision.pipeline import PlateReader
from platewatch.vision.recognizer.region_network import RegionClassifier, to_strips
from platewatch.vision.recognizer.regions import ELSEWHERE, joined_regions, reportable_regions
from platewatch.vision.recognizer.slot_recognizer import SlotRecognizer
from platewatch.vision.types import Character, Crop, Detection, Transcript
from tests.vision.networks import slot_network
from tests.vision.region_models import REGIONS, write_region_model
from tests.vision.slot_models import write_slot_model


def crop(brightness: int) -> Crop:
    image_bgr = np.full((40, 120, 3), brightness, np.uint8)
    return Crop(image_bgr, Detection(((0, 0), (120, 0), (120, 40), (0, 40)), 1.0))


def transcript(text: str, guessed: tuple[tuple[str, float], ...] = ()) -> Transcript:
    return Transcript(tuple(Character(sign, 0.9) for sign in text), region="de", guessed_regions=guessed)


def test_strips_are_the_upper_and_the_lower_edge_over_each_other() -> None:
    crop_bgr = np.zeros((100, 300, 3), np.uint8)
    crop_bgr[:20] = 250
    crop_bgr[85:] = 120

    strips = to_strips(crop_bgr, 256, 64)

    assert strips.shape == (64, 256, 3)
    assert (strips[:20] == 250).all()
    assert (strips[24:46] == 0).all()
    assert (strips[52:] == 120).all()


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (9, 400)])
def test_strips_of_the_smallest_crops_can_be_cut(size: tuple[int, int]) -> None:
    assert to_strips(np.zeros((*size, 3), np.uint8), 256, 64).shape == (64, 256, 3)


def test_a_region_is_reported_by_the_network_and_the_text(tmp_path: Path) -> None:
    classifier = RegionClassifier(write_region_model(tmp_path))

    classified = classifier.classify([crop(255), crop(0)], [transcript("8ABC123"), transcript("MAB1234")])

    assert [one.region for one in classified] == ["us-ca", "de"]
    assert all(one.region_confidence is not None and one.region_confidence > 0.9 for one in classified)


def test_a_crop_without_text_keeps_what_was_said(tmp_path: Path) -> None:
    classifier = RegionClassifier(write_region_model(tmp_path))

    assert classifier.classify([crop(255)], [Transcript(())]) == [Transcript(())]
    assert classifier.classify([], []) == []


def test_below_the_cards_threshold_the_country_is_reported_alone(tmp_path: Path) -> None:
    network = slot_network((np.array([0, 3.2, 3.0], np.float32),), (np.zeros(3, np.float32),), size=(64, 256))
    weights = {"looks": 1.0, "guess": 0.0, "text": 0.0}
    folder = write_region_model(tmp_path, network, thresholds={"state": 0.8}, region_weights=weights)

    (classified,) = RegionClassifier(folder).classify([crop(255)], [transcript("ABC1234")])

    assert classified.region == "us"
    assert classified.region_confidence is not None
    assert classified.region_confidence > 0.95


def test_what_the_recognizer_guessed_counts_as_much_as_the_card_says() -> None:
    guessed = {"us-ny": 0.8, "de": 0.2}

    by_guess = joined_regions({}, REGIONS, guessed, "", RegionWeights(guess=1.0, text=0.0))
    ignored = joined_regions({}, REGIONS, guessed, "", RegionWeights(guess=0.0, text=0.0))

    assert REGIONS[int(by_guess.argmax())] == "us-ny"
    assert by_guess[0] == pytest.approx(0.2, abs=0.01)
    assert ignored == pytest.approx([1 / 3] * 3)


def test_a_state_that_the_recognizer_does_not_know_has_a_share_of_its_country() -> None:
    seen = {"us-ca": 0.25, "us-ny": 0.25, ELSEWHERE: 0.5}

    joined = joined_regions(seen, REGIONS, {"us": 0.6, "de": 0.4}, "", RegionWeights(guess=1.0, text=0.0))

    assert joined == pytest.approx([0.4, 0.3, 0.3])


def test_where_no_name_is_seen_each_other_region_counts_by_its_guess() -> None:
    regions = reportable_regions(("us-ca", "us-ny", ELSEWHERE), ("de", "fr", "us", "us-ca"))
    seen = {"us-ca": 0.05, "us-ny": 0.05, ELSEWHERE: 0.9}

    joined = joined_regions(seen, regions, {"de": 0.5, "fr": 0.3, "us": 0.2}, "", RegionWeights(guess=1.0, text=0.0))

    assert regions == ("us-ca", "us-ny", "de", "fr")
    assert joined[2] / joined[3] == pytest.approx(0.5 / 0.3, rel=1e-3)
    assert joined[2] > 10 * joined[0]


def test_the_reader_tells_the_network_only_of_what_it_reports(tmp_path: Path) -> None:
    by_name_alone = {"guess": 0.1, "elsewhere": -5.0}
    options = BackendOptions(
        recognizer_model=write_slot_model(tmp_path / "slots"),
        region_model=write_region_model(tmp_path / "regions", region_weights=by_name_alone),
    )

    reading = PlateReader(options=options).read_crop(crop(255))
    (recognized,) = SlotRecognizer(options).recognize([crop(255)])

    assert (reading.text, recognized.text) == ("WM64UMA", "WM64UMA")
    assert reading.region == "us-ca"
    assert recognized.region == "de"


def test_a_folder_without_a_region_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no region network"):
        RegionClassifier(write_slot_model(tmp_path))


def test_a_network_that_differs_from_its_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelShapeError, match="its card says"):
        RegionClassifier(write_region_model(tmp_path, input_width=128))
