from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from platewatch.vision.inference.model_card import ModelKind, RegionWeights, load_card
from platewatch.vision.recognizer.region_network import RegionClassifier, to_strips
from platewatch.vision.recognizer.regions import ELSEWHERE
from platewatch.vision.types import Character, Transcript
from platewatch_training.cli import app
from platewatch_training.exporting.onnx import ExportError
from platewatch_training.region.evaluate import Naming
from platewatch_training.region.export import RegionExport, RegionRequest, check_drift, export
from platewatch_training.region.loop import load_run
from platewatch_training.region.network import PIXELS
from platewatch_training.region.weigh import WeighedCrop, fit_threshold, fit_weights, join

REGIONS = ("de", "us-ca", "us-ny")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, make_run: Callable[..., Path]) -> Path:
    return make_run(tmp_path_factory.mktemp("runs") / "tiny")


@pytest.fixture(scope="module")
def done(run: Path, datasets: Path, tmp_path_factory: pytest.TempPathFactory) -> RegionExport:
    folder = tmp_path_factory.mktemp("models") / "regions"
    return export(RegionRequest(run, folder, "regions", "3", datasets=datasets, samples=12, commit="abc1234"))


def test_both_folders_have_cards_with_weights_threshold_and_scores(done: RegionExport) -> None:
    for one in (done.fp32, done.int8):
        card = load_card(one.folder).card
        assert card.kind is ModelKind.REGIONS
        assert card.region_weights is not None
        assert 0.3 <= card.thresholds["state"] <= 0.95
        assert {score.data for score in card.scores} == {"rendered", "street"}
        assert card.training is not None
        assert card.training.command.startswith("platewatch-train region train")
    assert done.drift < 1e-3


def test_the_exported_network_says_what_the_run_says(done: RegionExport, run: Path) -> None:
    network, all_regions, _ = load_run(run)
    teller = RegionClassifier(done.fp32.folder)
    crop_bgr = np.random.default_rng(1).integers(0, 256, (96, 192, 3)).astype(np.uint8)
    naming = Naming(network, all_regions).eval()

    told = teller.probabilities([crop_bgr])[0]

    planes = torch.from_numpy(PIXELS.planes(to_strips(crop_bgr, 256, 64)[None]))
    with torch.inference_mode():
        expected = naming(planes).softmax(-1)[0].numpy()
    assert teller.named == naming.regions
    assert (teller.named[-1], len(teller.named)) == (ELSEWHERE, 105)
    assert told == pytest.approx(expected, abs=1e-4)


def test_a_model_of_another_network_is_refused(done: RegionExport, run: Path) -> None:
    network, all_regions, _ = load_run(run)
    with torch.no_grad():
        bias = network.get_parameter("answer.3.bias")
        bias.add_(torch.linspace(0, 3, len(bias)))

    with pytest.raises(ExportError, match="off"):
        check_drift(Naming(network, all_regions), done.fp32.folder / "model.onnx", [np.zeros((96, 192, 3), np.uint8)])


def told(by_looks: list[float], region: str, text: str = "8ABC123") -> WeighedCrop:
    said = Transcript(tuple(Character(sign, 0.9) for sign in text), guessed_regions=(("us-ny", 0.9), ("de", 0.1)))
    return WeighedCrop(dict(zip(REGIONS, by_looks, strict=True)), said, region)


def test_looks_that_are_right_come_to_count_more_than_a_guess_that_is_wrong() -> None:
    crops = [told([0.1, 0.7, 0.2], "us-ca"), told([0.7, 0.2, 0.1], "de", "MAB1234"), told([0.2, 0.6, 0.2], "us")]

    weights = fit_weights(crops, REGIONS)

    assert weights.looks > 1 > weights.guess
    assert [REGIONS[int(join(crop, REGIONS, weights).argmax())] for crop in crops[:2]] == ["us-ca", "de"]


def test_a_state_is_told_from_where_on_nearly_all_are_right() -> None:
    weights = RegionWeights(looks=1, guess=0, text=0)
    sure = [told([0.02, 0.9, 0.08], "us-ca") for _ in range(40)]
    unsure = [told([0.1, 0.5, 0.4], "us-ny") for _ in range(10)]

    high = float(join(sure[0], REGIONS, weights).max())
    assert fit_threshold(sure + unsure, REGIONS, weights) == pytest.approx(high, abs=0.01)
    assert fit_threshold(sure, REGIONS, weights) == pytest.approx(high, abs=0.01)
    assert fit_threshold(unsure, REGIONS, weights) == 0.95


def test_the_verbs_measure_keep_and_export(run: Path, datasets: Path, tmp_path: Path) -> None:
    measured = CliRunner().invoke(app, ["region", "evaluate", str(run), "--datasets", str(datasets)])
    assert measured.exit_code == 0, measured.output
    assert "street" in measured.stdout
    kept = CliRunner().invoke(app, ["region", "keep", str(run), str(tmp_path / "kept.pt")])
    assert kept.exit_code == 0, kept.output
    assert (tmp_path / "kept.pt").is_file()
    assert (tmp_path / "kept.yaml").is_file()
    written = CliRunner().invoke(
        app, ["region", "export", str(run), str(tmp_path / "model"), "--samples", "8", "--commit", "abc"]
    )
    assert written.exit_code == 0, written.output
    assert "Better trade" in written.stdout
