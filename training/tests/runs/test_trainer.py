from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from platewatch_training.runs.config import OwnData, RunError, TrainingConfig, read_config
from platewatch_training.runs.held_back import BEST, read_looks
from platewatch_training.runs.trainer import (
    CHECKPOINT,
    CONFIG,
    METRICS,
    RunTrainer,
    averaged_weights,
    chosen_checkpoint,
    load_checkpoint,
    moving_average,
)

OWN = OwnData(folder=Path("own"), check_every=5, patience=2)
CONFIG_OF_40 = TrainingConfig(steps=40, batch=8, learning_rate=0.05, warm_up_steps=2, save_every=20, threads=1)


class SumTrainer(RunTrainer[TrainingConfig, Tensor]):
    """Learns to add three numbers."""

    fact = "three"

    def make_network(self) -> nn.Module:
        return nn.Sequential(nn.Linear(3, 1))

    def batches(self) -> Iterator[Tensor]:
        made = torch.Generator().manual_seed(self.config.seed + self.step)
        while True:
            yield torch.rand(self.config.batch, 3, generator=made)

    def losses(self, batch: Tensor) -> dict[str, Tensor]:
        off = self.network(batch)[:, 0] - batch.sum(1)
        return {"loss": (off**2).mean(), "off": off.abs().mean()}

    def measure(self) -> Mapping[str, float]:
        return {"exact": -float(self.losses(next(self.batches()))["off"])}

    def facts(self) -> Mapping[str, object]:
        return {"fact": self.fact}

    def check(self, kept: Mapping[str, object]) -> None:
        if kept["fact"] != self.fact:
            raise RunError("another fact")


def trained(folder: Path, config: TrainingConfig = CONFIG_OF_40, seconds: float | None = None) -> SumTrainer:
    trainer = SumTrainer(config, folder)
    trainer.run(lambda _: None, seconds)
    return trainer


def test_a_run_learns_and_notes_every_loss(tmp_path: Path) -> None:
    assert trained(tmp_path).step == 40
    first, last = (json.loads(line) for line in (tmp_path / METRICS).read_text().splitlines())
    assert set(first) == {"step", "loss", "off", "rate", "learning_rate"}
    assert (first["step"], last["step"]) == (20, 40)
    assert last["loss"] < first["loss"]
    assert last["learning_rate"] < first["learning_rate"]


def test_a_run_goes_on_with_all_that_it_had(tmp_path: Path) -> None:
    stopped = trained(tmp_path, seconds=0)
    resumed = SumTrainer(CONFIG_OF_40, tmp_path)
    assert resumed.step == stopped.step == 1
    for one, other in zip(stopped.network.parameters(), resumed.network.parameters(), strict=True):
        assert torch.equal(one, other)
    assert resumed.optimizer.state_dict()["state"][0]["step"] == 1


def test_a_run_whose_facts_changed_does_not_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained(tmp_path, seconds=0)
    monkeypatch.setattr(SumTrainer, "fact", "four")
    with pytest.raises(RunError, match="another fact"):
        SumTrainer(CONFIG_OF_40, tmp_path)


def test_a_configuration_from_before_an_option_existed_is_the_same_run(tmp_path: Path) -> None:
    trained(tmp_path, seconds=0)
    text = (tmp_path / CONFIG).read_text()
    (tmp_path / CONFIG).write_text("".join(line for line in text.splitlines(True) if "gradient_limit" not in line))
    assert SumTrainer(CONFIG_OF_40, tmp_path).step == 1
    with pytest.raises(RunError, match="another configuration"):
        SumTrainer(CONFIG_OF_40.model_copy(update={"gradient_limit": 1.0}), tmp_path)


def test_a_run_begins_with_the_averaged_weights_of_another(tmp_path: Path) -> None:
    first = trained(tmp_path / "a")
    config = CONFIG_OF_40.model_copy(update={"start_from": tmp_path / "a" / CHECKPOINT})
    second = SumTrainer(config, tmp_path / "b")
    assert torch.equal(next(second.network.parameters()), next(first.average.module.parameters()))
    assert second.step == 0


def test_averaged_weights_have_the_networks_own_names(tmp_path: Path) -> None:
    trainer = trained(tmp_path, seconds=0)
    weights = averaged_weights(load_checkpoint(tmp_path / CHECKPOINT, torch.device("cpu")))
    assert set(weights) == set(trainer.network.state_dict())


@pytest.mark.parametrize("content", [None, b"", b"no checkpoint"], ids=["missing", "empty", "damaged"])
def test_a_checkpoint_that_can_not_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / CHECKPOINT
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RunError, match="checkpoint"):
        load_checkpoint(path, torch.device("cpu"))


@pytest.mark.parametrize("text", ["steps: many", "color: red", "- a list", "steps: [", "threads: 0"])
def test_a_bad_configuration_is_reported_with_its_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.yaml").write_text(text)
    with pytest.raises(RunError, match=r"run\.yaml' can't be used"):
        read_config(tmp_path / "run.yaml", TrainingConfig)


def test_the_average_follows_at_once_at_first_and_slowly_later() -> None:
    average = moving_average(0.99)
    mean, count = torch.zeros(1), torch.zeros(1, dtype=torch.long)
    average([mean, count], [torch.ones(1), torch.full((1,), 7)], 0)
    assert float(mean) == pytest.approx(0.9)
    assert int(count) == 7
    average([mean, count], [torch.zeros(1), count], 10_000)
    assert float(mean) == pytest.approx(0.9 * 0.99)


class WatchedTrainer(SumTrainer):
    """Does as well on what is held back as is written here, look by look."""

    results: tuple[float, ...] = ()

    def measure(self) -> Mapping[str, float]:
        return {"exact": self.results[self.step // 5]}


def watched(folder: Path, *results: float, seconds: float | None = None) -> WatchedTrainer:
    trainer = WatchedTrainer(CONFIG_OF_40.model_copy(update={"own": OWN}), folder)
    trainer.results = results
    trainer.run(lambda _: None, seconds)
    return trainer


def test_a_run_ends_when_nothing_gets_better_and_keeps_the_best_weights(tmp_path: Path) -> None:
    trainer = watched(tmp_path, 1.0, 2.0, 5.0, 4.0, 5.0, 9.0)
    assert (trainer.step, trainer.finished) == (20, True)
    assert [look.figures["exact"] for look in read_looks(tmp_path)] == [1.0, 2.0, 5.0, 4.0, 5.0]
    assert load_checkpoint(tmp_path / BEST)["step"] == 10
    assert load_checkpoint(tmp_path / CHECKPOINT)["step"] == 20
    assert chosen_checkpoint(tmp_path) == tmp_path / BEST


def test_a_run_that_gets_better_to_the_end_takes_all_steps(tmp_path: Path) -> None:
    trainer = watched(tmp_path, *range(9))
    assert (trainer.step, trainer.finished) == (40, True)
    assert load_checkpoint(tmp_path / BEST)["step"] == 40


def test_a_run_that_ended_does_not_go_on(tmp_path: Path) -> None:
    watched(tmp_path, 5.0, 4.0, 3.0)
    before = (tmp_path / CHECKPOINT).read_bytes()
    assert watched(tmp_path).step == 10
    assert (tmp_path / CHECKPOINT).read_bytes() == before


def test_a_stopped_run_goes_on_with_its_looks(tmp_path: Path) -> None:
    assert watched(tmp_path, 1.0, seconds=0).step == 1
    assert watched(tmp_path, 9.0, 2.0, 1.0, 1.0).step == 15
    assert [look.figures["exact"] for look in read_looks(tmp_path)] == [1.0, 2.0, 1.0, 1.0]


def test_without_own_data_the_last_checkpoint_counts(tmp_path: Path) -> None:
    trained(tmp_path, seconds=0)
    assert chosen_checkpoint(tmp_path) == tmp_path / CHECKPOINT


def test_own_data_need_a_checkpoint_of_the_same_network(tmp_path: Path) -> None:
    class Wider(SumTrainer):
        def make_network(self) -> nn.Module:
            return nn.Sequential(nn.Linear(3, 2))

    trained(tmp_path / "a", seconds=0)
    begin = {"start_from": tmp_path / "a" / CHECKPOINT}
    Wider(CONFIG_OF_40.model_copy(update=begin), tmp_path / "b")
    with pytest.raises(RunError, match=r"another network: '0\.bias' does not fit"):
        Wider(CONFIG_OF_40.model_copy(update=begin | {"own": OWN}), tmp_path / "c")
