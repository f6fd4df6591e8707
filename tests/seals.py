"""A seal for tests, whose key is in no file."""

from __future__ import annotations

from pathlib import Path

from platewatch.sealing import Seal

SEAL = Seal("a key for tests", Path("/nonexistent"))
