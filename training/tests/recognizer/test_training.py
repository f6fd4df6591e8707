from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from platewatch.vision.recognizer.slot_codec import ALPHABET, INPUT_HEIGHT, INPUT_WIDTH, SLOTS, SlotCodec
from platewatch_training.datasets.labels import LabelledCrop
from platewatch_training.recognizer import loop
from platewatch_training.recognizer.batches import RealSource, regions_within
from platewatch_training.recognizer.config import RunConfig, load_config
from platewatch_training.recognizer.evaluate import Outcome, read_crops, score
from platewatch_training.recognizer.loop import Trainer, load_run, region_loss, text_losses
from platewatch_training.recognizer.network import Answer, Head, RecognizerNetwork
from platewatch_training.runs.config import RunError
from platewatch_training.runs.trainer import CHECKPOINT, METRICS, averaged_weights, load_checkpoint
from platewatch_training.synthesis.layouts import load_layouts
from platewatch_training.synthesis.samples import SampleSource

pytestmark = pytest.mark.usefixtures("fonts")

SMALL = RunConfig(
    channels=(4, 6, 8, 8), width=16, steps=40, batch=4, workers=0, warm_up_steps=2, save_every=20, threads=1
)
CODEC = SlotCodec(ALPHABET, ("de", "fr"))


@pytest.mark.parametrize(("head", "slots", "steps"), [("slots", SLOTS, None), ("ctc", None, 120), ("both", SLOTS, 120)])
def test_a_network_gives_text_and_region_for_each_crop(head: Head, slots: int | None, steps: int | None) -> None:
    network = RecognizerNetwork(classes=75, regions=9, head=head, channels=(4, 6, 8, 8), width=16)
    answer = network(torch.zeros(2, 3, INPUT_HEIGHT, INPUT_WIDTH))
    for part, places in ((answer.slots, slots), (answer.steps, steps)):
        assert (part is None) == (places is None)
        assert part is None or part.shape == (2, places, 75)
    assert answer.regions.shape == (2, 9)


@pytest.mark.parametrize("head", ["slots", "ctc", "both"])
def test_a_network_takes_crops_of_another_width(head: Head) -> None:
    network = RecognizerNetwork(classes=75, regions=9, head=head, channels=(4, 6, 8, 8), width=16, input_width=224)
    answer = network(torch.zeros(2, 3, INPUT_HEIGHT, network.input_width))
    assert answer.steps is None or answer.steps.shape[1] == 3 * 2 * 28
    assert answer.regions.shape[0] == 2


def test_a_wider_network_begins_with_the_weights_of_a_narrow_one(tmp_path: Path) -> None:
    narrow = Trainer(SMALL, tmp_path / "narrow")
    narrow.run(lambda _: None, seconds=0)
    start = {"input_width": 224, "start_from": tmp_path / "narrow" / CHECKPOINT}
    wide = Trainer(SMALL.model_copy(update=start), tmp_path / "wide")
    kept, taken = averaged_weights(load_checkpoint(tmp_path / "narrow" / CHECKPOINT)), wide.network.state_dict()
    assert taken["slots.places"].shape[-1] == 28
    assert torch.allclose(taken["slots.places"][..., 0], kept["slots.places"][..., 0])
    assert all(torch.equal(taken[name], value) for name, value in kept.items() if name != "slots.places")


def test_a_deeper_network_reads_at_first_as_the_shallow_one_whose_weights_it_takes(tmp_path: Path) -> None:
    shallow = Trainer(SMALL, tmp_path / "shallow")
    shallow.run(lambda _: None, seconds=0)
    start = {"depths": (2, 1, 3), "start_from": tmp_path / "shallow" / CHECKPOINT}
    deep = Trainer(SMALL.model_copy(update=start), tmp_path / "deep")
    crops = torch.rand(2, 3, INPUT_HEIGHT, INPUT_WIDTH)
    kept, taken = shallow.average.module.eval(), deep.average.module.eval()
    assert sum(one.numel() for one in taken.parameters()) > sum(one.numel() for one in kept.parameters())
    with torch.no_grad():
        for one, other in zip(kept(crops), taken(crops), strict=True):
            assert torch.equal(one, other)


def test_regions_keep_their_weights_where_the_layouts_have_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(loop, "all_regions", lambda _: ("br", "fr"))
        patch.setattr(loop, "load_layouts", list)
        Trainer(SMALL, tmp_path / "few").save()
        patch.setattr(loop, "all_regions", lambda _: ("ar", "br", "de", "fr"))
        start = {"start_from": tmp_path / "few" / CHECKPOINT}
        more = Trainer(SMALL.model_copy(update=start), tmp_path / "more").network.state_dict()["region.2.weight"]
    few = averaged_weights(load_checkpoint(tmp_path / "few" / CHECKPOINT))["region.2.weight"]
    assert torch.equal(more[[1, 3]], few)


def test_the_right_text_costs_each_head_less_than_a_wrong_one() -> None:
    slots, other = (torch.from_numpy(CODEC.encode(text))[None] for text in ("AB12", "XY99"))
    steps = torch.zeros(1, 30, CODEC.classes)
    steps[0, torch.arange(SLOTS), slots[0]] = 8.0
    steps[0, SLOTS:, 0] = 8.0
    answer = Answer(steps[:, :SLOTS], steps, torch.zeros(1, 2))
    right, wrong = text_losses(answer, slots), text_losses(answer, other)
    assert right["slots"] < wrong["slots"]
    assert right["steps"] < wrong["steps"]
    assert text_losses(answer._replace(steps=None), slots) == {"slots": right["slots"]}
    assert text_losses(answer._replace(slots=None), slots) == {"steps": right["steps"]}


def test_the_default_network_has_one_to_three_million_weights() -> None:
    network = RecognizerNetwork(classes=75, regions=200)
    assert 1e6 < sum(weights.numel() for weights in network.parameters()) < 3e6


def test_a_run_learns_and_leaves_metrics_and_a_checkpoint(tmp_path: Path) -> None:
    losses: list[float] = []
    # The slots alone: what the steps cost depends on how long the texts of so few batches happen to be.
    config = SMALL.model_copy(update={"head": "slots", "steps": 80})
    Trainer(config, tmp_path).run(lambda progress: losses.append(progress.loss))
    assert losses[-1] < losses[0]
    lines = [json.loads(line) for line in (tmp_path / METRICS).read_text().splitlines()]
    assert [line["step"] for line in lines] == [20, 40, 60, 80]
    assert (tmp_path / CHECKPOINT).is_file()


def test_the_same_seed_takes_the_same_first_steps(tmp_path: Path) -> None:
    losses: list[list[float]] = [[], []]
    for number, found in enumerate(losses):
        Trainer(SMALL.model_copy(update={"steps": 20}), tmp_path / str(number)).run(lambda p, f=found: f.append(p.loss))  # type: ignore[misc]
    assert losses[0] == losses[1]


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    Trainer(SMALL, tmp_path).run(lambda _: None, seconds=0)
    resumed = Trainer(SMALL, tmp_path)
    assert resumed.step == 1
    resumed.run(lambda _: None)
    assert resumed.step == SMALL.steps


def test_a_folder_of_another_configuration_is_refused(tmp_path: Path) -> None:
    Trainer(SMALL, tmp_path)
    with pytest.raises(RunError, match="another configuration"):
        Trainer(SMALL.model_copy(update={"seed": 2}), tmp_path)


def test_a_run_can_start_from_the_weights_of_another(tmp_path: Path) -> None:
    first = Trainer(SMALL, tmp_path / "a")
    first.run(lambda _: None, seconds=0)
    wider = SMALL.model_copy(update={"start_from": tmp_path / "a" / CHECKPOINT, "width": 32})
    second = Trainer(wider, tmp_path / "b")
    name = "backbone.layers.0.0.weight"
    assert torch.equal(second.network.state_dict()[name], first.average.module.state_dict()[name])


@pytest.mark.parametrize("head", ["slots", "ctc", "both"])
def test_a_finished_run_reads_crops(tmp_path: Path, head: Head) -> None:
    Trainer(SMALL.model_copy(update={"head": head}), tmp_path).run(lambda _: None, seconds=0)
    network, codec, step = load_run(tmp_path)
    source = SampleSource(load_layouts(), seed=1)
    crops = [LabelledCrop(sample.crop_bgr, sample.text, "x") for sample in (source.next() for _ in range(3))]
    outcomes = read_crops(network, codec, crops)
    assert step == 1
    assert [outcome.crop for outcome in outcomes] == crops
    assert all(0 <= outcome.confidence <= 1 for outcome in outcomes)


def test_a_large_folder_of_real_crops_does_not_drown_a_small_one() -> None:
    picture = np.full((24, 80, 3), 128, np.uint8)
    crops = [LabelledCrop(picture, "AB12", f"{folder}/1") for folder in ["large"] * 900 + ["small"] * 100]
    source = RealSource(crops, seed=1)
    small = sum(source.next().layout.startswith("small") for _ in range(400)) / 400
    assert small == pytest.approx(0.25, abs=0.07)


@pytest.mark.parametrize(
    ("label", "read", "exact", "folded"),
    [
        ("", "", True, True),
        ("AB12", "AB12", True, True),
        ("O1", "0I", False, True),
        ("粤B12", "B12", True, True),
        ("AB12", "AB13", False, False),
    ],
)
def test_readings_are_compared_exactly_and_folded(label: str, read: str, exact: bool, folded: bool) -> None:
    crop = LabelledCrop(next(iter(SampleSource(load_layouts(), seed=1))).crop_bgr, label, "x")
    outcome = Outcome(crop, read, 1.0)
    assert (outcome.exact, outcome.folded) == (exact, folded)
    assert score("x", [outcome]).exact == 100.0 * exact


def test_no_outcome_scores_nothing() -> None:
    assert score("x", []).plates == 0


@pytest.mark.parametrize("text", ["steps: many", "colour: red", "- a list"])
def test_a_bad_configuration_is_reported(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(text)
    with pytest.raises(RunError, match="can't be used"):
        load_config(path)


def test_real_crops_need_their_folder(tmp_path: Path) -> None:
    trainer = Trainer(SMALL.model_copy(update={"real_share": 0.5}), tmp_path)
    with pytest.raises(RunError, match="datasets"):
        trainer.run(lambda _: None, seconds=0)


def test_a_country_is_all_of_its_states() -> None:
    regions = ("us-ca", "us-ny", "usx", "br")
    assert regions_within("us", regions) == [True, True, False, False]
    assert regions_within("us-ny", regions) == [False, True, False, False]
    assert regions_within(None, regions) == regions_within("fr", regions) == [False] * 4


def test_a_region_costs_nothing_more_whichever_state_of_its_country_is_reported() -> None:
    logits = torch.tensor([[9.0, 0.0, 0.0, 0.0], [0.0, 9.0, 0.0, 0.0], [0.0, 0.0, 0.0, 9.0]])
    right = torch.tensor([regions_within("us", ("us-ca", "us-ny", "fr", "br"))])
    first, second, wrong = (float(region_loss(logits[at : at + 1], right)) for at in range(3))
    assert first == pytest.approx(second)
    assert wrong > first + 5


def test_plates_of_unknown_regions_do_not_count() -> None:
    logits = torch.randn(3, 4)
    within = torch.tensor([[False, True, False, False], [False] * 4, [False] * 4])
    alone = region_loss(logits[:1], within[:1])
    assert float(region_loss(logits, within)) == pytest.approx(float(alone))
    assert float(region_loss(logits[1:], within[1:])) == 0


def test_a_single_region_costs_what_cross_entropy_says() -> None:
    logits = torch.randn(3, 4)
    within = torch.eye(4, dtype=torch.bool)[[2, 0, 1]]
    expected = nn.functional.cross_entropy(logits, torch.tensor([2, 0, 1]), label_smoothing=0.05)
    assert float(region_loss(logits, within)) == pytest.approx(float(expected), rel=1e-5)
