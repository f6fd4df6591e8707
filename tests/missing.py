"""What becomes of a test whose server or program is not there: skipped here, failed in continuous integration."""

from __future__ import annotations

import importlib.util
import os
import shutil
from typing import NoReturn

import pytest


def in_ci() -> bool:
    """True where something missing must fail the tests and not skip them."""
    return os.environ.get("CI", "").lower() in ("1", "true")


def give_up(message: str) -> NoReturn:
    """Skips the test because of what the message names, or fails it in continuous integration."""
    if in_ci():
        pytest.fail(message)
    pytest.skip(message)


def need_tesseract() -> None:
    if shutil.which("tesseract") is None:
        give_up("the program tesseract is not installed; install Debian's package (`make test-tools`)")


def need_easyocr() -> None:
    """Skips also in continuous integration: `make test` does not install this extra, which brings PyTorch."""
    if importlib.util.find_spec("easyocr") is None:
        pytest.skip("the extra easyocr is not installed; install it with: pip install -e '.[easyocr]'")
