from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

from platewatch.vision.inference.model_card import Joint
from platewatch.vision.inference.traits import DetectorTraits, RecognizerTraits, detector_traits, recognizer_traits
from platewatch.vision.types import Crop, Transcript

JOINT = Joint(found=1.0, read=2.0, offset=0.5)


def again(_crops: Sequence[Crop], transcripts: Sequence[Transcript]) -> list[Transcript]:
    return list(transcripts)


def test_backend_that_declares_nothing_has_the_defaults() -> None:
    assert detector_traits(object()) == DetectorTraits()
    assert recognizer_traits(object()) == RecognizerTraits()


def test_declared_traits_count() -> None:
    declared = RecognizerTraits(padding_px=3, look_again=again)
    assert recognizer_traits(SimpleNamespace(traits=declared, padding_px=9)) is declared
    assert detector_traits(SimpleNamespace(traits=DetectorTraits(JOINT))).joint == JOINT


def test_attributes_of_packages_that_predate_traits_count() -> None:
    former = SimpleNamespace(padding_px=4, margin=0.1, look_again=again)
    assert recognizer_traits(former) == RecognizerTraits(padding_px=4, margin=0.1, look_again=again)
    assert detector_traits(SimpleNamespace(joint=JOINT)).joint == JOINT
