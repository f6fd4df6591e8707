from __future__ import annotations

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
