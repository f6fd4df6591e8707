from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageFont

from platewatch_training.synthesis.typefaces.fonts import FontEntry, FontOutlines, find_font
from platewatch_training.synthesis.typefaces.typeface import MARGIN_PX, MASTER_PX, TypefaceError


def entry(**more: object) -> FontEntry:
    base = {"name": "test", "package": "fonts-test", "pattern": "Test-*.ttf", "license": "OFL-1.1", "tracking": 0.1}
    return FontEntry.model_validate({**base, **more})


@pytest.fixture(scope="module")
def font_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The font that Pillow carries, so that no test needs an installed one."""
    font = ImageFont.load_default(20)
    assert isinstance(font, ImageFont.FreeTypeFont)
    assert isinstance(font.path, io.BytesIO)
    path = tmp_path_factory.mktemp("fonts") / "deep" / "Test-Regular.ttf"
    path.parent.mkdir()
    path.write_bytes(font.path.getvalue())
    return path


def test_a_font_file_is_found_by_its_pattern_in_any_folder(font_file: Path) -> None:
    assert find_font(entry(), font_file.parent.parent) == font_file


def test_a_missing_font_file_names_the_package_that_has_it(tmp_path: Path) -> None:
    with pytest.raises(TypefaceError, match=r"'test' needs the font file 'Test-\*.ttf'.*apt-get install fonts-test"):
        find_font(entry(), tmp_path)


def test_capitals_fill_the_capital_box(font_file: Path) -> None:
    ink = FontOutlines(entry(), font_file).draw("H", 1.0).ink
    rows = np.flatnonzero(ink.any(axis=1))
    columns = np.flatnonzero(ink.any(axis=0))
    assert rows[0] == pytest.approx(MARGIN_PX, abs=2)
    assert rows[-1] == pytest.approx(MARGIN_PX + MASTER_PX, abs=2)
    assert columns[0] == pytest.approx(MARGIN_PX, abs=2)
    assert ink.shape[1] - columns[-1] == pytest.approx(MARGIN_PX, abs=3)


def test_narrow_characters_are_narrow(font_file: Path) -> None:
    outlines = FontOutlines(entry(), font_file)
    assert outlines.draw("I", 1.0).width < outlines.draw("H", 1.0).width / 3


def test_tails_reach_below_the_capital_box(font_file: Path) -> None:
    ink = FontOutlines(entry(characters="p"), font_file).draw("p", 1.0).ink
    assert ink[MARGIN_PX + MASTER_PX + 10 :].any()


def test_the_stroke_is_that_of_an_h_and_grows_as_asked(font_file: Path) -> None:
    outlines = FontOutlines(entry(), font_file)
    assert 0.05 < outlines.stroke < 0.3
    row = MARGIN_PX + MASTER_PX // 4
    usual = (outlines.draw("I", 1.0).ink[row] > 0).sum()
    bold = (outlines.draw("I", 1.5).ink[row] > 0).sum()
    assert usual == pytest.approx(outlines.stroke * MASTER_PX, rel=0.15)
    assert bold == pytest.approx(usual * 1.5, rel=0.06)


def test_characters_that_the_file_lacks_are_left_out(font_file: Path) -> None:
    outlines = FontOutlines(entry(characters="AZ09京"), font_file)
    assert outlines.characters == frozenset("AZ09")


def test_the_cell_is_the_width_of_a_digit_with_its_sides(font_file: Path) -> None:
    outlines = FontOutlines(entry(), font_file)
    assert outlines.draw("0", 1.0).width / MASTER_PX < outlines.cell < 1
