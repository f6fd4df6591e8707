from __future__ import annotations

import pytest

from tests.servers import BlindReader


@pytest.fixture(scope="session")
def reader() -> BlindReader:
    """Few tests here look at plates, and those bring a reader of their own."""
    return BlindReader()
