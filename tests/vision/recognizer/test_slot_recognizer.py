from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from platewatch.errors import ModelFileError, ModelShapeError
from platewatch.vision.inference.registry import BackendOptions, make_recognizer
from platewatch.vision.inference.session import ModelSession, Tensor
from platewatch.vision.judging import judge
from platewatch.vision.recognizer import slot_recognizer as slots
from platewatch.vision.recognizer.slot_codec import SLOTS
from platewatch.vision.recognizer.slot_recognizer import SlotRecognizer, recognizer_model
from platewatch.vision.types import Character, Crop, Detection, ImageBgr, Transcript
from tests.vision.networks import constant_network, slot_network
from tests.vision.slot_models import CODEC, logits_of, regions_of, steps_of, write_slot_model

MakeModel = Callable[..., Path]


def crop(brightness: int, size: tuple[int, int] = (40, 120)) -> Crop:
    image_bgr: ImageBgr = np.full((*size, 3), brightness, np.uint8)
    height, width = size
    return Crop(image_bgr, Detection(((0, 0), (width, 0), (width, height), (0, height)), 1.0))


@pytest.fixture
def make_model(tmp_path: Path) -> MakeModel:
    """Writes a model folder whose network reads WM64UMA from white crops and nothing from black ones."""
    return partial(write_slot_model, tmp_path)


def test_a_crop_is_read_with_region_confidences_and_alternatives(make_model: MakeModel) -> None:
    (transcript,) = SlotRecognizer(BackendOptions(recognizer_model=make_model())).recognize([crop(255)])
    assert (transcript.text, transcript.region) == ("WM64UMA", "de")
    assert transcript.region_confidence == pytest.approx(np.exp(4.0) / (np.exp(4.0) + 2))
    by_sureness = sorted(transcript.characters, key=lambda character: character.confidence)
    assert [character.text for character in by_sureness[:2]] == ["A", "6"]
    assert [text for text, _ in transcript.alternatives[:2]] == ["WM64UM4", "WMG4UMA"]
    shares = [share for _, share in transcript.alternatives]
    assert transcript.confidence is not None
    assert transcript.confidence > shares[0] > shares[1] > 0


def test_what_is_no_plate_has_no_characters_no_region_and_no_confidence(make_model: MakeModel) -> None:
    (transcript,) = SlotRecognizer(BackendOptions(recognizer_model=make_model())).recognize([crop(0)])
    assert (transcript.characters, transcript.region, transcript.alternatives) == ((), None, ())
    assert (transcript.region_confidence, transcript.confidence) == (None, 0.0)


def test_a_second_look_at_what_all_cuts_show_alike_says_the_same(make_model: MakeModel) -> None:
    recognizer = SlotRecognizer(BackendOptions(recognizer_model=make_model()))
    first = recognizer.recognize([crop(255), crop(0)])
    again = recognizer.look_again([crop(255), crop(0)], first)
    assert [one.text for one in again] == ["WM64UMA", ""]
    assert again[0].confidence == pytest.approx(first[0].confidence)
    assert [text for text, _ in again[0].alternatives[:2]] == [text for text, _ in first[0].alternatives[:2]]
    assert recognizer.look_again([], []) == []


def test_what_was_said_before_has_a_voice_in_the_second_look(make_model: MakeModel) -> None:
    recognizer = SlotRecognizer(BackendOptions(recognizer_model=make_model()))
    unsure = Transcript(tuple(Character(sign, 0.4) for sign in "AB12"), confidence=0.4)
    (said,) = recognizer.look_again([crop(0)], [unsure])
    assert said.text == "AB12"
    assert said.confidence == pytest.approx(0.4 / 4)


def test_what_the_first_cut_settles_needs_no_others(make_model: MakeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    recognizer = SlotRecognizer(BackendOptions(recognizer_model=make_model()))
    first = recognizer.recognize([crop(255), crop(0), crop(255)])
    sizes: list[int] = []
    run = ModelSession.run

    def counted(session: ModelSession, *inputs: Tensor) -> list[Tensor]:
        sizes.append(len(inputs[0]))
        return run(session, *inputs)

    monkeypatch.setattr(ModelSession, "run", counted)
    again = recognizer.look_again([crop(255), crop(0), crop(255)], first)
    assert [one.text for one in again] == ["WM64UMA", "", "WM64UMA"]
    assert sizes == [3, 2]


def test_an_improbable_region_is_in_the_transcript_and_not_in_the_reading(make_model: MakeModel) -> None:
    codes = ["br", "de", "fr", "us-ca"]
    even = np.zeros(len(codes), np.float32)
    model = make_model(slot_network((logits_of("WM64UMA"), even), (logits_of(""), even)), regions=codes)
    (transcript,) = SlotRecognizer(BackendOptions(recognizer_model=model)).recognize([crop(255)])
    assert (transcript.text, transcript.region, transcript.region_confidence) == ("WM64UMA", "br", 0.25)
    reading = judge(crop(255), transcript)
    assert (reading.text, reading.region, reading.region_confidence) == ("WM64UMA", None, None)


def test_many_crops_come_in_order_and_in_small_batches(make_model: MakeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    recognizer = SlotRecognizer(BackendOptions(recognizer_model=make_model()))
    sizes: list[int] = []
    run = ModelSession.run

    def counted(session: ModelSession, *inputs: NDArray[np.float32]) -> list[Tensor]:
        sizes.append(len(inputs[0]))
        return run(session, *inputs)

    monkeypatch.setattr(ModelSession, "run", counted)
    bright = [index % 3 == 0 for index in range(19)]
    transcripts = recognizer.recognize([crop(255 if is_bright else 0) for is_bright in bright])
    assert [bool(transcript.text) for transcript in transcripts] == bright
    assert sizes == [8, 8, 3]
    assert recognizer.recognize([]) == []


@pytest.mark.parametrize("size", [(1, 1), (3, 10_000), (4000, 2), (64, 160)], ids=str)
@pytest.mark.parametrize("brightness", [0, 255])
def test_crops_of_any_size_are_read(make_model: MakeModel, size: tuple[int, int], brightness: int) -> None:
    (transcript,) = SlotRecognizer(BackendOptions(recognizer_model=make_model())).recognize([crop(brightness, size)])
    assert transcript.text == ("WM64UMA" if brightness else "")


def test_the_calibration_of_the_card_is_applied(make_model: MakeModel) -> None:
    plain = SlotRecognizer(BackendOptions(recognizer_model=make_model())).recognize([crop(255)])[0]
    warm = SlotRecognizer(
        BackendOptions(recognizer_model=make_model(calibration={"temperature": 2.0})),
    ).recognize([crop(255)])[0]
    moved = SlotRecognizer(BackendOptions(recognizer_model=make_model(calibration={"offset": -2.0}))).recognize(
        [crop(255)],
    )[0]
    assert plain.confidence is not None
    assert warm.confidence is not None
    assert moved.confidence is not None
    assert plain.text == warm.text == moved.text
    assert warm.confidence < moved.confidence < plain.confidence
    assert warm.characters[0].confidence < plain.characters[0].confidence == moved.characters[0].confidence


def test_its_confidence_is_that_of_the_reading_and_its_text_is_left_as_read(make_model: MakeModel) -> None:
    network = slot_network((logits_of("WM64UM0"), regions_of("de")), (logits_of("7"), regions_of("de")))
    recognizer = SlotRecognizer(BackendOptions(recognizer_model=make_model(network)))
    whole, too_short = recognizer.recognize([crop(255), crop(0)])
    reading = judge(crop(255), whole)
    assert (reading.text, reading.confidence, reading.region) == ("WM64UM0", whole.confidence, "de")
    assert judge(crop(0), too_short).confidence == 0.0


@pytest.mark.parametrize(
    ("region", "grammars", "text", "alternative"),
    [
        pytest.param("br", True, "ABC1D23", "ABC1O23", id="settled by the region"),
        pytest.param("us-ca", True, "ABC1O23", "ABC1D23", id="another region"),
        pytest.param("br", False, "ABC1O23", "ABC1D23", id="without grammars"),
    ],
)
def test_lookalikes_are_settled_by_the_regions_grammar(
    make_model: MakeModel, region: str, grammars: bool, text: str, alternative: str
) -> None:
    doubtful = logits_of("ABC1O23", doubts={4: ("D", 8.5)})
    network = slot_network((doubtful, regions_of(region)), (logits_of(""), regions_of(region)))
    options = BackendOptions(recognizer_model=make_model(network), grammars=grammars)
    (transcript,) = SlotRecognizer(options).recognize([crop(255)])
    assert (transcript.text, transcript.region) == (text, region)
    assert transcript.alternatives[0][0] == alternative


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        pytest.param("WM64UMA", "WM64UMA", id="the heads agree"),
        pytest.param("WM64UM4", "WM64UM4", id="the steps are surer"),
        pytest.param("", "", id="the steps are sure that it is no plate"),
    ],
)
def test_a_network_with_steps_is_heard_with_both_its_heads(make_model: MakeModel, steps: str, text: str) -> None:
    white = (logits_of("WM64UMA", 6.0, doubts={6: ("4", 5.5)}), steps_of(steps), regions_of("de"))
    black = (logits_of(""), steps_of(""), regions_of("de"))
    model = make_model(slot_network(white, black), steps=len(white[1]))
    bright, dark = SlotRecognizer(BackendOptions(recognizer_model=model, grammars=False)).recognize(
        [crop(255), crop(0)]
    )
    assert (bright.text, dark.text) == (text, "")
    assert [one.text for one in bright.characters] == list(text)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"kind": "detector"}, "is a detector", id="a detector"),
        pytest.param({"alphabet": None}, "lacks alphabet", id="no alphabet"),
        pytest.param({"slots": None, "regions": None}, "lacks slots, regions", id="no slots and regions"),
    ],
)
def test_a_card_of_another_kind_is_refused(make_model: MakeModel, changes: dict[str, object], message: str) -> None:
    with pytest.raises(ModelFileError, match=message):
        recognizer_model(make_model(**changes))


@pytest.mark.parametrize(
    ("network", "changes"),
    [
        pytest.param(None, {"slots": 9}, id="other slots"),
        pytest.param(None, {"alphabet": "AB"}, id="another alphabet"),
        pytest.param(None, {"regions": ["de"]}, id="other regions"),
        pytest.param(None, {"steps": 52}, id="steps that it lacks"),
        pytest.param(None, {"input_width": 96}, id="another size"),
        pytest.param(constant_network(np.zeros((1, SLOTS, CODEC.classes), np.float32)), {}, id="one output"),
    ],
)
def test_a_network_that_is_not_the_one_of_the_card_is_refused(
    make_model: MakeModel, network: bytes | None, changes: dict[str, object]
) -> None:
    with pytest.raises(ModelShapeError, match="its card says"):
        SlotRecognizer(BackendOptions(recognizer_model=make_model(network, **changes)))


def test_a_damaged_network_is_refused(make_model: MakeModel) -> None:
    folder = make_model()
    (folder / "model.onnx").write_bytes(b"something else")
    with pytest.raises(ModelFileError, match="damaged"):
        SlotRecognizer(BackendOptions(recognizer_model=folder))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="nowhere"):
        SlotRecognizer(BackendOptions(recognizer_model=tmp_path / "nowhere"))


def test_without_a_folder_the_built_in_model_is_taken(
    make_model: MakeModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "BUILT_IN_MODELS", tmp_path)
    with pytest.raises(ModelFileError, match=r"no built-in model.*'rapidocr'"):
        make_recognizer("platewatch", BackendOptions())
    folder = make_model()
    monkeypatch.setattr(slots, "BUILT_IN_MODELS", folder.parent)
    monkeypatch.setattr(slots, "BUILT_IN_NAME", folder.name)
    recognizer = make_recognizer("platewatch", BackendOptions())
    recognizer.warm_up()
    assert recognizer.recognize([crop(255)])[0].text == "WM64UMA"
