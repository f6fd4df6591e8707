from __future__ import annotations

import pytest
import torch

from platewatch.vision.detector.maps import CHANNELS, STRIDES
from platewatch_training.detector.network import DetectorNetwork


@pytest.mark.parametrize("size", [(64, 64), (96, 160), (384, 640)], ids=str)
def test_a_network_gives_a_map_for_each_stride(size: tuple[int, int]) -> None:
    network = DetectorNetwork((4, 4, 8, 8, 8), (0, 1, 0, 0), 8)
    maps = network(torch.zeros(2, 3, *size))
    assert [tuple(one.shape) for one in maps] == [
        (2, CHANNELS, size[0] // stride, size[1] // stride) for stride in STRIDES
    ]


def test_the_default_network_has_about_a_million_weights() -> None:
    weights = sum(one.numel() for one in DetectorNetwork().parameters())
    assert 0.7e6 < weights < 1.2e6


def test_at_first_hardly_any_cell_is_a_plate_and_boxes_are_a_cell_large() -> None:
    torch.manual_seed(1)
    with torch.inference_mode():
        maps = DetectorNetwork().eval()(torch.rand(1, 3, 96, 96))
    for one in maps:
        assert float(one[:, 0].sigmoid().mean()) < 0.05
        assert float(one[:, 1:].abs().max()) < 2


def test_all_maps_are_read_by_the_same_head() -> None:
    network = DetectorNetwork()
    names = [name for name, _ in network.named_parameters() if name.startswith("head.score.")]
    assert names == ["head.score.weight", "head.score.bias"]


def test_further_blocks_change_nothing_before_they_are_trained() -> None:
    torch.manual_seed(2)
    small = DetectorNetwork((4, 4, 8, 8, 8), (0, 1, 1, 1), 8).eval()
    large = DetectorNetwork((4, 4, 8, 8, 8), (0, 1, 1, 2), 8).eval()
    large.load_state_dict(large.state_dict() | small.state_dict())
    photos = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        for one, other in zip(small(photos), large(photos), strict=True):
            assert torch.equal(one, other)
