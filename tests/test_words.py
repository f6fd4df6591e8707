"""Retired words, listed in CONTRIBUTING.md, stay out of the code and the documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = ("src", "training/src", "benchmarks")
PAGES = ("README.md", "CONTRIBUTING.md")
HISTORY = "migrations/versions"
_BEGIN, _END = "<!-- retired words:begin -->", "<!-- retired words:end -->"
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def table() -> str:
    """The table of retired words in CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return text[text.index(_BEGIN) : text.index(_END)]


def retired() -> list[str]:
    """The words and phrases of the table's first column."""
    cells = [line.split("|")[1] for line in table().splitlines() if line.startswith("| `")]
    return [phrase for cell in cells for phrase in re.findall(r"`([^`]+)`", cell)]


def files() -> Iterator[Path]:
    """The code without migrations, and the documents without decisions and changes."""
    for folder in CODE:
        yield from (path for path in sorted((ROOT / folder).rglob("*.py")) if HISTORY not in path.as_posix())
    yield from sorted((ROOT / "docs").glob("*.md"))
    yield from (ROOT / page for page in PAGES)


def found_in(text: str, phrases: list[str]) -> list[str]:
    """`line: phrase` for each retired phrase, also as a part of a name (`_told`, `VisitTold`, `TOLD_ONCE`)."""
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        words = f" {' '.join(word.lower() for word in _WORD.findall(line))} "
        problems += [f"{number}: {phrase}" for phrase in phrases if f" {phrase} " in words]
    return problems


def test_no_file_has_a_retired_word() -> None:
    phrases, the_table = retired(), table()
    assert "told" in phrases
    problems = [
        f"{path.relative_to(ROOT)}:{problem}"
        for path in files()
        for problem in found_in(path.read_text(encoding="utf-8").replace(the_table, ""), phrases)
    ]
    assert problems == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", []),
        ("def _told(self) -> None:", ["1: told"]),
        ("class VisitTold(VisitRead):", ["1: told"]),
        ("IDS_TOLD = told", ["1: told"]),
        ("the sightings of then, unchanged", ["1: of then"]),
        ("A stolen car is retold; thousands of thens.", []),
    ],
    ids=["empty", "private name", "class", "constant", "phrase", "parts of other words"],
)
def test_retired_words_are_found_in_names_and_prose(line: str, expected: list[str]) -> None:
    assert found_in(line, ["told", "of then"]) == expected
