from __future__ import annotations

from collections import Counter, defaultdict
from itertools import islice, pairwise
from typing import Any

import numpy as np
import pytest

from platewatch.vision.types import ImageBgr
from platewatch_training.synthesis import samples
from platewatch_training.synthesis.layouts import Layout, load_layouts
from platewatch_training.synthesis.plates import draw_plate
from platewatch_training.synthesis.samples import LONGEST_TEXT, Sample, SampleSource
from platewatch_training.synthesis.typefaces import is_drawn

pytestmark = pytest.mark.usefixtures("fonts")

LAYOUTS = load_layouts()
COUNT = 200


def layout(name: str, *, rows: int = 1, weight: float = 1) -> Layout:
    """A small plate that is drawn quickly."""
    return Layout.model_validate(
        {
            "name": name,
            "region": "de",
            "title": "a plain plate",
            "source": "made up",
            "weight": weight,
            "size_mm": [200, 60 * rows],
            "typefaces": {"din-1451": 1},
            "colors": [{"background": "#ffffff", "ink": "#000000"}],
            "rows": [{"pattern": "[A-Z0-9]{3}", "height_mm": 40}] * rows,
        }
    )


def shares(source: SampleSource, count: int = COUNT) -> dict[str, float]:
    """How often each layout comes among the samples that show one."""
    counts = Counter(sample.layout for sample in (source.next() for _ in range(count)))
    del counts["distractor"]
    return {name: found / counts.total() for name, found in counts.items()}


def test_layouts_come_as_often_as_their_weights_say() -> None:
    assert shares(SampleSource([layout("rare"), layout("frequent", weight=4)], seed=5))["frequent"] == pytest.approx(
        0.8, abs=0.12
    )


def test_layouts_of_two_rows_come_as_many_times_more_often_as_asked() -> None:
    pair = [layout("long", weight=4), layout("square", rows=2)]
    plain, favored = (shares(SampleSource(pair, seed=2, two_rows=times))["square"] for times in (1.0, 16.0))
    assert plain == pytest.approx(0.2, abs=0.12)
    assert favored == pytest.approx(0.8, abs=0.12)


def test_photos_of_one_plate_differ_and_do_not_follow_each_other() -> None:
    source = SampleSource([layout("one")], seed=1)
    samples = [source.next() for _ in range(COUNT)]
    taken: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.text:
            taken[sample.text].append(sample)
    pairs = [photos for photos in taken.values() if len(photos) == 2]
    assert len(pairs) > COUNT / 5
    assert all(
        first.crop_bgr.shape != second.crop_bgr.shape or not np.array_equal(first.crop_bgr, second.crop_bgr)
        for first, second in pairs
    )
    neighbors = sum(bool(one.text) and one.text == other.text for one, other in pairwise(samples))
    assert neighbors < len(pairs) / 4


def test_a_source_repeats_itself_by_its_seed_only() -> None:
    first, again, other = (SampleSource(LAYOUTS, seed=seed) for seed in (3, 3, 4))
    for _ in range(5):
        one, two, three = first.next(), again.next(), other.next()
        assert one.text == two.text
        assert np.array_equal(one.crop_bgr, two.crop_bgr)
        assert not np.array_equal(one.crop_bgr, three.crop_bgr)


def test_samples_have_a_text_that_fits_or_none_at_all() -> None:
    source = SampleSource(LAYOUTS, seed=5)
    samples = [source.next() for _ in range(300)]
    assert all(len(sample.text) <= LONGEST_TEXT for sample in samples)
    nothing = [sample for sample in samples if not sample.text]
    assert 5 < len(nothing) < 60
    assert all(sample.region is None for sample in nothing)
    assert len({sample.region for sample in samples}) > 40


def test_plates_can_be_drawn_without_our_own_typefaces(monkeypatch: pytest.MonkeyPatch) -> None:
    used: set[str] = set()

    def note(layout: Layout, *arguments: Any) -> Any:
        used.update(layout.typefaces)
        return draw_plate(layout, *arguments)

    monkeypatch.setattr(samples, "draw_plate", note)
    source = SampleSource(LAYOUTS, seed=3, drawn_typefaces=False)
    for _ in range(COUNT):
        source.next()
    assert "liberation-sans-narrow" in used
    assert {name for name in used if is_drawn(name)} <= {"china"}


def test_without_flaws_a_plate_is_evenly_lit_and_sharp() -> None:
    clean, real = (
        [sample.crop_bgr for sample in islice(SampleSource([layout("one")], seed=1, flaws=flaws), COUNT) if sample.text]
        for flaws in (False, True)
    )

    def contrast(crops: list[ImageBgr]) -> float:
        return float(np.median([np.percentile(crop, 90) - np.percentile(crop, 10) for crop in crops]))

    assert contrast(clean) > 150
    assert contrast(real) < contrast(clean) - 20
