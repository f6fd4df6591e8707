"""Layers of the networks: plain convolutions, which are fastest on CPUs and in int8."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def convolution(inputs: int, outputs: int, stride: int | tuple[int, int] = 1) -> nn.Sequential:
    """A 3x3 convolution with batch norm and ReLU: what CPUs and int8 are fastest at."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    """Two convolutions round which the input goes; they add nothing at first (as in Goyal et al. 2017)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = convolution(channels, channels)
        self.second = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False),
            nn.BatchNorm2d(channels),
        )
        nn.init.zeros_(self.second[1].weight)  # type: ignore[arg-type]

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.relu(inputs + self.second(self.first(inputs)))
