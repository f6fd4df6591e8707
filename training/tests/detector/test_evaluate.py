from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from platewatch.vision.types import BoxXyxy, Detection, ImageBgr
from platewatch_training.datasets.photos import LabelledPhoto, LabelledPlate
from platewatch_training.detector.evaluate import (
    MIN_SCORE,
    WIDTHS,
    FalsePlate,
    Find,
    Findings,
    Plate,
    evaluate,
    finder,
    together,
)
from platewatch_training.detector.network import DetectorNetwork

TRUTH = (100.0, 100.0, 200.0, 120.0)


def photo(*boxes: BoxXyxy, corners: bool = False, labelled: bool = True) -> LabelledPhoto:
    plates = []
    for box in boxes:
        left, top, right, bottom = box
        quad = np.asarray([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
        plates.append(LabelledPlate(np.asarray(box, np.float32), quad if corners else None))
    return LabelledPhoto(np.zeros((240, 320, 3), np.uint8), tuple(plates) if labelled else None, (), "a/b.png")


def always(*found: tuple[BoxXyxy, float]) -> Find:
    def find(_: ImageBgr) -> list[Detection]:
        return [
            Detection(((left, top), (right, top), (right, bottom), (left, bottom)), score)
            for (left, top, right, bottom), score in found
        ]

    return find


def findings(*scores: float, false: tuple[float, ...] = (), photos: int = 10) -> Findings:
    plates = tuple(Plate(20.0 + 30 * index, one, one / 2, None, TRUTH, 0) for index, one in enumerate(scores))
    return Findings("set", photos, plates, tuple(FalsePlate(one, TRUTH, 0) for one in false))


@pytest.mark.parametrize(
    ("box", "at_50", "at_70", "false"),
    [
        pytest.param((100, 100, 200, 120), 0.9, 0.9, 0, id="right"),
        pytest.param((100, 100, 200, 133), 0.9, 0.0, 0, id="too high, 0.6 of overlap"),
        pytest.param((140, 100, 240, 120), 0.0, 0.0, 0, id="beside, 0.43 of overlap: neither found nor false"),
        pytest.param((190, 100, 290, 120), 0.0, 0.0, 1, id="hardly touching"),
        pytest.param((10, 10, 60, 30), 0.0, 0.0, 1, id="elsewhere"),
    ],
)
def test_a_detection_counts_by_its_overlap(box: BoxXyxy, at_50: float, at_70: float, false: int) -> None:
    found = evaluate("set", [photo(TRUTH)], always((box, 0.9)))
    assert [(plate.score_50, plate.score_70) for plate in found.plates] == [(at_50, at_70)]
    assert len(found.false) == false


def test_the_most_confident_of_those_that_overlap_counts() -> None:
    found = evaluate("set", [photo(TRUTH)], always((TRUTH, 0.3), ((100, 100, 200, 130), 0.8), ((0, 0, 9, 9), 0.5)))
    assert (found.plates[0].score_50, found.plates[0].score_70) == (0.8, 0.3)
    assert [one.score for one in found.false] == [0.5]


def test_widths_are_those_of_a_photo_640_pixels_long() -> None:
    assert evaluate("set", [photo(TRUTH)], always()).plates[0].width == pytest.approx(200)


def test_corners_are_compared_where_they_are_known() -> None:
    shifted = (104.0, 103.0, 204.0, 123.0)
    known = evaluate("set", [photo(TRUTH, corners=True)], always((shifted, 0.9)))
    assert known.plates[0].corner_error == pytest.approx(0.05)
    assert known.corner_error() == pytest.approx(5.0)
    assert evaluate("set", [photo(TRUTH)], always((shifted, 0.9))).corner_error() is None
    assert evaluate("set", [photo(TRUTH, corners=True)], always()).corner_error() is None


def test_photos_without_labels_are_passed_over_and_empty_ones_are_not() -> None:
    photos = [photo(labelled=False), photo(), photo(TRUTH)]
    found = evaluate("set", photos, always((TRUTH, 0.7)))
    assert found.photos == 2
    assert [plate.photo for plate in found.plates] == [2]
    assert [one.photo for one in found.false] == [1]


@pytest.mark.parametrize(("threshold", "recall", "false"), [(0.1, 100, 0.3), (0.5, 50, 0.2), (0.95, 0, 0.0)])
def test_shares_at_a_threshold(threshold: float, recall: float, false: float) -> None:
    found = findings(0.9, 0.4, false=(0.8, 0.6, 0.2))
    assert found.recall(threshold) == recall
    assert found.false_per_photo(threshold) == pytest.approx(false)


def test_the_recall_of_tighter_boxes_has_scores_of_its_own() -> None:
    assert findings(0.9).recall(0.5, 70) == 0
    assert findings(0.9).recall(0.4, 70) == 100


@pytest.mark.parametrize(("allowed", "left"), [(0.0, 0), (0.1, 1), (0.25, 2), (5.0, 3)])
def test_the_threshold_for_so_many_false_ones(allowed: float, left: int) -> None:
    found = findings(0.9, false=(0.8, 0.6, 0.2))
    threshold = found.threshold_for(allowed)
    assert sum(one.score >= threshold for one in found.false) == left
    assert threshold >= MIN_SCORE


def test_nothing_has_figures_too() -> None:
    empty = Findings("set", 0, (), ())
    assert (empty.recall(0.5), empty.false_per_photo(0.5), empty.corner_error()) == (100.0, 0.0, None)
    assert empty.threshold_for(0.05) == MIN_SCORE


def test_classes_of_width_share_all_plates_among_them() -> None:
    found = findings(0.9, 0.8, 0.7, false=(0.5,))
    classes = [found.of_width(*borders) for borders in pairwise(WIDTHS)]
    assert sum(len(one.plates) for one in classes) == 3
    assert all(one.false == found.false for one in classes)
    assert [plate.width for plate in found.of_width(24).plates] == [50, 80]


def test_sets_are_put_together() -> None:
    both = together("both", [findings(0.9, false=(0.1,)), findings(0.1, photos=5)])
    assert (both.name, both.photos, both.recall(0.5), len(both.false)) == ("both", 15, 50.0, 1)


def test_a_network_finds_as_the_server_does() -> None:
    torch.manual_seed(1)
    network = DetectorNetwork((4, 4, 8, 8, 8), (0, 0, 0, 0), 8)
    with torch.no_grad():
        network.state_dict()["head.score.bias"].fill_(3.0)
    image: ImageBgr = np.random.default_rng(1).integers(0, 255, (90, 160, 3), dtype=np.uint8)
    found = finder(network, 128)(image)
    assert found
    assert [one.confidence for one in found] == sorted((one.confidence for one in found), reverse=True)
    assert all(0 <= x <= 160 and 0 <= y <= 90 for one in found for x, y in one.corners)
