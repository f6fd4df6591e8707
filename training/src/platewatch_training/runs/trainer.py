"""Training: a configuration in, a run folder out; a stopped run goes on from its last checkpoint."""

from __future__ import annotations

import json
import math
import pickle
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
import yaml
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel

from platewatch_training.runs.circumstances import made_from_of
from platewatch_training.runs.config import Config, RunError, read_config
from platewatch_training.runs.held_back import BEST, HeldBack, Look

CHECKPOINT = "checkpoint.pt"
CONFIG = "config.yaml"
METRICS = "metrics.jsonl"
MADE_FROM = "made-from.yaml"
LOGGED_EVERY = 20
_CPU = torch.device("cpu")

Batch = TypeVar("Batch")


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of a run; `rate` is samples a second."""

    step: int
    steps: int
    loss: float
    rate: float


class RunTrainer(ABC, Generic[Config, Batch]):
    """One run in its folder. A network's own trainer says how it is made, what it is shown, and what that costs."""

    def __init__(self, config: Config, folder: Path) -> None:
        self.config = config
        self.folder = folder
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(config.seed)
        torch.set_num_threads(config.threads)
        self.network = self.make_network().to(self.device)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stubs
        averaging = moving_average(config.average_decay)
        self.average = AveragedModel(self.network, multi_avg_fn=averaging, use_buffers=True)
        self.optimizer = AdamW(self.network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
        self.schedule = LambdaLR(self.optimizer, self._share_of_rate)
        self.step = 0
        self._open_folder()

    @abstractmethod
    def make_network(self) -> nn.Module:
        """The network, not trained yet."""

    @abstractmethod
    def batches(self) -> Iterator[Batch]:
        """The batches, without end."""

    @abstractmethod
    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The losses of the batch: `loss` is minimized, the others are its parts."""

    def facts(self) -> Mapping[str, object]:
        """The options that must be the same when the run resumes; kept in the checkpoint."""
        return {}

    def check(self, kept: Mapping[str, object]) -> None:
        """Return if a run with these facts can go on; raises RunError."""
        del kept

    def adapt(self, weights: dict[str, Tensor], kept: Mapping[str, object]) -> dict[str, Tensor]:
        """The weights of another run, whose checkpoint has those facts, as this network can begin with them."""
        del kept
        return weights

    @abstractmethod
    def measure(self) -> Mapping[str, float]:
        """Figures of the averaged weights on what is held back of own data, higher is better; the first decides."""

    def run(self, report: Callable[[Progress], None], seconds: float | None = None) -> None:
        """Train to the last step, or until `seconds` are over; either way the checkpoint is saved.

        With own data it ends early where nothing gets better any more.
        """
        began = logged = time.monotonic()
        seen: list[dict[str, Tensor]] = []
        if self.finished or (self.step == 0 and self._look()):
            return
        for batch in self.batches():
            seen.append(self._learn(batch))
            self.step += 1
            now = time.monotonic()
            if self.step % LOGGED_EVERY == 0:
                rate = len(seen) * self.config.batch / (now - logged)
                report(self._log(seen, rate))
                seen, logged = [], now
            over = self.step >= self.config.steps or (seconds is not None and now - began > seconds)
            if over or self.step % self.config.save_every == 0:
                self.save()
            if self._look() or over:
                return

    @property
    def finished(self) -> bool:
        """Whether the last step was taken, or nothing has become better for long enough."""
        return self.step >= self.config.steps or (self.held_back is not None and self.held_back.over)

    def save(self, name: str = CHECKPOINT) -> None:
        """Write the checkpoint; a stop in the middle leaves the one before whole."""
        content = {
            "step": self.step,
            **self.facts(),
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
        }
        new = self.folder / (name + ".new")
        torch.save(content, new)
        new.replace(self.folder / name)

    def _look(self) -> bool:
        """Measure on what is held back, if it is time to, and keep the best weights; True if the run is over."""
        own = self.config.own
        if own is None or self.held_back is None or self.held_back.looked_at(self.step):
            return False
        if self.step % own.check_every != 0 and self.step < self.config.steps:
            return False
        # Before the look is noted, so that no run goes on from before one that it remembers.
        self.save()
        if self.held_back.note(Look(self.step, self.measure())):
            self.save(BEST)
        return self.held_back.over

    def _learn(self, batch: Batch) -> dict[str, Tensor]:
        losses = self.losses(batch)
        self.optimizer.zero_grad(set_to_none=True)
        losses["loss"].backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), self.config.gradient_limit)
        self.optimizer.step()
        self.schedule.step()
        self.average.update_parameters(self.network)
        return {name: value.detach() for name, value in losses.items()}

    def _log(self, seen: Sequence[dict[str, Tensor]], rate: float) -> Progress:
        """Note the means since the last time in the run's metrics."""
        means = {name: float(torch.stack([one[name] for one in seen]).mean()) for name in seen[0]}
        figures = {"step": self.step, **means, "rate": rate, "learning_rate": float(self.schedule.get_last_lr()[0])}
        with (self.folder / METRICS).open("a") as file:
            file.write(json.dumps({name: round(value, 6) for name, value in figures.items()}) + "\n")
        return Progress(self.step, self.config.steps, means["loss"], rate)

    def _share_of_rate(self, step: int) -> float:
        warm_up = self.config.warm_up_steps
        if step < warm_up:
            return (step + 1) / warm_up
        done = (step - warm_up) / max(1, self.config.steps - warm_up)
        return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))

    def _open_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / CONFIG
        if path.exists() and read_config(path, type(self.config)) != self.config:
            raise RunError(f"{self.folder} holds a run of another configuration. Name a new folder.")
        path.write_text(yaml.safe_dump(self.config.model_dump(mode="json"), sort_keys=False))
        own = self.config.own
        self.held_back = None if own is None else HeldBack(self.folder, own.patience)
        checkpoint = self.folder / CHECKPOINT
        if checkpoint.exists():
            self._resume(load_checkpoint(checkpoint, self.device))
            return
        made_from = made_from_of(self.config.datasets)
        (self.folder / MADE_FROM).write_text(yaml.safe_dump(made_from, sort_keys=False), encoding="utf-8")
        if self.config.start_from is not None:
            self._start_from(load_checkpoint(self.config.start_from, self.device))

    def _resume(self, content: dict[str, Any]) -> None:
        self.check(content)
        self.network.load_state_dict(content["network"])
        self.average.load_state_dict(content["average"])
        self.optimizer.load_state_dict(content["optimizer"])
        self.schedule.load_state_dict(content["schedule"])
        self.step = content["step"]
        if self.held_back is not None:
            self.held_back.forget_after(self.step)

    def _start_from(self, content: dict[str, Any]) -> None:
        """Take over the averaged weights of another run, where name and shape are the same."""
        own = self.network.state_dict()
        given = self.adapt(averaged_weights(content), content)
        fitting = {name: value for name, value in given.items() if name in own and own[name].shape == value.shape}
        if self.config.own is not None and (lacking := sorted(set(own) - set(fitting))):
            raise RunError(
                f"The checkpoint {str(self.config.start_from)!r} is of another network: {lacking[0]!r} does not fit. "
                "Name its own configuration with --config, or another checkpoint with --start-from."
            )
        self.network.load_state_dict(own | fitting)
        self.average.module.load_state_dict(self.network.state_dict())


def moving_average(decay: float) -> Callable[[Sequence[Tensor], Sequence[Tensor], Tensor | int], None]:
    """Averages weights over about 1 / (1 - decay) steps, over fewer at the beginning, where weights still run."""

    @torch.no_grad()
    def average(averaged: Sequence[Tensor], current: Sequence[Tensor], count: Tensor | int) -> None:
        done = int(count)
        kept = min(decay, (1 + done) / (10 + done))
        for mean, value in zip(averaged, current, strict=True):
            if mean.is_floating_point():
                mean.lerp_(value, 1 - kept)
            else:
                mean.copy_(value)

    return average


def chosen_checkpoint(run: Path) -> Path:
    """The checkpoint to use: the best one where something was held back, else the last."""
    best = run / BEST
    return best if best.is_file() else run / CHECKPOINT


def load_checkpoint(path: Path, device: torch.device = _CPU) -> dict[str, Any]:
    """The saved state of a run.

    Raises:
        RunError: there is no such file, or one that can't be read.
    """
    try:
        content: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise RunError(f"The checkpoint {str(path)!r} can't be read: {error}") from error
    return content


def averaged_weights(content: Mapping[str, Any]) -> dict[str, Tensor]:
    """The averaged weights of a checkpoint by the network's own names."""
    weights = {name.removeprefix("module."): value for name, value in content["average"].items()}
    weights.pop("n_averaged", None)
    return weights
