"""Training of the recognizer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, cast

import torch
from torch import Tensor, nn

from platewatch.vision.recognizer.slot_codec import ALPHABET, NOTHING, SlotCodec
from platewatch_training.datasets.labels import LabelledCrop
from platewatch_training.datasets.own import HELD_BACK, has_text, own_crops, own_images
from platewatch_training.recognizer.batches import Batch, SampleBatches, all_regions, loader
from platewatch_training.recognizer.config import RunConfig, load_config
from platewatch_training.recognizer.evaluate import character_error_rate, read_crops, score
from platewatch_training.recognizer.network import Answer, RecognizerNetwork
from platewatch_training.runs.config import RunError
from platewatch_training.runs.trainer import CONFIG, RunTrainer, averaged_weights, chosen_checkpoint, load_checkpoint
from platewatch_training.synthesis.layouts import load_layouts

_EVENED: Final = 0.05
"""The label smoothing of the region's loss."""


class Trainer(RunTrainer[RunConfig, Batch]):
    """One run of the recognizer in its folder.

    Raises:
        PlatewatchError: own data can't be used; the folder is then as it was.
    """

    def __init__(self, config: RunConfig, folder: Path) -> None:
        images = None if config.own is None else own_images(config.own, config.seed, folder, has_text)
        self._own = [] if images is None else own_crops(images.train)
        self._held_back_crops = [] if images is None else own_crops(images.held_back)
        super().__init__(config, folder)
        if images is not None:
            images.save(folder)

    def make_network(self) -> nn.Module:
        """A network for all characters and all regions of the layouts."""
        self.codec = SlotCodec(ALPHABET, all_regions(load_layouts()))
        return make_network(self.config, self.codec)

    def adapt(self, weights: dict[str, Tensor], kept: Mapping[str, object]) -> dict[str, Tensor]:
        """Places for this input's width, and each region's weights where this run has that region."""
        network = cast("RecognizerNetwork", self.network)
        adapted = network.stretched(weights)
        regions = cast("list[str]", kept["regions"])
        common = [name for name in self.codec.regions if name in regions]
        rows = [self.codec.regions.index(name) for name in common]
        for name in ("region.2.weight", "region.2.bias"):
            own = network.state_dict()[name].clone()
            given = adapted[name][[regions.index(one) for one in common]]
            if own.shape[1:] == given.shape[1:]:
                own[rows] = given
            adapted = adapted | {name: own}
        return adapted

    def batches(self) -> Iterator[Batch]:
        """Rendered and real crops from where the run is."""
        batches = SampleBatches(self.codec, self.config, first_step=self.step, own=self._own)
        return loader(batches, self.config.workers)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The text's loss, and the region's where it is known."""
        inputs = batch.inputs.to(self.device, memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16):
            answer: Answer = self.network(inputs)
        losses = text_losses(answer, batch.slots.to(self.device))
        region = region_loss(answer.regions.float(), batch.regions.to(self.device))
        return {"loss": torch.stack([*losses.values(), self.config.region_share * region]).sum(), **losses}

    def measure(self) -> Mapping[str, float]:
        """Per cent of the held-back plates read exactly, then of their characters (at least 0); without grammars."""
        outcomes = read_crops(cast("RecognizerNetwork", self.average.module), self.codec, self._held_back_crops)
        return {"exact": score(HELD_BACK, outcomes).exact, "characters": max(0.0, 100 - character_error_rate(outcomes))}

    def facts(self) -> Mapping[str, object]:
        """The regions, whose order the network has learned."""
        return {"regions": list(self.codec.regions)}

    def check(self, kept: Mapping[str, object]) -> None:
        """Return if the layouts still have these regions; raises RunError."""
        if kept["regions"] != list(self.codec.regions):
            raise RunError(
                f"The layouts have other regions than when {self.folder} began. Begin a new run with `start_from`.",
            )


def make_network(config: RunConfig, codec: SlotCodec) -> RecognizerNetwork:
    """A network of the configuration, not trained yet."""
    return RecognizerNetwork(
        classes=codec.classes,
        regions=len(codec.regions),
        head=config.head,
        channels=config.channels,
        depths=config.depths,
        width=config.width,
        input_width=config.input_width,
    )


def held_back_crops(config: RunConfig, run: Path) -> list[LabelledCrop]:
    """The part of a user's own data that the run held back; empty without own data.

    Raises:
        PlatewatchError: the data can't be used any more.
    """
    return [] if config.own is None else own_crops(own_images(config.own, config.seed, run, has_text).held_back)


def load_run(folder: Path) -> tuple[RecognizerNetwork, SlotCodec, int]:
    """The averaged network of a run on the CPU, its codec, and the step it is from (the best, or else the last).

    Raises:
        RunError: the run has no checkpoint, or one that can't be read.
    """
    content = load_checkpoint(chosen_checkpoint(folder), torch.device("cpu"))
    codec = SlotCodec(ALPHABET, tuple(content["regions"]))
    network = make_network(load_config(folder / CONFIG), codec)
    network.load_state_dict(averaged_weights(content))
    return network.eval(), codec, int(content["step"])


def region_loss(logits: Tensor, within: Tensor) -> Tensor:
    """The negative log-likelihood of the plates' regions; plates without a region don't count.

    Args:
        logits: float32 (N, regions).
        within: bool (N, regions), as `Batch.regions`.
    """
    known = within.any(dim=1)
    chances = logits[known].log_softmax(-1)
    missed = -chances.masked_fill(~within[known], -math.inf).logsumexp(-1)
    evened = (1 - _EVENED) * missed - _EVENED * chances.mean(-1)
    return evened.sum() / known.sum().clamp(min=1)


def text_losses(answer: Answer, slots: Tensor) -> dict[str, Tensor]:
    """The loss of each head's text: cross-entropy of each slot, CTC over the steps."""
    losses = {}
    if answer.slots is not None:
        losses["slots"] = nn.functional.cross_entropy(answer.slots.float().flatten(0, 1), slots.flatten())
    if answer.steps is not None:
        lengths = (slots != NOTHING).sum(dim=1)
        steps = torch.full((len(slots),), answer.steps.shape[1], dtype=torch.long)
        chances = answer.steps.float().log_softmax(-1).transpose(0, 1)
        losses["steps"] = nn.functional.ctc_loss(chances, slots, steps, lengths, blank=NOTHING, zero_infinity=True)
    return losses
