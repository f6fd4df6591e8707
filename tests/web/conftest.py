from __future__ import annotations

from tests.app.conftest import log_folder, reader

__all__ = ["log_folder", "reader"]
