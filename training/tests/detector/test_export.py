from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from platewatch.vision.detector.maps import Letterbox
from platewatch.vision.detector.plate_detector import PlateDetector
from platewatch.vision.inference.model_card import load_card
from platewatch.vision.inference.registry import BackendOptions
from platewatch.vision.types import ImageBgr
from platewatch_training.datasets.photos import photo_sets
from platewatch_training.detector.config import RunConfig
from platewatch_training.detector.evaluate import FalsePlate, Findings, Plate
from platewatch_training.detector.export import (
    Export,
    Exported,
    Request,
    check_drift,
    choose,
    export,
    middle_ms,
    open_finder,
    predictions,
    scores,
    to_onnx,
)
from platewatch_training.detector.loop import load_run
from platewatch_training.detector.network import PIXELS
from platewatch_training.exporting.onnx import INT8_SUFFIX, OPSET, ExportError
from platewatch_training.exporting.pixels import take_pixels
from platewatch_training.runs.config import RunError

SHAPES = [(360, 640), (640, 360), (64, 64), (31, 400)]


def images(seed: int = 1) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 255, (*shape, 3), dtype=np.uint8) for shape in SHAPES]


@pytest.fixture(scope="module")
def done(run: Path, datasets: Path, tmp_path_factory: pytest.TempPathFactory) -> Export:
    folder = tmp_path_factory.mktemp("models") / "finder"
    return export(Request(run, folder, "finder", "7", datasets, commit="abc1234"))


def test_the_server_finds_with_both_folders(done: Export) -> None:
    for one in (done.fp32, done.int8):
        detector = PlateDetector(BackendOptions(model=one.folder, min_score=0.0001))
        for image in images():
            height, width = image.shape[:2]
            found = detector.detect(image)
            assert found
            assert all(0 <= x <= width and 0 <= y <= height for each in found for x, y in each.corners)


def test_onnx_says_what_pytorch_says_in_every_shape(run: Path, done: Export) -> None:
    network, _ = load_run(run)
    assert 0 <= done.drift < 1e-4
    assert check_drift(network, done.fp32.folder / "model.onnx", images()) < 1e-4


def test_a_run_and_its_model_find_the_same(run: Path, done: Export) -> None:
    by_run, by_model = open_finder(run), open_finder(done.fp32.folder)
    for image in images():
        one, other = by_run(image), by_model(image)
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert a.confidence == pytest.approx(b.confidence, abs=1e-4)


def test_a_finder_looks_as_closely_as_it_is_set(done: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    sides: list[int] = []
    pre_process = PlateDetector.pre_process

    def noted(detector: PlateDetector, image_bgr: ImageBgr, longest_side: int) -> tuple[ImageBgr, Letterbox]:
        sides.append(longest_side)
        return pre_process(detector, image_bgr, longest_side)

    monkeypatch.setattr(PlateDetector, "pre_process", noted)
    open_finder(done.fp32.folder, 320)(images()[0])
    assert max(sides) == 320


def test_the_model_has_the_pinned_opset_and_named_maps(done: Export) -> None:
    for one in (done.fp32, done.int8):
        model = onnx.load(str(one.folder / "model.onnx"))
        assert [(each.domain, each.version) for each in model.opset_import if not each.domain] == [("", OPSET)]
        assert [value.name for value in model.graph.input] == ["photos"]
        assert [value.name for value in model.graph.output] == ["stride8", "stride16", "stride32"]


def test_all_convolutions_but_the_last_are_in_int8(done: Export) -> None:
    left_out = predictions(done.fp32.folder / "model.onnx")
    assert len(left_out) == 6
    model = onnx.load(str(done.int8.folder / "model.onnx"))
    makers = {name: node.op_type for node in model.graph.node for name in node.output}
    for node in model.graph.node:
        if node.op_type == "Conv":
            assert (makers.get(node.input[1]) == "DequantizeLinear") == (node.name not in left_out), node.name


def test_the_card_says_where_the_model_comes_from_and_how_well_it_finds(tiny: RunConfig, done: Export) -> None:
    for one, name in ((done.fp32, "finder"), (done.int8, "finder" + INT8_SUFFIX)):
        model = load_card(one.folder)
        model.verify()
        card = model.card
        assert (card.kind, card.name, card.version) == ("detector", name, "7")
        assert (card.input_width, card.input_height) == (640, 640)
        assert card.training is not None
        assert (card.training.commit, card.training.samples) == ("abc1234", 20 * tiny.batch)
        assert card.training.command.startswith("platewatch-train detector train ")
        assert {source.name: source.images for source in card.data} == {
            "rendered plates in photos of the sets below": 16,
            "id_scan": 1,
            "kaggle433": 3,
            "openimages": 2,
        }
        assert {score.data for score in card.scores} == {"street", "kaggle433"}
        assert card.thresholds == {"score": one.threshold}


def test_only_photos_that_were_not_trained_on_are_measured(done: Export, datasets: Path) -> None:
    assert {one.name: one.photos for one in done.fp32.findings} == {"street": 2, "kaggle433": 1}
    assert sum(map(len, photo_sets(datasets).values())) == 3


def test_the_threshold_leaves_so_many_false_ones_of_the_photos_kept_for_validation(done: Export) -> None:
    for one in (done.fp32, done.int8):
        (dev,) = (each for each in one.findings if each.name == "kaggle433")
        assert dev.false_per_photo(one.threshold + 0.001) <= 0.5


def test_two_networks_are_distinguished(run: Path, tmp_path: Path) -> None:
    network, _ = load_run(run)
    to_onnx(network, tmp_path / "model.onnx")
    take_pixels(tmp_path / "model.onnx", PIXELS)
    with torch.no_grad():
        network.state_dict()["head.score.bias"].add_(0.01)
    with pytest.raises(ExportError, match=r"up to 0\.01 off"):
        check_drift(network, tmp_path / "model.onnx", images())


def test_what_is_neither_run_nor_model_is_reported(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="checkpoint"):
        open_finder(tmp_path)


def exported(score: float, photo_ms: float) -> Exported:
    plates = tuple(Plate(50.0, score + index / 1000, 0.0, None, (0, 0, 1, 1), 0) for index in range(1000))
    return Exported(Path(f"{score}"), (Findings("a", 10, plates, ()),), 0.9, photo_ms, 1)


@pytest.mark.parametrize(
    ("int8", "is_better"),
    [
        pytest.param(exported(0.5, 5.0), True, id="as good, twice as fast"),
        pytest.param(exported(0.496, 5.0), True, id="a little worse, twice as fast"),
        pytest.param(exported(0.48, 5.0), False, id="much worse, twice as fast"),
        pytest.param(exported(0.5, 9.0), False, id="as good, hardly faster"),
        pytest.param(exported(0.6, 12.0), False, id="better, but slower"),
    ],
)
def test_int8_is_chosen_where_it_saves_time_and_costs_little(int8: Exported, is_better: bool) -> None:
    fp32 = exported(0.5, 10.0)
    better, reason = choose(fp32, int8)
    assert better is (int8 if is_better else fp32)
    assert "points of recall" in reason


def test_scores_are_the_figures_at_the_threshold() -> None:
    plates = (Plate(50.0, 0.9, 0.2, 0.031, (0, 0, 1, 1), 0), Plate(50.0, 0.3, 0.3, None, (0, 0, 1, 1), 0))
    found = Findings("a", 4, plates, (FalsePlate(0.8, (0, 0, 1, 1), 0), FalsePlate(0.1, (0, 0, 1, 1), 0)))
    assert [(one.measure, one.value) for one in scores([found], 0.5)] == [
        ("recall at IoU 0.5", 50.0),
        ("recall at IoU 0.7", 0.0),
        ("false plates an image", 0.25),
        ("corner error", 3.1),
    ]
    assert [one.measure for one in scores([replace(found, plates=())], 0.5)] == ["false plates an image"]


def test_the_time_of_a_photo_is_reported(done: Export) -> None:
    assert 0 < middle_ms(done.int8.folder, (90, 160)) < 5000


def test_a_run_without_known_photos_can_not_be_exported(
    tmp_path: Path, datasets: Path, make_run: Callable[..., Path]
) -> None:
    folder = make_run(tmp_path / "run", steps=1)
    text = (folder / "config.yaml").read_text().replace(f"datasets: {datasets}", "datasets: null")
    (folder / "config.yaml").write_text(text)
    with pytest.raises(RunError, match="names no `datasets`"):
        export(Request(folder, tmp_path / "m", "m", "1", datasets, commit="abc"))
