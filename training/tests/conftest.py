from __future__ import annotations

import os

import pytest

from platewatch_training.synthesis.typefaces import missing_packages


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
