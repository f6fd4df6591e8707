from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.missing import give_up

DOCKERFILE = Path(__file__).parents[2] / "deploy" / "Dockerfile"


@pytest.fixture(scope="module")
def hadolint() -> Path:
    program = Path(sys.executable).with_name("hadolint")
    if not program.is_file():
        give_up("hadolint is not installed; install requirements/dev.txt")
    return program


def lint(hadolint: Path, text: str) -> str:
    return subprocess.run([hadolint, "-"], input=text, capture_output=True, text=True, check=False).stdout


def test_the_dockerfile_passes_hadolint(hadolint: Path) -> None:
    text = DOCKERFILE.read_text()
    assert lint(hadolint, text) == ""
    assert "DL3000" in lint(hadolint, text.replace("WORKDIR /app", "WORKDIR app"))
