from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from platewatch_training.datasets.labels import LabelledCrop
from platewatch_training.recognizer.evaluate import Outcome, align
from platewatch_training.recognizer.report import confusions, report, row, worst_tiles


def outcome(truth: str, read: str, confidence: float = 0.5) -> Outcome:
    return Outcome(LabelledCrop(np.full((20, 60, 3), 90, np.uint8), truth, f"{truth}.jpg"), read, confidence)


@pytest.mark.parametrize(
    ("truth", "read", "pairs"),
    [
        pytest.param("", "", [], id="nothing"),
        pytest.param("AB", "AB", ["AA", "BB"], id="right"),
        pytest.param("A0", "AO", ["AA", "0O"], id="a wrong character"),
        pytest.param("AB", "B", [("A", ""), "BB"], id="one too few"),
        pytest.param("B", "AB", [("", "A"), "BB"], id="one too many"),
        pytest.param("AB", "", [("A", ""), ("B", "")], id="not read"),
    ],
)
def test_texts_are_laid_side_by_side(truth: str, read: str, pairs: list[str | tuple[str, str]]) -> None:
    assert align(truth, read) == [tuple(pair) for pair in pairs]


def test_mixed_up_characters_are_counted() -> None:
    found = confusions([outcome("A0", "AO"), outcome("00", "OO"), outcome("B", ""), outcome("C", "C")])
    assert found == {("0", "O"): 3, ("B", ""): 1}


def test_a_row_has_the_figures_of_its_set() -> None:
    found = row("x", [outcome("AB12", "AB12"), outcome("AB10", "AB1O"), outcome("AB", ""), outcome("", "")])
    assert (found.plates, found.exact, found.folded) == (4, 50.0, 75.0)
    assert found.character_error_rate == pytest.approx(100 * 3 / 10)
    assert found.empty == pytest.approx(100 / 3)
    assert row("none", []).character_error_rate == 0.0


def test_the_most_confident_wrong_readings_come_first_and_right_ones_never() -> None:
    tiles = worst_tiles(
        {
            "a": [outcome("A1", "B1", 0.4), outcome("C1", "C1", 0.99)],
            "b": [outcome("D1", "", 0.1)] * 60 + [outcome("E1", "F1", 0.9)],
        }
    )
    assert [(tile.truth, tile.read) for tile in tiles[:3]] == [("E1", "F1"), ("A1", "B1"), ("D1", "")]
    assert tiles[0].source == "b: E1.jpg"
    assert len(tiles) == 50


def test_one_file_holds_the_whole_report(tmp_path: Path, make_run: Callable[..., Path], datasets: Path) -> None:
    run = make_run(tmp_path / "a <run>")
    page = report(run, datasets, tmp_path / "out", samples=5)
    text = page.read_text()
    assert page == tmp_path / "out" / "report.html"
    assert "a &lt;run&gt;, step 20" in text
    for name in ("rendered", "street", "cn_yhmh"):
        assert f"<td>{name}</td>" in text
    assert text.count("<polyline") == 5
    assert 0 < text.count('<img src="data:image/jpeg;base64,') <= 5 + 2 + 1
    assert 'src="http' not in text


def test_every_shape_of_crop_gets_a_tile() -> None:
    shapes = [(1, 1), (300, 2), (2, 3000)]
    wrong = [Outcome(LabelledCrop(np.zeros((*shape, 3), np.uint8), "A", "x"), "B", 0.5) for shape in shapes]
    for tile in worst_tiles({"x": wrong}):
        picture = cv2.imdecode(np.frombuffer(base64.b64decode(tile.jpeg), np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.shape[1] == 220
