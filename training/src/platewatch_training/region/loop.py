"""Training of the region network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, cast

import torch
from torch import Tensor, nn

from platewatch_training.recognizer.batches import all_regions
from platewatch_training.recognizer.loop import region_loss
from platewatch_training.region.batches import RegionBatch, RegionBatches, loader
from platewatch_training.region.config import RegionConfig, load_config
from platewatch_training.region.network import RegionNetwork
from platewatch_training.runs.config import RunError
from platewatch_training.runs.trainer import CONFIG, RunTrainer, averaged_weights, chosen_checkpoint, load_checkpoint
from platewatch_training.synthesis.layouts import load_layouts

_REPLAYED: Final = 24_000
"""The number of samples kept for replay; with bfloat16 they take 1.4 GB."""
_LAST = ("answer.3.weight", "answer.3.bias")


class RegionTrainer(RunTrainer[RegionConfig, RegionBatch]):
    """One run of the region network in its folder."""

    def make_network(self) -> nn.Module:
        """A network for all regions of the layouts."""
        self.regions = all_regions(load_layouts())
        self._replay = Replay(self.config.replayed, self.config.seed)
        return make_network(self.config, self.regions)

    def adapt(self, weights: dict[str, Tensor], kept: Mapping[str, object]) -> dict[str, Tensor]:
        """Each region's weights where this run has that region; of a recognizer's checkpoint the backbone alone."""
        network = cast("RegionNetwork", self.network)
        if _LAST[0] not in weights:
            return {name: value for name, value in weights.items() if name.startswith("backbone.")}
        regions = cast("list[str]", kept["regions"])
        common = [name for name in self.regions if name in regions]
        rows = [self.regions.index(name) for name in common]
        for name in _LAST:
            own = network.state_dict()[name].clone()
            given = weights[name][[regions.index(one) for one in common]]
            if own.shape[1:] == given.shape[1:]:
                own[rows] = given
            weights = weights | {name: own}
        return weights

    def batches(self) -> Iterator[RegionBatch]:
        """Rendered and real crops from where the run is."""
        return loader(RegionBatches(self.regions, self.config, first_step=self.step), self.config.workers)

    def losses(self, batch: RegionBatch) -> dict[str, Tensor]:
        """The loss of the right regions, with a frozen backbone also for some replayed samples."""
        network = cast("RegionNetwork", self.network)
        inputs = batch.inputs.to(self.device, memory_format=torch.channels_last)
        within = batch.regions.to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16):
            if network.is_frozen:
                with torch.no_grad():
                    features = network.backbone(inputs)
                features, within = self._replay.joined(features, within)
                logits = network.classify(features)
            else:
                logits = network(inputs)
        return {"loss": region_loss(logits.float(), within)}

    def measure(self) -> Mapping[str, float]:
        """Never asked: this network is not fine-tuned on own data."""
        raise RunError("The region network has no own data to measure on.")

    def facts(self) -> Mapping[str, object]:
        """The regions, whose order the network has learned."""
        return {"regions": list(self.regions)}

    def check(self, kept: Mapping[str, object]) -> None:
        """Return if the layouts still have these regions; raises RunError."""
        if kept["regions"] != list(self.regions):
            raise RunError(
                f"The layouts have other regions than when {self.folder} began. Begin a new run with `start_from`.",
            )


class Replay:
    """Features of a frozen backbone, kept for replay: computing them takes longer than learning from them."""

    def __init__(self, times: int, seed: int) -> None:
        self._times = times
        self._chance = torch.Generator().manual_seed(seed)
        self._seen: list[tuple[Tensor, Tensor]] = []
        self._next = 0

    def joined(self, features: Tensor, within: Tensor) -> tuple[Tensor, Tensor]:
        """The samples together with earlier ones, `times` as many; these are kept for later."""
        picked = [self._pick() for _ in range(self._times * len(features))] if self._seen else []
        for pair in zip(features.detach(), within, strict=True):
            if len(self._seen) < _REPLAYED:
                self._seen.append(pair)
            else:
                self._seen[self._next] = pair
                self._next = (self._next + 1) % _REPLAYED
        if not picked:
            return features, within
        kept, regions = zip(*picked, strict=True)
        return torch.cat([features, torch.stack(kept)]), torch.cat([within, torch.stack(regions)])

    def _pick(self) -> tuple[Tensor, Tensor]:
        return self._seen[int(torch.randint(len(self._seen), (1,), generator=self._chance))]


def make_network(config: RegionConfig, regions: tuple[str, ...]) -> RegionNetwork:
    """A network of the configuration, not trained yet."""
    return RegionNetwork(
        regions=len(regions),
        channels=config.channels,
        depths=config.depths,
        width=config.width,
        input_size=(config.input_width, config.input_height),
        frozen=config.frozen,
    )


def load_run(folder: Path) -> tuple[RegionNetwork, tuple[str, ...], int]:
    """The averaged network of a run on the CPU, its regions, and the step it is from.

    Raises:
        RunError: the run has no checkpoint, or one that can't be read.
    """
    content = load_checkpoint(chosen_checkpoint(folder), torch.device("cpu"))
    regions = tuple(content["regions"])
    network = make_network(load_config(folder / CONFIG), regions)
    network.load_state_dict(averaged_weights(content))
    return network.eval(), regions, int(content["step"])
