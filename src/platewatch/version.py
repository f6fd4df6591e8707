"""The version of platewatch. The package's metadata is made from this file."""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.1.0"
