from __future__ import annotations

import pytest

from platewatch.vision.backends.textlines import propose
from platewatch.vision.geometry import corners_from_box, quad_around
from platewatch.vision.types import BoxXyxy, Corners, Detection


def line(left: float, top: float, right: float, bottom: float, confidence: float = 0.9) -> Detection:
    return Detection(corners_from_box((left, top, right, bottom)), confidence)


def boxes(proposals: list[Detection]) -> set[BoxXyxy]:
    return {
        (round(box[0]), round(box[1]), round(box[2]), round(box[3]))
        for box in (proposal.box_xyxy for proposal in proposals)
    }


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([], set(), id="nothing"),
        pytest.param([line(0, 0, 100, 20)], {(0, 0, 100, 20)}, id="one line"),
        pytest.param([line(0, 0, 20, 100)], set(), id="upright lettering is no row"),
        pytest.param([line(0, 0, 1000, 20)], set(), id="a sentence is no row"),
        pytest.param(
            [line(0, 0, 50, 20), line(60, 0, 110, 20)],
            {(0, 0, 50, 20), (60, 0, 110, 20), (0, 0, 110, 20)},
            id="neighbors join",
        ),
        pytest.param(
            [line(120, 0, 170, 20), line(0, 0, 50, 20), line(60, 0, 110, 20)],
            {(0, 0, 50, 20), (60, 0, 110, 20), (120, 0, 170, 20), (0, 0, 110, 20), (60, 0, 170, 20), (0, 0, 170, 20)},
            id="three neighbors in any order",
        ),
        pytest.param(
            [line(0, 0, 50, 20), line(150, 0, 200, 20)],
            {(0, 0, 50, 20), (150, 0, 200, 20)},
            id="too far apart",
        ),
        pytest.param(
            [line(0, 0, 50, 20), line(60, 12, 110, 32)],
            {(0, 0, 50, 20), (60, 12, 110, 32)},
            id="not on one row",
        ),
        pytest.param(
            [line(0, 0, 50, 20), line(60, 6, 110, 14)],
            {(0, 0, 50, 20), (60, 6, 110, 14)},
            id="too different in height",
        ),
        pytest.param(
            [line(0, 0, 50, 20), line(0, 25, 50, 45)],
            {(0, 0, 50, 20), (0, 25, 50, 45), (0, 0, 50, 45)},
            id="two rows stack",
        ),
        pytest.param(
            [line(0, 0, 50, 20), line(0, 60, 50, 80)],
            {(0, 0, 50, 20), (0, 60, 50, 80)},
            id="rows too far apart",
        ),
        pytest.param(
            [line(0, 0, 50, 20), line(40, 25, 90, 45)],
            {(0, 0, 50, 20), (40, 25, 90, 45)},
            id="rows not above each other",
        ),
        pytest.param(
            [line(0, 0, 200, 20), line(0, 25, 200, 45)],
            {(0, 0, 200, 20), (0, 25, 200, 45)},
            id="two long rows are two plates",
        ),
    ],
)
def test_proposals(lines: list[Detection], expected: set[BoxXyxy]) -> None:
    assert boxes(propose(lines)) == expected


def test_a_two_row_plate_may_have_two_parts_on_a_row() -> None:
    lines = [line(0, 0, 40, 20), line(48, 0, 88, 20), line(4, 26, 84, 46)]
    assert (0, 0, 88, 46) in boxes(propose(lines))


def test_neighbors_on_a_tilted_row_join_to_a_tilted_quad() -> None:
    left: Corners = ((0, 0), (48, 14), (42.4, 33.2), (-5.6, 19.2))
    right: Corners = ((57.6, 16.8), (105.6, 30.8), (100, 50), (52, 36))
    expected = quad_around([*left, *right])
    joined = [found for found in propose([Detection(left, 0.9), Detection(right, 0.6)]) if found.corners == expected]
    assert [found.confidence for found in joined] == [0.6]


def test_a_page_of_text_is_bounded_and_the_most_confident_lines_stay() -> None:
    page = [line(0, 100 * row, 80, 100 * row + 20, confidence=row / 1000) for row in range(500)]
    proposals = propose(page)
    assert len(proposals) == 40
    assert min(found.confidence for found in proposals) == 0.46
