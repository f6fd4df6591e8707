from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import yaml

from platewatch.errors import ModelFileError
from platewatch.vision.inference.model_card import (
    BUILT_IN_MODELS,
    Calibration,
    ModelKind,
    list_models,
    load_card,
    sha256_of,
)
from platewatch.vision.inference.session import Provider
from tests.vision.networks import doubling_network


def make_model(folder: Path, **changes: object) -> Path:
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(doubling_network())
    card: dict[str, object] = {
        "kind": "detector",
        "name": folder.name,
        "version": "1",
        "input_width": 64,
        "input_height": 32,
        "sha256": sha256_of(folder / "model.onnx"),
        "thresholds": {"score": 0.4} if changes.get("kind", "detector") == "detector" else {},
        "training": {"commit": "abc", "finished": "2026-01-02", "command": "train", "samples": 10},
        "data": [{"name": "rendered", "license": "MIT"}],
        "scores": [{"data": "dev", "measure": "recall", "value": 0.9}],
    }
    card.update(changes)
    (folder / "card.yaml").write_text(yaml.safe_dump({key: value for key, value in card.items() if value is not None}))
    return folder


def test_a_model_is_loaded_with_its_card_and_runs(tmp_path: Path) -> None:
    model = load_card(make_model(tmp_path / "small"))
    assert (model.card.kind, model.card.name, model.card.input_width) == (ModelKind.DETECTOR, "small", 64)
    assert model.card.thresholds == {"score": 0.4}
    (doubled,) = model.load(provider=Provider.CPU).run(np.array([[1, 2, 3]], dtype=np.float32))
    assert doubled.tolist() == [[2, 4, 6]]


def test_a_recognizers_card_tells_slots_regions_and_calibration(tmp_path: Path) -> None:
    told = {"slots": 12, "regions": ["de", "us-ca", "au-nsw"], "calibration": {"temperature": 1.5}}
    card = load_card(make_model(tmp_path / "small", kind="recognizer", **told)).card
    assert (card.slots, card.regions) == (12, ("de", "us-ca", "au-nsw"))
    assert card.calibration == Calibration(temperature=1.5, slope=1.0, offset=0.0)
    assert load_card(make_model(tmp_path / "plain")).card.calibration is None


def test_one_changed_byte_is_noticed(tmp_path: Path) -> None:
    model = load_card(make_model(tmp_path / "small"))
    content = bytearray(model.model_path.read_bytes())
    content[-1] ^= 1
    model.model_path.write_bytes(content)
    for use in (model.verify, model.load):
        with pytest.raises(ModelFileError, match="damaged"):
            use()


def test_a_missing_network_is_named(tmp_path: Path) -> None:
    model = load_card(make_model(tmp_path / "small"))
    model.model_path.unlink()
    with pytest.raises(ModelFileError, match=r"model\.onnx"):
        model.verify()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        pytest.param({"colour": "red"}, "colour", id="unknown field"),
        pytest.param({"version": None}, "version", id="missing field"),
        pytest.param({"kind": "toaster"}, "kind", id="unknown kind"),
        pytest.param({"sha256": "abc"}, "sha256", id="short checksum"),
        pytest.param({"name": "../up"}, "name", id="a path as name"),
        pytest.param({"input_width": 0}, "input_width", id="no width"),
        pytest.param({"thresholds": {"score": 1.5}}, r"thresholds\.score", id="threshold above 1"),
        pytest.param({"thresholds": {"score": float("nan")}}, r"thresholds\.score", id="threshold that is no number"),
        pytest.param(
            {"thresholds": {"scores": 0.5}}, "thresholds: scores is not known; a detector has: score", id="name"
        ),
        pytest.param(
            {"kind": "recognizer", "thresholds": {"score": 0.5}},
            "a recognizer has: none",
            id="a recognizer's threshold",
        ),
        pytest.param({"alphabet": "ABCA"}, "alphabet.*A is there twice", id="a letter twice"),
        pytest.param({"alphabet": "AB-"}, "alphabet.*'-': only upper-case", id="a separator as letter"),
        pytest.param({"alphabet": "ABc"}, "alphabet.*'c': only upper-case", id="a lower-case letter"),
        pytest.param({"regions": ["de", "fr", "de"]}, "regions.*de is there twice", id="a region twice"),
        pytest.param({"input_height": 10**9}, "input_height", id="a side beyond all"),
        pytest.param({"steps": 10**9}, "steps", id="steps beyond all"),
        pytest.param({"slots": 0}, "slots", id="no slot"),
        pytest.param({"regions": ["de", "Germany"]}, r"regions\.1", id="a region by name"),
        pytest.param({"calibration": {"temperature": 0}}, r"calibration\.temperature", id="no temperature"),
        pytest.param({"calibration": {"slope": -1}}, r"calibration\.slope", id="a slope downwards"),
        pytest.param({"calibration": {"temperature": 1e-300}}, r"calibration\.temperature", id="a tiny temperature"),
        pytest.param({"calibration": {"slope": 1e-300}}, r"calibration\.slope", id="a tiny slope"),
        pytest.param(
            {"calibration": {"offset": float("nan")}}, r"calibration\.offset", id="an offset that is no number"
        ),
        pytest.param({"joint": {"found": 1, "read": 1e-300, "offset": 0}}, r"joint\.read", id="a tiny weight"),
        pytest.param({"joint": {"found": 1e300, "read": 1, "offset": 0}}, r"joint\.found", id="a huge weight"),
        pytest.param(
            {"scores": [{"data": "dev", "measure": "exact", "value": float("inf")}]}, r"scores\.0\.value", id="score"
        ),
        pytest.param(
            {"training": {"commit": "a", "finished": "2026-01-02", "command": "t", "samples": 10**15}},
            r"training\.samples",
            id="samples beyond all",
        ),
        pytest.param({"data": [{"name": "photos"}]}, r"data\.0\.license", id="data without license"),
    ],
)
def test_a_card_that_can_not_be_used_names_the_field(tmp_path: Path, changes: dict[str, object], named: str) -> None:
    with pytest.raises(ModelFileError, match=named):
        load_card(make_model(tmp_path / "small", **changes))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"a: [", id="open list"),
        pytest.param(b"\xff\xfe\x00", id="no text"),
        pytest.param(b"just text", id="no mapping"),
        pytest.param(b"[" * 5000, id="open brackets"),
        pytest.param(b"{a: " * 5000, id="open braces"),
        pytest.param(b"- " * 5000, id="lists in lists"),
        pytest.param(b"? " * 5000, id="keys in keys"),
        pytest.param(b"version: " + b"1" * 5000, id="a number of 5,000 digits"),
        pytest.param(b"finished: 2026-13-45", id="a day that is none"),
        pytest.param(b"a: 1\n" * 200_000, id="a megabyte"),
        pytest.param(b"".join(b"x%d: 1\n" % number for number in range(20_000)), id="20,000 unknown fields"),
    ],
)
def test_a_card_that_is_no_card_is_named(tmp_path: Path, content: bytes) -> None:
    (make_model(tmp_path / "small") / "card.yaml").write_bytes(content)
    start_s = time.monotonic()
    with pytest.raises(ModelFileError, match=r"card\.yaml") as caught:
        load_card(tmp_path / "small")
    assert len(str(caught.value)) < 2000
    assert time.monotonic() - start_s < 20


def test_a_folder_without_card_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no model card"):
        load_card(tmp_path)
    assert list_models(tmp_path, tmp_path / "nowhere") == []


def test_models_are_listed_over_all_folders_by_kind_and_name(tmp_path: Path) -> None:
    make_model(tmp_path / "one" / "zebra")
    make_model(tmp_path / "one" / "reader", kind="recognizer")
    make_model(tmp_path / "two" / "ape")
    listed = [model.card.name for model in list_models(tmp_path / "one", tmp_path / "two")]
    assert listed == ["ape", "zebra", "reader"]


def test_the_built_in_models_are_whole() -> None:
    assert BUILT_IN_MODELS.name == "models"
    for model in list_models():
        model.verify()
