from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from platewatch.vision.geometry import iou
from platewatch.vision.types import ImageBgr
from platewatch_training.detector.batches import load_material
from platewatch_training.detector.config import RunConfig, load_config
from platewatch_training.detector.evaluate import finder
from platewatch_training.detector.loop import Trainer, load_run, make_network
from platewatch_training.detector.losses import Targets, detector_losses
from platewatch_training.detector.network import DetectorNetwork
from platewatch_training.runs.config import RunError
from platewatch_training.runs.trainer import CHECKPOINT, METRICS

pytestmark = pytest.mark.usefixtures("fonts")

CONFIGS = Path(__file__).parents[2] / "configs"


def test_a_run_leaves_each_loss_and_a_checkpoint(run: Path) -> None:
    (line,) = (json.loads(line) for line in (run / METRICS).read_text().splitlines())
    assert set(line) == {"step", "loss", "score", "box", "corners", "rate", "learning_rate"}
    assert line["loss"] == pytest.approx(line["score"] + line["box"] + line["corners"], abs=1e-4)
    assert line["step"] == 20
    network, step = load_run(run)
    assert step == 20
    assert not network.training


def test_the_same_seed_takes_the_same_first_steps(tmp_path: Path, tiny: RunConfig) -> None:
    losses: list[list[float]] = [[], []]
    for number, found in enumerate(losses):
        Trainer(tiny, tmp_path / str(number)).run(lambda progress, found=found: found.append(progress.loss))  # type: ignore[misc]
    assert losses[0] == losses[1]


def test_a_stopped_run_goes_on_with_new_pictures(tmp_path: Path, tiny: RunConfig) -> None:
    material = load_material(tiny)
    Trainer(tiny, tmp_path, material).run(lambda _: None, seconds=0)
    resumed = Trainer(tiny, tmp_path, material)
    assert resumed.step == 1
    resumed.run(lambda _: None)
    assert resumed.step == tiny.steps


def test_a_run_can_start_from_the_weights_of_another(
    tmp_path: Path, run: Path, tiny: RunConfig, make_run: Callable[..., Path]
) -> None:
    second = make_run(tmp_path / "b", start_from=run / CHECKPOINT, steps=1, learning_rate=1e-9, warm_up_steps=0)
    name = "stem.0.weight"
    first = load_run(run)[0].state_dict()[name]
    assert torch.allclose(load_run(second)[0].state_dict()[name], first, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("canvases: [[100, 64]]", "multiple of 32", id="a side of no whole cells"),
        pytest.param("canvases: []", "at least 1", id="no canvas"),
        pytest.param("composite_share: 2", "less than or equal", id="more than all"),
        pytest.param("flips: true", "Extra inputs", id="an option that does not exist"),
    ],
)
def test_a_bad_configuration_is_reported(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "run.yaml").write_text(text)
    with pytest.raises(RunError, match=message):
        load_config(tmp_path / "run.yaml")


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("detector*.yaml")), ids=lambda path: path.stem)
def test_the_configurations_that_are_shipped_can_be_used(path: Path) -> None:
    config = load_config(path)
    assert config.steps > 500
    assert 0.7e6 < sum(one.numel() for one in make_network(config).parameters()) < 1.2e6


def test_a_network_learns_where_plates_are(bright_plates: list[tuple[ImageBgr, list[float]]]) -> None:
    """What losses, network and decoding are for, on eight photos that it sees again and again."""
    torch.manual_seed(2)
    photos, boxes = zip(*bright_plates, strict=True)
    inputs = torch.from_numpy(np.stack(photos)).permute(0, 3, 1, 2)[:, :, :96, :].float() / 255
    truth = torch.tensor([[box] for box in boxes])
    whole = truth[:, 0, 3] <= 96
    truth, inputs = truth[whole], inputs[whole]
    corners = truth[..., [0, 1, 2, 1, 2, 3, 0, 3]]
    targets = Targets(truth, corners, torch.zeros(len(truth), 1, 4))
    network = DetectorNetwork((8, 8, 16, 16, 16), (0, 1, 1, 0), 16)
    optimizer = torch.optim.AdamW(network.parameters(), lr=4e-3)
    first = last = 0.0
    for step in range(150):
        losses = detector_losses(network(inputs), targets, 4.0)
        optimizer.zero_grad()
        losses["loss"].backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        last = float(losses["loss"].detach())
        first = first or last
        assert np.isfinite(last), f"step {step}"
    assert last < 0.3 * first
    find = finder(network, longest_side=photos[0].shape[1])
    hits = 0
    for photo, box in zip(photos, boxes, strict=True):
        found = find(np.ascontiguousarray(photo[:96]))
        hits += int(box[3] <= 96 and bool(found) and iou(found[0].box_xyxy, tuple(box)) > 0.6)
    assert hits >= 0.8 * len(truth)
