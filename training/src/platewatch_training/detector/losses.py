"""The detector's losses: assignment of cells to plates, and the error of their boxes and corners."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from platewatch.vision.detector.maps import LOG_SIZES, STRIDES

CELLS_OF_A_PLATE: Final = 9
_REACH: Final = 2.5
"""Cells stand for a plate whose middle is at most so many strides away."""
_SCORE_POWER: Final = 0.5
_IOU_POWER: Final = 4.0
# A sure score for a fair box: by the overlap alone, small plates, whose boxes are a pixel off, would never be sure.
_QUALITY_POWER: Final = 0.5
_NEAREST: Final = 1e-6
"""The weight of a near center and a fitting map, which decides only while no cell overlaps yet."""
_CELLS_IN_A_SIDE: Final = 4.0
_BOX_SHARE: Final = 5.0
_SMOOTH: Final = 0.02
_EPSILON: Final = 1e-7


@dataclass(frozen=True, slots=True)
class Targets:
    """The labels of N photos, padded with rows of zeros.

    `boxes_xyxy` float32 (N, G, 4); `corners` float32 (N, G, 8), NaN where unknown; `ignored_xyxy` float32 (N, I, 4):
    places that are neither plates nor background.
    """

    boxes_xyxy: Tensor
    corners: Tensor
    ignored_xyxy: Tensor

    def to(self, device: torch.device) -> Targets:
        """The same on that device."""
        return Targets(self.boxes_xyxy.to(device), self.corners.to(device), self.ignored_xyxy.to(device))


@dataclass(frozen=True, slots=True)
class Answers:
    """All cells of N photos in one row, finest map first.

    `logits` (N, M); `boxes_xyxy` (N, M, 4) in pixels; `corners` (N, M, 8) in sizes of the box from its own corners;
    `middles` (M, 2) and `strides` (M,) of the cells.
    """

    logits: Tensor
    boxes_xyxy: Tensor
    corners: Tensor
    middles: Tensor
    strides: Tensor


@dataclass(frozen=True, slots=True)
class Assignment:
    """`chosen` int64 (N, M): the plate that each cell stands for, -1 for none; `wanted` (N, M): its score, 0..1."""

    chosen: Tensor
    wanted: Tensor


def read_maps(maps: Sequence[Tensor]) -> Answers:
    """The network's maps as boxes: what vision/detector/maps.py does, for all cells and with gradients."""
    rows, middles, strides = [], [], []
    for answers, stride in zip(maps, STRIDES, strict=True):
        height, width = answers.shape[2:]
        y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        middles.append(torch.stack([x, y], dim=-1).reshape(-1, 2) + 0.5)
        strides.append(torch.full((height * width,), float(stride)))
        rows.append(answers.flatten(2).transpose(1, 2))
    cells = torch.cat(middles).to(rows[0].device)
    stride_of = torch.cat(strides).to(rows[0].device)
    found = torch.cat(rows, dim=1).float()
    centers = (cells + found[..., 1:3]) * stride_of[:, None]
    halves = found[..., 3:5].clamp(*LOG_SIZES).exp() * (stride_of / 2)[:, None]
    boxes = torch.cat([centers - halves, centers + halves], dim=-1)
    return Answers(found[..., 0], boxes, found[..., 5:], cells * stride_of[:, None], stride_of)


def detector_losses(maps: Sequence[Tensor], targets: Targets, corners_share: float) -> dict[str, Tensor]:
    """`loss`, and what score, box and corners have in it."""
    answers = read_maps(maps)
    assigned = assign(answers, targets.boxes_xyxy)
    weights = ~_within(answers.middles, targets.ignored_xyxy).any(dim=1) | (assigned.chosen >= 0)
    total = assigned.wanted.sum().clamp(min=1.0)
    each = nn.functional.binary_cross_entropy_with_logits(answers.logits, assigned.wanted, reduction="none")
    score = (each * weights).sum() / total
    photo, cell = (assigned.chosen >= 0).nonzero(as_tuple=True)
    plate = assigned.chosen[photo, cell]
    share = assigned.wanted[photo, cell]
    truth = targets.boxes_xyxy[photo, plate]
    box = _BOX_SHARE * (share * (1 - complete_iou(answers.boxes_xyxy[photo, cell], truth))).sum() / total
    corners = corners_share * _corner_loss(answers.corners[photo, cell], targets.corners[photo, plate], truth, share)
    return {"loss": score + box + corners, "score": score, "box": box, "corners": corners}


@torch.no_grad()
def assign(answers: Answers, boxes_xyxy: Tensor) -> Assignment:
    """The most confident cells that overlap each plate most, a few for each (task-aligned, as in TOOD)."""
    cells = answers.logits.shape[1]
    wanted = torch.zeros_like(answers.logits)
    chosen = torch.full_like(answers.logits, -1, dtype=torch.long)
    if boxes_xyxy.shape[1] == 0:
        return Assignment(chosen, wanted)
    overlap = pairwise_iou(boxes_xyxy, answers.boxes_xyxy)
    nearness = _nearness(answers, boxes_xyxy)
    fit = answers.logits.sigmoid()[:, None] ** _SCORE_POWER * overlap**_IOU_POWER + _NEAREST * nearness
    fit = fit * (nearness > 0)
    best, where = fit.topk(min(CELLS_OF_A_PLATE, cells), dim=2)
    picked = torch.zeros_like(fit).scatter_(2, where, best)
    strongest, plate = picked.max(dim=1)
    chosen = torch.where(strongest > 0, plate, chosen)
    highest = overlap.where(picked > 0, 0.0).amax(dim=2) ** _QUALITY_POWER
    scale = highest / best[..., 0].clamp(min=_EPSILON**2)
    wanted = strongest * scale.gather(1, plate)
    return Assignment(chosen, wanted.clamp(0, 1).where(chosen >= 0, 0.0))


def pairwise_iou(boxes_xyxy: Tensor, others_xyxy: Tensor) -> Tensor:
    """(N, G, 4) and (N, M, 4) -> (N, G, M)."""
    low = torch.maximum(boxes_xyxy[:, :, None, :2], others_xyxy[:, None, :, :2])
    high = torch.minimum(boxes_xyxy[:, :, None, 2:], others_xyxy[:, None, :, 2:])
    both = (high - low).clamp(min=0).prod(dim=-1)
    area, other = (box[..., 2:].sub(box[..., :2]).prod(dim=-1) for box in (boxes_xyxy, others_xyxy))
    return both / (area[:, :, None] + other[:, None] - both + _EPSILON)


def complete_iou(boxes_xyxy: Tensor, truth_xyxy: Tensor) -> Tensor:
    """(N,): the overlap, less for middles that are apart and for another aspect (CIoU, Zheng et al. 2020)."""
    size, true_size = boxes_xyxy[:, 2:] - boxes_xyxy[:, :2], truth_xyxy[:, 2:] - truth_xyxy[:, :2]
    low = torch.maximum(boxes_xyxy[:, :2], truth_xyxy[:, :2])
    high = torch.minimum(boxes_xyxy[:, 2:], truth_xyxy[:, 2:])
    both = (high - low).clamp(min=0).prod(dim=1)
    overlap = both / (size.prod(dim=1) + true_size.prod(dim=1) - both + _EPSILON)
    hull = torch.maximum(boxes_xyxy[:, 2:], truth_xyxy[:, 2:]) - torch.minimum(boxes_xyxy[:, :2], truth_xyxy[:, :2])
    apart = (boxes_xyxy[:, :2] + boxes_xyxy[:, 2:] - truth_xyxy[:, :2] - truth_xyxy[:, 2:]) / 2
    distance = apart.square().sum(dim=1) / (hull.square().sum(dim=1) + _EPSILON)
    turn = torch.atan2(true_size[:, 0], true_size[:, 1]) - torch.atan2(size[:, 0], size[:, 1])
    aspect = 4 / math.pi**2 * turn.square()
    with torch.no_grad():
        share = aspect / (1 - overlap + aspect + _EPSILON)
    return overlap - distance - share * aspect


def _corner_loss(found: Tensor, truth: Tensor, boxes_xyxy: Tensor, share: Tensor) -> Tensor:
    """The error of the corners in sizes of the plate; 0 where no corners are known."""
    known = ~truth.isnan().any(dim=1)
    boxes, share = boxes_xyxy[known], share[known]
    own = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]]
    size = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 4)
    off = nn.functional.smooth_l1_loss(found[known], (truth[known] - own) / size, reduction="none", beta=_SMOOTH)
    return (share * off.mean(dim=1)).sum() / share.sum().clamp(min=1.0)


def _nearness(answers: Answers, boxes_xyxy: Tensor) -> Tensor:
    """(N, G, M): 0 for cells that can't stand for the plate, else more the nearer, and of the fitting map."""
    size = boxes_xyxy[..., 2:] - boxes_xyxy[..., :2]
    middle = (boxes_xyxy[..., :2] + boxes_xyxy[..., 2:]) / 2
    strides = answers.strides[None, None]
    away = (answers.middles[None, None] - middle[:, :, None]).abs() / strides[..., None]
    reach = torch.maximum(size[:, :, None] / (2 * strides[..., None]), torch.ones(())).clamp(max=_REACH)
    inside = (away <= reach).all(dim=-1) & (size > 0).all(dim=-1)[..., None]
    side = size.clamp(min=1).prod(dim=-1).sqrt()[..., None]
    level = (side / (_CELLS_IN_A_SIDE * strides)).log2().abs()
    return torch.exp(-away.sum(dim=-1) - level) * inside


def _within(points: Tensor, boxes_xyxy: Tensor) -> Tensor:
    """(M, 2) and (N, I, 4) -> whether each point is in each box, (N, I, M)."""
    x, y = points[None, None, :, 0], points[None, None, :, 1]
    left, top, right, bottom = (boxes_xyxy[..., side, None] for side in range(4))
    return (x > left) & (x < right) & (y > top) & (y < bottom)
