"""Gates for tests: a relay that speaks HTTP, and what a broker delivers."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from urllib.parse import urlsplit

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.subscribeoptions import SubscribeOptions

from tests.missing import give_up

BROKER_VARIABLE = "PLATEWATCH_TEST_MQTT"
BROKER_URL = os.environ.get(BROKER_VARIABLE, "mqtt://127.0.0.1:1883")


@dataclass
class Call:
    """A request as the relay got it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Relay:
    """Answers each call with `status`, after `released` is set."""

    url: str
    status: int = 200
    calls: list[Call] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


@contextmanager
def http_relay() -> Iterator[Relay]:
    relay = Relay("")
    relay.released.set()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            relay.calls.append(Call(self.command, self.path, dict(self.headers.items()), body))
            relay.released.wait(20)
            self.send_response(relay.status)
            if relay.status in (301, 302):
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = do_PUT = do_PATCH = _answer  # noqa: N815  # the server's names

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    relay.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield relay
    finally:
        relay.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def raw_server(talk: Callable[[socket.socket, threading.Event], None]) -> Iterator[int]:
    """The port of a server that lets `talk` have each connection; the event is set when the test is over."""
    over = threading.Event()
    threads: list[threading.Thread] = []

    def converse(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            talk(connection, over)

    def accept(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                threads.append(threading.Thread(target=converse, args=(connection,)))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        acceptor = threading.Thread(target=accept, args=(server,))
        acceptor.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            server.shutdown(socket.SHUT_RDWR)
            acceptor.join()
            for thread in threads:
                thread.join()


def drip(connection: socket.socket, over: threading.Event, head: bytes, drop: bytes) -> None:
    """Answers with `head`, then with a drop every 50 ms, without an end."""
    connection.recv(4096)
    connection.sendall(head)
    while not over.wait(0.05):
        connection.sendall(drop)


def broker() -> tuple[str, int]:
    """Where the broker is."""
    parts = urlsplit(BROKER_URL)
    return parts.hostname or "127.0.0.1", parts.port or 1883


@contextmanager
def subscribed(topic: str) -> Iterator[Queue[mqtt.MQTTMessage]]:
    """What the broker delivers to the topic; without one the test is skipped, or fails in continuous integration."""
    ready = threading.Event()
    arrived: Queue[mqtt.MQTTMessage] = Queue()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda _client, _data, message: arrived.put(message)
    try:
        client.connect(*broker())
    except OSError as error:
        give_up(f"no MQTT broker: {error}. Start one, or name another with {BROKER_VARIABLE}")
    client.loop_start()
    try:
        client.subscribe(topic, options=SubscribeOptions(qos=1))
        assert ready.wait(10)
        yield arrived
        client.disconnect()
    finally:
        client.loop_stop()
