from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from platewatch.cli import app
from platewatch.installation import install_command
from platewatch.vision.backends import rapidocr
from platewatch.vision.image import encode_jpeg
from tests.vision.inference.test_model_card import make_model
from tests.vision.slot_models import write_slot_model


def run(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(map(str, arguments)))
    return result.exit_code, result.stdout, result.stderr


def test_the_version_is_the_installed_one() -> None:
    assert run("version") == (0, f"platewatch {version('platewatch')}\n", "")


def test_version_and_help_load_no_networks() -> None:
    for argument in ("version", "--help"):
        probe = (
            "import sys\nfrom platewatch.cli import app\n"
            f"try:\n    app([{argument!r}])\nexcept SystemExit:\n    pass\n"
            "print(sorted({'numpy', 'cv2', 'onnxruntime', 'sqlalchemy', 'fastapi'} & set(sys.modules)))"
        )
        ran = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
        assert ran.stdout.splitlines()[-1] == "[]"


def test_backends_and_models_are_listed(tmp_path: Path) -> None:
    make_model(tmp_path / "zebra")
    code, out, _ = run("models", "list", "--folder", tmp_path)
    assert code == 0
    states = {tuple(line.split()[:2]): line.split(maxsplit=2)[2] for line in out.splitlines()}
    assert states["detector", "rapidocr"] == states["recognizer", "platewatch"] == "ready"
    assert states["detector", "yolo"].startswith("not ready: ")
    assert "PLATEWATCH_DETECTOR_MODEL" in states["detector", "yolo"]
    assert ("detector", "zebra") in states


def test_an_extra_that_is_missing_is_listed_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rapidocr, "_PACKAGE", "platewatch_no_such_package")
    _, out, _ = run("models", "list")
    (line,) = [line for line in out.splitlines() if line.startswith("recognizer  rapidocr")]
    assert "not ready: " in line
    assert f"`{install_command('rapidocr')}`" in line
    (line,) = [line for line in out.splitlines() if line.startswith("recognizer  ensemble")]
    assert "platewatch_no_such_package" in line


def test_whole_models_verify(tmp_path: Path) -> None:
    make_model(tmp_path / "zebra")
    code, out, _ = run("models", "verify", "--folder", tmp_path)
    assert code == 0
    assert "zebra: whole" in out
    assert out.count("PP-OCR") == 2
    assert "damaged" not in out


def test_an_extra_that_is_not_installed_has_nothing_to_verify(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rapidocr, "_PACKAGE", "platewatch_no_such_package")
    code, out, _ = run("models", "verify")
    assert code == 0
    assert "PP-OCR" not in out
    assert "platewatch-detector: whole" in out
    assert "platewatch-recognizer: whole" in out


def test_a_damaged_model_is_named_and_ends_with_1(tmp_path: Path) -> None:
    (make_model(tmp_path / "zebra") / "model.onnx").write_bytes(b"other")
    code, out, _ = run("models", "verify", "--folder", tmp_path)
    assert code == 1
    assert "zebra: The file" in out
    assert "PP-OCRv6_det_small.onnx: whole" in out


def test_models_are_installed_listed_read_with_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATEWATCH_DATA", str(tmp_path / "data"))
    code, out, err = run("models", "install", write_slot_model(tmp_path / "exported", name="mine"))
    assert (code, err) == (0, "")
    assert (
        out
        == f"{tmp_path / 'data' / 'models' / 'mine'}: choose it with --recognizer mine, or PLATEWATCH_RECOGNIZER=mine\n"
    )
    assert ["recognizer", "mine"] in [line.split()[:2] for line in run("models", "list")[1].splitlines()]
    assert "mine: whole" in run("models", "verify")[1]
    photo = tmp_path / "white.jpg"
    photo.write_bytes(encode_jpeg(np.full((300, 400, 3), 255, np.uint8)))
    assert run("read", "--recognizer", "mine", photo)[0] == 0
    assert run("models", "remove", "mine") == (0, f"{tmp_path / 'data' / 'models' / 'mine'}: removed\n", "")
    code, _, err = run("read", "--recognizer", "mine", photo)
    assert code == 2
    assert "no recognizer 'mine'" in err


@pytest.mark.parametrize("words", [["install", "nowhere"], ["remove", "nowhere"]])
def test_what_can_not_be_installed_or_removed_is_reported_without_a_traceback(tmp_path: Path, words: list[str]) -> None:
    program = "import sys; from platewatch.cli import main; sys.argv = ['platewatch', 'models', *sys.argv[1:]]; main()"
    ran = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert ran.returncode == 1
    assert "nowhere" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_damaged_model_of_the_wheel_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rapidocr, "_as_recorded", lambda path: "_rec_" not in str(path))
    code, out, _ = run("models", "verify")
    assert code == 1
    assert "PP-OCRv6_rec_small.onnx: damaged" in out
    assert "PP-OCRv6_det_small.onnx: whole" in out


@pytest.mark.parametrize("verb", ["list", "verify"])
def test_a_card_that_can_not_be_used_ends_with_1(tmp_path: Path, verb: str) -> None:
    make_model(tmp_path / "zebra", kind="toaster")
    code, _, err = run("models", verb, "--folder", tmp_path)
    assert code == 1
    assert "kind" in err
