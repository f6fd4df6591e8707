"""Fine-tuning the recognizer on a user's own crops, from the command to the model's card."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml
from typer.testing import CliRunner

from platewatch.errors import LabelsError
from platewatch.vision.image import encode_jpeg
from platewatch.vision.inference.model_card import load_card
from platewatch_training.cli import app
from platewatch_training.recognizer.batches import SampleBatches
from platewatch_training.recognizer.config import RunConfig
from platewatch_training.recognizer.export import Request, export
from platewatch_training.recognizer.loop import Trainer, held_back_crops, load_run
from platewatch_training.recognizer.measure import render_samples
from platewatch_training.recognizer.origin import data_sources
from platewatch_training.runs import shipped
from platewatch_training.runs.config import OwnData, RunError
from platewatch_training.runs.held_back import BEST, read_looks
from platewatch_training.runs.shipped import CHECKPOINTS, SHIPPED, fine_tuning
from platewatch_training.runs.trainer import CHECKPOINT, CONFIG, load_checkpoint

pytestmark = pytest.mark.usefixtures("fonts")


@pytest.fixture(scope="module")
def own(fonts: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten crops, labelled in a CSV file, which can't say that they are crops."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "images").mkdir()
    lines = ["image,text"]
    for number, sample in enumerate([one for one in render_samples(6, 40) if one.text.isascii() and one.text][:10]):
        (folder / "images" / f"{number}.jpg").write_bytes(encode_jpeg(sample.crop_bgr))
        lines.append(f"{number}.jpg,{sample.text}")
    (folder / "labels.csv").write_text("\n".join(lines))
    return folder


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory, make_run: Callable[..., Path]) -> Path:
    return make_run(tmp_path_factory.mktemp("runs") / "start", steps=2) / CHECKPOINT


@pytest.fixture
def words(tmp_path: Path, tiny: RunConfig, own: Path, start: Path) -> list[str]:
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(tiny.model_dump(mode="json", exclude={"start_from", "own"})))
    return ["--data", str(own), "--config", str(path), "--start-from", str(start)]


def test_the_command_tells_before_and_after_and_writes_the_report(tmp_path: Path, words: list[str]) -> None:
    run = tmp_path / "run"
    done = CliRunner().invoke(app, ["recognizer", "train", str(run), *words])
    assert done.exit_code == 0, done.output
    assert "before" in done.stdout
    assert f"report: {run / 'report.html'}" in done.stdout.replace("\n", " ").replace("  ", " ")
    looks = read_looks(run)
    assert [look.step for look in looks] == [0, 20]
    assert all(0 <= value <= 100 for look in looks for value in look.figures.values())
    assert load_run(run)[2] == load_checkpoint(run / BEST)["step"]
    page = (run / "report.html").read_text()
    assert "Held back of your own data" in page
    assert "<td>held back</td><td>2</td>" in page
    assert 'aria-label="held back: exact"' in page


def test_the_same_command_goes_on_after_a_stop(tmp_path: Path, words: list[str]) -> None:
    run = tmp_path / "run"
    stopped = CliRunner().invoke(app, ["recognizer", "train", str(run), *words, "--minutes", "0.00001"])
    assert stopped.exit_code == 0, stopped.output
    assert "report" not in stopped.stdout
    assert load_checkpoint(run / CHECKPOINT)["step"] == 1
    done = CliRunner().invoke(app, ["recognizer", "train", str(run), *words])
    assert done.exit_code == 0, done.output
    assert load_checkpoint(run / CHECKPOINT)["step"] == 20
    other = CliRunner().invoke(app, ["recognizer", "train", str(run), *words, "--held-back", "0.5"])
    assert "another configuration" in str(other.exception)


def test_own_crops_are_mixed_with_rendered_ones_as_told(tmp_path: Path, tiny: RunConfig, own: Path) -> None:
    texts = set((own / "labels.csv").read_text().replace("\n", ",").split(","))
    shares = {}
    for share in (1.0, 0.5):
        told = OwnData(folder=own, share=share)
        config = tiny.model_copy(update={"own": told, "batch": 100})
        trainer = Trainer(config, tmp_path / str(share))
        _, slots, _ = next(iter(SampleBatches(trainer.codec, config, own=trainer._own)))
        read = ["".join(trainer.codec.alphabet[index - 1] for index in row if index) for row in slots.tolist()]
        shares[share] = sum(text in texts for text in read)
        held_back = {crop.text for crop in held_back_crops(config, tmp_path / str(share))}
        assert len(held_back) == 2
        assert not held_back & set(read)
    assert shares[1.0] == 100
    assert 30 < shares[0.5] < 70


def test_more_shares_than_there_are_samples_are_refused(own: Path) -> None:
    with pytest.raises(ValueError, match="more than 1 together"):
        RunConfig(own=OwnData(folder=own, share=0.7), real_share=0.4)


def test_the_exported_card_names_the_data_and_how_the_held_back_part_is_read(
    tmp_path: Path, tiny: RunConfig, own: Path, start: Path
) -> None:
    config = tiny.model_copy(update={"own": OwnData(folder=own), "start_from": start})
    Trainer(config, tmp_path / "run").run(lambda _: None)
    export(Request(tmp_path / "run", tmp_path / "mine", "mine", "1", samples=8, commit="abc"))
    card = load_card(tmp_path / "mine").card
    assert f"own data {own.name!r}" in [source.name for source in card.data]
    assert {"rendered", "held back"} == {score.data for score in card.scores}
    rendered = next(source for source in card.data if source.name == "rendered plates")
    step = load_run(tmp_path / "run")[2]
    assert rendered.images == step * 4 // 2 + 2 * 4


def test_a_checkpoint_without_its_run_is_named_as_what_it_is(tmp_path: Path, tiny: RunConfig, start: Path) -> None:
    bare = tmp_path / "bare.pt"
    bare.write_bytes(start.read_bytes())
    (named,) = data_sources(tiny.model_copy(update={"start_from": bare}), 1)[1:]
    assert (named.name, named.license) == ("the checkpoint 'bare.pt'", "not stated: it came without its run")
    ours = tiny.model_copy(update={"start_from": CHECKPOINTS / SHIPPED["recognizer"]})
    told = {source.name: source for source in data_sources(ours, 1)}
    assert "kaggle433" in told
    assert (told["rendered plates"].images or 0) > 1_000_000


def test_the_shipped_checkpoint_fits_the_shipped_configuration(tmp_path: Path, own: Path) -> None:
    config = fine_tuning(RunConfig, "recognizer", OwnData(folder=own))
    trainer = Trainer(config.model_copy(update={"workers": 0}), tmp_path)
    kept = load_checkpoint(CHECKPOINTS / SHIPPED["recognizer"])["average"]
    first = "backbone.layers.0.0.weight"
    assert torch.equal(trainer.average.module.state_dict()[first], kept[f"module.{first}"])
    assert set(trainer.measure()) == {"exact", "characters"}


@pytest.mark.parametrize(
    ("named", "message"),
    [
        pytest.param(True, "There is no checkpoint .*gone.pt", id="named"),
        pytest.param(False, "has no checkpoint of the recognizer yet", id="shipped"),
    ],
)
def test_a_missing_checkpoint_is_reported(
    tmp_path: Path, own: Path, monkeypatch: pytest.MonkeyPatch, named: bool, message: str
) -> None:
    monkeypatch.setattr(shipped, "CHECKPOINTS", tmp_path)
    words = ["--start-from", str(tmp_path / "gone.pt")] if named else []
    done = CliRunner().invoke(app, ["recognizer", "train", str(tmp_path / "run"), "--data", str(own), *words])
    assert isinstance(done.exception, RunError)
    with pytest.raises(RunError, match=message):
        raise done.exception
    assert not (tmp_path / "run").exists()


def test_a_folder_that_is_no_dataset_leaves_no_run(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["recognizer", "train", str(tmp_path / "run"), "--data", str(tmp_path)])
    assert isinstance(done.exception, LabelsError)
    assert not (tmp_path / "run").exists()


def test_the_runs_configuration_reads_back(tmp_path: Path, tiny: RunConfig, own: Path) -> None:
    config = tiny.model_copy(update={"own": OwnData(folder=own, held_back=0.3)})
    Trainer(config, tmp_path)
    content = yaml.safe_load((tmp_path / CONFIG).read_text())
    assert content["own"]["held_back"] == 0.3
    assert RunConfig.model_validate(content) == config
    assert json.loads((tmp_path / "split.json").read_text())["held back"]
