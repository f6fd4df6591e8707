"""The benchmarks as people start them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
MODULES = ("benchmarks.accuracy", "benchmarks.speed", "benchmarks.settling")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize(
    ("module", "options"),
    [
        pytest.param(
            "benchmarks.accuracy",
            {
                "datasets",
                "sets",
                "limit",
                "seed",
                "detector",
                "recognizer",
                "recognizer-model",
                "threads",
                "output",
                "write",
            },
            id="accuracy",
        ),
        pytest.param(
            "benchmarks.speed",
            {
                "datasets",
                "images",
                "repeat",
                "starts",
                "clients",
                "seed",
                "detector",
                "recognizer",
                "output",
                "write",
            },
            id="speed",
        ),
    ],
)
def test_the_help_names_every_option(module: str, options: set[str]) -> None:
    done = run(module, "--help")
    assert done.returncode == 0, done.stderr
    assert set(re.findall(r"--([a-z-]+)", done.stdout)) >= options


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param((MODULES[0],), "--datasets", id="accuracy without a folder"),
        pytest.param((MODULES[0], "--datasets", "nowhere"), "There are no labelled photos", id="accuracy of nothing"),
        pytest.param((MODULES[1], "--datasets", "nowhere"), "There are no labelled photos", id="speed of nothing"),
        pytest.param((MODULES[1], "--clients", "33"), "32", id="more clients than the server lets wait"),
        pytest.param((MODULES[1], "--detector", "magic"), "There is no detector 'magic'", id="no such detector"),
    ],
)
def test_what_makes_no_sense_ends_with_2_and_no_traceback(arguments: tuple[str, ...], message: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_make_benchmark_runs_them_all() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    recipe = makefile.partition("\nbenchmark:")[2].partition("\n\n")[0]
    assert re.findall(r"-m (benchmarks\.[a-z]+)", recipe) == list(MODULES)


def test_results_are_never_committed() -> None:
    done = subprocess.run(
        ["git", "-C", str(REPOSITORY), "ls-files", "benchmarks"], capture_output=True, text=True, check=False
    )
    assert "results/" not in done.stdout
    assert "/benchmarks/results/" in (REPOSITORY / ".gitignore").read_text().splitlines()
