from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from platewatch_training.synthesis.typefaces import missing_packages


def _loopback_guard() -> ModuleType:
    """The guard of the server's tests: nothing but loopback gets out of the process and its children."""
    path = Path(__file__).parents[2] / "tests" / "loopback_only" / "loopback_guard.py"
    spec = importlib.util.spec_from_file_location("loopback_guard", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


loopback_guard = _loopback_guard()
loopback_guard.install_in_children()
loopback_guard.install()


@pytest.fixture(autouse=True)
def _nothing_calls_outside() -> Iterator[None]:
    """Fails a test that calls another machine, also where the code passes over the refusal."""
    loopback_guard.refused()
    yield
    refused = loopback_guard.refused()
    if refused:
        pytest.fail(f"called another machine: {', '.join(sorted(set(refused)))}", pytrace=False)


@pytest.fixture(scope="session")
def fonts() -> None:
    """Skips what draws where font files are missing; in continuous integration they must be there."""
    missing = missing_packages()
    if not missing:
        return
    message = f"font files are missing; install them with `make test-tools` ({', '.join(missing)})"
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(message)
    pytest.skip(message)
