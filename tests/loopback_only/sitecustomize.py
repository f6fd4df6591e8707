"""Python loads this module by itself at its start, where this folder is on PYTHONPATH."""

from __future__ import annotations

import loopback_guard  # type: ignore[import-not-found]  # beside this file, where the interpreter finds it

loopback_guard.install()
