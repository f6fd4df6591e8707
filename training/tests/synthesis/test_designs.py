from __future__ import annotations

import numpy as np
import pytest

from platewatch_training.synthesis.designs import free_design, state_names
from platewatch_training.synthesis.layouts import Layout, load_layouts
from platewatch_training.synthesis.plates import draw_plate
from platewatch_training.synthesis.samples import Drawing, SampleSource

LAYOUTS = {layout.name: layout for layout in load_layouts()}


def named(layout: Layout) -> set[str]:
    return {text.upper() for caption in layout.captions for text in caption.text}


@pytest.mark.parametrize("name", ["us-ca", "us-wy-motorcycle", "ca-qc", "mx-jal", "au-vic"])
def test_a_free_design_names_the_state_and_keeps_its_numbers(name: str) -> None:
    layout = LAYOUTS[name]
    rng = np.random.default_rng(4)

    designs = [free_design(layout, rng) for _ in range(20)]

    for design in designs:
        assert named(design) & {one.upper() for one in state_names(layout.region)}
        assert layout.matches(design.sample(rng).text)
    assert len({design.colors for design in designs}) > 5


def test_a_country_that_is_not_named_on_its_plates_keeps_its_design() -> None:
    layout = LAYOUTS["us-ca"].model_copy(update={"region": "de"})

    assert free_design(layout, np.random.default_rng(1)) is layout


@pytest.mark.usefixtures("fonts")
def test_a_zero_can_have_a_stroke_or_a_bar() -> None:
    layout = LAYOUTS["us-wa"].model_copy(update={"colors": LAYOUTS["us-ca"].colors, "marks": (), "captions": ()})
    text = layout.sample(np.random.default_rng(2))
    text = type(text)(("000-AAA",), "000AAA", text.region)

    plain, slash, bar = (
        draw_plate(layout.model_copy(update={"zeros": {kind: 1.0}}), np.random.default_rng(3), 1.0, text).picture
        for kind in ("plain", "slash", "bar")
    )

    assert (plain != slash).any()
    assert (slash != bar).any()
    middle = plain.shape[0] * 80 // 152
    assert bar[middle - 2 : middle + 2].mean() < plain[middle - 2 : middle + 2].mean()


@pytest.mark.usefixtures("fonts")
def test_frames_lie_over_the_edge_of_so_many_plates() -> None:
    layouts = [LAYOUTS["us-ca"]]

    bare, covered = (
        SampleSource(layouts, seed=8, flaws=False, drawing=Drawing(covered=share, narrowest_px=200, takes=1))
        for share in (0.0, 1.0)
    )

    assert any((bare.next().crop_bgr.shape != covered.next().crop_bgr.shape) for _ in range(3)) or any(
        (bare.next().crop_bgr != covered.next().crop_bgr).any() for _ in range(3)
    )
