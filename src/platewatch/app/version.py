"""The installed package's version."""

from __future__ import annotations

from importlib.metadata import version

VERSION = version("platewatch")
