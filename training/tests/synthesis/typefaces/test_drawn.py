from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pydantic import ValidationError

from platewatch_training.synthesis.typefaces.drawn import DrawnOutlines, TypefaceEntry, stretched
from platewatch_training.synthesis.typefaces.paths import Ink
from platewatch_training.synthesis.typefaces.typeface import MARGIN_PX, MASTER_PX, Master, Outlines, TypefaceError

BASE: dict[str, object] = {"name": "test", "source": "made up", "height": 100, "stroke": 20, "tracking": 10}
BAR = {"width": 20, "stroke": ["M 10 0 V 100"]}
UNIT = MASTER_PX / 100


def outlines(glyphs: dict[str, object], **more: object) -> DrawnOutlines:
    fallback = more.pop("loader", None)
    entry = TypefaceEntry.model_validate({**BASE, "glyphs": glyphs, **more})
    return DrawnOutlines(entry, fallback if callable(fallback) else None)


def box(master: Master) -> Ink:
    return master.ink[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX]


def inked_share(master: Master) -> float:
    return float((box(master) > 0).mean())


def test_a_stroke_is_drawn_with_the_typeface_s_pen() -> None:
    master = outlines({"I": BAR}).draw("I", 1.0)
    assert master.width == pytest.approx(20 * UNIT)
    assert master.ink.shape == (MASTER_PX + 2 * MARGIN_PX, 20 * UNIT + 2 * MARGIN_PX)
    assert inked_share(master) == pytest.approx(1, abs=0.01)


def test_a_glyph_s_own_pen_wins() -> None:
    master = outlines({"I": {**BAR, "pen": 10}}).draw("I", 1.0)
    assert inked_share(master) == pytest.approx(0.5, abs=0.04)


def test_fill_and_stroke_add_up() -> None:
    master = outlines({"T": {"width": 60, "stroke": ["M 30 0 V 100"], "fill": "M 0 0 H 60 V 20 H 0 Z"}}).draw("T", 1.0)
    ink = box(master)
    assert ink[10, 5] == 255
    assert ink[-5, round(30 * UNIT)] == 255
    assert ink[-5, 5] == 0


def test_strokes_are_cut_off_at_the_capital_box_so_that_legs_stand_flat() -> None:
    master = outlines({"/": {"width": 60, "stroke": ["M -10 130 L 70 -30"]}}).draw("/", 1.0)
    outside = master.ink.copy()
    outside[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX] = 0
    assert outside.max() == 0
    assert box(master)[0].any()
    assert box(master)[-1].any()


def test_other_heights_only_change_the_units() -> None:
    small = outlines({"I": BAR}).draw("I", 1.0)
    large = outlines({"I": {"width": 200, "stroke": ["M 100 0 V 1000"]}}, height=1000, stroke=200).draw("I", 1.0)
    np.testing.assert_array_equal(small.ink, large.ink)


@pytest.mark.parametrize(("scale", "expected"), [(1.0, 20), (1.5, 30), (0.5, 10)])
def test_strokes_are_as_wide_as_asked(scale: float, expected: float) -> None:
    master = outlines({"I": {"width": 60, "stroke": ["M 30 0 V 100"]}}).draw("I", scale)
    middle = master.ink[master.ink.shape[0] // 2]
    assert (middle > 0).sum() / UNIT == pytest.approx(expected, abs=0.7)


def test_the_usual_stroke_is_a_share_of_the_height() -> None:
    assert outlines({"I": BAR}).stroke == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        pytest.param({"glyphs": {}}, "glyphs", id="no glyphs"),
        pytest.param({"glyphs": {"AB": BAR}}, "glyphs.AB", id="two characters as one glyph"),
        pytest.param({"glyphs": {"A": {"width": 20}}}, "glyphs.A", id="glyph without ink"),
        pytest.param({"glyphs": {"A": {**BAR, "width": 0}}}, "glyphs.A.width", id="no width"),
        pytest.param({"glyphs": {"A": {**BAR, "colour": 1}}}, "glyphs.A.colour", id="unknown key of a glyph"),
        pytest.param({"glyphs": {"A": BAR}, "slant": 3}, "slant", id="unknown key"),
        pytest.param({"glyphs": {"A": BAR}, "caps": "square"}, "caps", id="unknown caps"),
        pytest.param({"glyphs": {"A": BAR}, "tracking": -1}, "tracking", id="negative tracking"),
    ],
)
def test_entries_that_cannot_be_used_name_the_place(entry: dict[str, object], place: str) -> None:
    with pytest.raises(ValidationError) as error:
        TypefaceEntry.model_validate({**BASE, **entry})
    assert any(".".join(map(str, one["loc"])).startswith(place) for one in error.value.errors())


def test_a_wrong_path_names_the_glyph_and_the_typeface() -> None:
    with pytest.raises(TypefaceError, match=r"'K' of the typeface 'test'.*must begin with M"):
        _ = outlines({"I": BAR, "K": {"width": 9, "stroke": ["L 1 1"]}}).paths


def test_a_fallback_draws_stretched_what_is_not_drawn() -> None:
    drawn = outlines({"I": BAR, "川": {"width": 40, "fill": "M 10 40 H 30 V 60 H 10 Z"}})
    face = outlines(
        {"I": BAR},
        loader=lambda: drawn,
        fallback={"typeface": "other", "characters": "川", "width": 50},
    )
    assert face.characters == frozenset("I川")
    master = face.draw("川", 1.0)
    assert master.width == pytest.approx(50 * UNIT)
    assert inked_share(master) == pytest.approx(1, abs=0.01)


def test_the_fallback_is_loaded_only_when_it_is_needed() -> None:
    def missing() -> Outlines:
        message = "not installed"
        raise TypefaceError(message)

    loader: Callable[[], Outlines] = missing
    face = outlines({"I": BAR}, loader=loader, fallback={"typeface": "other", "characters": "川", "width": 50})
    assert inked_share(face.draw("I", 1.0)) > 0.9
    with pytest.raises(TypefaceError, match="not installed"):
        face.draw("川", 1.0)


def test_without_a_fallback_an_unknown_glyph_is_refused() -> None:
    with pytest.raises(TypefaceError, match="neither a glyph 'X' nor a fallback"):
        outlines({"I": BAR}).draw("X", 1.0)


def test_stretching_fills_the_box_with_the_ink() -> None:
    ink = np.zeros((MASTER_PX + 2 * MARGIN_PX, 400), dtype=np.uint8)
    ink[200:240, 150:200] = 255
    master = stretched(Master(ink, 208.0), 100.0)
    assert master.ink.shape == (MASTER_PX + 2 * MARGIN_PX, 100 + 2 * MARGIN_PX)
    assert (box(master) == 255).all()
    assert master.ink.sum() == box(master).sum()


def test_stretched_ink_can_grow_bolder_inside_the_same_box() -> None:
    ink = np.zeros((MASTER_PX + 2 * MARGIN_PX, 400), dtype=np.uint8)
    ink[200:300, 150:160] = ink[200:300, 190:200] = 255
    shares = [inked_share(stretched(Master(ink, 208.0), 100.0, grow_px=grow)) for grow in (0, 6)]
    assert shares[0] == pytest.approx(0.4, abs=0.02)
    assert shares[1] > 0.5
