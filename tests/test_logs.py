from __future__ import annotations

import json
import logging
import os
import pkgutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
import structlog

import platewatch
from platewatch.access import opener
from platewatch.logs import ACCESS_LOGGER, BACKUPS, HTTP_CLIENT_LOGGERS, MAX_BYTES, OWN_LOGGER, set_up_logs


@pytest.fixture(autouse=True)
def _leave_logging_as_it_was() -> Iterator[None]:
    loggers = [logging.getLogger(), logging.getLogger(ACCESS_LOGGER), logging.getLogger(OWN_LOGGER)]
    before = [(logger, list(logger.handlers), logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers = []
    yield
    for logger, handlers, level, propagate in before:
        for handler in logger.handlers:
            handler.close()
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)
    structlog.reset_defaults()


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_errors_go_to_both_files_and_the_rest_to_the_app_log_only(tmp_path: Path) -> None:
    set_up_logs(folder=tmp_path)
    structlog.get_logger("x").info("camera.up", camera="gate")
    logging.getLogger("some.library").error("it broke")
    assert [line["event"] for line in lines(tmp_path / "app.log")] == ["camera.up", "it broke"]
    assert [line["event"] for line in lines(tmp_path / "error.log")] == ["it broke"]
    assert lines(tmp_path / "app.log")[0]["camera"] == "gate"


def test_requests_go_to_the_access_log_alone(tmp_path: Path) -> None:
    set_up_logs(folder=tmp_path)
    structlog.get_logger(ACCESS_LOGGER).info("request", path="/health", status=200)
    assert lines(tmp_path / "access.log")[0]["status"] == 200
    assert lines(tmp_path / "app.log") == []


def module_names() -> list[str]:
    names = [info.name for info in pkgutil.walk_packages(platewatch.__path__, "platewatch.")]
    assert len(names) > 200
    return names


def test_no_module_logs_into_the_access_log(tmp_path: Path) -> None:
    set_up_logs(folder=tmp_path)
    for name in module_names():
        logging.getLogger(name).error("it broke")
    assert lines(tmp_path / "access.log") == []
    for file in ("app.log", "error.log"):
        assert [line["logger"] for line in lines(tmp_path / file)] == module_names()


def test_the_access_logger_and_those_of_libraries_are_no_module_of_ours() -> None:
    packages = {name.split(".")[0] for name in module_names()}
    for name in (ACCESS_LOGGER, "uvicorn", "uvicorn.error", "uvicorn.access", "alembic"):
        assert name.split(".")[0] not in packages
    assert not ACCESS_LOGGER.isidentifier()


def test_what_a_gate_logs_goes_to_the_log_of_the_program(tmp_path: Path) -> None:
    set_up_logs(folder=tmp_path)
    opener.log.warning("gate.failed", gate=1)
    assert [(line["event"], line["logger"]) for line in lines(tmp_path / "app.log")] == [
        ("gate.failed", "platewatch.access.opener")
    ]


def test_debug_logs_more_of_ours_and_not_of_libraries(tmp_path: Path) -> None:
    set_up_logs(folder=tmp_path, level="debug")
    structlog.get_logger("platewatch.app.runtime").debug("photo.read")
    logging.getLogger("some.library").debug("cookie: session=secret")
    logging.getLogger("some.library").info("shown")
    assert [line["event"] for line in lines(tmp_path / "app.log")] == ["photo.read", "shown"]


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_logs_are_their_users_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    folder = tmp_path / "logs"
    folder.mkdir(mode=0o700)
    (folder / "app.log").touch(mode=0o644)
    (folder / "app.log.1").touch(mode=0o644)
    before = os.umask(umask)
    try:
        set_up_logs(folder=folder)
        log = logging.getLogger("filler")
        for _ in range(8):
            log.info("x" * (MAX_BYTES // 3))
    finally:
        os.umask(before)
    files = [path for path in folder.iterdir() if path.name.startswith("app.log")]
    assert len(files) > 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_line_carries_the_request_id_bound_to_the_context(tmp_path: Path) -> None:
    set_up_logs(folder=tmp_path)
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        logging.getLogger("x").warning("slow")
    assert lines(tmp_path / "app.log")[0]["request_id"] == "r-1"


def test_the_level_holds_back_what_is_below_it(tmp_path: Path) -> None:
    set_up_logs(folder=tmp_path, level="warning")
    structlog.get_logger("x").info("quiet")
    structlog.get_logger("x").warning("loud")
    assert [line["event"] for line in lines(tmp_path / "app.log")] == ["loud"]


def test_files_rotate_at_five_megabytes_and_keep_five(tmp_path: Path) -> None:
    set_up_logs(folder=tmp_path)
    log = logging.getLogger("filler")
    line = "x" * (MAX_BYTES // 4)
    for _ in range(30):
        log.info(line)
    files = sorted(tmp_path.glob("app.log*"))
    assert [path.name for path in files] == ["app.log", *(f"app.log.{n}" for n in range(1, BACKUPS + 1))]
    assert all(path.stat().st_size < MAX_BYTES + 2 * len(line) for path in files)


def test_several_processes_write_whole_lines_into_one_file(tmp_path: Path) -> None:
    code = (
        "import logging, sys; from pathlib import Path; from platewatch.logs import set_up_logs; "
        "set_up_logs(folder=Path(sys.argv[1])); [logging.getLogger('w').info('y' * 5000) for _ in range(200)]"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stderr=subprocess.DEVNULL) for _ in range(3)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    lines = (tmp_path / "app.log").read_text().splitlines()
    assert len(lines) == 600
    assert {json.loads(line)["event"] for line in lines} == {"y" * 5000}


def test_the_terminal_speaks_json_by_setting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(folder=tmp_path, terminal="json")
    structlog.get_logger("x").info("hello", n=1)
    assert json.loads(capsys.readouterr().err)["n"] == 1


@pytest.mark.parametrize("terminal", ["console", "json"])
def test_an_error_is_shown_with_its_way_but_without_the_values_on_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], terminal: Literal["console", "json"]
) -> None:
    def log_in(password: str) -> None:
        raise ZeroDivisionError(f"{len(password)} letters")

    set_up_logs(folder=tmp_path, terminal=terminal)
    try:
        log_in("hunter2" * 3)
    except ZeroDivisionError:
        structlog.get_logger("x").exception("request.crashed")
    shown = capsys.readouterr().err
    assert "ZeroDivisionError: 21 letters" in shown
    assert "in log_in" in shown
    assert "hunter2hunter2" not in shown + (tmp_path / "error.log").read_text()


def test_setting_up_twice_logs_once(tmp_path: Path) -> None:
    set_up_logs(folder=tmp_path)
    set_up_logs(folder=tmp_path)
    structlog.get_logger("x").info("once")
    assert len(lines(tmp_path / "app.log")) == 1


def test_a_url_with_a_password_is_redacted_in_every_line(tmp_path: Path) -> None:
    set_up_logs(folder=tmp_path)
    structlog.get_logger("x").error("stream.down", url="rtsp://u:p@cam/1")
    assert "u:p" not in (tmp_path / "app.log").read_text()


@pytest.mark.parametrize("terminal", ["console", "json"])
def test_no_secret_of_an_address_reaches_a_log_wherever_it_stands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], terminal: Literal["console", "json"]
) -> None:
    url = "http://ada:hunter2@gate.example/open?token=tok-in-url"
    set_up_logs(folder=tmp_path, terminal=terminal)
    log = structlog.get_logger("x")
    event = f"calling {url}"
    log.error(event, nested={"urls": [url]}, error=ValueError(url))
    logging.getLogger("some.library").error("HTTP Request: POST %s", url)
    try:
        raise RuntimeError(f"no answer of {url}")
    except RuntimeError:
        log.exception("gate.failed")
    shown = capsys.readouterr().err + "".join(path.read_text() for path in tmp_path.glob("*.log"))
    assert "tok-in-url" not in shown
    assert "hunter2" not in shown
    assert "***@gate.example/open?token=***" in shown


@pytest.mark.parametrize("terminal", ["console", "json"])
def test_no_text_steers_the_terminal_or_forges_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], terminal: Literal["console", "json"]
) -> None:
    text = "500 \x1b[2J\x9b31m\r\n2026-01-01 [info] gate.opened\u202e"
    set_up_logs(folder=tmp_path, terminal=terminal)
    structlog.get_logger("x").warning("gate.failed", detail=text, more={"k": [text]})
    logging.getLogger("some.library").warning(text)
    try:
        raise RuntimeError(text)
    except RuntimeError:
        structlog.get_logger("x").exception("crashed")
    shown = capsys.readouterr().err
    assert not {"\x1b", "\x9b", "\r", "\u202e"} & set(shown)
    assert "in test_no_text" in shown
    assert not [line for line in shown.splitlines() if line.startswith("2026-01-01")]


@pytest.mark.parametrize("name", HTTP_CLIENT_LOGGERS)
@pytest.mark.parametrize("level", ["debug", "info"])
def test_calls_of_the_http_client_are_not_logged(tmp_path: Path, name: str, level: str) -> None:
    set_up_logs(folder=tmp_path, level=level)
    logging.getLogger(name).info("HTTP Request: POST http://gate/")
    logging.getLogger(f"{name}.http11").debug("send_request_headers.started request=<Request [b'POST']>")
    assert lines(tmp_path / "app.log") == []
