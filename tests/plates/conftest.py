from __future__ import annotations

import pytest

from tests.servers import BlindReader


@pytest.fixture(scope="session")
def reader() -> BlindReader:
    """Nothing here looks at plates, so no models are loaded."""
    return BlindReader()
