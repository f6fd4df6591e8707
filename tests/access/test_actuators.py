from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from platewatch.access.actuators import ACTUATORS, MAX_REASON, HttpActuator, MqttActuator, open_gate
from platewatch.access.broker import MAX_ANSWER_BYTES
from platewatch.errors import GateError
from tests.access.relays import Relay, broker, drip, http_relay, raw_server, subscribed

LIMIT_S = 0.4
SOON_S = 3.0
"""Far less than any single step's time-out would add up to, and enough for a machine that is busy."""
OK_CONNACK = bytes([0x20, 0x02, 0x00, 0x00])


@pytest.fixture
def relay() -> Iterator[Relay]:
    with http_relay() as relay:
        yield relay


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def topic() -> str:
    """A topic that no other test uses."""
    return f"platewatch-tests/{secrets.token_hex(8)}"


def test_a_gate_is_called_as_it_is_set_up(relay: Relay) -> None:
    actuator = HttpActuator(
        url=f"{relay.url}/relay/0?turn=on", method="PUT", headers={"X-Key": "secret"}, body='{"pulse": 1}'
    )
    assert open_gate(actuator, 10) == "answered 200"
    (call,) = relay.calls
    assert (call.method, call.path, call.body) == ("PUT", "/relay/0?turn=on", b'{"pulse": 1}')
    assert call.headers["X-Key"] == "secret"


def test_a_proxy_of_the_environment_is_not_asked(
    relay: Relay, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port}")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port}")
    assert open_gate(HttpActuator(url=relay.url), 10) == "answered 200"


@pytest.mark.parametrize("status", [204, 299])
def test_any_answer_of_success_counts(relay: Relay, status: int) -> None:
    relay.status = status
    assert open_gate(HttpActuator(url=relay.url), 10) == f"answered {status}"


@pytest.mark.parametrize("status", [301, 401, 500])
def test_any_other_answer_is_a_failure_and_no_redirection_is_followed(relay: Relay, status: int) -> None:
    relay.status = status
    with pytest.raises(GateError, match=f"it answered {status}"):
        open_gate(HttpActuator(url=relay.url), 10)
    assert len(relay.calls) == 1


def test_a_gate_that_does_not_answer_is_given_up(relay: Relay) -> None:
    relay.released.clear()
    with pytest.raises(GateError, match=r"did not answer within 0\.1 s"):
        open_gate(HttpActuator(url=relay.url, timeout_s=0.1), 10)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_gate_that_is_not_there_is_reported(closed_port: int, scheme: str) -> None:
    with pytest.raises(GateError, match="can't be reached"):
        open_gate(HttpActuator(url=f"{scheme}://127.0.0.1:{closed_port}/"), 10)


def test_a_gate_that_speaks_something_else_is_reported(relay: Relay) -> None:
    with pytest.raises(GateError, match="can't be reached"):
        open_gate(HttpActuator(url=relay.url.replace("http", "https")), 10)


@pytest.mark.parametrize("version", ["5", "3.1.1"])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_gate_is_told_by_the_broker(version: Any, qos: Any) -> None:
    host, port = broker()
    with subscribed(where := topic()) as arrived:
        actuator = MqttActuator(host=host, port=port, topic=where, payload="up", qos=qos, version=version)
        assert open_gate(actuator, 10) == f"sent to {where}"
        message = arrived.get(timeout=10)
    assert (message.topic, message.payload, message.retain) == (where, b"up", False)
    if version == "5":
        assert 0 < vars(message.properties)["MessageExpiryInterval"] <= 10


def test_a_message_does_not_wait_for_a_gate_that_comes_later() -> None:
    host, port = broker()
    with subscribed(topic()):
        """The broker is there."""
    open_gate(MqttActuator(host=host, port=port, topic=(where := topic())), 10)
    with subscribed(where) as arrived:
        open_gate(MqttActuator(host=host, port=port, topic=where, payload="second"), 10)
        assert arrived.get(timeout=10).payload == b"second"
        assert arrived.empty()


def test_a_broker_that_is_not_there_is_reported(closed_port: int) -> None:
    with pytest.raises(GateError, match="the broker can't be reached"):
        open_gate(MqttActuator(host="127.0.0.1", port=closed_port, topic="gate"), 10)


def test_a_broker_that_does_not_answer_is_given_up(silent_port: int) -> None:
    with pytest.raises(GateError, match=r"the broker did not answer within 0\.2 s"):
        open_gate(MqttActuator(host="127.0.0.1", port=silent_port, topic="gate", timeout_s=0.2), 10)


def test_a_broker_that_refuses_the_password_is_reported() -> None:
    """A broker of four lines, since the real one takes everybody."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(bytes([0x20, 0x02, 0x00, 0x05]))
                connection.recv(1000)

        thread = threading.Thread(target=refuse)
        thread.start()
        port = server.getsockname()[1]
        actuator = MqttActuator(
            host="127.0.0.1", port=port, topic="gate", version="3.1.1", username="u", password="wrong"
        )
        with pytest.raises(GateError, match="refused the connection: Not authorized"):
            open_gate(actuator, 10)
        thread.join()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "smoke"}, "kind"),
        ({"kind": "http"}, "url"),
        ({"kind": "http", "url": "ftp://gate/"}, "write the URL like"),
        ({"kind": "http", "url": "http:///open"}, "URL"),
        ({"kind": "http", "url": "file:///etc/passwd"}, "write the URL like"),
        ({"kind": "http", "url": "http://ada:secret@gate/"}, "put the name and password into the header"),
        ({"kind": "http", "url": "http://gate:99999/"}, "URL"),
        ({"kind": "http", "url": "http://gate/", "method": "DELETE"}, "method"),
        ({"kind": "http", "url": "http://gate/", "headers": {"X Y": "z"}}, "headers"),
        ({"kind": "http", "url": "http://gate/", "headers": {"X": "a\r\nHost: b"}}, "headers"),
        ({"kind": "http", "url": "http://gate/", "timeout_s": 11}, "timeout_s"),
        ({"kind": "http", "url": "http://gate/", "topic": "gate"}, "topic"),
        ({"kind": "mqtt", "host": "broker", "topic": "gates/#"}, "without"),
        ({"kind": "mqtt", "host": "broker", "topic": ""}, "topic"),
        ({"kind": "mqtt", "host": "bro ker", "topic": "gate"}, "host"),
        ({"kind": "mqtt", "host": "broker", "topic": "gate", "qos": 3}, "qos"),
    ],
)
def test_an_actuator_that_can_t_work_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ACTUATORS.validate_python(fields)


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", id="a header now and then"),
        pytest.param(b"HTTP/1.1 2", b"0", id="a digit of the status now and then"),
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n", id="asks to go on without an end"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: ", b"y", id="a header without an end"),
    ],
)
def test_the_whole_call_has_one_limit(head: bytes, drop: bytes) -> None:
    with raw_server(lambda connection, over: drip(connection, over, head, drop)) as port:
        began = time.monotonic()
        with pytest.raises(GateError, match=r"did not answer within 0\.4 s"):
            open_gate(HttpActuator(url=f"http://127.0.0.1:{port}/", timeout_s=LIMIT_S), 10)
        assert time.monotonic() - began < SOON_S


def test_a_call_ends_when_the_decision_is_too_old(relay: Relay) -> None:
    relay.released.clear()
    with pytest.raises(GateError, match=r"did not answer within 0\.2 s"):
        open_gate(HttpActuator(url=relay.url, timeout_s=10), 0.2)


@pytest.mark.parametrize("drop", [b"", b"\x16"], ids=["says nothing", "a byte of TLS now and then"])
@pytest.mark.parametrize("kind", ["http", "mqtt"])
def test_shaking_hands_is_limited_too(kind: str, drop: bytes) -> None:
    with raw_server(lambda connection, over: drip(connection, over, b"\x16\x03\x03\x40\x00", drop)) as port:
        actuator: Any = HttpActuator(url=f"https://127.0.0.1:{port}/", timeout_s=LIMIT_S)
        if kind == "mqtt":
            actuator = MqttActuator(host="127.0.0.1", port=port, topic="gate", tls=True, timeout_s=LIMIT_S)
        began = time.monotonic()
        with pytest.raises(GateError):
            open_gate(actuator, 10)
        assert time.monotonic() - began < SOON_S


@pytest.mark.parametrize("kind", ["http", "mqtt"])
def test_looking_up_the_name_is_limited_too(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    answered = threading.Event()

    def look_up(*_: object, **__: object) -> list[Any]:
        answered.wait(10)
        raise socket.gaierror("no such host")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    actuator: Any = HttpActuator(url="http://gate.example/", timeout_s=LIMIT_S)
    if kind == "mqtt":
        actuator = MqttActuator(host="gate.example", topic="gate", timeout_s=LIMIT_S)
    began = time.monotonic()
    with pytest.raises(GateError, match=r"did not answer within 0\.4 s"):
        open_gate(actuator, 10)
    assert time.monotonic() - began < SOON_S
    answered.set()


def test_the_body_of_the_answer_is_not_waited_for() -> None:
    def talk(connection: socket.socket, over: threading.Event) -> None:
        drip(connection, over, b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", b"x" * 10_000)

    with raw_server(talk) as port:
        assert open_gate(HttpActuator(url=f"http://127.0.0.1:{port}/"), 10) == "answered 200"


@pytest.mark.parametrize("line", [b"X: " + b"y" * 1_000_000, b"X: y\r\n" * 100_000], ids=["long", "many"])
def test_headers_beyond_all_bounds_are_refused(line: bytes) -> None:
    def talk(connection: socket.socket, _over: threading.Event) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + line)
        connection.recv(4096)

    with raw_server(talk) as port, pytest.raises(GateError, match="can't be reached"):
        open_gate(HttpActuator(url=f"http://127.0.0.1:{port}/"), 10)


def test_what_a_gate_says_steers_no_terminal_and_is_short() -> None:
    def talk(connection: socket.socket, _over: threading.Event) -> None:
        connection.recv(4096)
        phrase = b"\x1b[2J\x85 of http://gate/?token=s3cret " + b"x" * 1000
        connection.sendall(b"HTTP/1.1 500 " + phrase + b"\r\nContent-Length: 0\r\n\r\n")

    with raw_server(talk) as port, pytest.raises(GateError) as refused:
        open_gate(HttpActuator(url=f"http://127.0.0.1:{port}/"), 10)
    assert str(refused.value).startswith("it answered 500 \ufffd[2J")
    assert str(refused.value).isprintable()
    assert "s3cret" not in str(refused.value)
    assert len(str(refused.value)) == MAX_REASON


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        pytest.param(b"", b"", id="no answer"),
        pytest.param(b"\x20", b"\x80", id="an answer in drops"),
        pytest.param(OK_CONNACK, b"", id="no receipt"),
        pytest.param(OK_CONNACK, b"\xd0\x00", id="something else than the receipt"),
    ],
)
def test_a_message_has_one_limit_too(head: bytes, drop: bytes) -> None:
    with raw_server(lambda connection, over: drip(connection, over, head, drop)) as port:
        actuator = MqttActuator(host="127.0.0.1", port=port, topic="gate", version="3.1.1", timeout_s=LIMIT_S)
        began = time.monotonic()
        with pytest.raises(GateError, match=r"within 0\.4 s"):
            open_gate(actuator, 10)
        assert time.monotonic() - began < SOON_S


def test_a_broker_that_says_too_much_is_given_up() -> None:
    sent_bytes = 0
    ended = threading.Event()

    def talk(connection: socket.socket, _over: threading.Event) -> None:
        nonlocal sent_bytes
        connection.recv(4096)
        connection.sendall(OK_CONNACK + bytes([0x30, 0xFF, 0xFF, 0xFF, 0x7F]))
        try:
            while sent_bytes < 100 * 1024 * 1024:
                sent_bytes += connection.send(b"x" * 65536)
        finally:
            ended.set()

    with raw_server(talk) as port:
        with pytest.raises(GateError):
            open_gate(MqttActuator(host="127.0.0.1", port=port, topic="gate", version="3.1.1", timeout_s=2), 10)
        assert ended.wait(10)
    # What the system's buffers take is sent, too.
    assert MAX_ANSWER_BYTES < sent_bytes < 32 * 1024 * 1024


def test_no_message_is_sent_once_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up, closed = threading.Event(), threading.Event()
    look_up, received = socket.getaddrinfo, b""

    def look_up_late(*arguments: Any, **named: Any) -> Any:
        looked_up.wait(10)
        return look_up(*arguments, **named)

    def talk(connection: socket.socket, _over: threading.Event) -> None:
        nonlocal received
        connection.recv(4096)
        connection.sendall(OK_CONNACK)
        while data := connection.recv(4096):
            received += data
        closed.set()

    with raw_server(talk) as port:
        monkeypatch.setattr(socket, "getaddrinfo", look_up_late)
        actuator = MqttActuator(host="localhost", port=port, topic="gate", version="3.1.1", timeout_s=LIMIT_S)
        with pytest.raises(GateError):
            open_gate(actuator, 10)
        looked_up.set()
        # The late connection is closed again, or not even made; either way nothing may be published on it.
        closed.wait(5)
    assert b"gate" not in received


def test_a_long_topic_fits_into_the_log() -> None:
    def talk(connection: socket.socket, _over: threading.Event) -> None:
        connection.recv(4096)
        connection.sendall(OK_CONNACK)
        while connection.recv(4096):
            pass

    with raw_server(talk) as port:
        actuator = MqttActuator(host="127.0.0.1", port=port, topic="t\x1b" * 250, qos=0, version="3.1.1")
        told = open_gate(actuator, 10)
    assert told.startswith("sent to t\ufffd")
    assert len(told) == MAX_REASON
