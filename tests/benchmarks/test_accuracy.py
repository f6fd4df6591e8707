from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from benchmarks.accuracy import accuracy, compare, describe, measure, tables
from benchmarks.datasets import LabeledPhoto, PhotoSet, load_sets
from benchmarks.reading import Outcome, SetResult, score_set
from benchmarks.scores import LabeledPlate, PredictedPlate
from platewatch.vision.image import encode_jpeg, open_image
from platewatch.vision.pipeline import PlateReader
from tests.servers import SAMPLES
from tests.vision.slot_models import write_slot_model

BOX = (0.0, 0.0, 100.0, 20.0)
PAGE = "<!-- accuracy:begin -->\nold\n<!-- accuracy:end -->\n"

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(accuracy)


def scored(name: str, *, crop: bool = False, truth: str | None = "AB12", available: int = 1) -> SetResult:
    """The result of one image whose plate was read right, in 10 ms."""
    plate = LabeledPlate(truth, None if crop else BOX)
    photo = LabeledPhoto(Path("one.jpg"), crop, (plate,))
    outcome = Outcome(photo, (PredictedPlate("AB12", 0.9, BOX),), 10.0)
    return score_set(PhotoSet(name, (photo,), available), [outcome])


@pytest.fixture
def datasets(tmp_path: Path) -> Path:
    """Two sets out of the samples: one of photos, one with the plate of one of them."""
    root = tmp_path / "datasets"
    photos, crops = root / "evaluation" / "photos", root / "train" / "plates"
    for folder in (photos, crops):
        (folder / "images").mkdir(parents=True)
    lines = []
    for line in (SAMPLES / "labels.jsonl").read_text().splitlines():
        row = json.loads(line)
        shutil.copy(SAMPLES / row["image"], photos / "images")
        lines.append(json.dumps(row | {"image": f"images/{row['image']}"}) + "\n")
    (photos / "labels.jsonl").write_text("".join(lines))
    spain_bgr = open_image((SAMPLES / "spain.jpg").read_bytes()).decode()
    (crops / "images" / "spain.jpg").write_bytes(encode_jpeg(spain_bgr[304:342, 122:288]))
    row = {"image": "images/spain.jpg", "crop": True, "split": "dev", "plates": [{"box": None, "text": "0695DVH"}]}
    (crops / "labels.jsonl").write_text(json.dumps(row) + "\n")
    return root


@pytest.mark.parametrize(
    ("results", "shown"),
    [
        pytest.param([], [], id="empty"),
        pytest.param([scored("a", crop=True)], [("Crops", ["a"])], id="crops"),
        pytest.param([scored("a")], [("Whole photos, end", ["a"]), ("Whole photos, plates", ["a"])], id="photos"),
        pytest.param([scored("a", truth=None)], [("Whole photos, plates", ["a"])], id="photos without texts"),
    ],
)
def test_each_set_is_in_the_tables_that_say_something_about_it(
    results: list[SetResult],
    shown: list[tuple[str, list[str]]],
) -> None:
    grids = tables(results)
    assert [[row[0] for row in grid.rows] for grid in grids] == [names for _, names in shown]
    assert all(grid.title.startswith(title) for grid, (title, _) in zip(grids, shown, strict=True))


def test_several_recognizers_stand_side_by_side_and_then_by_name() -> None:
    better = replace(scored("a", crop=True), median_ms=3.0)
    results = {"one": [scored("a", crop=True), scored("b")], "two": [better, scored("b")]}
    beside, *own = compare(results)
    assert beside.columns == ("set", "plates", "one exact", "one CER", "one ms", "two exact", "two CER", "two ms")
    assert beside.rows == (
        ("a", "1", "100.0", "0.0", "10", "100.0", "0.0", "3"),
        ("b", "1", "100.0", "0.0", "10", "100.0", "0.0", "10"),
    )
    assert [grid.title.split(":")[0] for grid in own] == ["one"] * 3 + ["two"] * 3


@pytest.mark.parametrize("truth", ["AB12", None], ids=["with texts", "without texts"])
def test_one_recognizer_needs_no_name_and_nothing_beside_it(truth: str | None) -> None:
    results = [scored("a", truth=truth)]
    assert compare({"one": results}) == tables(results)
    assert len(compare({"one": results, "two": results})) == 2 * len(tables(results)) + (truth is not None)


def test_every_row_is_as_long_as_its_columns() -> None:
    for grid in tables([scored("a"), scored("b", crop=True)]):
        assert {len(row) for row in grid.rows} == {len(grid.columns)}


def test_the_figures_of_a_photo_stand_in_their_columns() -> None:
    end_to_end, finding = (dict(zip(grid.columns, grid.rows[0], strict=True)) for grid in tables([scored("a")]))
    assert (end_to_end["plates"], end_to_end["exact"], end_to_end["P@95"], end_to_end["ECE"]) == (
        "1",
        "100.0",
        "100.0",
        "10.0",
    )
    assert end_to_end["province"] == "-"
    assert (finding["R@0.7"], finding["false/image"], finding["ms"]) == ("100.0", "0.00", "10")


@pytest.mark.parametrize(
    ("result", "note"),
    [
        pytest.param(scored("a"), None, id="nothing more to say"),
        pytest.param(scored("a", available=7), "with seed 3: a 1 of 7", id="a part of the set"),
        pytest.param(replace(scored("a"), unreadable=("one.jpg: damaged",)), "1 image(s) could not", id="a bad image"),
    ],
)
def test_what_a_reader_must_know_is_noted(reader: PlateReader, result: SetResult, note: str | None) -> None:
    first, *more = describe(reader, 2, 3, [result])
    assert (
        first == "Detector platewatch, recognizer platewatch, 2 thread(s) each; readings below 0.1 left out of photos"
    )
    assert len(more) == (note is not None)
    assert note is None or note in more[0]


def test_the_samples_are_measured_set_by_set(reader: PlateReader, datasets: Path) -> None:
    photos, crops = measure(reader, load_sets(datasets))
    assert (photos.name, photos.images, photos.crops) == ("photos", 6, False)
    assert photos.text.exact is not None
    assert photos.text.exact > 0.5
    assert (crops.name, crops.text.exact, crops.crops) == ("plates", 1.0, True)


def test_one_command_prints_keeps_and_publishes_the_figures(datasets: Path, tmp_path: Path) -> None:
    page, results = tmp_path / "page.md", tmp_path / "results"
    page.write_text(PAGE)
    options = ["--datasets", str(datasets), "--limit", "2", "--seed", "5", "--output", str(results)]
    done = CliRunner().invoke(app, [*options, "--write", str(page)])
    assert done.exit_code == 0, done.output
    assert "Whole photos" in done.stdout
    assert "with seed 5: photos 2 of 6" in page.read_text()
    assert "\nold\n" not in page.read_text()
    (kept,) = results.glob("accuracy-*.json")
    assert [one["name"] for one in json.loads(kept.read_text())["results"]] == ["photos", "plates"]


def test_our_own_recognizer_is_measured_beside_another(datasets: Path, tmp_path: Path) -> None:
    model, results = write_slot_model(tmp_path / "model"), tmp_path / "results"
    options = ["--datasets", str(datasets), "--sets", "plates", "--output", str(results)]
    chosen = ["--recognizer", "rapidocr, platewatch", "--recognizer-model", str(model)]
    done = CliRunner().invoke(app, [*options, *chosen])
    assert done.exit_code == 0, done.output
    (kept,) = results.glob("accuracy-*.json")
    content = json.loads(kept.read_text())
    assert any(line.startswith("recognizer tiny 1") for line in content["circumstances"]["models"])
    assert list(content["results"]) == ["rapidocr", "platewatch"]
    assert [content["results"][name][0]["text"]["exact"] for name in content["results"]] == [1.0, 0.0]
    assert content["tables"][0]["title"].startswith("Side by side")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(["--datasets", "nowhere"], "There are no labelled photos in 'nowhere'", id="no folder"),
        pytest.param(["--detector", "magic"], "There is no detector 'magic'", id="no such detector"),
        pytest.param(["--recognizer", ","], "There is no recognizer ','", id="no recognizer"),
        pytest.param(["--recognizer", "platewatch", "--recognizer-model", "gone"], "'gone/card.yaml'", id="no model"),
        pytest.param(["--sets", "mars"], "There is no set 'mars'", id="no such set"),
    ],
)
def test_what_can_not_be_measured_is_said_in_one_line(datasets: Path, options: list[str], message: str) -> None:
    done = CliRunner().invoke(app, ["--datasets", str(datasets), *options])
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stdout == ""


def test_plates_are_cut_by_their_labels(datasets: Path, tmp_path: Path) -> None:
    options = ["--datasets", str(datasets), "--sets", "photos", "--output", str(tmp_path), "--true-boxes"]
    done = CliRunner().invoke(app, options)
    assert done.exit_code == 0, done.output
    (kept,) = tmp_path.glob("accuracy-*.json")
    (photos,) = json.loads(kept.read_text())["results"]
    assert (photos["crops"], photos["finding"]) == (True, None)
    assert photos["text"]["exact"] > 0.5


def test_grammars_can_be_left_out_of_one_of_two(datasets: Path, tmp_path: Path) -> None:
    model, results = write_slot_model(tmp_path / "model"), tmp_path / "results"
    page = tmp_path / "page.md"
    page.write_text(PAGE + PAGE.replace("accuracy", "beside"))
    options = ["--datasets", str(datasets), "--sets", "plates", "--output", str(results), "--write", str(page)]
    chosen = ["--recognizer", "platewatch,platewatch:as-read", "--recognizer-model", str(model)]
    done = CliRunner().invoke(app, [*options, *chosen])
    assert done.exit_code == 0, done.output
    (kept,) = results.glob("accuracy-*.json")
    assert list(json.loads(kept.read_text())["results"]) == ["platewatch", "platewatch:as-read"]
    alone, beside = page.read_text().split("beside:begin")
    assert "\nold\n" in alone
    assert "\nold\n" not in beside
