from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from platewatch_training.recognizer.batches import all_regions
from platewatch_training.region.batches import (
    RegionBatches,
    RenderedSource,
    Reused,
    evened,
    real_crops,
    with_states_often,
)
from platewatch_training.region.config import RegionConfig
from platewatch_training.runs.config import RunError
from platewatch_training.synthesis.designs import state_names
from platewatch_training.synthesis.layouts import load_layouts

pytestmark = pytest.mark.usefixtures("fonts")


def test_a_batch_has_the_networks_size_and_one_region_of_each_rendered_plate(tiny: RegionConfig) -> None:
    regions = all_regions(load_layouts())

    inputs, within = next(iter(RegionBatches(regions, tiny)))

    assert inputs.shape == (4, 3, tiny.input_height, tiny.input_width)
    assert within.sum(1).min() >= 1
    assert float(inputs.min()) >= -1
    assert float(inputs.max()) <= 1


def test_so_many_rendered_plates_name_their_state_as_the_configuration_says(tiny: RegionConfig) -> None:
    for share in (0.0, 1.0):
        source = RenderedSource(tiny.model_copy(update={"states_share": share}), seed=3)

        named = [bool(state_names(source.next().region or "")) for _ in range(8)]

        assert named == [share == 1.0] * 8


def test_a_crop_is_used_several_times_and_never_twice_the_same(
    tiny: RegionConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platewatch_training.region.batches._KEPT", 2)
    config = tiny.model_copy(update={"uses": 3})
    reused = Reused(RenderedSource(config, seed=5), config, seed=6)

    samples = [reused.next() for _ in range(12)]

    first = [sample for sample in samples if sample.text == samples[0].text and sample.layout == samples[0].layout]
    assert len(first) > 1
    assert any((first[0].crop_bgr != other.crop_bgr).any() for other in first[1:])


def test_rare_regions_come_closer_to_frequent_ones() -> None:
    layouts = [one for one in load_layouts() if one.region in {"us-ca", "us-wy"}]

    def ratio(weights: dict[str, float]) -> float:
        return weights["us-ca"] / weights["us-wy"]

    totals = [
        {region: sum(one.weight for one in each if one.region == region) for region in ("us-ca", "us-wy")}
        for each in (layouts, evened(layouts))
    ]

    assert 1 < ratio(totals[1]) < ratio(totals[0])
    assert ratio(totals[1]) == pytest.approx(np.sqrt(ratio(totals[0])))


def test_real_crops_are_those_whose_region_is_known(datasets: Path, tiny: RegionConfig) -> None:
    config = tiny.model_copy(update={"real_share": 0.5, "datasets": datasets})

    crops = real_crops(config)

    assert len(crops) == 3
    assert all(crop.region for crop in crops)
    of_states = sum(bool(state_names(crop.region or "")) for crop in crops)
    assert len(with_states_often(crops)) == len(crops) + 7 * of_states


def test_real_crops_without_a_folder_are_refused(tiny: RegionConfig) -> None:
    with pytest.raises(RunError, match="needs `datasets`"):
        real_crops(tiny.model_copy(update={"real_share": 0.5}))
