from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.circumstances import Circumstances, Machine
from benchmarks.errors import PageError
from benchmarks.report import (
    Grid,
    Measured,
    describe,
    figure,
    markdown,
    percent,
    publish,
    show,
    write_between_marks,
    write_json,
)
from benchmarks.scores import ReadPlate

HOW = Circumstances(
    began_at=datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
    commit="abc1234",
    has_changes=False,
    command="python -m benchmarks.speed",
    models=("detector tiny 1", "recognizer tiny 2"),
    machine=Machine("Fast CPU", 2, 0.5, "Linux x86_64", "3.11.7", "1.31.1"),
)
GRID = Grid("Speed [ms]", ("what", "ms"), (("a|b", "1.0"), ("c", "-")))
PAGE = "# Page\n\n<!-- speed:begin -->\nold\n<!-- speed:end -->\n\nend\n"


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        pytest.param(None, "-", id="nothing"),
        pytest.param(0.0, "0.0", id="zero is not nothing"),
        pytest.param(0.9996, "100.0", id="rounded"),
        pytest.param(0.734, "73.4", id="one digit"),
    ],
)
def test_shares_are_shown_in_per_cent(share: float | None, shown: str) -> None:
    assert percent(share) == shown


@pytest.mark.parametrize(("value", "digits", "shown"), [(None, 1, "-"), (0.0, 1, "0.0"), (12.345, 2, "12.35")])
def test_figures_are_rounded(value: float | None, digits: int, shown: str) -> None:
    assert figure(value, digits) == shown


@pytest.mark.parametrize(
    ("how", "line"),
    [
        pytest.param(HOW, "2026-03-01 12:30 UTC, commit abc1234", id="a clean checkout"),
        pytest.param(
            replace(HOW, has_changes=True),
            "2026-03-01 12:30 UTC, commit abc1234 with changes that are not committed",
            id="changes",
        ),
        pytest.param(replace(HOW, commit=None), "2026-03-01 12:30 UTC, no Git checkout", id="no checkout"),
    ],
)
def test_date_and_code_are_reported_first(how: Circumstances, line: str) -> None:
    assert describe(how)[0] == line


def test_command_machine_and_models_are_reported() -> None:
    assert describe(HOW)[1:] == [
        "Command: `python -m benchmarks.speed`",
        "Machine: Fast CPU, 2 cores, load 0.5 when it began; Linux x86_64, Python 3.11.7, ONNX Runtime 1.31.1",
        "Models: detector tiny 1; recognizer tiny 2",
    ]


def test_a_load_that_is_not_known_is_not_told() -> None:
    assert "load" not in describe(replace(HOW, machine=replace(HOW.machine, load=None)))[2]


def test_markdown_has_circumstances_notes_and_tables() -> None:
    text = markdown(HOW, ["Six photos"], [GRID])
    assert text.startswith("- 2026-03-01 12:30 UTC, commit abc1234\n- Command:")
    assert "\n- Six photos\n\n**Speed [ms]**\n\n| what | ms |\n|---|---:|\n| a\\|b | 1.0 |\n| c | - |\n" in text


def test_the_terminal_shows_the_same_figures() -> None:
    stream = io.StringIO()
    show(Console(file=stream, width=80), HOW, ["Six photos"], [GRID])
    for part in (*describe(HOW), "Six photos", "a|b", "1.0"):
        assert part in stream.getvalue()


def test_the_json_file_holds_everything(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "results"
    path = write_json(folder, "speed", HOW, [ReadPlate("京A1", "A1", 0.5)], [GRID])
    assert path == folder / "speed-20260301T123000.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["circumstances"]["began_at"] == "2026-03-01T12:30:00+00:00"
    assert content["circumstances"]["machine"]["cores"] == 2
    assert content["results"] == [{"truth": "京A1", "text": "A1", "confidence": 0.5, "is_region_right": None}]
    assert content["tables"][0]["rows"] == [["a|b", "1.0"], ["c", "-"]]


def test_what_has_no_place_in_a_result_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="object"):
        write_json(tmp_path, "speed", HOW, object(), [])


def test_figures_replace_those_between_the_marks_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    write_between_marks(page, "speed", "new\n")
    write_between_marks(page, "speed", "newer\n")
    assert page.read_text() == PAGE.replace("old", "newer")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(None, "can't be read", id="no page"),
        pytest.param("# Page\n", "lacks the lines", id="no marks"),
        pytest.param("<!-- speed:begin -->\nold\n", "lacks the lines", id="no end"),
        pytest.param("<!-- accuracy:begin -->\n<!-- accuracy:end -->\n", "speed:begin", id="another's marks"),
    ],
)
def test_a_page_without_marks_is_left_as_it_is(tmp_path: Path, content: str | None, message: str) -> None:
    page = tmp_path / "page.md"
    if content is not None:
        page.write_text(content)
    with pytest.raises(PageError, match=message):
        write_between_marks(page, "speed", "new\n")
    assert not page.exists() if content is None else page.read_text() == content


def test_the_published_page_has_the_marks_of_both_benchmarks(tmp_path: Path) -> None:
    published = Path(__file__).parents[2] / "docs" / "benchmarks.md"
    copy = tmp_path / "page.md"
    copy.write_text(published.read_text(encoding="utf-8"), encoding="utf-8")
    for name in ("accuracy", "speed"):
        write_between_marks(copy, name, f"fresh {name}\n")
        assert f"fresh {name}" in copy.read_text(encoding="utf-8")


def test_what_was_measured_is_shown_kept_and_written_under_its_mark(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    publish(Measured("colors", HOW, ["a note"], [GRID], {"red": 3}, mark="speed"), tmp_path / "out", page)
    assert "a note" in capsys.readouterr().out
    (document,) = (tmp_path / "out").glob("colors*.json")
    assert json.loads(document.read_text())["results"] == {"red": 3}
    assert "**Speed [ms]**" in page.read_text()
    assert "old" not in page.read_text()
