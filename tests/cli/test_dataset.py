from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from platewatch.cli import app
from platewatch.cli.dataset_progress import Steps
from platewatch.datasets import clean
from platewatch.datasets.retouching import RETOUCHINGS
from tests.cli.children import run as run_child
from tests.datasets.photos import write_photo
from tests.vision.pictures import sign


def run(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["dataset", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(4):
        write_photo(tmp_path / "photos" / "images" / f"{number}.jpg", number)
    rows = "".join(f"{number}.jpg,AB12{number},10,20,40,30\n" for number in range(3))
    (tmp_path / "photos" / "labels.csv").write_text("image,text,left,top,right,bottom\n" + rows)
    return tmp_path / "photos"


def test_numbers_are_printed(folder: Path) -> None:
    code, out, _ = run("stats", folder)
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert {"format csv", "images 4", "plates 3", "plates per image 1 3", "regions none"} <= set(lines)
    code, out, _ = run("stats", folder, "--json")
    assert json.loads(out)["texts"] == 3


def test_a_good_dataset_ends_with_0_and_notes_what_is_not_labelled(folder: Path) -> None:
    code, out, _ = run("check", folder)
    assert code == 0
    assert "4 images in csv: 1 x image without labels" in out


def test_a_bad_one_ends_with_1_and_names_each_line(folder: Path) -> None:
    with (folder / "labels.csv").open("a") as file:
        file.write("3.jpg,AB,10,20,400,30\n3.jpg,AB,10,x,40,30\n9.jpg,AB,1,2,3,4\n")
    code, out, _ = run("check", folder)
    assert code == 1
    assert "labels.csv, line 6: corrupt label" in out
    assert "labels.csv, line 7: missing image" in out
    assert "box outside the image" in out
    code, out, _ = run("check", folder, "--json")
    found = [json.loads(line) for line in out.splitlines()]
    assert {one["line"] for one in found} >= {6, 7}


def test_a_dataset_is_converted_and_what_is_lost_is_reported(folder: Path, tmp_path: Path) -> None:
    code, out, err = run("convert", folder, tmp_path / "new", "--to", "yolo")
    assert (code, out) == (0, f"4 images in {tmp_path / 'new'} as yolo\n")
    assert "yolo can't say texts: 3 were lost" in err
    assert (tmp_path / "new/labels/0.txt").read_text().startswith("0 0.3125")


def test_bad_labels_stop_a_conversion_unless_they_may_be_left_out(folder: Path, tmp_path: Path) -> None:
    with (folder / "labels.csv").open("a") as file:
        file.write("3.jpg,AB,10,x,40,30\n")
    ended = run_child(tmp_path, "dataset", "convert", str(folder), str(tmp_path / "new"), "--to", "coco")
    assert ended.returncode == 2
    assert "line 5: corrupt label" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert run("convert", folder, tmp_path / "new", "--to", "coco", "--skip-bad")[0] == 0


def test_a_dataset_is_split(folder: Path, tmp_path: Path) -> None:
    code, out, _ = run("split", folder, tmp_path / "new", "--shares", "train=0.5,test=0.5", "--to", "jsonl", "--link")
    assert code == 0
    assert "train" in out
    assert "4 groups" in out
    rows = [json.loads(line) for line in (tmp_path / "new/labels.jsonl").read_text().splitlines()]
    assert sorted(row["split"] for row in rows) == ["test", "test", "train", "train"]


def test_shares_that_make_no_sense_are_refused(folder: Path, tmp_path: Path) -> None:
    ended = run_child(tmp_path, "dataset", "split", str(folder), str(tmp_path / "new"), "--shares", "train=2")
    assert (ended.returncode, (tmp_path / "new").exists()) == (2, False)
    assert "add up to 1" in ended.stderr


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A photo with a plate that can be read, and one without."""
    scene = Image.new("RGB", (640, 480), (90, 90, 90))
    scene.paste(sign("KX 472 HR", 300, 72), (170, 300))
    (tmp_path / "raw").mkdir()
    scene.save(tmp_path / "raw" / "car.png")
    Image.new("RGB", (320, 240), (40, 40, 40)).save(tmp_path / "raw" / "road.png")
    return tmp_path / "raw"


def test_real_photos_are_sorted_by_whether_they_can_be_read(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One way to look at each is enough here; tests/datasets/test_clean.py tries them all.
    monkeypatch.setattr(clean, "RETOUCHINGS", {"as it is": RETOUCHINGS["as it is"]})
    code, out, _ = run("clean", raw, "--dry-run", "--workers", "1")
    assert code == 0
    assert "cleaned\tcar.png\tKX472HR" in out
    assert "nothing was written" in out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["raw"]
    code, out, err = run("clean", raw, "--workers", "1")
    assert code == 0
    assert "2 photos: 1 cleaned, 1 trash" in out
    assert "Cleaning: 2 of 2" in err
    assert (tmp_path / "cleaned/car.png").exists()
    assert (tmp_path / "trash/road.png").exists()
    assert list(raw.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("--copy", "--link"), "exclude each other", id="two ways"),
        pytest.param(("--recognizer", "nope"), "no recognizer 'nope'", id="an unknown recognizer"),
        pytest.param(("--recognizer", "char-yolo"), "PLATEWATCH_CHAR_YOLO_MODEL", id="one without its model"),
        pytest.param(("--recognizer", "llm"), "switched off", id="one that is switched off"),
    ],
)
def test_what_can_not_work_is_reported_before_anything_is_touched(
    raw: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    ended = run_child(tmp_path, "dataset", "clean", str(raw), *arguments)
    assert ended.returncode in {1, 2}
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "cleaned").exists()


def test_photos_that_are_left_are_named(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clean, "RETOUCHINGS", {"as it is": RETOUCHINGS["as it is"]})
    Image.new("RGB", (320, 240)).save(raw / "scan.tif")
    code, out, err = run("clean", raw, "--workers", "1")
    assert code == 1
    assert "3 photos: 1 cleaned, 1 trash, 1 left" in out
    assert "scan.tif: left where it is: TIFF images are not read" in err


def test_images_with_bad_labels_are_left_out_and_counted(folder: Path, tmp_path: Path) -> None:
    with (folder / "labels.csv").open("a") as file:
        file.write("3.jpg,AB,10,x,40,30\n")
    code, out, err = run("convert", folder, tmp_path / "new", "--to", "jsonl", "--skip-bad")
    assert (code, out) == (0, f"3 images in {tmp_path / 'new'} as jsonl\n")
    assert "1 thing(s) could not be understood; 1 image(s) with such labels are left out" in err
    assert "3.jpg" not in (tmp_path / "new/labels.jsonl").read_text()


def test_labels_with_another_size_than_their_images_are_reported(tmp_path: Path) -> None:
    write_photo(tmp_path / "photos/a.jpg")
    row = {"image": "a.jpg", "width": 0, "height": 0, "plates": [{"box": [10, 20, 40, 30]}]}
    (tmp_path / "photos/labels.jsonl").write_text(json.dumps(row))
    code, _, err = run("convert", tmp_path / "photos", tmp_path / "new", "--to", "yolo")
    assert code == 0
    assert "1 image(s) are labelled with another size" in err
    assert (tmp_path / "new/labels/a.txt").read_text().startswith("0 0.3125")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    ended = run_child(tmp_path, "dataset", "stats", "nowhere")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "no folder 'nowhere'" in ended.stderr


def test_progress_is_reported_in_lines_where_nobody_watches() -> None:
    stream = io.StringIO()
    with Steps("Reading", stream) as steps:
        for done in range(4):
            steps.report(done, 3)
    assert stream.getvalue() == "Reading: 3 of 3, 0 s left\n"


def test_progress_is_a_bar_with_the_time_left_on_a_terminal() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    with Steps("Reading", stream) as steps:
        steps.report(1, 3)
        steps.report(3, 3)
    assert "Reading" in stream.getvalue()
    assert "3/3" in stream.getvalue()
