"""The commands of the documents work and print what the documents show, apart from times and confidences."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.children import COMMAND, PATIENCE_S, environment
from tests.servers import SAMPLES

ROOT = Path(__file__).parents[1]
PAGES = [
    "architecture.md",
    "benchmarks.md",
    "datasets.md",
    "models.md",
    "releasing.md",
    "training.md",
    "tuning-log.md",
]
PROGRAMS = {"platewatch": COMMAND, "python": [sys.executable]}
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)*(?!\w)")
_FRAME = re.compile(r"[─━┃│┏┓┗┛┡┩└┘┳┻┼╇┴┬╞╡═|]+")


def commands(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Each command of our own that is shown with its output, and the lines of that output."""
    for block in _BLOCK.findall(text):
        for shown in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            first, _, printed = shown.replace("\\\n", "").partition("\n")
            arguments = shlex.split(first)
            if printed.strip() and arguments[0] in PROGRAMS:
                yield [*PROGRAMS[arguments[0]], *arguments[1:]], comparable(printed)


def comparable(printed: str) -> list[str]:
    """The lines that have text, without frames and widths; numbers that stand alone are all `0`."""
    bare = (" ".join(_NUMBER.sub("0", _FRAME.sub(" ", line)).split()) for line in printed.splitlines())
    return [line for line in bare if line]


@pytest.mark.parametrize("page", PAGES)
def test_commands_print_what_the_page_shows(page: str, tmp_path: Path) -> None:
    shutil.copytree(SAMPLES, tmp_path / "samples")
    found = list(commands((ROOT / "docs" / page).read_text(encoding="utf-8")))
    assert found
    for command, shown in found:
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=environment(tmp_path, PYTHONPATH=str(ROOT), COLUMNS="200"),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        printed = comparable(done.stdout)
        assert [line for line in shown if line not in printed] == [], done.stdout


def test_a_line_that_is_not_printed_is_found() -> None:
    ((command, shown),) = commands("```console\n$ platewatch read a.jpg\n AB12CDE   99%\n```\n")
    assert command == [*COMMAND, "read", "a.jpg"]
    assert shown == comparable("│ AB12CDE │ 98% │\n")
    assert shown != comparable("│ AB12CDF │ 98% │\n")
