from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from platewatch.errors import (
    ConflictError,
    ModelError,
    ModelFileError,
    ModelShapeError,
    StorageError,
    UnknownBackendError,
)
from platewatch.vision.geometry import corners_from_box
from platewatch.vision.inference import install as install_module
from platewatch.vision.inference.install import install, remove
from platewatch.vision.inference.registry import BackendKind, BackendOptions, choices, make_detector, make_recognizer
from platewatch.vision.recognizer.slot_codec import ALPHABET
from platewatch.vision.types import Crop, Detection
from tests.vision.detector.test_plate_detector import write_model as write_detector
from tests.vision.inference.test_model_card import make_model
from tests.vision.networks import doubling_network
from tests.vision.slot_models import write_slot_model


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "data" / "models"


def left_beside(models: Path) -> list[str]:
    return sorted(path.name for path in models.parent.iterdir() if path != models) if models.parent.exists() else []


def test_an_installed_model_is_chosen_by_its_name(tmp_path: Path, models: Path) -> None:
    model = install(write_slot_model(tmp_path / "exported", name="mine"), models)
    assert (model.folder, model.card.name) == (models / "mine", "mine")
    assert sorted(path.name for path in model.folder.iterdir()) == ["card.yaml", "model.onnx"]
    shutil.rmtree(tmp_path / "exported")
    options = BackendOptions(models=models)
    crop = Crop(np.full((64, 160, 3), 255, np.uint8), Detection(corners_from_box((0, 0, 160, 64)), 1.0))
    assert make_recognizer("mine", options).recognize([crop])[0].text == "WM64UMA"
    assert "mine" in choices(BackendKind.RECOGNIZER, models)
    assert "mine" not in choices(BackendKind.DETECTOR, models)
    with pytest.raises(UnknownBackendError, match=r"no detector 'mine'"):
        make_detector("mine", options)
    with pytest.raises(UnknownBackendError, match=r"no recognizer 'other'.*mine, "):
        make_recognizer("other", options)
    assert not left_beside(models)


def test_the_same_name_needs_replace(tmp_path: Path, models: Path) -> None:
    install(write_slot_model(tmp_path / "one", name="mine"), models)
    second = write_slot_model(tmp_path / "two", name="mine", version="2")
    with pytest.raises(ConflictError, match="--replace"):
        install(second, models)
    assert install(second, models, replace=True).card.version == "2"
    assert not left_beside(models)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("tesseract", "name of a backend", id="a recognizer"),
        pytest.param("yolo", "name of a backend", id="a detector"),
        pytest.param("built-in", "name of a built-in model", id="a built-in model"),
    ],
)
def test_names_that_mean_something_else_are_refused(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    monkeypatch.setattr(install_module, "BUILT_IN_MODELS", tmp_path / "shipped")
    (tmp_path / "shipped" / "built-in").mkdir(parents=True)
    with pytest.raises(ConflictError, match=message):
        install(write_slot_model(tmp_path / "exported", name=name), models, replace=True)
    assert not models.exists()


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        pytest.param(lambda folder: (folder / "card.yaml").unlink(), ModelFileError, "no model card", id="no card"),
        pytest.param(lambda folder: (folder / "model.onnx").unlink(), ModelFileError, "no file", id="no network"),
        pytest.param(
            lambda folder: (folder / "model.onnx").write_bytes(b"x"), ModelFileError, "damaged", id="another network"
        ),
        pytest.param(
            lambda folder: write_slot_model(folder, doubling_network(), name="mine"),
            ModelShapeError,
            "its card says",
            id="other shapes",
        ),
        pytest.param(
            lambda folder: write_slot_model(folder, b"no onnx", name="mine"),
            ModelFileError,
            "can't be loaded",
            id="no ONNX",
        ),
        pytest.param(
            lambda folder: write_slot_model(folder, name="mine", kind="vehicles"),
            ModelFileError,
            "nothing runs",
            id="kind",
        ),
        pytest.param(
            lambda folder: write_slot_model(folder, name="mine", alphabet=""),
            ModelFileError,
            "lacks alphabet",
            id="card",
        ),
        pytest.param(
            lambda folder: write_slot_model(folder, name="../mine"),
            ModelFileError,
            "name: String",
            id="a name that is a way",
        ),
    ],
)
def test_broken_models_are_not_installed(
    tmp_path: Path, models: Path, spoil: object, error: type[ModelError], message: str
) -> None:
    assert callable(spoil)
    kept = install(write_slot_model(tmp_path / "before", name="mine"), models)
    folder = write_slot_model(tmp_path / "exported", name="mine")
    spoil(folder)
    with pytest.raises(error, match=message):
        install(folder, models, replace=True)
    kept.verify()
    assert [path.name for path in models.iterdir()] == ["mine"]
    assert not left_beside(models)


def test_a_detector_whose_network_is_none_is_refused(tmp_path: Path, models: Path) -> None:
    with pytest.raises(ModelShapeError, match="a detector takes pixels"):
        install(make_model(tmp_path / "eyes"), models)


@pytest.mark.parametrize(
    ("make", "changes", "message"),
    [
        pytest.param(write_detector, {"input_width": 320}, "320 x 640", id="another width than the detector's"),
        pytest.param(write_detector, {"input_height": 8192}, "640 x 8192", id="another height than the detector's"),
        pytest.param(write_slot_model, {"input_width": 200}, "its card says", id="another width than the recognizer's"),
        pytest.param(write_slot_model, {"alphabet": "A" + ALPHABET[1:]}, "A is there twice", id="a letter twice"),
        pytest.param(write_slot_model, {"regions": ["br", "de", "de"]}, "de is there twice", id="a region twice"),
    ],
)
def test_card_that_does_not_fit_its_network_is_not_installed(
    tmp_path: Path, models: Path, make: Callable[..., Path], changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        install(make(tmp_path / "exported", name="mine", **changes), models)
    assert not models.exists()
    assert not left_beside(models)


def test_a_folder_that_can_not_be_written_is_reported(tmp_path: Path, models: Path) -> None:
    models.parent.mkdir()
    models.write_text("a file")
    with pytest.raises(StorageError, match="can't be written"):
        install(write_slot_model(tmp_path / "exported", name="mine"), models)
    assert not left_beside(models)


def test_of_two_that_install_one_name_at_once_the_second_is_reported(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = write_slot_model(tmp_path / "other", name="mine", version="2")
    monkeypatch.setattr(install_module, "_try", lambda _: shutil.copytree(other, models / "mine"))
    with monkeypatch.context() as patch, pytest.raises(ConflictError, match="Another process"):
        patch.setattr(Path, "exists", lambda _: False)
        install(write_slot_model(tmp_path / "exported", name="mine"), models)
    assert (models / "mine" / "card.yaml").read_text() == (other / "card.yaml").read_text()
    assert not left_beside(models)


def test_a_removed_model_is_gone(tmp_path: Path, models: Path) -> None:
    install(write_slot_model(tmp_path / "exported", name="mine"), models)
    assert remove("mine", models) == models / "mine"
    assert choices(BackendKind.RECOGNIZER, models) == choices(BackendKind.RECOGNIZER, None)
    assert not left_beside(models)
    with pytest.raises(ModelFileError, match="Installed are: none"):
        remove("mine", models)


@pytest.mark.parametrize("name", ["", ".", "..", "../exported", "/etc", "mine/../../exported"])
def test_only_installed_models_are_removed(tmp_path: Path, models: Path, name: str) -> None:
    install(write_slot_model(tmp_path / "data" / "exported", name="mine"), models)
    with pytest.raises(ModelFileError, match="Installed are: mine"):
        remove(name, models)
    assert (tmp_path / "data" / "exported" / "card.yaml").is_file()
