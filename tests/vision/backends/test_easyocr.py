from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from platewatch.errors import ModelFileError, ModelShapeError
from platewatch.vision.backends.easyocr import EasyOcrRecognizer
from platewatch.vision.geometry import corners_from_box
from platewatch.vision.inference.registry import BackendOptions
from platewatch.vision.types import Crop, Detection
from tests.missing import need_easyocr
from tests.vision.easyocr_models import NAME, write_easyocr_model, write_small_vgg

# PyTorch and EasyOCR warn of their own old ways.
pytestmark = pytest.mark.filterwarnings("ignore")


def crop(brightness: int, width: int = 200, height: int = 50) -> Crop:
    return Crop(
        np.full((height, width, 3), brightness, np.uint8), Detection(corners_from_box((0, 0, width, height)), 1.0)
    )


def options(folder: Path | None, network: str = NAME) -> BackendOptions:
    return BackendOptions(easyocr_folder=folder, easyocr_network=network)


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "easyocr", None)
    with pytest.raises(ModelFileError, match=r"install .*\[easyocr\]'`; it brings PyTorch"):
        EasyOcrRecognizer(options(tmp_path))


def test_it_is_not_ready_without_weights_in_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("platewatch.vision.backends.easyocr.find_spec", lambda _name: object())
    with pytest.raises(ModelFileError, match="PLATEWATCH_EASYOCR_FOLDER"):
        EasyOcrRecognizer.require_ready(options(None))
    with pytest.raises(ModelFileError, match=f"{NAME}.pth"):
        EasyOcrRecognizer.require_ready(options(tmp_path))
    (tmp_path / f"{NAME}.pth").touch()
    EasyOcrRecognizer.require_ready(options(tmp_path))


class TestWithEasyOcr:
    """EasyOCR's real code; skipped where the extra is not installed."""

    @pytest.fixture(autouse=True)
    def _installed(self) -> None:
        need_easyocr()

    def test_a_network_of_the_users_own_is_loaded_and_reads(self, tmp_path: Path) -> None:
        recognizer = EasyOcrRecognizer(options(write_easyocr_model(tmp_path / "weights")))
        stripe = crop(0)
        # EasyOCR brightens what has no contrast.
        stripe.image_bgr[:, :30] = 255
        bright, dark = recognizer.recognize([crop(250), stripe])
        assert bright.text == "KX472HR"
        assert all(0 < character.confidence <= 1 for character in bright.characters)
        assert bright.confidence is None
        assert dark.characters == ()

    def test_easyocrs_own_architecture_runs_with_small_weights(self, tmp_path: Path) -> None:
        recognizer = EasyOcrRecognizer(options(write_small_vgg(tmp_path), "small_vgg"))
        noise = np.random.default_rng(1).integers(0, 255, (50, 200, 3), dtype=np.uint8)
        (read,) = recognizer.recognize([Crop(noise, crop(0).detection)])
        assert all(0 <= character.confidence <= 1 for character in read.characters)

    def test_the_folder_is_asked_for(self, tmp_path: Path) -> None:
        with pytest.raises(ModelFileError, match="PLATEWATCH_EASYOCR_FOLDER"):
            EasyOcrRecognizer(options(None))
        with pytest.raises(ModelFileError, match=r"no folder .*nowhere"):
            EasyOcrRecognizer(options(tmp_path / "nowhere"))
        assert not (tmp_path / "nowhere").exists()

    def test_missing_weights_say_which_file_goes_where_and_whence_it_comes(self, tmp_path: Path) -> None:
        with pytest.raises(
            ModelFileError, match=r"english_g2\.pth.*Download https://.*english_g2\.zip, unpack it"
        ) as f:
            EasyOcrRecognizer(options(tmp_path, "english_g2"))
        assert str(tmp_path) in str(f.value)

    def test_other_weights_under_the_name_of_its_own_are_not_even_opened(self, tmp_path: Path) -> None:
        (tmp_path / "english_g2.pth").write_bytes(b"cos\nsystem\n(S'touch hacked'\ntR.")
        with pytest.raises(ModelFileError, match=r"is not EasyOCR's 'english_g2', or is damaged"):
            EasyOcrRecognizer(options(tmp_path, "english_g2"))

    def test_an_incomplete_network_of_the_users_own_says_what_it_lacks(self, tmp_path: Path) -> None:
        (tmp_path / "mine.pth").write_bytes(b"")
        with pytest.raises(
            ModelFileError, match=r"none of EasyOCR's networks \(.*latin_g2.*lacks mine\.yaml, mine\.py"
        ):
            EasyOcrRecognizer(options(tmp_path, "mine"))

    def test_weights_that_are_damaged_are_named(self, tmp_path: Path) -> None:
        folder = write_easyocr_model(tmp_path)
        (folder / f"{NAME}.pth").write_bytes(b"this is no archive")
        with pytest.raises(ModelFileError, match=r"can't load the network 'tiny'"):
            EasyOcrRecognizer(options(folder))

    def test_weights_of_another_shape_say_expected_and_found(self, tmp_path: Path) -> None:
        folder = write_small_vgg(tmp_path)
        text = (folder / "small_vgg.yaml").read_text().replace("hidden_size: 8", "hidden_size: 4")
        (folder / "small_vgg.yaml").write_text(text)
        with pytest.raises(ModelShapeError, match=r"size mismatch .*shape"):
            EasyOcrRecognizer(options(folder, "small_vgg"))
