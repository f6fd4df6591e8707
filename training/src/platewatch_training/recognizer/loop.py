"""Training: a configuration in, a run folder out; a stopped run goes on from its last checkpoint."""

from __future__ import annotations

import json
import math
import pickle
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel

from platewatch.vision.recognize import ALPHABET, NOTHING, SlotCodec
from platewatch_training.recognizer.batches import IGNORED_REGION, Batch, SampleBatches, all_regions, loader
from platewatch_training.recognizer.config import RunConfig, RunError, load_config
from platewatch_training.recognizer.network import RecognizerNetwork
from platewatch_training.synthesis.layouts import load_layouts

CHECKPOINT = "checkpoint.pt"
CONFIG = "config.yaml"
METRICS = "metrics.jsonl"
LOGGED_EVERY = 20


@dataclass(frozen=True, slots=True)
class Progress:
    """How a run stands; `rate` is samples a second."""

    step: int
    steps: int
    loss: float
    rate: float


class Trainer:
    """One run in its folder."""

    def __init__(self, config: RunConfig, folder: Path) -> None:
        self.config = config
        self.folder = folder
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(config.seed)
        torch.set_num_threads(config.threads)
        self.codec = SlotCodec(ALPHABET, all_regions(load_layouts()))
        self.network = make_network(config, self.codec).to(self.device)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stubs
        averaging = moving_average(config.average_decay)
        self.average = AveragedModel(self.network, multi_avg_fn=averaging, use_buffers=True)
        self.optimizer = AdamW(self.network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
        self.schedule = LambdaLR(self.optimizer, self._share_of_rate)
        self.step = 0
        self._open_folder()

    def run(self, report: Callable[[Progress], None], seconds: float | None = None) -> None:
        """Train to the last step, or until `seconds` are over; either way the checkpoint is saved."""
        batches = SampleBatches(self.codec, self.config, first_step=self.step)
        began = logged = time.monotonic()
        losses: list[Tensor] = []
        for batch in loader(batches, self.config.workers):
            losses.append(self._learn(batch))
            self.step += 1
            now = time.monotonic()
            if self.step % LOGGED_EVERY == 0:
                loss = float(torch.stack(losses).mean())
                rate = len(losses) * self.config.batch / (now - logged)
                self._note(
                    {
                        "step": self.step,
                        "loss": loss,
                        "rate": rate,
                        "learning_rate": float(self.schedule.get_last_lr()[0]),
                    }
                )
                report(Progress(self.step, self.config.steps, loss, rate))
                losses, logged = [], now
            over = self.step >= self.config.steps or (seconds is not None and now - began > seconds)
            if over or self.step % self.config.save_every == 0:
                self.save()
            if over:
                return

    def save(self) -> None:
        """Write the checkpoint; a stop in the middle leaves the one before whole."""
        content = {
            "step": self.step,
            "regions": list(self.codec.regions),
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
        }
        new = self.folder / (CHECKPOINT + ".new")
        torch.save(content, new)
        new.replace(self.folder / CHECKPOINT)

    def _learn(self, batch: Batch) -> Tensor:
        inputs = batch.inputs.to(self.device, memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16):
            text, region = self.network(inputs)
        loss = text_loss(text.float(), batch.slots.to(self.device), self.config.head)
        known = nn.functional.cross_entropy(
            region.float(), batch.regions.to(self.device), ignore_index=IGNORED_REGION, label_smoothing=0.05
        )
        loss = loss + self.config.region_share * known
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self.optimizer.step()
        self.schedule.step()
        self.average.update_parameters(self.network)
        return loss.detach()

    def _share_of_rate(self, step: int) -> float:
        warm_up = self.config.warm_up_steps
        if step < warm_up:
            return (step + 1) / warm_up
        done = (step - warm_up) / max(1, self.config.steps - warm_up)
        return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))

    def _open_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / CONFIG
        wanted = self.config.model_dump(mode="json")
        if path.exists() and yaml.safe_load(path.read_text()) != wanted:
            raise RunError(f"{self.folder} holds a run of another configuration. Name a new folder.")
        path.write_text(yaml.safe_dump(wanted, sort_keys=False))
        checkpoint = self.folder / CHECKPOINT
        if checkpoint.exists():
            self._resume(_load(checkpoint, self.device))
        elif self.config.start_from is not None:
            self._start_from(_load(self.config.start_from, self.device))

    def _resume(self, content: dict[str, Any]) -> None:
        if tuple(content["regions"]) != self.codec.regions:
            raise RunError(
                f"The layouts have other regions than when {self.folder} began. Begin a new run with `start_from`.",
            )
        self.network.load_state_dict(content["network"])
        self.average.load_state_dict(content["average"])
        self.optimizer.load_state_dict(content["optimizer"])
        self.schedule.load_state_dict(content["schedule"])
        self.step = content["step"]

    def _start_from(self, content: dict[str, Any]) -> None:
        """Take over the averaged weights of another run, where name and shape are the same."""
        own = self.network.state_dict()
        given = {name.removeprefix("module."): value for name, value in content["average"].items()}
        fitting = {name: value for name, value in given.items() if name in own and own[name].shape == value.shape}
        self.network.load_state_dict(own | fitting)
        self.average.module.load_state_dict(self.network.state_dict())

    def _note(self, figures: dict[str, float]) -> None:
        with (self.folder / METRICS).open("a") as file:
            file.write(json.dumps({name: round(value, 6) for name, value in figures.items()}) + "\n")


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


def make_network(config: RunConfig, codec: SlotCodec) -> RecognizerNetwork:
    """A network of the configuration, not trained yet."""
    return RecognizerNetwork(
        classes=codec.classes,
        regions=len(codec.regions),
        head=config.head,
        channels=config.channels,
        width=config.width,
    )


def load_run(folder: Path) -> tuple[RecognizerNetwork, SlotCodec, int]:
    """The averaged network of a run on the CPU, its codec, and the step it has come to.

    Raises:
        RunError: the run has no checkpoint, or one that can't be read.
    """
    content = _load(folder / CHECKPOINT, torch.device("cpu"))
    codec = SlotCodec(ALPHABET, tuple(content["regions"]))
    network = make_network(load_config(folder / CONFIG), codec)
    weights = {name.removeprefix("module."): value for name, value in content["average"].items()}
    weights.pop("n_averaged", None)
    network.load_state_dict(weights)
    return network.eval(), codec, int(content["step"])


def _load(path: Path, device: torch.device) -> dict[str, Any]:
    try:
        content: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    except (OSError, RuntimeError, pickle.UnpicklingError) as error:
        raise RunError(f"The checkpoint {str(path)!r} can't be read: {error}") from error
    return content


def text_loss(text: Tensor, slots: Tensor, head: str) -> Tensor:
    """The loss of the text logits: cross-entropy of each slot, or CTC over the steps."""
    if head == "slots":
        return nn.functional.cross_entropy(text.flatten(0, 1), slots.flatten())
    lengths = (slots != NOTHING).sum(dim=1)
    steps = torch.full((text.shape[0],), text.shape[1], dtype=torch.long)
    chances = text.log_softmax(-1).transpose(0, 1)
    return nn.functional.ctc_loss(chances, slots, steps, lengths, blank=NOTHING, zero_infinity=True)
