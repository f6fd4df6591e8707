"""Training of the detector."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from platewatch.datasets.types import ImageLabels
from platewatch_training.datasets.own import HELD_BACK, OwnImages, has_places, own_images, own_photos
from platewatch_training.datasets.photos import LabelledPhoto
from platewatch_training.detector.batches import Batch, Material, PictureBatches, load_material, loader
from platewatch_training.detector.config import RunConfig, load_config
from platewatch_training.detector.evaluate import evaluate, finder
from platewatch_training.detector.losses import detector_losses
from platewatch_training.detector.network import DetectorNetwork
from platewatch_training.runs.trainer import CONFIG, RunTrainer, averaged_weights, chosen_checkpoint, load_checkpoint


class Trainer(RunTrainer[RunConfig, Batch]):
    """One run of the detector in its folder; `material` spares runs of the same photos from reading them again.

    Raises:
        PlatewatchError: own data can't be used; the folder is then as it was.
    """

    def __init__(self, config: RunConfig, folder: Path, material: Material | None = None) -> None:
        images = None if config.own is None else own_images(config.own, config.seed, folder, has_places)
        self._own = [] if images is None else own_photos(images.train, config.longest_side)
        self._held_back_photos = [] if images is None else own_photos(images.held_back, config.longest_side)
        self._material = material
        super().__init__(config, folder)
        if images is not None:
            images.save(folder)

    def make_network(self) -> nn.Module:
        """A network of the configuration."""
        return make_network(self.config)

    def batches(self) -> Iterator[Batch]:
        """Composites and real photos from where the run is."""
        material = self._material or load_material(self.config, self._own)
        return loader(PictureBatches(material, self.config, first_step=self.step), self.config.workers)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The losses of score, box and corners, and their sum."""
        photos = batch.photos.to(self.device, memory_format=torch.channels_last).float() / 255
        with torch.autocast(self.device.type, torch.bfloat16):
            maps = self.network(photos)
        return detector_losses(maps, batch.targets.to(self.device), self.config.corners_share)

    def measure(self) -> Mapping[str, float]:
        """Average precision on the held-back photos in per cent, at IoU 0.5, then at 0.7."""
        find = finder(cast("DetectorNetwork", self.average.module))
        found = evaluate(HELD_BACK, self._held_back_photos, find)
        return {"average precision at IoU 0.5": found.average_precision(), "at IoU 0.7": found.average_precision(70)}


def make_network(config: RunConfig) -> DetectorNetwork:
    """A network of the configuration, not trained yet."""
    return DetectorNetwork(config.channels, config.blocks, config.width)


def held_back_photos(config: RunConfig, run: Path) -> list[LabelledPhoto]:
    """The part of a user's own data that the run held back; empty without own data.

    Raises:
        PlatewatchError: the data can't be used any more.
    """
    return _own_photos(config, run, lambda images: images.held_back)


def learned_photos(config: RunConfig, run: Path) -> list[LabelledPhoto]:
    """The part of a user's own data that the run learned from, perhaps empty; raises like `held_back_photos`."""
    return _own_photos(config, run, lambda images: images.train)


def load_run(folder: Path) -> tuple[DetectorNetwork, int]:
    """The averaged network of a run on the CPU, and the step it is from (the best, or else the last).

    Raises:
        RunError: the run has no checkpoint, or one that can't be read.
    """
    content = load_checkpoint(chosen_checkpoint(folder), torch.device("cpu"))
    network = make_network(load_config(folder / CONFIG))
    network.load_state_dict(averaged_weights(content))
    return network.eval(), int(content["step"])


def _own_photos(
    config: RunConfig, run: Path, part: Callable[[OwnImages], tuple[ImageLabels, ...]]
) -> list[LabelledPhoto]:
    if config.own is None:
        return []
    return own_photos(part(own_images(config.own, config.seed, run, has_places)), config.longest_side)
