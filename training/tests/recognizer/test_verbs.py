"""The verbs of `platewatch-train` that begin with a finished run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from platewatch.errors import PlatewatchError
from platewatch.vision.inference.model_card import load_card
from platewatch_training import cli
from platewatch_training.cli import app
from platewatch_training.runs.config import RunError


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, make_run: Callable[..., Path]) -> Path:
    return make_run(tmp_path_factory.mktemp("runs") / "tiny")


def test_export_writes_two_folders_and_tells_the_better(run: Path, tmp_path: Path) -> None:
    options = ["--samples", "8", "--name", "mine", "--version", "2", "--commit", "abc"]
    done = CliRunner().invoke(app, ["recognizer", "export", str(run), str(tmp_path / "mine"), *options])
    assert done.exit_code == 0, done.output
    cards = [load_card(tmp_path / name).card for name in ("mine", "mine-int8")]
    assert [(card.name, card.version) for card in cards] == [("mine", "2"), ("mine-int8", "2")]
    assert "rendered" in done.stdout
    assert "Better trade" in done.stdout


def test_report_tells_where_its_page_is(run: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["recognizer", "report", str(run), "--output", str(tmp_path / "out"), "--samples", "2"]
    )
    assert done.exit_code == 0, done.output
    assert Path(done.stdout.strip()) == tmp_path / "out" / "report.html"
    assert (tmp_path / "out" / "report.html").is_file()


@pytest.mark.parametrize("verb", [["export", "nowhere", "model"], ["report", "nowhere", "--output", "out"]])
def test_a_run_that_is_not_there_is_named(verb: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["recognizer", *verb])
    assert isinstance(done.exception, RunError)
    assert "nowhere" in str(done.exception)
    assert not list(tmp_path.iterdir())


def test_an_error_of_the_program_ends_it_with_its_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["platewatch-train", "recognizer", "report", "nowhere", "--output", "out"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("former", "present"),
    [
        (["export", "nowhere", "model"], "recognizer export"),
        (["recognizer", "run", "--data", "nowhere"], "recognizer train"),
        (["detector-evaluate", "nowhere", "--datasets", "."], "detector evaluate"),
        (["detector", "nowhere"], "detector train"),
    ],
)
def test_former_names_go_on_and_name_the_present_ones(
    former: list[str], present: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PlatewatchError, match="nowhere"):
        app(former, standalone_mode=False)
    assert f"is now `{present}`" in capsys.readouterr().err
