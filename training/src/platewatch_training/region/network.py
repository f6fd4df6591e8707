"""The network that tells regions: the recognizer's kind of backbone, seen higher and coarser, and one answer."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from platewatch_training.recognizer.network import Backbone
from platewatch_training.runs.pixels import PixelRange

PIXELS: Final = PixelRange(2 / 255, -1.0)
STRIDE: Final = 16


class RegionNetwork(nn.Module):
    """(N, 3, height, width) in -1..1 -> (N, regions), before softmax.

    Each of a few learned looks weighs the places of the picture on its own: one may rest on the name at the top, one on
    the band at the left. The first `frozen` layers of the backbone don't learn.
    """

    def __init__(  # noqa: PLR0913 (what decides about the network; a configuration names each)
        self,
        *,
        regions: int,
        channels: tuple[int, int, int, int],
        depths: tuple[int, int, int],
        looks: int,
        width: int,
        input_size: tuple[int, int],
        frozen: int = 0,
    ) -> None:
        super().__init__()
        self.frozen = frozen
        self.input_width, self.input_height = input_size
        last = channels[3]
        self.backbone = Backbone(channels, depths, last_stride=2)
        self.places = nn.Parameter(torch.zeros(1, last, self.input_height // STRIDE, self.input_width // STRIDE))
        nn.init.normal_(self.places, std=0.02)
        self.weigh = nn.Conv2d(last, looks, 1)
        self.answer = nn.Sequential(
            nn.Linear((looks + 1) * last, width), nn.ReLU(), nn.Dropout(0.1), nn.Linear(width, regions)
        )

    def train(self, mode: bool = True) -> RegionNetwork:  # noqa: FBT001, FBT002 -- PyTorch's own signature
        """Switch to training; the frozen layers go on as they are."""
        super().train(mode)
        for layer in self.backbone.layers[: self.frozen]:
            layer.eval().requires_grad_(requires_grad=False)
        return self

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.backbone(inputs) + self.places
        weights = self.weigh(features).flatten(2).softmax(-1)
        flat = features.flatten(2)
        seen = weights @ flat.transpose(1, 2)
        told: Tensor = self.answer(torch.cat([seen.flatten(1), flat.mean(2)], dim=1))
        return told
