"""Limits of a client's connection, which Uvicorn has none of: idle ones, slow ones, and long heads of requests.

Uvicorn's protocol for HTTP with these limits added. Everything else is Uvicorn's own.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar, Final

import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from platewatch.settings import Settings

log = structlog.get_logger(__name__)

MAX_HEAD_BYTES: Final = 32 * 1024
"""Of a request line with its headers, as nginx has by default; also of trailers."""
MAX_HEADERS: Final = 100
MIN_BODY_BYTES_PER_S: Final = 500
RESERVED_FILES: Final = 200
"""Files and connections of the database that are open beside those of clients."""
MIN_CONNECTIONS: Final = 50
_UNSENT_BYTES: Final = 128 * 1024
"""The kernel's send buffer; with more, a slow client would look like one that has stopped."""
_RETRY_S: Final = 5
_EXPLANATIONS: Final = {
    HTTPStatus.BAD_REQUEST: "This is no HTTP request that can be read.",
    HTTPStatus.REQUEST_TIMEOUT: "The request did not come in time.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (
        f"The request line and its headers have more than {MAX_HEAD_BYTES // 1024} kB or {MAX_HEADERS} headers."
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: "The server has as many connections as it may. Try again soon.",
}


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Limits of a process: its connections, and how long it waits for a client.

    The head of a request has to come within `header_s`. Of a body there have to come `MIN_BODY_BYTES_PER_S` in each
    `body_s`. A client that takes nothing of an answer within `send_s` is dropped.
    """

    connections: int
    header_s: float
    body_s: float
    send_s: float


def connection_limits(settings: Settings) -> ConnectionLimits:
    """The limits of the settings; no more connections than this process may have files open."""
    connections = min(settings.max_connections, max(MIN_CONNECTIONS, _max_files() - RESERVED_FILES))
    if connections < settings.max_connections:
        log.warning("connections.limited", limit=connections, why="this process may not open more files (ulimit -n)")
    return ConnectionLimits(connections, settings.header_timeout_s, settings.body_timeout_s, settings.send_timeout_s)


def guarded_protocol(limits: ConnectionLimits) -> type[HttpToolsProtocol]:
    """Uvicorn's protocol with these limits, for its option `http`."""
    return type("LimitedProtocol", (GuardedProtocol,), {"limits": limits})


class GuardedProtocol(HttpToolsProtocol):
    """One connection. `limits` are those of `guarded_protocol`."""

    limits: ClassVar[ConnectionLimits]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._receive_timer: asyncio.TimerHandle | None = None
        self._send_timer: asyncio.TimerHandle | None = None
        self._in_message = False
        self._in_body = False
        self._headers = 0
        self._head_bytes = 0
        self._unused_bytes = 0
        """Received since the parser last made something of them: of a head, of trailers, of the notes to a chunk."""
        self._body_bytes = 0
        """Received since the timer last looked."""
        self._unsent_bytes = 0
        self.idle_since_s = 0.0
        self._refusal: HTTPStatus | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no request is being received or answered."""
        return not self._in_message and (self.cycle is None or self.cycle.response_complete)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in Uvicorn
        super().connection_made(transport)
        self.idle_since_s = self.loop.time()
        # Whatever the kernel does not take at once makes the app wait, and the timer run.
        transport.set_write_buffer_limits(high=0)
        _limit_unsent(transport)
        if len(self.connections) > self.limits.connections and not self._drop_idle_connection():
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self._await_more()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_receive_timer()
        self._stop_send_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None:
            return
        self._unused_bytes += len(data)
        self._body_bytes += len(data)
        super().data_received(data)
        if self._unused_bytes > MAX_HEAD_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        self._await_more()

    def on_message_begin(self) -> None:
        self._in_message = True
        self._headers = self._head_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers += 1
        self._count_head(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._stop_receive_timer()
        self._in_body = True
        self._unused_bytes = 0
        super().on_headers_complete()

    def on_chunk_header(self) -> None:
        self._unused_bytes = 0

    def on_body(self, body: bytes) -> None:
        self._unused_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._stop_receive_timer()
        self._in_message = self._in_body = False
        self._unused_bytes = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self.idle_since_s = self.loop.time()
        super().on_response_complete()

    def handle_websocket_upgrade(self) -> None:
        # From here on the other protocol asks for signs of life itself.
        self._stop_receive_timer()
        self._refusal = HTTPStatus.SWITCHING_PROTOCOLS
        self.transport.set_write_buffer_limits()
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 -- Uvicorn's
        self._refuse(self._refusal or HTTPStatus.BAD_REQUEST)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unsent_bytes = self.transport.get_write_buffer_size()
        self._stop_send_timer()
        self._send_timer = self.loop.call_later(self.limits.send_s, self._judge_sending)

    def resume_writing(self) -> None:
        self._stop_send_timer()
        super().resume_writing()

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES or self._headers > MAX_HEADERS:
            self._refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            # The parser stops, and Uvicorn calls `send_400_response`.
            raise ValueError(_EXPLANATIONS[self._refusal])

    def _await_more(self) -> None:
        """Let the timer run while the client is to send something."""
        if self._receive_timer is not None or self._refusal is not None or self.transport.is_closing():
            return
        if self._in_body:
            self._body_bytes = 0
            self._receive_timer = self.loop.call_later(self.limits.body_s, self._judge_body)
        elif self._in_message or (self.is_idle and self.timeout_keep_alive_task is None):
            self._receive_timer = self.loop.call_later(self.limits.header_s, self._judge_head)

    def _judge_head(self) -> None:
        self._receive_timer = None
        if self.cycle is not None and not self.cycle.response_complete:
            # Another request comes while this one is answered; it has time until then.
            self._await_more()
        elif self._in_message:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.transport.abort()

    def _judge_body(self) -> None:
        self._receive_timer = None
        waits_for_us = self.flow.read_paused or self.cycle.waiting_for_100_continue
        if waits_for_us or self._body_bytes >= MIN_BODY_BYTES_PER_S * self.limits.body_s:
            self._await_more()
        else:
            self._note_drop("its body comes too slowly")
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _judge_sending(self) -> None:
        self._send_timer = None
        unsent = self.transport.get_write_buffer_size()
        if unsent >= self._unsent_bytes:
            self._note_drop("it takes nothing of its answer")
            self.transport.abort()
            return
        self._unsent_bytes = unsent
        self._send_timer = self.loop.call_later(self.limits.send_s, self._judge_sending)

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer with this status, if no answer has begun, and close the connection."""
        self._refusal = status
        self._stop_receive_timer()
        answering = self.cycle is not None and not self.cycle.response_complete
        if not (answering and self.cycle.response_started):
            self.transport.write(_refusal(status))
        if answering:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()

    def _drop_idle_connection(self) -> bool:
        """Whether there was an idle connection to drop: the one that has been so for the longest time."""
        idle = (
            other
            for other in self.connections
            if isinstance(other, GuardedProtocol)
            and other is not self
            and other.is_idle
            and not other.transport.is_closing()
        )
        longest = min(idle, key=lambda other: other.idle_since_s, default=None)
        if longest is None:
            return False
        longest.transport.abort()
        return True

    def _note_drop(self, why: str) -> None:
        log.info("connection.dropped", client=self.client and self.client[0], why=why)

    def _stop_receive_timer(self) -> None:
        if self._receive_timer is not None:
            self._receive_timer.cancel()
            self._receive_timer = None

    def _stop_send_timer(self) -> None:
        if self._send_timer is not None:
            self._send_timer.cancel()
            self._send_timer = None


def _refusal(status: HTTPStatus) -> bytes:
    text = _EXPLANATIONS[status].encode()
    retry = b"retry-after: %d\r\n" % _RETRY_S if status is HTTPStatus.SERVICE_UNAVAILABLE else b""
    head = b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n" % len(text)
    return STATUS_LINE[status] + head + retry + b"\r\n" + text


def _limit_unsent(transport: asyncio.Transport) -> None:
    own = transport.get_extra_info("socket")
    if own is not None and own.family in (socket.AF_INET, socket.AF_INET6) and hasattr(socket, "TCP_NOTSENT_LOWAT"):
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)


def _max_files() -> int:
    """The number of files that this process may have open."""
    if sys.platform == "win32":
        return sys.maxsize
    import resource  # noqa: PLC0415 -- not on Windows

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft
