from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from platewatch_training.synthesis.typefaces.typeface import (
    MARGIN_PX,
    MASTER_PX,
    Mask,
    Master,
    Merged,
    Spacing,
    Typeface,
    TypefaceError,
    thicken,
)


@dataclass(frozen=True, eq=False)
class Blocks:
    """Solid boxes as glyphs: `I` a fifth of the height wide, `O` half of it, `Q` like O with a tail below."""

    stroke: float = 0.2
    tail_px: int = 32

    @property
    def characters(self) -> frozenset[str]:
        return frozenset("IOQ ")

    def draw(self, character: str, stroke_scale: float) -> Master:
        width = {"I": MASTER_PX // 5, "O": MASTER_PX // 2, "Q": MASTER_PX // 2, " ": 8}[character]
        ink = np.zeros((MASTER_PX + 2 * MARGIN_PX, width + 2 * MARGIN_PX), dtype=np.uint8)
        if character != " ":
            ink[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX] = 255
        if character == "Q":
            ink[-MARGIN_PX : -MARGIN_PX + self.tail_px, MARGIN_PX : MARGIN_PX + 40] = 255
        return Master(thicken(ink, (stroke_scale - 1) * 0.1 * MASTER_PX), float(width))


class Words(Blocks):
    """Draws a whole word, as a script must whose characters join: a solid box for every word."""

    def draw(self, character: str, stroke_scale: float) -> Master:
        return super().draw("O" if len(character) > 1 else character, stroke_scale)


def blocks(*, tracking: float = 0.1, cell: float | None = None) -> Typeface:
    return Typeface("blocks", "test", tracking, cell, Blocks())


def runs(mask: Mask) -> list[tuple[int, int]]:
    """First and last inked column of every run of inked columns."""
    inked = np.concatenate([[False], mask.max(axis=0) > 0.5, [False]])
    edges = np.flatnonzero(inked[1:] != inked[:-1])
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


@pytest.mark.parametrize("height_px", [2, 7, 20, 75, 320, 500])
def test_a_glyph_has_the_asked_height_and_its_own_width(height_px: int) -> None:
    mask = blocks().glyph_mask("O", height_px)
    assert mask.dtype == np.float32
    assert mask.shape == (height_px, round(height_px / 2))
    assert mask.min() >= 0
    assert mask.max() == pytest.approx(1)
    assert mask.mean() > 0.97


def test_a_tail_makes_the_mask_larger_on_both_sides_so_that_the_capitals_stay_in_the_middle() -> None:
    plain, tailed = blocks().glyph_mask("O", 100), blocks().glyph_mask("Q", 100)
    margin = (tailed.shape[0] - plain.shape[0]) // 2
    assert margin == 10
    np.testing.assert_allclose(tailed[margin:-margin], plain, atol=0.02)
    assert tailed[:margin].max() < 0.02
    assert tailed[-margin:].max() == pytest.approx(1)


def test_bold_strokes_grow_out_of_the_box_evenly() -> None:
    mask = blocks().glyph_mask("I", 100, stroke_scale=1.5)
    assert mask.shape == (110, 30)
    assert blocks().glyph_mask("I", 100, stroke_scale=0.5).mean() < 0.6


def test_masks_are_kept_and_cannot_be_changed() -> None:
    typeface = blocks()
    mask = typeface.glyph_mask("O", 40)
    assert typeface.glyph_mask("O", 40) is mask
    with pytest.raises(ValueError, match="read-only"):
        mask[0, 0] = 0


def test_stroke_scales_that_are_nearly_the_same_share_a_mask() -> None:
    typeface = blocks()
    mask = typeface.glyph_mask("O", 40, stroke_scale=1.19)
    assert typeface.glyph_mask("O", 40, stroke_scale=1.21) is mask
    assert typeface.glyph_mask("O", 40, stroke_scale=1.26) is not mask


@pytest.mark.parametrize(
    ("call", "words"),
    [
        pytest.param(lambda face: face.glyph_mask("X", 40), "'blocks' can't draw 'X'", id="unknown character"),
        pytest.param(lambda face: face.line_mask("IXI", 40), "can't draw 'X'", id="unknown character in a line"),
        pytest.param(lambda face: face.glyph_mask("O", 1), "1 px is out of range", id="too small"),
        pytest.param(lambda face: face.line_mask("O", 5000), "5000 px is out of range", id="too large"),
        pytest.param(lambda face: face.glyph_mask("O", 40, stroke_scale=0.1), "0.1 is out of range", id="too thin"),
        pytest.param(lambda face: face.line_mask("O", 40, stroke_scale=3), "3 is out of range", id="too bold"),
        pytest.param(lambda face: face.line_mask("", 40), "nothing to draw", id="empty line"),
        pytest.param(lambda face: face.line_mask("   ", 40), "nothing to draw", id="only spaces"),
        pytest.param(lambda face: face.glyph_mask(" ", 40), "has no ink", id="blank glyph"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call: Callable[[Typeface], object], words: str) -> None:
    with pytest.raises(TypefaceError, match=words):
        call(blocks())


@pytest.mark.parametrize(
    ("typeface", "spacing", "expected"),
    [
        pytest.param(blocks(), None, [(0, 50), (60, 80), (90, 110)], id="own tracking"),
        pytest.param(blocks(), Spacing(tracking=0.3), [(0, 50), (80, 100), (130, 150)], id="wide tracking"),
        pytest.param(blocks(), Spacing(tracking=0), [(0, 50), (50, 70), (70, 90)], id="no tracking"),
        pytest.param(blocks(), Spacing(width_factor=0.5), [(0, 25), (35, 45), (55, 65)], id="narrow, gaps stay"),
        pytest.param(blocks(cell=0.5), None, [(0, 50), (60, 110), (120, 170)], id="monospace"),
    ],
)
def test_spans_follow_widths_and_tracking(
    typeface: Typeface, spacing: Spacing | None, expected: list[tuple[float, float]]
) -> None:
    spans = typeface.line_spans("OII", 100, spacing=spacing)
    assert [(span.left, span.right) for span in spans] == [pytest.approx(pair) for pair in expected]


def test_a_space_is_as_wide_as_the_gap_says() -> None:
    spans = blocks().line_spans("I I", 100, spacing=Spacing(tracking=0.1, gap=0.6))
    assert [span.character for span in spans] == ["I", " ", "I"]
    assert spans[1].right - spans[1].left == pytest.approx(60)
    assert blocks().line_spans("I I", 100)[1].right - blocks().line_spans("I I", 100)[1].left == pytest.approx(35)


@pytest.mark.parametrize("height_px", [20, 33, 100])
def test_a_line_has_its_glyphs_where_the_spans_say(height_px: int) -> None:
    text = "OI IO"
    spans = [span for span in blocks().line_spans(text, height_px) if span.character != " "]
    mask = blocks().line_mask(text, height_px)
    assert mask.shape[0] == height_px
    for (start, end), span in zip(runs(mask), spans, strict=True):
        assert start == pytest.approx(span.left, abs=1)
        assert end == pytest.approx(span.right, abs=1)


def test_a_line_s_middle_is_the_middle_of_its_capitals() -> None:
    mask = blocks().line_mask("OQI", 100)
    assert mask.shape[0] == 120
    assert mask[10:-10, 5].min() == pytest.approx(1, abs=0.02)
    assert mask[:10].max() < 0.02


def test_bold_lines_keep_the_ink_at_their_ends() -> None:
    mask = blocks(tracking=0.3).line_mask("II", 100, stroke_scale=1.5)
    assert [end - start for start, end in runs(mask)] == [30, 30]
    assert mask.shape[0] == 110


def test_narrow_lines_have_narrow_glyphs() -> None:
    ends = runs(blocks().line_mask("OO", 100, spacing=Spacing(width_factor=0.5)))
    assert [end - start for start, end in ends] == [25, 25]


def test_monospace_glyphs_stand_in_the_middle_of_their_cells() -> None:
    (start, end), _ = runs(blocks(cell=0.6).line_mask("IO", 100))
    first = blocks(cell=0.6).line_spans("IO", 100)[0]
    assert (start + end) / 2 == pytest.approx((first.left + first.right) / 2, abs=1)
    assert end - start == 20


def test_overlapping_glyphs_keep_the_darker_pixel() -> None:
    mask = blocks().line_mask("OO", 100, spacing=Spacing(tracking=-0.1))
    assert runs(mask) == [(0, 90)]
    assert mask.max() == pytest.approx(1)


@pytest.mark.parametrize(
    ("growth", "expected"),
    [pytest.param(0, 20, id="none"), pytest.param(3, 26, id="grown"), pytest.param(-3, 14, id="shrunk")],
)
def test_thicken_moves_the_edge_on_every_side(growth: float, expected: int) -> None:
    ink = np.zeros((60, 60), dtype=np.uint8)
    ink[20:40, 20:40] = 255
    grown = thicken(ink, growth)
    assert (grown[30] > 0).sum() == pytest.approx(expected, abs=1)
    assert (grown[:, 30] > 0).sum() == pytest.approx(expected, abs=1)


def test_merged_outlines_prefer_the_first() -> None:
    bold = Blocks(stroke=0.4, tail_px=64)
    merged = Merged(bold, Blocks())
    assert merged.stroke == pytest.approx(0.4)
    assert merged.characters == bold.characters
    np.testing.assert_array_equal(merged.draw("Q", 1.0).ink, bold.draw("Q", 1.0).ink)


def test_merged_outlines_take_the_rest_from_the_second() -> None:
    @dataclass(frozen=True, eq=False)
    class OnlyX(Blocks):
        @property
        def characters(self) -> frozenset[str]:
            return frozenset("X")

        def draw(self, character: str, stroke_scale: float) -> Master:
            assert character == "X"
            return Blocks.draw(self, "O", stroke_scale)

    merged = Merged(OnlyX(), Blocks())
    assert merged.characters == frozenset("XIOQ ")
    assert merged.draw("I", 1.0).width == MASTER_PX // 5
    assert merged.draw("X", 1.0).width == MASTER_PX // 2


def test_a_narrow_gap_is_less_than_a_space_and_has_no_ink() -> None:
    tight, narrow, wide = (runs(blocks().line_mask(text, 100)) for text in ("II", "I_I", "I I"))
    assert len(tight) == len(narrow) == len(wide) == 2
    assert tight[1][0] + 10 < narrow[1][0] < wide[1][0] - 10
    with pytest.raises(TypefaceError, match="nothing to draw"):
        blocks().line_mask(" _", 100)


def test_a_line_of_joined_characters_is_one_glyph() -> None:
    face = Typeface("joined", "test", 0.1, None, Words(), joined=True)
    assert runs(face.line_mask("OI", 100)) == [(0, 50)]
    with pytest.raises(TypefaceError, match="can't draw 'OX'"):
        face.line_mask("OX", 100)
