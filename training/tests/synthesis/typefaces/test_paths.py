from __future__ import annotations

import math

import numpy as np
import pytest

from platewatch_training.synthesis.typefaces.paths import Grid, Ink, PathError, Pen, fill, parse_path, stroke

SIZE = 100
GRID = Grid((1.0, 1.0), (0.0, 0.0), (SIZE, SIZE))


def blank() -> Ink:
    return np.zeros((SIZE, SIZE), dtype=np.uint8)


def area(ink: Ink) -> float:
    return float((ink > 0).sum())


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        pytest.param("M 1 2 L 3 4", [(1, 2), (3, 4)], id="line"),
        pytest.param("M1,2L3,4", [(1, 2), (3, 4)], id="commas and no spaces"),
        pytest.param("M 1 2 3 4 5 6", [(1, 2), (3, 4), (5, 6)], id="more numbers after M are lines"),
        pytest.param("M 1 2 H 7 V -3.5", [(1, 2), (7, 2), (7, -3.5)], id="horizontal and vertical"),
        pytest.param("M 0 0 L .5 1e1", [(0, 0), (0.5, 10)], id="short and exponent numbers"),
    ],
)
def test_straight_commands_give_their_points(text: str, ends: list[tuple[float, float]]) -> None:
    (line,) = parse_path(text)
    assert not line.closed
    np.testing.assert_allclose(line.points, ends)


@pytest.mark.parametrize(
    ("text", "middle"),
    [
        pytest.param("M 0 0 Q 10 20 20 0", (10, 10), id="quadratic"),
        pytest.param("M 0 0 C 0 20 20 20 20 0", (10, 15), id="cubic"),
        pytest.param("M 0 10 A 10 10 0 0 1 20 10", (10, 0), id="half circle clockwise"),
        pytest.param("M 0 10 A 10 10 0 0 0 20 10", (10, 20), id="half circle counterclockwise"),
        pytest.param("M 0 10 A 10 5 0 0 1 20 10", (10, 5), id="half ellipse"),
        pytest.param("M 0 10 A 5 10 90 0 1 20 10", (10, 5), id="turned ellipse"),
        pytest.param("M 0 10 A 1 1 0 0 1 20 10", (10, 0), id="radius too small grows to reach"),
    ],
)
def test_curves_pass_through_their_middle(text: str, middle: tuple[float, float]) -> None:
    (line,) = parse_path(text)
    distance = np.linalg.norm(line.points - np.array(middle), axis=1).min()
    assert distance < 1e-6
    np.testing.assert_allclose(line.points[-1], [20, line.points[0, 1]])


def test_the_large_arc_flag_takes_the_long_way_round() -> None:
    (small,) = parse_path("M 10 0 A 10 10 0 0 1 20 10")
    (large,) = parse_path("M 10 0 A 10 10 0 1 1 20 10")
    assert small.points[:, 0].max() == pytest.approx(20)
    assert large.points[:, 0].max() == pytest.approx(30, abs=0.1)
    assert large.points[:, 1].min() == pytest.approx(-10, abs=0.1)


def test_an_arc_without_radius_is_a_line() -> None:
    (line,) = parse_path("M 0 0 A 0 5 0 0 1 8 0")
    np.testing.assert_allclose(line.points, [(0, 0), (8, 0)])


def test_every_m_begins_a_line_and_z_closes_it() -> None:
    lines = parse_path("M 0 0 H 4 V 4 Z M 9 9 L 8 8")
    assert [line.closed for line in lines] == [True, False]
    assert [len(line.points) for line in lines] == [3, 2]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("L 1 2", "must begin with M", id="no start"),
        pytest.param("M 1", "gives 1 numbers to M", id="number missing"),
        pytest.param("M 0 0 A 1 2 3", "gives 3 numbers to A", id="arc cut short"),
        pytest.param("M 0 0 Z 5", "gives 1 numbers to Z", id="number too many"),
        pytest.param("M 0 0 l 5 5", "has 'l'", id="relative command"),
        pytest.param("M 0 0 S 5 5 1 1", "has 'S'", id="command outside of the subset"),
        pytest.param("5 M 0 0", "has '5'", id="number first"),
        pytest.param("M 0 0 L 5 ?", "can't be read", id="unknown sign"),
    ],
)
def test_paths_that_cannot_be_read_say_why(text: str, words: str) -> None:
    with pytest.raises(PathError, match=words) as error:
        parse_path(text)
    assert text in str(error.value)


def test_an_empty_path_draws_nothing() -> None:
    assert parse_path("  ") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("M 20 20 H 60 V 70 H 20 Z", 40 * 50, id="rectangle"),
        pytest.param("M 20 20 H 60 V 70 H 20 Z M 30 30 H 50 V 60 H 30 Z", 40 * 50 - 20 * 30, id="hole by even-odd"),
        pytest.param("M 20 50 A 30 30 0 0 1 80 50 A 30 30 0 0 1 20 50 Z", math.pi * 900, id="disc"),
    ],
)
def test_fill_covers_the_inside(text: str, expected: float) -> None:
    ink = blank()
    fill(ink, parse_path(text), GRID)
    assert area(ink) == pytest.approx(expected, rel=0.11)


def test_two_fills_add_up_instead_of_undoing_each_other() -> None:
    ink = blank()
    for _ in range(2):
        fill(ink, parse_path("M 20 20 H 60 V 70 H 20 Z"), GRID)
    assert ink[40, 40] == 255


@pytest.mark.parametrize(
    ("caps", "expected"),
    [pytest.param("butt", 60 * 10, id="butt"), pytest.param("round", 60 * 10 + math.pi * 25, id="round")],
)
def test_a_straight_stroke_has_the_pen_s_width_and_caps(caps: str, expected: float) -> None:
    ink = blank()
    stroke(ink, parse_path("M 20 50 H 80"), Pen(10, caps="round" if caps == "round" else "butt"), GRID)
    assert area(ink) == pytest.approx(expected, rel=0.13)
    rows = np.flatnonzero(ink[:, 50])
    assert 10 <= len(rows) <= 12


@pytest.mark.parametrize(
    ("text", "corner"),
    [
        pytest.param("M 20 80 V 20 H 80", (15, 15), id="turn to the right"),
        pytest.param("M 80 20 H 20 V 80", (15, 15), id="turn to the left"),
        pytest.param("M 20 20 H 80 V 80 H 20 Z", (15, 15), id="where a closed line begins"),
    ],
)
def test_miter_joins_fill_the_corner_and_round_joins_do_not(text: str, corner: tuple[int, int]) -> None:
    sharp, soft = blank(), blank()
    stroke(sharp, parse_path(text), Pen(10, joins="miter"), GRID)
    stroke(soft, parse_path(text), Pen(10, joins="round"), GRID)
    assert sharp[corner] == 255
    assert soft[corner] == 0
    assert soft[18, 18] == 255


def test_a_needle_is_cut_off_instead_of_drawn_out() -> None:
    ink = blank()
    stroke(ink, parse_path("M 10 48 L 60 50 L 10 52"), Pen(4), GRID)
    assert np.flatnonzero(ink.any(axis=0))[-1] <= 63


def test_points_that_repeat_do_no_harm() -> None:
    plain, repeated = blank(), blank()
    stroke(plain, parse_path("M 20 20 H 80 V 80"), Pen(8), GRID)
    stroke(repeated, parse_path("M 20 20 L 20 20 H 80 L 80 20 V 80 L 80 80"), Pen(8), GRID)
    np.testing.assert_array_equal(plain, repeated)


def test_a_stroke_of_one_place_is_a_dot() -> None:
    ink = blank()
    stroke(ink, parse_path("M 50 50 L 50 50"), Pen(20), GRID)
    assert area(ink) == pytest.approx(math.pi * 100, rel=0.15)


def test_the_grid_scales_and_moves() -> None:
    ink = blank()
    fill(ink, parse_path("M 0 0 H 10 V 10 H 0 Z"), Grid((2.0, 4.0), (30.0, 20.0), (SIZE, SIZE)))
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    assert (rows[0], columns[0]) == pytest.approx((20, 30), abs=1)
    assert (rows[-1], columns[-1]) == pytest.approx((59, 49), abs=1)
