from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from platewatch_training.recognizer.batches import all_regions
from platewatch_training.region.config import RegionConfig, load_config
from platewatch_training.region.loop import RegionTrainer, load_run, make_network
from platewatch_training.runs.shipped import CONFIGS
from platewatch_training.runs.trainer import CHECKPOINT, load_checkpoint
from platewatch_training.synthesis.layouts import load_layouts

MakeRun = Callable[..., Path]


def test_a_run_learns_is_loaded_and_goes_on(make_run: MakeRun, tiny: RegionConfig, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")

    network, regions, step = load_run(run)

    assert step == 20
    assert regions == all_regions(load_layouts())
    assert network(torch.zeros(1, 3, 64, 256)).shape == (1, len(regions))
    assert json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])["loss"] > 0
    assert RegionTrainer(tiny, run).finished


def test_the_backbone_begins_with_the_recognizers_and_frozen_layers_stay_so(
    fonts: None, tiny: RegionConfig, tmp_path: Path
) -> None:
    donor = make_network(tiny, ("de", "us-ca"))
    weights = {f"module.{name}": value for name, value in donor.state_dict().items() if name.startswith("backbone.")}
    torch.save({"average": weights, "regions": ["de"]}, tmp_path / "donor.pt")
    config = tiny.model_copy(update={"start_from": tmp_path / "donor.pt", "frozen": 3, "steps": 2})

    trainer = RegionTrainer(config, tmp_path / "run")
    trainer.run(lambda _: None)

    learned = trainer.network.state_dict()
    for name, value in donor.state_dict().items():
        if name.startswith(("backbone.layers.0.", "backbone.layers.1.", "backbone.layers.2.")):
            assert torch.equal(learned[name], value), name
    assert any(
        not torch.equal(learned[name], value)
        for name, value in donor.state_dict().items()
        if name.startswith("backbone.layers.5.")
    )


def test_a_run_with_further_regions_keeps_what_it_knows_of_the_others(
    make_run: MakeRun, tiny: RegionConfig, tmp_path: Path
) -> None:
    run = make_run(tmp_path / "run", steps=1)
    content = load_checkpoint(run / CHECKPOINT)
    content["regions"] = [f"{name}x" if name == "de" else name for name in content["regions"]]
    torch.save(content, tmp_path / "other.pt")

    begun = RegionTrainer(tiny.model_copy(update={"start_from": tmp_path / "other.pt"}), tmp_path / "next")

    place = begun.regions.index("us-ca")
    given = content["average"]["module.answer.3.weight"][place]
    assert torch.equal(begun.network.state_dict()["answer.3.weight"][place], given)
    lost = begun.regions.index("de")
    assert not torch.equal(
        begun.network.state_dict()["answer.3.weight"][lost], content["average"]["module.answer.3.weight"][lost]
    )


def test_own_data_is_refused() -> None:
    with pytest.raises(ValidationError, match="own data"):
        RegionConfig.model_validate({"own": {"folder": "."}})


def test_the_configuration_of_the_checkout_can_be_used() -> None:
    config = load_config(CONFIGS / "region.yaml")

    assert (config.input_width, config.input_height) == (256, 64)
