from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from platewatch import installation
from platewatch.installation import checkout_folder, install_command, own_command

CHECKOUT = Path(__file__).parents[1]
SCRIPTS = Path(sys.executable).parent


@pytest.fixture
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "checkout_folder", lambda: None)


def test_the_checkout_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout_folder.cache_clear()
    monkeypatch.chdir(tmp_path)
    assert checkout_folder() == CHECKOUT


@pytest.mark.parametrize(
    "project", [None, "[project]\nname = 'other'\n", "[tool]\n", "not toml"], ids=["none", "other", "unnamed", "broken"]
)
def test_source_in_another_project_is_no_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: str | None
) -> None:
    if project is not None:
        (tmp_path / "pyproject.toml").write_text(project)
    monkeypatch.setattr(installation, "_SOURCE", tmp_path / "src" / "platewatch")
    checkout_folder.cache_clear()
    try:
        assert checkout_folder() is None
    finally:
        checkout_folder.cache_clear()


def test_in_the_checkout_the_command_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CHECKOUT)
    monkeypatch.setattr(sys, "executable", str(CHECKOUT / ".venv/bin/python"))
    monkeypatch.setattr(installation, "find_spec", lambda _name: object())
    assert install_command("tesseract").endswith(" install -e '.[tesseract]'")
    assert install_command("tesseract").startswith(".venv/bin/")


def test_elsewhere_the_command_names_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = shlex.split(install_command("tesseract"))
    assert words[-2:] == ["-e", f"{CHECKOUT}[tesseract]"]
    assert Path(words[0]).is_absolute()


@pytest.mark.usefixtures("_installed")
def test_an_installed_package_gets_the_extra_from_its_own_pip() -> None:
    words = shlex.split(install_command("tesseract"))
    assert words[-2:] == ["install", "platewatch[tesseract]"]
    assert Path(words[0]).parent == SCRIPTS


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize(
    ("has_pip", "expected"),
    [
        (True, "/nowhere/bin/python -m pip install 'platewatch[x]'"),
        (False, "uv pip install --python /nowhere/bin/python 'platewatch[x]'"),
    ],
)
def test_without_a_script_pip_is_run_by_python_and_without_pip_uv_is_named(
    monkeypatch: pytest.MonkeyPatch, has_pip: bool, expected: str
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/bin/python")
    monkeypatch.setattr(installation, "find_spec", lambda _name: object() if has_pip else None)
    assert install_command("x") == expected


@pytest.mark.skipif(not (SCRIPTS / "pip").is_file(), reason="this Python has no pip")
def test_the_command_that_is_told_can_be_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    command = shlex.split(install_command("production"))
    command[command.index("install") + 1 : 1] = []
    ran = subprocess.run([*command, "--help"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_our_own_command_is_short_only_where_it_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "bin" / "platewatch"
    script.parent.mkdir()
    script.touch(mode=0o755)
    monkeypatch.setattr(sys, "executable", str(script.with_name("python")))
    monkeypatch.setenv("PATH", "/nowhere")
    assert own_command("migrate") == f"{script} migrate"
    monkeypatch.setenv("PATH", str(script.parent))
    assert own_command("migrate") == "platewatch migrate"
