from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from platewatch_training.synthesis.layouts import Layout, PlateText, load_layouts
from platewatch_training.synthesis.plates import DrawnPlate, draw_plate

pytestmark = pytest.mark.usefixtures("fonts")

LAYOUTS = {layout.name: layout for layout in load_layouts()}
PLAIN = {
    "name": "test-plain",
    "region": "de",
    "title": "a plain plate",
    "source": "made up",
    "size_mm": [500, 100],
    "relief": "embossed",
    "typefaces": "fe-schrift",
    "colors": [{"background": "#ffffff", "ink": "#000000"}],
    "rows": [{"pattern": "[A-Z]{2} [0-9]{3}", "height_mm": 70}],
}


def plain(**fields: object) -> Layout:
    return Layout.model_validate(PLAIN | {"typefaces": {"fe-schrift": 1}} | fields)


def drawn(layout: Layout, seed: int = 1, px_per_mm: float = 1.0, text: PlateText | None = None) -> DrawnPlate:
    return draw_plate(layout, np.random.default_rng(seed), px_per_mm, text)


def darkness(plate: DrawnPlate) -> np.ndarray:
    return np.asarray(255 - plate.picture.mean(axis=2))


def test_a_plate_has_the_size_of_its_layout() -> None:
    plate = drawn(plain(), px_per_mm=0.8)
    assert plate.picture.shape == (80, 400, 3)
    assert plate.picture.dtype == np.float32
    assert plate.shape.shape == plate.relief.shape == (80, 400)


def test_the_number_is_dark_on_a_light_ground_and_in_the_middle() -> None:
    dark = darkness(drawn(plain()))
    rows, columns = np.nonzero(dark > 150)
    assert abs(rows.mean() - 50) < 6
    assert abs(columns.mean() - 250) < 25
    assert rows.max() - rows.min() == pytest.approx(70, abs=4)


def test_an_embossed_plate_has_relief_where_the_ink_is_and_a_flat_one_has_none() -> None:
    raised = drawn(plain())
    assert raised.relief[darkness(raised) > 200].mean() > 0.9
    assert drawn(plain(relief="flat")).relief.max() == 0


def test_the_same_seed_draws_the_same_plate() -> None:
    first, again, other = drawn(plain()), drawn(plain()), drawn(plain(), seed=2)
    assert np.array_equal(first.picture, again.picture)
    assert first.text == again.text
    assert other.text != first.text


def test_a_given_number_is_drawn() -> None:
    text = PlateText(("AB 123",), "AB123", "de")
    assert drawn(plain(), text=text).text == "AB123"


def test_two_rows_stand_above_each_other() -> None:
    layout = plain(
        size_mm=[200, 200], rows=[{"pattern": "[A-Z]{2}", "height_mm": 70}, {"pattern": "[0-9]{3}", "height_mm": 70}]
    )
    inked = (darkness(drawn(layout)) > 150).any(axis=1)
    rises = np.flatnonzero(np.diff(inked.astype(int)) == 1)
    assert len(rises) == 2


def test_a_number_too_wide_for_its_plate_is_squeezed_between_the_bands() -> None:
    band = {"side": "left", "width_mm": 40, "color": "#003399"}
    layout = plain(size_mm=[300, 100], bands=[band], rows=[{"pattern": "[A-Z]{9}", "height_mm": 80}])
    dark = darkness(drawn(layout)) > 200
    assert not dark[:, 298:].any()
    assert drawn(layout).picture[50, 20, 0] > 100


def test_a_band_has_its_color_and_stars() -> None:
    band = {"side": "left", "width_mm": 40, "color": "#0033aa", "code": "D", "stars": True}
    picture = drawn(plain(bands=[band])).picture
    assert picture[60, 4] == pytest.approx([170, 51, 0], abs=2)
    assert (picture[10:50, 5:35, 2] > 200).any()


def test_a_band_along_a_part_of_its_side_ends_there_and_leaves_the_other_row_its_room() -> None:
    band = {"side": "left", "width_mm": 60, "color": "#0033aa", "span_mm": [0, 90]}
    rows = [{"pattern": "II", "height_mm": 70}, {"pattern": "WWWW", "height_mm": 70}]
    plate = drawn(plain(size_mm=[240, 200], bands=[band], rows=rows))
    assert plate.picture[80, 5] == pytest.approx([170, 51, 0], abs=2)
    assert plate.picture[100, 5].min() > 150
    left_of = [np.flatnonzero((plate.relief[part] > 0.5).any(axis=0))[0] for part in (slice(0, 95), slice(105, 200))]
    assert left_of[0] > 60 > left_of[1]


def test_numbers_are_set_a_little_differently_on_each_plate() -> None:
    text = PlateText(("AB 123",), "AB123", "de")
    columns = [np.flatnonzero((drawn(plain(), seed, text=text).relief > 0.5).any(axis=0)) for seed in range(12)]
    widths = [int(each[-1] - each[0]) for each in columns]
    assert min(widths) > 0.8 * np.median(widths)
    assert 1.05 < max(widths) / min(widths) < 1.5
    assert len({int(each[0]) for each in columns}) > 6


def test_a_coat_of_arms_stays_inside_its_place_and_shows_its_colors() -> None:
    mark = {"kind": "emblem", "at_mm": [60, 50], "size_mm": [40, 50], "colors": ["#c00000", "#00c000"]}
    picture = drawn(plain(marks=[mark], rows=[{"pattern": "I", "height_mm": 20}])).picture
    colored = np.ptp(picture, axis=2) > 90
    rows, columns = np.nonzero(colored)
    assert 40 <= columns.min() < columns.max() <= 80
    assert 25 <= rows.min() < rows.max() <= 75
    assert colored[26:74, 41:79].mean() > 0.6


def test_the_flag_of_a_users_folder_is_drawn(tmp_path: Path) -> None:
    (tmp_path / "flags.yaml").write_text('atlantis: {stripes: vertical, colors: ["#ff0000"]}', "utf-8")
    mark = {"kind": "flag", "flag": "atlantis", "at_mm": [30, 50], "size_mm": [40, 40]}
    (tmp_path / "xa.yaml").write_text(json.dumps([PLAIN | {"typefaces": {"fe-schrift": 1}, "marks": [mark]}]), "utf-8")

    picture = drawn(load_layouts(tmp_path)[-1]).picture

    assert picture[50, 30] == pytest.approx([0, 0, 255], abs=2)


@pytest.mark.parametrize(("typeface", "text"), [("arabic", "تونس"), ("cjk", "品川"), ("cjk", "마"), ("sans", "LÚ")])
def test_captions_of_other_scripts_are_drawn(typeface: str, text: str) -> None:
    caption = {"text": text, "at_mm": [60, 50], "height_mm": 30, "typeface": typeface}
    with_caption, without = (darkness(drawn(plain(captions=each))) for each in ([caption], []))
    assert (with_caption[:, :120] > without[:, :120] + 100).mean() > 0.02


def test_the_corners_are_round() -> None:
    shape = drawn(plain(corner_mm=12)).shape
    assert shape[0, 0] == 0
    assert shape[50, 250] == 1


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_every_layout_can_be_drawn_and_its_number_be_seen(name: str) -> None:
    plate = drawn(LAYOUTS[name], px_per_mm=0.4)
    assert plate.text
    assert plate.picture.std() > 4
    assert np.isfinite(plate.picture).all()
