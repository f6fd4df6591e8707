"""The network that reads crops: one backbone of plain convolutions, and two heads that are read together or alone."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, Literal, NamedTuple

import torch
from torch import Tensor, nn

from platewatch.vision.recognizer.slot_codec import INPUT_HEIGHT, INPUT_WIDTH, SLOTS
from platewatch_training.exporting.pixels import PixelRange
from platewatch_training.networks.layers import Residual, convolution

Head = Literal["slots", "ctc", "both"]
PIXELS: Final = PixelRange(2 / 255, -1.0)
STRIDE = 8
GRID_ROWS = INPUT_HEIGHT // STRIDE


class Backbone(nn.Module):
    """(N, 3, 64, W) -> (N, channels[3], 8, W / 8).

    `depths` are the residual blocks behind the second, third and fourth convolution. A deeper backbone that takes the
    weights of a shallower one begins as good as that: further blocks have names of their own and add nothing at first.
    """

    def __init__(self, channels: tuple[int, int, int, int], depths: tuple[int, int, int] = (1, 1, 1)) -> None:
        super().__init__()
        first, second, third, fourth = channels
        layers: dict[str, nn.Module] = {"0": convolution(3, first, 2)}
        stages = (convolution(first, second, 2), convolution(second, third, 2), convolution(third, fourth))
        for number, (stage, width, depth) in enumerate(zip(stages, channels[1:], depths, strict=True)):
            layers[str(2 * number + 1)] = stage
            block = str(2 * number + 2)
            layers |= {block if index == 0 else f"{block}_{index}": Residual(width) for index in range(depth)}
        self.layers = nn.Sequential(OrderedDict(layers))

    def forward(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.layers(inputs)
        return features


class SlotHead(nn.Module):
    """A learned question for each slot looks over the whole picture, so rows of any arrangement are read alike.

    Attention and parallel slots as in PARSeq and ViTSTR, without an order of decoding.
    """

    def __init__(self, channels: int, width: int, classes: int, columns: int) -> None:
        super().__init__()
        self.project = nn.Conv2d(channels, width, 1)
        self.places = nn.Parameter(torch.randn(1, width, GRID_ROWS, columns) * 0.02)
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
        question, key, value = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (question, key, value))
        # Written out: PyTorch's fused attention takes seven times as long backward for so few slots on a CPU.
        looks = question @ key.transpose(-2, -1) * question.shape[-1] ** -0.5
        found = looks.softmax(-1).to(value.dtype) @ value
        out: Tensor = weights[3](found.transpose(1, 2).flatten(2))
        return out


class CtcHead(nn.Module):
    """The upper half's columns, then the lower half's, then the whole height's, read as one sequence of steps.

    A one-row plate is read by the last third, a two-row plate by the first two; a look at the whole picture gives each
    third whether it is asked, and CTC sorts out the rest. Each column gives two steps, so that narrow characters that
    repeat have room for the blank between them.
    """

    def __init__(self, channels: int, width: int, classes: int) -> None:
        super().__init__()
        self.middle = GRID_ROWS // 2
        self.rows = nn.Conv2d(channels, width, (self.middle, 3), padding=(0, 1))
        self.whole = nn.Conv2d(channels, width, (GRID_ROWS, 3), padding=(0, 1))
        self.asked = nn.Linear(channels, 3 * width)
        self.norms = nn.ModuleList([nn.BatchNorm1d(width), nn.BatchNorm1d(2 * width), nn.BatchNorm1d(width)])
        self.halve = nn.Conv1d(width, 2 * width, 3, padding=1)
        self.mix = nn.Conv1d(width, width, 3, padding=1)
        self.classify = nn.Linear(width, classes)

    def forward(self, features: Tensor) -> Tensor:
        thirds = (
            self.rows(features[:, :, : self.middle]).squeeze(2),
            self.rows(features[:, :, self.middle :]).squeeze(2),
            self.whole(features).squeeze(2),
        )
        asked = self.asked(features.mean((2, 3))).unsqueeze(2).chunk(3, dim=1)
        columns = torch.cat([third + bias for third, bias in zip(thirds, asked, strict=True)], dim=2)
        columns = torch.relu(self.norms[0](columns))
        steps = torch.relu(self.norms[1](self.halve(columns)))
        count, _, width = steps.shape
        steps = steps.reshape(count, -1, 2, width).transpose(2, 3).reshape(count, -1, 2 * width)
        steps = torch.relu(self.norms[2](self.mix(steps))).transpose(1, 2)
        classes: Tensor = self.classify(steps)
        return classes


class Answer(NamedTuple):
    """The network's logits; None for a head that it doesn't have.

    `slots` (N, slots, classes), `steps` (N, steps, classes), `regions` (N, regions).
    """

    slots: Tensor | None
    steps: Tensor | None
    regions: Tensor


class RecognizerNetwork(nn.Module):
    """(N, 3, 64, input_width) in -1..1 -> `Answer`."""

    def __init__(  # noqa: PLR0913 (what decides about the network; a configuration names each)
        self,
        *,
        classes: int,
        regions: int,
        head: Head = "both",
        channels: tuple[int, int, int, int] = (24, 48, 80, 112),
        depths: tuple[int, int, int] = (1, 1, 1),
        width: int = 160,
        input_width: int = INPUT_WIDTH,
    ) -> None:
        super().__init__()
        self.input_width = input_width
        self.backbone = Backbone(channels, depths)
        columns = input_width // STRIDE
        self.slots = SlotHead(channels[3], width, classes, columns) if head != "ctc" else None
        self.steps = CtcHead(channels[3], width, classes) if head != "slots" else None
        self.region = nn.Sequential(nn.Linear(2 * channels[3], width), nn.ReLU(), nn.Linear(width, regions))

    def forward(self, inputs: Tensor) -> Answer:
        features = self.backbone(inputs)
        left = features[..., : features.shape[-1] // 4].mean((2, 3))  # bands with flags stand on the left
        return Answer(
            slots=self.slots(features) if self.slots is not None else None,
            steps=self.steps(features) if self.steps is not None else None,
            regions=self.region(torch.cat([features.mean((2, 3)), left], dim=1)),
        )

    def stretched(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """Weights of a network for another input width, with the places of its slots stretched to this one's."""
        places = weights.get("slots.places")
        if places is None or self.slots is None or places.shape[1] != self.slots.places.shape[1]:
            return weights
        size = tuple(self.slots.places.shape[2:])
        return weights | {"slots.places": nn.functional.interpolate(places, size, mode="bilinear", align_corners=False)}
