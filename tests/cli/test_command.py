from __future__ import annotations

import subprocess
import sys

import pytest

from platewatch import cli
from platewatch.errors import FieldError, ModelFileError, PlatewatchError, SettingsError


@pytest.mark.parametrize(
    ("error", "status"),
    [(SettingsError("set it right"), 2), (FieldError("x", "name it right"), 2), (ModelFileError("damaged"), 1)],
    ids=["setting", "input", "other"],
)
def test_an_error_on_purpose_ends_the_command_with_its_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: PlatewatchError, status: int
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == status
    assert capsys.readouterr().err == f"{error}\n"


def test_an_error_that_nobody_foresaw_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(ZeroDivisionError):
        cli.main()


@pytest.mark.parametrize("heavy", ["pydantic", "sqlalchemy", "fastapi", "onnxruntime", "cv2"])
def test_the_command_loads_nothing_heavy_before_a_verb_needs_it(heavy: str) -> None:
    code = f"import sys, platewatch.cli; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
