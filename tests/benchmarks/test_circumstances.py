from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.circumstances import Used, circumstances, code_state, cpu_name, describe_models, this_machine
from platewatch.clock import SetClock
from platewatch.vision.inference.model_card import InstalledModel, ModelCard, ModelKind


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A Git checkout with one commit."""
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "docs").mkdir()
    (tmp_path / "benchmarks" / "speed.py").write_text("FAST = True\n")
    (tmp_path / "docs" / "benchmarks.md").write_text("slow\n")
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for arguments in (["init", "-q"], ["add", "."], [*author, "commit", "-q", "-m", "begin"]):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True)
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "has_changes"),
    [
        pytest.param(None, False, id="nothing"),
        pytest.param("benchmarks/speed.py", True, id="a measured file"),
        pytest.param("benchmarks/new.py", True, id="a new file"),
        pytest.param("docs/benchmarks.md", False, id="the page that takes the figures"),
    ],
)
def test_the_code_is_recognized_by_its_commit_and_whether_it_differs(
    repository: Path,
    changed: str | None,
    has_changes: bool,
) -> None:
    if changed:
        (repository / changed).write_text("changed\n")
    head = subprocess.run(
        ["git", "-C", str(repository), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout
    commit, differs = code_state(repository)
    assert commit
    assert head.startswith(commit)
    assert differs is has_changes


def test_outside_a_checkout_no_commit_is_reported(tmp_path: Path) -> None:
    assert code_state(tmp_path / "nowhere") == (None, False)


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        pytest.param("processor\t: 0\nmodel name\t: AMD EPYC 9354\nmodel name\t: other\n", "AMD EPYC 9354", id="Linux"),
        pytest.param("processor\t: 0\nmodel name\t: A: B\n", "A: B", id="a colon in the name"),
    ],
)
def test_the_processor_is_named_as_linux_does(facts: str, name: str) -> None:
    assert cpu_name(facts) == name


def test_a_processor_that_linux_does_not_name_has_a_name_all_the_same() -> None:
    assert cpu_name("") not in {"", "model name"}


def test_this_machine_has_a_core_and_names_its_versions() -> None:
    machine = this_machine()
    assert machine.cores >= 1
    assert machine.python.startswith(f"{sys.version_info.major}.{sys.version_info.minor}.")
    assert machine.onnxruntime[0].isdigit()


def test_the_default_models_are_reported_with_their_hashes() -> None:
    lines = describe_models(Used(("platewatch",), "platewatch"))
    assert [line.split(" (SHA-256")[0].rsplit(" ", 1)[0] for line in lines] == [
        "detector platewatch-detector",
        "recognizer platewatch-recognizer",
    ]


def test_models_without_a_card_are_reported_with_their_hashes_once() -> None:
    lines = describe_models(Used(("rapidocr",), "rapidocr"))
    assert len(lines) == len(set(lines)) == 2
    assert all("SHA-256" in line and ".onnx" in line for line in lines)


def test_a_model_with_a_card_is_recognized_by_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    card = ModelCard(
        kind=ModelKind.DETECTOR,
        name="tiny",
        version="1.2",
        input_width=640,
        input_height=384,
        sha256="0123456789abcdef" * 4,
    )
    other = card.model_copy(update={"name": "other"})
    models = [InstalledModel(tmp_path, one) for one in (card, other)]
    monkeypatch.setattr("benchmarks.circumstances.list_models", lambda: models)
    assert describe_models(Used(("tiny",))) == ("detector tiny 1.2 (SHA-256 0123456789ab)",)
    assert len(describe_models(Used(("rapidocr",), "tiny"))) == 3


def test_a_backend_of_no_known_package_is_recognized_by_its_name() -> None:
    assert describe_models(Used(("magic",))) == ("magic",)


def test_a_backend_without_a_card_is_recognized_by_its_package() -> None:
    (line,) = describe_models(Used(detector="yolo"))
    assert line.startswith("yolo from platewatch ")


def test_circumstances_tell_when_and_with_what_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["accuracy.py", "--sets", "eu crops"])
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    how = circumstances("benchmarks.accuracy", Used(("rapidocr",)), SetClock(noon))
    assert how.began_at == noon
    assert how.command == "python -m benchmarks.accuracy --sets 'eu crops'"
    assert how.models == describe_models(Used(("rapidocr",)))
