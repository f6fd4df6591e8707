"""The network that classifies regions: the recognizer's backbone on the strips where plates name their state."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from platewatch_training.exporting.pixels import PixelRange
from platewatch_training.recognizer.network import Backbone

PIXELS: Final = PixelRange(2 / 255, -1.0)
STRIDE: Final = 8
_REACH: Final = 5


class RegionNetwork(nn.Module):
    """(N, 3, height, width) in -1..1 -> (N, regions), before softmax: the upper strip over the lower one.

    The recognizer's backbone knows letters, and reads them in two rows. What is learned here is words: both strips pass
    the same convolutions, whose steps grow until one of them sees a name, wherever it stands. The first `frozen` layers
    of the backbone don't learn.
    """

    def __init__(
        self,
        *,
        regions: int,
        channels: tuple[int, int, int, int],
        depths: tuple[int, int, int],
        width: int,
        input_size: tuple[int, int],
        frozen: int = 0,
    ) -> None:
        super().__init__()
        self.frozen = frozen
        self.input_width, self.input_height = input_size
        self.rows = self.input_height // STRIDE // 2
        self.backbone = Backbone(channels, depths)
        self.columns = nn.Sequential(
            nn.Conv2d(channels[3], width, (self.rows, 3), padding=(0, 1), bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        )
        self.words = nn.Sequential(*(layer for _ in range(2) for layer in _wider(width)))
        self.answer = nn.Sequential(nn.Dropout(0.2), nn.Linear(4 * width, width), nn.ReLU(), nn.Linear(width, regions))
        self._freeze()

    def train(self, mode: bool = True) -> RegionNetwork:  # noqa: FBT001, FBT002 -- PyTorch's own signature
        """Switch to training; the frozen layers go on as they are."""
        super().train(mode)
        self._freeze()
        return self

    def forward(self, inputs: Tensor) -> Tensor:
        return self.classify(self.backbone(inputs))

    def classify(self, features: Tensor) -> Tensor:
        """The answer to what the backbone saw."""
        upper, lower = features[:, :, : self.rows], features[:, :, self.rows :]
        seen = []
        for strip in (upper, lower):
            words = self.words(self.columns(strip).squeeze(2))
            seen += [words.amax(2), words.mean(2)]
        answer: Tensor = self.answer(torch.cat(seen, dim=1))
        return answer

    @property
    def is_frozen(self) -> bool:
        """Whether the whole backbone stays as it is."""
        return self.frozen >= len(self.backbone.layers)

    def _freeze(self) -> None:
        for layer in list(self.backbone.layers)[: self.frozen]:
            layer.eval().requires_grad_(requires_grad=False)


def _wider(width: int) -> tuple[nn.Module, ...]:
    """A convolution after which a step is twice as wide."""
    return nn.Conv1d(width, width, _REACH, 2, _REACH // 2, bias=False), nn.BatchNorm1d(width), nn.ReLU()
