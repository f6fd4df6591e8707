from __future__ import annotations

from pathlib import Path

import pytest

from platewatch.settings import Settings

LINES = (Path(__file__).parents[1] / ".env.example").read_text().splitlines()
NAMED = dict(line.removeprefix("#").split("=", 1) for line in LINES if line.startswith("#PLATEWATCH_"))


def test_the_example_names_every_setting_and_no_other() -> None:
    assert set(NAMED) == {f"PLATEWATCH_{name.upper()}" for name in Settings.model_fields}


def test_every_setting_of_the_example_is_explained() -> None:
    explained = {"# ", "#P"}
    assert all(line[:2] in explained or not line for line in LINES)


def test_the_example_shows_the_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in NAMED:
        monkeypatch.delenv(name, raising=False)
    defaults = Settings()
    (tmp_path / ".env").write_text("\n".join(f"{name}={value}" for name, value in NAMED.items()))
    assert Settings() == defaults
