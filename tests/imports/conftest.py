from __future__ import annotations

import pytest

from tests.imports.readers import ColorReader


@pytest.fixture(scope="session")
def reader() -> ColorReader:
    """Knows a plate by the color of the photo, so that no models are loaded."""
    return ColorReader()
