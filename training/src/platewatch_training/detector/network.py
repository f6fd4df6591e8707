"""The network that finds plates: plain convolutions, three maps, one head for all of them."""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor, nn

from platewatch.vision.detector.maps import CHANNELS
from platewatch_training.exporting.pixels import PixelRange
from platewatch_training.networks.layers import Residual, convolution

PIXELS: Final = PixelRange(1 / 255)
GEOMETRY: Final = CHANNELS - 1
_RARE: Final = 0.01
"""The share of cells that the head takes for plates at first; without this prior the many empty cells dominate."""


class Level(nn.Module):
    """Half the size, then residual blocks."""

    def __init__(self, inputs: int, outputs: int, blocks: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(convolution(inputs, outputs, 2), *(Residual(outputs) for _ in range(blocks)))

    def forward(self, inputs: Tensor) -> Tensor:
        found: Tensor = self.layers(inputs)
        return found


class Neck(nn.Module):
    """Three maps of one width, the coarser ones added to the finer ones for context (as in FPN)."""

    def __init__(self, channels: tuple[int, int, int], width: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList([nn.Conv2d(one, width, 1) for one in channels])
        self.smooth = nn.ModuleList([convolution(width, width) for _ in channels])

    def forward(self, fine: Tensor, middle: Tensor, coarse: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        coarse = self.smooth[2](self.lateral[2](coarse))
        middle = self.smooth[1](self.lateral[1](middle) + _upsample(coarse))
        fine = self.smooth[0](self.lateral[0](fine) + _upsample(middle))
        return fine, middle, coarse


class Head(nn.Module):
    """Score and geometry of each cell, the same for all maps: a plate looks alike at every size."""

    def __init__(self, width: int) -> None:
        super().__init__()
        narrow = 2 * width // 3
        self.score_seen = convolution(width, narrow)
        self.geometry_seen = convolution(width, width)
        self.score = nn.Conv2d(narrow, 1, 1)
        self.geometry = nn.Conv2d(width, GEOMETRY, 1)
        nn.init.constant_(self.score.bias, -math.log(1 / _RARE - 1))  # type: ignore[arg-type]
        nn.init.normal_(self.geometry.weight, std=0.01)
        nn.init.zeros_(self.geometry.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> Tensor:
        return torch.cat([self.score(self.score_seen(features)), self.geometry(self.geometry_seen(features))], dim=1)


class DetectorNetwork(nn.Module):
    """(N, 3, H, W) in 0..1 -> a map (N, 13, H / stride, W / stride) for each stride (see vision/detector/maps.py).

    H and W are multiples of 32. `channels` are those at strides 2, 4, 8, 16 and 32, `blocks` the residual blocks at
    strides 4 to 32.
    """

    def __init__(
        self,
        channels: tuple[int, int, int, int, int] = (16, 32, 48, 96, 144),
        blocks: tuple[int, int, int, int] = (0, 2, 2, 1),
        width: int = 48,
    ) -> None:
        super().__init__()
        self.stem = convolution(3, channels[0], 2)
        pairs = zip(channels, channels[1:], blocks, strict=False)
        self.levels = nn.ModuleList([Level(*pair) for pair in pairs])
        self.neck = Neck(channels[2:], width)
        self.head = Head(width)

    def forward(self, photos: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features = self.stem(photos)
        found = []
        for level in self.levels:
            features = level(features)
            found.append(features)
        fine, middle, coarse = self.neck(*found[1:])
        return self.head(fine), self.head(middle), self.head(coarse)


def _upsample(features: Tensor) -> Tensor:
    return nn.functional.interpolate(features, scale_factor=2.0, mode="nearest")
