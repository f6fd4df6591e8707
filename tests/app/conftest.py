from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from platewatch.logs import ACCESS_LOGGER, set_up_logs
from tests.servers import BlindReader


@pytest.fixture(scope="session")
def reader() -> BlindReader:
    """Nothing here looks at plates, so no models are loaded."""
    return BlindReader()


@pytest.fixture
def log_folder(tmp_path: Path) -> Iterator[Path]:
    """Where the log files of this test are, from here on."""
    loggers = [logging.getLogger(name) for name in ("", ACCESS_LOGGER, "uvicorn", "uvicorn.error")]
    before = [(logger, list(logger.handlers), logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers = []
    set_up_logs(folder=tmp_path / "logs")
    yield tmp_path / "logs"
    for logger, handlers, level, propagate in before:
        for handler in logger.handlers:
            handler.close()
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)
    structlog.reset_defaults()
