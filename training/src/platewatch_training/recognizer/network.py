"""The networks that read crops: one backbone of plain convolutions, two heads to compare."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from platewatch.vision.recognize import INPUT_HEIGHT, INPUT_WIDTH, SLOTS

Head = Literal["slots", "ctc"]
GRID_ROWS = INPUT_HEIGHT // 8
GRID_COLUMNS = INPUT_WIDTH // 8


def convolution(inputs: int, outputs: int, stride: int | tuple[int, int] = 1) -> nn.Sequential:
    """A 3x3 convolution with batch norm and ReLU: what CPUs and int8 are fastest at."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    """Two convolutions round which the input goes."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = convolution(channels, channels)
        self.second = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.relu(inputs + self.second(self.first(inputs)))


class Backbone(nn.Module):
    """(N, 3, 64, 160) -> (N, channels[3], 8, 20)."""

    def __init__(self, channels: tuple[int, int, int, int]) -> None:
        super().__init__()
        first, second, third, fourth = channels
        self.layers = nn.Sequential(
            convolution(3, first, 2),
            convolution(first, second, 2),
            Residual(second),
            convolution(second, third, 2),
            Residual(third),
            convolution(third, fourth),
            Residual(fourth),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.layers(inputs)
        return features


class SlotHead(nn.Module):
    """A learned question for each slot looks over the whole picture, so rows of any arrangement are read alike.

    Attention and parallel slots as in PARSeq and ViTSTR, without an order of decoding.
    """

    def __init__(self, channels: int, width: int, classes: int) -> None:
        super().__init__()
        self.project = nn.Conv2d(channels, width, 1)
        self.places = nn.Parameter(torch.randn(1, width, GRID_ROWS, GRID_COLUMNS) * 0.02)
        self.questions = nn.Parameter(torch.randn(1, SLOTS, width) * 0.02)
        self.layers = nn.ModuleList([SlotLayer(width) for _ in range(2)])
        self.classify = nn.Linear(width, classes)

    def forward(self, features: Tensor) -> Tensor:
        seen = (self.project(features) + self.places).flatten(2).transpose(1, 2)
        slots = self.questions.expand(features.shape[0], -1, -1)
        for layer in self.layers:
            slots = layer(slots, seen)
        classes: Tensor = self.classify(slots)
        return classes


class SlotLayer(nn.Module):
    """Slots look at the picture, then at each other."""

    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(3)])
        self.across = nn.ModuleList([nn.Linear(width, width) for _ in range(4)])
        self.among = nn.ModuleList([nn.Linear(width, width) for _ in range(4)])
        self.think = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))

    def forward(self, slots: Tensor, seen: Tensor) -> Tensor:
        slots = slots + self._attend(self.across, self.norms[0](slots), seen)
        normed = self.norms[1](slots)
        slots = slots + self._attend(self.among, normed, normed)
        thought: Tensor = self.think(self.norms[2](slots))
        return slots + thought

    def _attend(self, weights: nn.ModuleList, asking: Tensor, asked: Tensor) -> Tensor:
        question, key, value = weights[0](asking), weights[1](asked), weights[2](asked)
        split = [part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (question, key, value)]
        found = nn.functional.scaled_dot_product_attention(*split)
        out: Tensor = weights[3](found.transpose(1, 2).flatten(2))
        return out


class CtcHead(nn.Module):
    """The upper half's columns, then the lower half's, then the whole height's, read as one sequence.

    A one-row plate is read by the last third, a two-row plate by the first two; CTC sorts it out.
    """

    def __init__(self, channels: int, width: int, classes: int) -> None:
        super().__init__()
        half = GRID_ROWS // 2
        self.rows = nn.Conv2d(channels, width, (half, 3), padding=(0, 1))
        self.whole = nn.Conv2d(channels, width, (GRID_ROWS, 3), padding=(0, 1))
        self.mix = nn.Conv1d(width, width, 3, padding=1)
        self.classify = nn.Linear(width, classes)
        self.middle = half

    def forward(self, features: Tensor) -> Tensor:
        upper = self.rows(features[:, :, : self.middle]).squeeze(2)
        lower = self.rows(features[:, :, self.middle :]).squeeze(2)
        whole = self.whole(features).squeeze(2)
        steps = torch.relu(torch.cat([upper, lower, whole], dim=2))
        steps = torch.relu(self.mix(steps)).transpose(1, 2)
        classes: Tensor = self.classify(steps)
        return classes


class RecognizerNetwork(nn.Module):
    """(N, 3, 64, 160) in -1..1 -> text logits (N, slots or steps, classes) and region logits (N, regions)."""

    def __init__(
        self,
        *,
        classes: int,
        regions: int,
        head: Head = "slots",
        channels: tuple[int, int, int, int] = (24, 48, 80, 112),
        width: int = 160,
    ) -> None:
        super().__init__()
        self.backbone = Backbone(channels)
        kind = SlotHead if head == "slots" else CtcHead
        self.text = kind(channels[3], width, classes)
        self.region = nn.Sequential(nn.Linear(2 * channels[3], width), nn.ReLU(), nn.Linear(width, regions))

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        features = self.backbone(inputs)
        left = features[..., : GRID_COLUMNS // 4].mean((2, 3))  # bands with flags stand on the left
        region = self.region(torch.cat([features.mean((2, 3)), left], dim=1))
        return self.text(features), region
