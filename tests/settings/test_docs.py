from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import Field

from platewatch.settings import docs, load_settings, read_settings
from platewatch.settings.group import SettingsGroup
from platewatch.settings.settings import Settings, setting_groups

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / docs.PAGE).read_text(encoding="utf-8")


def block(language: str) -> str:
    """The first block of code in that language on the page."""
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def test_page_is_what_the_code_says() -> None:
    assert docs.write_page(PAGE) == PAGE, "run `make settings-docs`"


def test_example_is_what_the_code_says() -> None:
    assert docs.write_example() == (ROOT / docs.EXAMPLE).read_text(encoding="utf-8"), "run `make settings-docs`"


def test_groups_have_every_setting_once_and_describe_it() -> None:
    described = [field for group in setting_groups() for field in docs.describe_fields(group)]
    assert described == list(Settings.model_fields)


def test_writing_replaces_only_what_is_between_the_marks() -> None:
    page = docs.write_page(f"# Mine\n\n{docs.BEGIN}\nstale words\n{docs.END}\nend\n")
    assert page.startswith(f"# Mine\n\n{docs.BEGIN}\n\n## Server\n")
    assert page.endswith(f"\n{docs.END}\nend\n")
    assert "stale words" not in page


@pytest.mark.parametrize("page", ["", docs.BEGIN, docs.END], ids=["no marks", "no end", "no begin"])
def test_page_without_marks_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match=r"docs/settings\.md has no part between"):
        docs.write_page(page)


def test_files_of_the_checkout_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / docs.PAGE).write_text(f"{docs.BEGIN}{docs.END}")
    monkeypatch.setattr(docs, "checkout_folder", lambda: tmp_path)
    assert docs.main() == 0
    assert "`PLATEWATCH_PORT`" in (tmp_path / docs.PAGE).read_text()
    assert "#PLATEWATCH_PORT=8000" in (tmp_path / docs.EXAMPLE).read_text()


def test_installed_package_writes_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(docs, "checkout_folder", lambda: None)
    assert docs.main() == 1
    assert "no checkout" in capsys.readouterr().err


class Sample(SettingsGroup):
    """Sample."""

    plain: str = "x"
    """Any | text
    over two lines."""

    bounded: int = Field(default=1_000, ge=1, le=10_000)
    """A number."""

    open_above: float = Field(default=0.30, ge=0)
    """A price."""


def test_row_has_default_meaning_and_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docs, "setting_groups", lambda: [Sample])
    rows = [line for line in docs.write_page(docs.BEGIN + docs.END).splitlines() if line.startswith("| `")]
    assert rows == [
        r"| `PLATEWATCH_PLAIN` | `x` | Any \| text over two lines. |",
        "| `PLATEWATCH_BOUNDED` | `1000` | A number. From 1 to 10000. |",
        "| `PLATEWATCH_OPEN_ABOVE` | `0.3` | A price. At least 0. |",
    ]


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("", ""),
        ("`on`: see [the page](a.md#b), or `[x]`", "on: see the page, or [x]"),
    ],
)
def test_env_file_has_descriptions_without_marks(markdown: str, expected: str) -> None:
    assert docs.plain_text(markdown) == expected


def test_example_of_the_page_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(block("ini"))
    settings = load_settings()
    assert (settings.port, settings.profile) == (8100, "thorough")
    assert settings.effective_database_url == "postgresql://platewatch:secret@127.0.0.1/platewatch"
    monkeypatch.setenv("PLATEWATCH_PORT", "8200")
    assert load_settings().port == 8200


def test_faults_of_the_page_are_worded_as_they_are_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("PLATEWATCH_PROT=8100\nPLATEWATCH_READERS=0\n")
    shown = [line.strip() for line in block("text").splitlines()[1:]]
    assert list(read_settings().faults) == shown
