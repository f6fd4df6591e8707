from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from platewatch.vision.detector.maps import CHANNELS, STRIDES, decode
from platewatch_training.detector.losses import (
    CELLS_OF_A_PLATE,
    Targets,
    assign,
    complete_iou,
    detector_losses,
    pairwise_iou,
    read_maps,
)

SIZE = (192, 128)
NONE = torch.zeros(1, 1, 4)


def maps_of(photos: int = 1, logit: float = -4.0) -> list[Tensor]:
    maps = [torch.zeros(photos, CHANNELS, SIZE[1] // stride, SIZE[0] // stride) for stride in STRIDES]
    for one in maps:
        one[:, 0] = logit
    return maps


def answer(maps: list[Tensor], box: tuple[float, float, float, float], logit: float, level: int = 1) -> None:
    """Make the cell in the box's middle say that box."""
    stride = STRIDES[level]
    middle_x, middle_y = (box[0] + box[2]) / 2 / stride, (box[1] + box[3]) / 2 / stride
    row, column = int(middle_y), int(middle_x)
    maps[level][0, 0, row, column] = logit
    maps[level][0, 1:3, row, column] = torch.tensor([middle_x - column - 0.5, middle_y - row - 0.5])
    size = torch.tensor([(box[2] - box[0]) / stride, (box[3] - box[1]) / stride])
    maps[level][0, 3:5, row, column] = size.log()


def targets(*boxes: tuple[float, ...], corners: Tensor | None = None, ignored: Tensor = NONE) -> Targets:
    places = torch.tensor([boxes or [(0.0, 0.0, 0.0, 0.0)]])
    unknown = torch.full((1, places.shape[1], 8), math.nan)
    return Targets(places, unknown if corners is None else corners, ignored)


def cost(maps: list[Tensor], wanted: Targets) -> dict[str, float]:
    return {name: float(value) for name, value in detector_losses(maps, wanted, 4.0).items()}


def test_training_reads_maps_as_serving_does() -> None:
    maps = [one.normal_(generator=torch.Generator().manual_seed(3)) for one in maps_of()]
    answers = read_maps(maps)
    served = decode([one[0].numpy() for one in maps], 0.0)
    order = np.argsort(-answers.logits[0].numpy(), kind="stable")[: len(served.scores)]
    assert np.allclose(answers.logits[0].sigmoid().numpy()[order], served.scores, atol=1e-6)
    assert np.allclose(answers.boxes_xyxy[0].numpy()[order], served.boxes_xyxy, atol=1e-3)
    boxes = served.boxes_xyxy
    own = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    size = (boxes[:, 2:] - boxes[:, :2])[:, None]
    shares = answers.corners[0].numpy()[order].reshape(-1, 4, 2)
    assert np.allclose(own + shares * size, served.corners, atol=1e-2)


@pytest.mark.parametrize(
    "box",
    [
        pytest.param((50.0, 40.0, 110.0, 60.0), id="middling"),
        pytest.param((51.0, 41.0, 60.0, 44.0), id="smaller than a cell, with no cell's middle in it"),
        pytest.param((2.0, 4.0, 190.0, 120.0), id="filling the picture"),
        pytest.param((0.0, 0.0, 12.0, 5.0), id="in the corner"),
    ],
)
def test_a_few_cells_near_a_plate_stand_for_it(box: tuple[float, ...]) -> None:
    answers = read_maps(maps_of())
    assigned = assign(answers, torch.tensor([[box]]))
    cells = (assigned.chosen[0] >= 0).nonzero()[:, 0]
    assert 1 <= len(cells) <= CELLS_OF_A_PLATE
    middle = torch.tensor([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    away = (answers.middles[cells] - middle).abs().amax(dim=1) / answers.strides[cells]
    assert float(away.max()) <= 2.5
    assert bool((assigned.wanted[0, cells] > 0).any())
    assert bool((assigned.wanted[0][assigned.chosen[0] < 0] == 0).all())


def test_the_cell_that_is_right_is_wanted_most() -> None:
    maps = maps_of()
    answer(maps, (50, 40, 110, 60), 3.0)
    answer(maps, (55, 35, 115, 65), 3.0, level=0)
    answers = read_maps(maps)
    assigned = assign(answers, torch.tensor([[(50.0, 40.0, 110.0, 60.0)]]))
    best = int(assigned.wanted[0].argmax())
    assert answers.boxes_xyxy[0, best].tolist() == pytest.approx([50, 40, 110, 60], abs=1e-3)
    assert float(assigned.wanted[0, best]) == pytest.approx(1.0, abs=1e-3)


def test_each_cell_stands_for_one_plate() -> None:
    maps = maps_of()
    near = [(50.0, 40.0, 110.0, 60.0), (60.0, 44.0, 120.0, 64.0)]
    answer(maps, near[0], 2.0)
    answer(maps, near[1], 2.0, level=0)
    assigned = assign(read_maps(maps), torch.tensor([near]))
    assert set(assigned.chosen[0].tolist()) == {-1, 0, 1}


def test_no_plate_needs_no_cell() -> None:
    answers = read_maps(maps_of(2))
    for boxes in (torch.zeros(2, 0, 4), torch.zeros(2, 3, 4)):
        assigned = assign(answers, boxes)
        assert bool((assigned.chosen == -1).all())
        assert float(assigned.wanted.sum()) == 0


def test_right_answers_cost_less_than_wrong_ones() -> None:
    box, beside = (50.0, 40.0, 110.0, 60.0), (60.0, 47.0, 130.0, 77.0)
    costs = []
    for said, logit in ((box, 6.0), (beside, 6.0), (box, -4.0)):
        maps = maps_of(logit=-8)
        answer(maps, said, logit)
        costs.append(cost(maps, targets(box)))
    right, misplaced, unsure = costs
    assert right["loss"] < unsure["loss"]
    assert right["box"] < misplaced["box"]
    assert right["score"] < unsure["score"]


def test_a_false_plate_costs_unless_nobody_knows() -> None:
    maps = maps_of(logit=-8)
    answer(maps, (50, 40, 110, 60), 6.0)
    quiet, loud = cost(maps_of(logit=-8), targets()), cost(maps, targets())
    ignored = cost(maps, targets(ignored=torch.tensor([[(40.0, 30.0, 120.0, 70.0)]])))
    assert loud["score"] > quiet["score"] + 5
    assert ignored["score"] < quiet["score"] + 0.1


def test_a_plate_in_an_ignored_place_is_still_learned() -> None:
    box = (50.0, 40.0, 110.0, 60.0)
    everywhere = torch.tensor([[(0.0, 0.0, 192.0, 128.0)]])
    maps = maps_of(logit=-8)
    answer(maps, box, -3.0)
    assert cost(maps, targets(box, ignored=everywhere))["score"] > 1


def test_corners_cost_only_where_they_are_known() -> None:
    box = (50.0, 40.0, 110.0, 60.0)
    upright = torch.tensor([[[50.0, 40, 110, 40, 110, 60, 50, 60]]])
    turned = torch.tensor([[[54.0, 40, 110, 46, 106, 60, 50, 54]]])
    maps = maps_of()
    answer(maps, box, 4.0)
    unknown, right, wrong = (cost(maps, targets(box, corners=one))["corners"] for one in (None, upright, turned))
    assert unknown == 0
    assert right < 0.01 < wrong
    level, row, column = 1, 3, 5
    size = torch.tensor([60.0, 20.0] * 4)
    maps[level][0, 5:, row, column] = (turned[0, 0] - upright[0, 0]) / size
    assert cost(maps, targets(box, corners=turned))["corners"] < wrong


def test_every_loss_has_a_finite_gradient() -> None:
    maps = [one.requires_grad_() for one in maps_of(2)]
    boxes = torch.tensor([[(50.0, 40.0, 110.0, 60.0), (5.0, 5.0, 6.0, 6.0)], [(0.0,) * 4] * 2])
    corners = boxes[..., [0, 1, 2, 1, 2, 3, 0, 3]].clone()
    corners[:, 1] = math.nan
    detector_losses(maps, Targets(boxes, corners, torch.zeros(2, 1, 4)), 4.0)["loss"].backward()  # type: ignore[no-untyped-call]
    for one in maps:
        assert one.grad is not None
        assert bool(one.grad.isfinite().all())
    assert float(maps[1].grad[0].abs().sum()) > 0  # type: ignore[index]


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        pytest.param((0, 0, 10, 10), (0, 0, 10, 10), 1.0, id="same"),
        pytest.param((0, 0, 10, 10), (5, 0, 15, 10), 1 / 3, id="half"),
        pytest.param((0, 0, 10, 10), (20, 0, 30, 10), 0.0, id="apart"),
        pytest.param((0, 0, 0, 0), (0, 0, 10, 10), 0.0, id="empty"),
    ],
)
def test_overlaps_of_all_pairs(one: tuple[float, ...], other: tuple[float, ...], share: float) -> None:
    found = pairwise_iou(torch.tensor([[one]]).float(), torch.tensor([[other, one]]).float())
    assert found.shape == (1, 1, 2)
    assert float(found[0, 0, 0]) == pytest.approx(share, abs=1e-4)


def test_complete_overlap_tells_how_far_apart_boxes_are() -> None:
    truth = torch.tensor([[0.0, 0.0, 40.0, 10.0]])
    same, near, far, square = (
        float(complete_iou(torch.tensor([box]), truth))
        for box in ([0.0, 0, 40, 10], [50.0, 0, 90, 10], [500.0, 0, 540, 10], [10.0, -5, 30, 15])
    )
    assert same == pytest.approx(1.0, abs=1e-4)
    assert 0 > near > far
    assert square < 1 / 3
