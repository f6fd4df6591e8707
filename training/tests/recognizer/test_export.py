from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
import yaml
from numpy.typing import NDArray

from platewatch.vision.inference.model_card import load_card
from platewatch.vision.inference.registry import BackendOptions
from platewatch.vision.recognizer.slot_codec import ALPHABET, SLOTS, to_input
from platewatch.vision.recognizer.slot_recognizer import SlotRecognizer
from platewatch_training.datasets.labels import LabelledCrop
from platewatch_training.exporting.onnx import INT8_SUFFIX, OPSET, ExportError
from platewatch_training.exporting.pixels import take_pixels
from platewatch_training.recognizer import export as export_module
from platewatch_training.recognizer.config import RunConfig
from platewatch_training.recognizer.export import (
    Export,
    Exported,
    Request,
    check_drift,
    choose,
    export,
    scores,
    to_onnx,
)
from platewatch_training.recognizer.loop import load_run
from platewatch_training.recognizer.measure import (
    HELD_OUT_SEED,
    Measured,
    as_labelled,
    measure,
    middle_ms,
    read_folder,
    render_samples,
)
from platewatch_training.recognizer.network import PIXELS, STRIDE
from platewatch_training.runs.config import RunError

MakeRun = Callable[..., Path]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, make_run: MakeRun) -> Path:
    return make_run(tmp_path_factory.mktemp("runs") / "tiny")


@pytest.fixture(scope="module")
def done(run: Path, datasets: Path, tmp_path_factory: pytest.TempPathFactory) -> Export:
    folder = tmp_path_factory.mktemp("models") / "reader"
    return export(Request(run, folder, "reader", "7", datasets=datasets, samples=12, commit="abc1234"))


def test_the_server_loads_both_folders_and_reads_with_them(done: Export) -> None:
    crops = as_labelled(render_samples(3, 4))
    for one in (done.fp32, done.int8):
        outcomes, regions = read_folder(one.folder, crops)
        assert [outcome.crop for outcome in outcomes] == crops
        assert [region is None for region in regions] == [not outcome.text for outcome in outcomes]
        assert all(0 <= outcome.confidence <= 1 for outcome in outcomes)


def test_onnx_takes_any_number_of_crops_and_says_what_pytorch_says(run: Path, done: Export) -> None:
    network, codec, _ = load_run(run)
    inputs = np.stack([to_input(sample.crop_bgr) for sample in render_samples(4, 5)])
    recognizer = SlotRecognizer(BackendOptions(recognizer_model=done.fp32.folder))
    for count in (1, 5):
        answers = recognizer.forward(inputs[:count])
        with torch.inference_mode():
            expected = network(torch.from_numpy(PIXELS.planes(inputs[:count])))
        assert answers.slots.shape == (count, SLOTS, codec.classes)
        assert answers.steps is not None
        for found, known in zip((answers.slots, answers.steps, answers.regions), expected, strict=True):
            assert np.abs(found - known.numpy()).max() < 1e-4
    assert 0 <= done.drift < 1e-4


def test_the_model_has_the_pinned_opset_and_named_inputs_and_outputs(done: Export) -> None:
    for one in (done.fp32, done.int8):
        model = onnx.load(str(one.folder / "model.onnx"))
        assert [(each.domain, each.version) for each in model.opset_import if not each.domain] == [("", OPSET)]
        assert [value.name for value in model.graph.input] == ["crops"]
        assert [value.name for value in model.graph.output] == ["slots", "steps", "regions"]


def test_convolutions_are_in_int8_a_channel_and_nothing_else_is(done: Export) -> None:
    model = onnx.load(str(done.int8.folder / "model.onnx"))
    kinds = Counter(node.op_type for node in model.graph.node)
    assert kinds["DequantizeLinear"] >= 2 * kinds["Conv"] > 0
    makers = {name: node for node in model.graph.node for name in node.output}
    weights = {each.name: each for each in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type in {"Conv", "MatMul", "Gemm"}:
            from_int8 = node.input[1] in makers and makers[node.input[1]].op_type == "DequantizeLinear"
            assert from_int8 == (node.op_type == "Conv")
        if node.op_type == "Conv":
            stored = weights[makers[node.input[1]].input[0]]
            assert stored.data_type == onnx.TensorProto.INT8
            assert weights[makers[node.input[1]].input[1]].dims == [stored.dims[0]]


def test_the_card_says_where_the_model_comes_from_and_how_well_it_reads(
    tiny: RunConfig, run: Path, done: Export
) -> None:
    _, codec, step = load_run(run)
    for one, name in ((done.fp32, "reader"), (done.int8, "reader" + INT8_SUFFIX)):
        model = load_card(one.folder)
        model.verify()
        card = model.card
        assert (card.name, card.version, card.alphabet, card.slots) == (name, "7", ALPHABET, SLOTS)
        assert card.steps == 3 * 2 * card.input_width // STRIDE
        assert card.regions == codec.regions
        assert card.training is not None
        assert (card.training.commit, card.training.samples) == ("abc1234", step * tiny.batch)
        assert [source.name for source in card.data] == ["rendered plates"]
        assert card.scores == scores(one.measured)
        assert {each.data for each in card.scores} == {"rendered", "street", "cn_yhmh"}


def test_the_calibration_of_the_card_is_the_one_that_was_measured(done: Export) -> None:
    calibration = load_card(done.fp32.folder).card.calibration
    assert calibration is not None
    assert (calibration.temperature, calibration.slope) != (1.0, 1.0)
    samples = render_samples(HELD_OUT_SEED, 12)
    assert measure(done.fp32.folder, samples, {})[0] == done.fp32.measured[0]


def test_only_rows_that_were_not_fitted_on_are_measured(done: Export) -> None:
    assert [(one.name, one.plates) for one in done.int8.measured] == [("rendered", 12), ("street", 2), ("cn_yhmh", 1)]
    assert [one.region is None for one in done.int8.measured] == [False, True, True]


def test_a_run_that_learned_from_real_crops_is_not_calibrated_on_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_run: MakeRun, datasets: Path
) -> None:
    fitted: list[int] = []
    slot_logits = export_module.slot_logits

    def counted(model: Path, crops: Sequence[LabelledCrop]) -> NDArray[np.float32]:
        fitted.append(len(crops))
        return slot_logits(model, crops)

    monkeypatch.setattr(export_module, "slot_logits", counted)
    for number, share in enumerate((0.0, 0.5)):
        folder = make_run(tmp_path / str(number), steps=1, real_share=share, datasets=datasets)
        export(Request(folder, tmp_path / f"m{number}", "m", "1", datasets=datasets, samples=8, commit="abc"))
    assert fitted == [8 + 3, 8 + 3, 8, 8]


def test_two_networks_are_distinguished_by_text_and_by_logits(run: Path, tmp_path: Path) -> None:
    network, codec, _ = load_run(run)
    to_onnx(network, tmp_path / "model.onnx")
    take_pixels(tmp_path / "model.onnx", PIXELS)
    crops = as_labelled(render_samples(3, 3))
    bias = network.state_dict()["slots.classify.bias"]
    bias += 0.01
    with pytest.raises(ExportError, match=r"logits are up to 0\.01 off"):
        check_drift(network, codec, tmp_path / "model.onnx", crops)
    bias[5] += 1000
    network.state_dict()["steps.classify.bias"][5] += 1000
    with pytest.raises(ExportError, match=r"PyTorch \('444444444444'"):
        check_drift(network, codec, tmp_path / "model.onnx", crops)


def test_a_network_of_slots_alone_is_exported_without_steps(tmp_path: Path, make_run: MakeRun) -> None:
    run = make_run(tmp_path / "slots", head="slots", steps=1)
    done = export(Request(run, tmp_path / "m", "m", "1", samples=8, commit="abc"))
    assert load_card(done.fp32.folder).card.steps is None
    assert len(read_folder(done.fp32.folder, as_labelled(render_samples(3, 2)))[0]) == 2


def test_steps_alone_can_not_be_exported(tmp_path: Path, make_run: MakeRun) -> None:
    run = make_run(tmp_path / "ctc", head="ctc", steps=1)
    with pytest.raises(RunError, match="steps alone"):
        export(Request(run, tmp_path / "m", "m", "1", samples=8))


def exported(exact: float, single_ms: float) -> Exported:
    sets = (Measured("a", 900, exact, exact, exact, 0.0), Measured("b", 100, 50.0, 50.0, 50.0, 0.0))
    return Exported(Path(f"{exact}"), sets, single_ms, single_ms, 1)


@pytest.mark.parametrize(
    ("int8", "is_better"),
    [
        pytest.param(exported(90.0, 5.0), True, id="as good, twice as fast"),
        pytest.param(exported(89.6, 5.0), True, id="a little worse, twice as fast"),
        pytest.param(exported(89.0, 5.0), False, id="much worse, twice as fast"),
        pytest.param(exported(90.0, 9.0), False, id="as good, hardly faster"),
        pytest.param(exported(91.0, 12.0), False, id="better, but slower"),
    ],
)
def test_int8_is_chosen_where_it_saves_time_and_costs_little(int8: Exported, is_better: bool) -> None:
    fp32 = exported(90.0, 10.0)
    better, reason = choose(fp32, int8)
    assert better is (int8 if is_better else fp32)
    assert "points of exact" in reason


def test_figures_that_are_not_known_are_no_scores() -> None:
    known = Measured("a", 1, 90.123, 89.0, 91.0, 2.0, 70.0)
    assert [(one.measure, one.value) for one in scores([known])] == [
        ("exact", 90.12),
        ("exact without grammars", 89.0),
        ("folded", 91.0),
        ("calibration error", 2.0),
        ("region", 70.0),
    ]
    assert len(scores([replace(known, region=None)])) == 4


def test_the_time_of_a_crop_is_reported(done: Export) -> None:
    assert 0 < middle_ms(done.int8.folder, as_labelled(render_samples(3, 4)), batch=4) < 1000


def test_a_card_is_short_and_readable(done: Export) -> None:
    text = (done.fp32.folder / "card.yaml").read_text()
    assert len(text.splitlines()) < 60
    assert "粤" in text
    assert "thresholds" not in yaml.safe_load(text)
