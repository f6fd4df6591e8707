"""A skipped test must not go unnoticed where everything is expected to be there."""

from __future__ import annotations

import pytest

from tests.missing import give_up, need_easyocr, need_tesseract


@pytest.mark.parametrize(
    ("variable", "outcome"),
    [("true", pytest.fail.Exception), ("1", pytest.fail.Exception), ("", pytest.skip.Exception)],
    ids=["CI=true", "CI=1", "elsewhere"],
)
def test_what_is_missing_fails_tests_in_continuous_integration_only(
    monkeypatch: pytest.MonkeyPatch, variable: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", variable)
    monkeypatch.setenv("PATH", "/nonexistent")
    for missing in (lambda: give_up("no server"), need_tesseract):
        with pytest.raises(outcome):
            missing()


def test_an_extra_that_the_tests_do_not_install_is_skipped_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(pytest.skip.Exception):
        need_easyocr()
