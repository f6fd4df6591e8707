"""Checks before a start opens anything; all problems are reported at once."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from platewatch.clock import Clock
from platewatch.data_folder import keep_private, make_files_private, make_private, misplaced, write_fault
from platewatch.db.engine import Database, normalized_url
from platewatch.ephemeral.redis_check import RedisAnswer, RedisState, ask_redis
from platewatch.errors import ModelError, SettingsError
from platewatch.reading.backend_options import backend_options
from platewatch.sealing import KEY_FILE, Seal
from platewatch.settings import ReadSettings, Settings, default_data_folder, require_no_faults, user_data_folder
from platewatch.sightings.pseudonyms import PLATE_KEY_FILE, open_pseudonyms
from platewatch.vision.inference.registry import BackendKind, problem_of
from platewatch.vision.inference.session import Provider, choose_provider

_OWN_FILES: Final = {
    BackendKind.DETECTOR: ("detector_model",),
    BackendKind.RECOGNIZER: ("recognizer_model", "char_yolo_model", "easyocr_folder"),
}
"""The settings that name a model of the user's, for each kind of backend."""


def prepare_start(read: ReadSettings, *, listens: bool = False) -> list[str]:
    """Check everything that the settings name, and make the data folder, which is its user's alone.

    With `listens` this process will listen on the address itself, so it must be free.

    Returns:
        Warnings for the person who starts the server, one a line; none of them keeps it from starting.

    Raises:
        SettingsError: something can't work; the message names all of it.
    """
    settings = read.settings
    redis = ask_redis(settings.redis_url) if settings.redis_url else RedisAnswer(RedisState.READY)
    require_no_faults((*read.faults, *_faults(settings, redis, listens=listens)))
    keep_private()
    return [*read.hints, *_hints(settings, redis), *_make_folders(settings)]


def prepare_data(settings: Settings) -> list[str]:
    """Make the data folder, for a command that works on the data beside the server; what was done, a line each.

    Raises:
        SettingsError: it can't be made or written.
    """
    require_no_faults(tuple(_folder_faults(settings)))
    keep_private()
    return _make_folders(settings)


def require_free_port(host: str, port: int) -> None:
    """Do nothing if the server can listen there.

    Raises:
        SettingsError: it can't; the message says why, and which part to change.
    """
    where = f"The server can't listen on {host!r}, port {port}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SettingsError(
            f"{where}: there is no host of that name. Choose 127.0.0.1, 0.0.0.0 for all networks, or an address of "
            "this machine with --host or PLATEWATCH_HOST."
        ) from error
    try:
        for family, kind, protocol, _, address in found:
            with socket.socket(family, kind, protocol) as probe:
                # As the server itself does; else a restart would have to wait for the last connections to fade.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
    except OSError as error:
        raise SettingsError(f"{where}: {error.strerror}. {_advice(error)}") from error


def _advice(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "End what uses it, or choose another port with --port or PLATEWATCH_PORT."
    if error.errno == errno.EADDRNOTAVAIL:
        return (
            "This machine does not have that address. Choose one that it has, or 0.0.0.0 for all, with --host or "
            "PLATEWATCH_HOST."
        )
    if error.errno == errno.EACCES:
        return "Ports below 1024 are the system's. Choose a larger one with --port or PLATEWATCH_PORT."
    return "Choose another address with --host and --port, or PLATEWATCH_HOST and PLATEWATCH_PORT."


def _faults(settings: Settings, redis: RedisAnswer, *, listens: bool) -> Iterator[str]:
    try:
        settings.require_safe()
    except SettingsError as error:
        yield str(error)
    if listens:
        try:
            require_free_port(settings.host, settings.port)
        except SettingsError as error:
            yield str(error)
    yield from _folder_faults(settings)
    yield from _key_faults(settings)
    yield from _database_faults(settings)
    yield from _model_faults(settings)
    if redis.state is RedisState.REFUSED:
        yield f"{settings.place_of('redis_url')} can't be used: {redis.reason}. Correct the password or number in it."


def _folder_faults(settings: Settings) -> Iterator[str]:
    folders = {"data": settings.data}
    if settings.logs is not None:
        folders["logs"] = settings.logs
    for field, folder in folders.items():
        if fault := write_fault(folder):
            named = settings.place_of(field)
            yield (
                f"The folder {str(folder)!r} can't be written: {fault}. Correct that, or choose another with {named}."
            )
    for folder in dict.fromkeys((settings.data, settings.log_folder)):
        for path in misplaced(folder):
            found, wanted = ("folder", "file") if path.is_dir() else ("file", "folder")
            yield f"{str(path)!r} is a {found}, and platewatch keeps a {wanted} there. Move it away."


def _key_faults(settings: Settings) -> Iterator[str]:
    """Keys in the data folder that can't be read; those that are not there yet are made later."""
    try:
        if (settings.data / KEY_FILE).is_file():
            Seal(settings.secret_key, settings.data).require_key()
    except SettingsError as error:
        yield str(error)
    try:
        if settings.unlisted_plates == "pseudonym" and (settings.data / PLATE_KEY_FILE).is_file():
            open_pseudonyms(settings.plate_key, settings.data)
    except SettingsError as error:
        yield str(error)


def _database_faults(settings: Settings) -> Iterator[str]:
    try:
        url = normalized_url(settings.effective_database_url)
    except SettingsError as error:
        yield f"{settings.place_of('database_url')} can't be used: {error}"
        return
    file = Path(url.database or "")
    if url.get_backend_name() == "sqlite" and not file.exists():
        if file.parent != settings.data.resolve() and (fault := write_fault(file.parent)):
            named = settings.database_names.address
            yield f"The folder {str(file.parent)!r} can't be written: {fault}. It is named by {named}."
        return
    database = Database.of(settings)
    try:
        database.schema_state()
    except SettingsError as error:
        yield str(error)
    finally:
        database.dispose()


def _model_faults(settings: Settings) -> Iterator[str]:
    options = backend_options(settings, Clock().now)
    try:
        choose_provider(Provider(settings.provider))
    except ModelError as error:
        yield f"{settings.place_of('provider')} can't be used: {error}"
        options = replace(options, provider=Provider.AUTO)
    if settings.llm == "on" and not settings.llm_key:
        yield f"{settings.place_of('llm')}=on can't be used without the key of your account. Set PLATEWATCH_LLM_KEY."
    for kind, fields in _OWN_FILES.items():
        missing = [field for field in fields if _is_missing(getattr(settings, field))]
        for field in missing:
            path = getattr(settings, field)
            yield f"{settings.place_of(field)}={path} can't be used: there is no such file or folder."
        name = getattr(settings, kind.value)
        if not missing and (problem := problem_of(kind, name, options)):
            yield f"{settings.place_of(kind.value)}={name} can't be used: {problem}"
    # Requests may choose it by name.
    is_for_requests = settings.is_given("ensemble") and settings.recognizer != "ensemble"
    if is_for_requests and (problem := problem_of(BackendKind.RECOGNIZER, "ensemble", options)):
        yield f"{settings.place_of('ensemble')} can't be used: {problem}"


def _is_missing(path: Path | None) -> bool:
    return path is not None and not path.exists()


def _hints(settings: Settings, redis: RedisAnswer) -> Iterator[str]:
    for folder in settings.import_folders:
        if not folder.is_dir():
            yield f"{settings.place_of('import_folders')}: there is no folder {str(folder)!r} now."
    if redis.state is RedisState.AWAY:
        yield (
            f"{settings.place_of('redis_url')}: the Redis can't be reached: {redis.reason.rstrip('.')}. Until it can, "
            "each process counts requests and keeps results alone."
        )
    yield from _other_data(settings)


def _other_data(settings: Settings) -> Iterator[str]:
    """A database where the data were by default when the command was called from another folder."""
    if settings.is_given("data") or settings.is_given("database_url") or settings.is_given("db_name"):
        return
    for other in {user_data_folder(), default_data_folder(), Path.cwd() / "data"} - {settings.data}:
        if (other / "platewatch.db").is_file():
            yield f"There is another database in {other}, which is not used. To use it, set PLATEWATCH_DATA={other}"


def _make_folders(settings: Settings) -> list[str]:
    """Make the data folder and the folder of the logs; what was closed to others, a line each.

    Raises:
        SettingsError: one can't be made.
    """
    lines: list[str] = []
    for folder in (settings.data, settings.log_folder):
        try:
            lines += make_private(folder)
        except OSError as error:
            raise SettingsError(
                f"The folder {str(folder)!r} can't be made: {error.strerror}. "
                "Choose another one with PLATEWATCH_DATA or PLATEWATCH_LOGS."
            ) from error
    url = normalized_url(settings.effective_database_url)
    if url.get_backend_name() == "sqlite":
        make_files_private(Path(f"{url.database}{suffix}") for suffix in ("", "-wal", "-shm"))
    return lines
