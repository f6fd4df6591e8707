"""Logs: one line an event, to the terminal and to three rotating files.

`app.log` has everything of the program, `error.log` errors only, `access.log` a line a request. Files are JSON; the
terminal is JSON or for reading, by setting. Every line written while a request is handled carries its request id.
"""

from __future__ import annotations

import logging
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import structlog
from concurrent_log_handler import ConcurrentRotatingFileHandler
from structlog.typing import EventDict, Processor, WrappedLogger

from platewatch.data_folder import PRIVATE_FOLDER, PRIVATE_UMASK, make_files_private
from platewatch.redaction import printable, redact_urls

MAX_BYTES = 5 * 1024 * 1024
BACKUPS = 5
ACCESS_LOGGER = "requests to platewatch"
"""No module can have this name: a module's logger passes its lines on to those of the packages around it."""
OWN_LOGGER = "platewatch"
HTTP_CLIENT_LOGGERS = ("httpx2", "httpcore2")
"""They log whole addresses and headers, with the secrets in them, of every call."""
_SERVER_LOGGERS = ("uvicorn", "uvicorn.error")
_MANY_LINES = ("exception", "stack")


def _clean(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide the secrets of addresses, and take out what would steer the terminal or look like a line of its own."""
    for key, value in event.items():
        event[key] = _cleaned(value, lines=key in _MANY_LINES)
    return event


def _cleaned(value: Any, *, lines: bool = False) -> Any:
    if isinstance(value, str):
        return printable(redact_urls(value), lines=lines)
    if isinstance(value, Mapping):
        return {key: _cleaned(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_cleaned(part) for part in value]
    return value if value is None or isinstance(value, bool | int | float) else _cleaned(repr(value))


def _indent_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Keep a line break in an error's text from beginning what looks like a line of the log."""
    for key in _MANY_LINES:
        if isinstance(event.get(key), str):
            event[key] = textwrap.indent(event[key], "  ")
    return event


def _without_colored_copy(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event.pop("color_message", None)  # Uvicorn says everything twice
    return event


def set_up_logs(*, folder: Path, level: str = "info", terminal: Literal["console", "json"] = "console") -> None:
    """Send what structlog and the standard library log to the terminal and the files in `folder`.

    At `debug`, libraries stay at `info`: what they say below may hold secrets, such as cookies and addresses of calls.
    Calling it again replaces the handlers of the call before.
    """
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    shared = _shared_processors()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    as_json = _formatter(shared, structlog.processors.JSONRenderer())
    # Plain, because the default takes seconds and shows the values of variables, passwords among them.
    for_reading = _formatter(
        shared,
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback),
    )

    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(as_json if terminal == "json" else for_reading)
    app_file = _rotating(folder / "app.log", as_json)
    error_file = _rotating(folder / "error.log", as_json)
    error_file.setLevel(logging.ERROR)
    _replace_handlers(logging.getLogger(), [stream, app_file, error_file], "info" if level == "debug" else level)
    logging.getLogger(OWN_LOGGER).setLevel(level.upper())

    access = logging.getLogger(ACCESS_LOGGER)
    _replace_handlers(access, [_rotating(folder / "access.log", as_json)], "info")
    access.propagate = False
    for name in ("alembic", *HTTP_CLIENT_LOGGERS):
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _SERVER_LOGGERS:
        _replace_handlers(logging.getLogger(name), [], "info")
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.access").disabled = True


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        _without_colored_copy,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _formatter(shared: list[Processor], renderer: Processor) -> logging.Formatter:
    # Cleaned last: the text of an exception is there only once it is formatted.
    tail: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _clean,
    ]
    if not isinstance(renderer, structlog.processors.JSONRenderer):
        tail.append(_indent_exception)
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[*tail, renderer])


def _rotating(path: Path, formatter: logging.Formatter) -> ConcurrentRotatingFileHandler:
    """Several processes may write to the file; a lock beside it keeps lines and backups whole."""
    make_files_private([path, *(path.with_name(f"{path.name}.{number}") for number in range(1, BACKUPS + 1))])
    handler = ConcurrentRotatingFileHandler(
        path, maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8", umask=PRIVATE_UMASK
    )
    handler.setFormatter(formatter)
    return handler


def _replace_handlers(logger: logging.Logger, handlers: list[logging.Handler], level: str) -> None:
    for old in list(logger.handlers):
        logger.removeHandler(old)
        old.close()
    for handler in handlers:
        logger.addHandler(handler)
    logger.setLevel(level.upper())
