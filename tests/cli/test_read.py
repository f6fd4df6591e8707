from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from platewatch.cli import app
from platewatch.cli import read as read_module
from platewatch.vision.geometry import iou
from platewatch.vision.image import open_image
from platewatch.vision.inference.registry import BackendOptions
from platewatch.vision.pipeline import PlateReader
from tests.vision.networks import constant_network, with_metadata
from tests.vision.pictures import SAMPLES, encode, heic, quarters

KEYS = ["image", "width", "height", "ms", "plates", "error"]
PLATE_KEYS = ["text", "confidence", "region", "region_confidence", "box", "corners", "characters"]


def run(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["read", *map(str, arguments)], input=stdin)


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-c", "from platewatch.cli import main; main()", "read", *map(str, arguments)]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder: spain.jpg, deep/malta.jpg, deep/text.txt."""
    (tmp_path / "photos" / "deep").mkdir(parents=True)
    shutil.copy(SAMPLES / "spain.jpg", tmp_path / "photos")
    shutil.copy(SAMPLES / "malta.jpg", tmp_path / "photos" / "deep")
    (tmp_path / "photos" / "deep" / "text.txt").write_text("no image")
    return tmp_path / "photos"


def test_json_has_one_line_an_image_with_everything_on_it(photos: Path) -> None:
    result = run("--json", photos)
    assert result.exit_code == 0
    deep, spain = (json.loads(line) for line in result.stdout.splitlines())
    assert list(deep) == KEYS
    assert (deep["image"], spain["image"]) == (str(photos / "deep" / "malta.jpg"), str(photos / "spain.jpg"))
    assert (spain["width"], spain["height"], spain["error"]) == (416, 416, None)
    assert spain["ms"] > 0
    (plate,) = spain["plates"]
    assert list(plate) == PLATE_KEYS
    assert plate["text"] == "0695DVH" == "".join(character for character, _ in plate["characters"])
    assert plate["region"] == "es"
    assert 0.3 <= plate["region_confidence"] <= 1
    assert [len(corner) for corner in plate["corners"]] == [2, 2, 2, 2]
    assert iou(tuple(plate["box"]), (122.3, 304.0, 287.8, 342.0)) > 0.5


def test_csv_has_one_line_a_plate(photos: Path) -> None:
    shutil.copy(photos / "deep" / "text.txt", photos / "fake.png")
    result = run("--csv", photos)
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["plate"] for row in rows] == ["BCG986", "", "0695DVH"]
    assert "not an image" in rows[1]["error"]
    assert float(rows[2]["left"]) == pytest.approx(122.3, abs=16)


def test_the_table_is_for_people(photos: Path) -> None:
    (photos / "empty.png").write_bytes(encode(quarters(), "PNG"))
    result = run(photos)
    assert result.exit_code == 0
    assert "0695DVH" in result.stdout
    assert "no plate" in result.stdout


def test_standard_input_is_read(photos: Path) -> None:
    result = run("--json", "-", stdin=(photos / "spain.jpg").read_bytes())
    document = json.loads(result.stdout)
    assert (document["image"], document["plates"][0]["text"]) == ("-", "0695DVH")


def test_images_that_fail_are_named_and_the_others_are_read(photos: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone.jpg"
    result = run("--json", photos / "deep" / "text.txt", gone, photos / "spain.jpg", tmp_path)
    assert result.exit_code == 1
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    assert [bool(document["plates"]) for document in documents[:3]] == [False, False, True]
    assert "not an image" in documents[0]["error"]
    assert [documents[0][key] for key in ("width", "height", "ms")] == [None, None, None]
    assert f"{gone}: No such file" in result.stderr
    assert str(photos / "deep" / "text.txt") in result.stderr
    assert "spain" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        pytest.param(["--json", "--csv", "x.jpg"], "exclude each other", id="two styles"),
        pytest.param(["--detector", "nope", "x.jpg"], "Ready are: ", id="unknown detector"),
        pytest.param(["--recognizer", "nope", "x.jpg"], "Ready are: ", id="unknown recognizer"),
        pytest.param(["--detector", "yolo", "x.jpg"], "needs a model", id="yolo without a model"),
        pytest.param(["--detector", "yolo", "--model", "gone.onnx", "x.jpg"], "gone.onnx", id="missing model"),
        pytest.param(
            ["--recognizer", "platewatch", "--recognizer-model", "gone", "x.jpg"], "gone", id="missing folder"
        ),
        pytest.param(["--min-confidence", "1.5", "x.jpg"], "less than or equal to 1", id="confidence above 1"),
        pytest.param([], "Missing argument", id="no paths"),
        pytest.param(["--nope", "x.jpg"], "--nope", id="unknown option"),
    ],
)
def test_a_command_that_makes_no_sense_ends_with_2(arguments: list[str], hint: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert hint in result.stderr
    assert result.stdout == ""


def test_a_folder_without_images_is_a_wrong_command(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert str(tmp_path) in result.stderr


def test_annotated_pictures_are_written_under_names_that_do_not_collide(photos: Path, tmp_path: Path) -> None:
    shutil.copy(photos / "spain.jpg", photos / "deep")
    out = tmp_path / "new" / "marked"
    assert run("--json", "--annotate", out, photos).exit_code == 0
    assert sorted(path.name for path in out.iterdir()) == ["malta.jpg", "spain-2.jpg", "spain.jpg"]
    before = open_image((photos / "spain.jpg").read_bytes()).decode()
    after = open_image((out / "spain.jpg").read_bytes()).decode()
    assert after.shape == before.shape
    assert (abs(after.astype(int) - before.astype(int)).max(axis=2) > 60).sum() > 500


def test_a_folder_that_can_not_be_made_ends_with_2(photos: Path) -> None:
    result = run("--annotate", photos / "spain.jpg" / "out", photos)
    assert result.exit_code == 2
    assert "can't be made" in result.stderr


def test_a_minimum_confidence_leaves_plates_out(photos: Path) -> None:
    document = json.loads(run("--json", "--min-confidence", "1", photos / "spain.jpg").stdout)
    assert document["plates"] == []


def test_a_model_of_the_users_own_is_used(photos: Path, tmp_path: Path) -> None:
    output = np.zeros((1, 10, 6), dtype=np.float32)
    output[0, 0] = [20, 45, 46, 54, 0.9, 0]
    (tmp_path / "mine.onnx").write_bytes(constant_network(output))
    result = run("--json", "--detector", "yolo", "--model", tmp_path / "mine.onnx", photos / "spain.jpg")
    (plate,) = json.loads(result.stdout)["plates"]
    assert plate["box"] == pytest.approx([130, 292.5, 299, 351], abs=0.1)
    assert plate["text"] == "0695DVH"


def test_photos_of_a_folder_in_every_format_are_read_or_named(photos: Path) -> None:
    jpeg = (photos / "spain.jpg").read_bytes()
    with Image.open(photos / "spain.jpg") as opened:
        contents = {
            "a.jfif": jpeg,
            "b.mpo": jpeg,
            "c.HEIC": heic(opened),
            "d.avif": encode(opened, "AVIF"),
            "e.tif": encode(opened, "TIFF"),
            "f.gif": encode(opened, "GIF"),
            "g": jpeg,
            "._spain.jpg": b"Mac OS X",
        }
    for name, content in contents.items():
        (photos / name).write_bytes(content)
    result = run("--csv", photos)
    assert result.exit_code == 1
    found = {Path(row["image"]).name: row["plate"] for row in csv.DictReader(io.StringIO(result.stdout))}
    read = dict.fromkeys(("a.jfif", "b.mpo", "c.HEIC", "d.avif", "g", "spain.jpg"), "0695DVH")
    assert found == {**read, "malta.jpg": "BCG986", "e.tif": "", "f.gif": ""}
    told = dict(line.split(": ", 1) for line in result.stderr.splitlines())
    assert {Path(name).name: message.split()[0] for name, message in told.items()} == {"e.tif": "TIFF", "f.gif": "GIF"}


def test_class_of_the_plate_is_chosen_by_option_or_setting(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = np.zeros((1, 6, 3549), np.float32)
    columns[0, :, 0] = [206, 322, 170, 46, 0.9, 0]
    columns[0, :, 1] = [100, 100, 90, 90, 0, 0.9]
    model = tmp_path / "own.onnx"
    model.write_bytes(with_metadata(constant_network(columns, (1, 3, 416, 416)), names="['vehicle part', 'wheel']"))
    arguments = ("--json", "--detector", "yolo", "--model", model, photos / "spain.jpg")
    refused = run(*arguments)
    assert refused.exit_code == 2
    assert "0 'vehicle part', 1 'wheel'" in refused.stderr
    assert "--detector-class" in refused.stderr
    by_option = json.loads(run(*arguments, "--detector-class", "Vehicle Part").stdout)
    assert [plate["text"] for plate in by_option["plates"]] == ["0695DVH"]
    monkeypatch.setenv("PLATEWATCH_DETECTOR_CLASS", "0")
    assert json.loads(run(*arguments).stdout)["plates"] == by_option["plates"]
    assert json.loads(run(*arguments, "--detector-class", "wheel").stdout)["plates"] == []


def test_detector_comes_from_the_settings(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = np.zeros((1, 10, 6), dtype=np.float32)
    output[0, 0] = [20, 45, 46, 54, 0.9, 0]
    (tmp_path / "mine.onnx").write_bytes(constant_network(output))
    monkeypatch.setenv("PLATEWATCH_DETECTOR", "yolo")
    monkeypatch.setenv("PLATEWATCH_DETECTOR_MODEL", str(tmp_path / "mine.onnx"))
    (plate,) = json.loads(run("--json", photos / "spain.jpg").stdout)["plates"]
    assert plate["box"] == pytest.approx([130, 292.5, 299, 351], abs=0.1)


@pytest.mark.parametrize("kind", ["detector", "recognizer"])
def test_unknown_backend_of_the_settings_is_refused(kind: str, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"PLATEWATCH_{kind.upper()}", "nope")
    result = run("--json", photos / "spain.jpg")
    assert result.exit_code == 2
    assert f"{kind} 'nope'" in result.stderr
    assert run("--json", f"--{kind}", "platewatch", photos / "spain.jpg").exit_code == 0


def test_min_confidence_comes_from_the_settings(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATEWATCH_MIN_CONFIDENCE", "1")
    assert json.loads(run("--json", photos / "spain.jpg").stdout)["plates"] == []
    by_option = run("--json", "--min-confidence", "0", photos / "spain.jpg")
    assert json.loads(by_option.stdout)["plates"][0]["text"] == "0695DVH"


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        pytest.param("MAX_IMAGE_MB", "The image has more than 1 MB", id="bytes"),
        pytest.param("MAX_IMAGE_MEGAPIXELS", "megapixels", id="pixels"),
    ],
)
def test_image_limits_come_from_the_settings(
    setting: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1100, 1000, 3), dtype=np.uint8)
    (tmp_path / "noise.png").write_bytes(encode(Image.fromarray(noise), "PNG"))
    assert run("--json", tmp_path / "noise.png").exit_code == 0
    monkeypatch.setenv(f"PLATEWATCH_{setting}", "1")
    result = run("--json", tmp_path / "noise.png")
    assert result.exit_code == 1
    assert message in json.loads(result.stdout)["error"]


@pytest.mark.parametrize(
    ("setting", "arguments", "expected"),
    [
        pytest.param(None, [], 7, id="all of the machine"),
        pytest.param("3", [], 3, id="the setting"),
        pytest.param("3", ["--threads", "2"], 2, id="the option"),
    ],
)
def test_threads_come_from_the_settings(
    setting: str | None, arguments: list[str], expected: int, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    class Watched(PlateReader):
        def __init__(self, *names: str, threads: int, **options: Any) -> None:
            seen.append(threads)
            super().__init__(*names, threads=1, **options)

    monkeypatch.setattr("platewatch.vision.pipeline.PlateReader", Watched)
    monkeypatch.setattr("os.cpu_count", lambda: 7)
    if setting is not None:
        monkeypatch.setenv("PLATEWATCH_READER_THREADS", setting)
    assert run("--json", *arguments, photos / "spain.jpg").exit_code == 0
    assert seen == [expected]


@pytest.mark.parametrize(
    ("setting", "value"),
    [("PROFILE", "thorough"), ("RECOGNIZER_MODEL", "own"), ("DETECTOR_MODEL", "own.onnx"), ("DETECTOR_CLASS", "2")],
)
def test_options_of_backends_come_from_the_settings(
    setting: str, value: str, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[BackendOptions] = []

    class Watched(PlateReader):
        def __init__(self, *names: str, options: BackendOptions, **others: Any) -> None:
            seen.append(options)
            super().__init__(*names, **others)

    monkeypatch.setattr("platewatch.vision.pipeline.PlateReader", Watched)
    monkeypatch.setenv(f"PLATEWATCH_{setting}", value)
    assert run("--json", photos / "spain.jpg").exit_code == 0
    field = {"DETECTOR_MODEL": "model"}.get(setting, setting.lower())
    assert str(getattr(seen[0], field)) == value


def test_a_reader_that_has_enough_ends_the_command_quietly(photos: Path) -> None:
    for index in range(6):
        shutil.copy(photos / "deep" / "malta.jpg", photos / f"{index}.jpg")
    for style in ("--json", "--csv"):
        with subprocess.Popen(command(style, photos), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.readline()
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait(60) == 0


def test_a_table_nobody_reads_ends_quietly(photos: Path) -> None:
    with subprocess.Popen(command(photos), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("count", "terminal", "shown"), [(2, True, False), (3, True, True), (3, False, False)])
def test_progress_is_for_people_with_many_images(
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    terminal: bool,
    shown: bool,
) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal() if terminal else io.StringIO())
    assert (read_module._progress(count) is not None) == shown


def test_progress_tells_rate_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    progress = read_module._progress(3)
    assert progress is not None
    with progress:
        progress.advance(progress.add_task("Reading", total=3), 2)
    assert "2/3" in screen.getvalue()
    assert "images/s" in screen.getvalue()
    assert ":" in screen.getvalue()
