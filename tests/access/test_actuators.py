from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from platewatch.access.actuators import ACTUATORS, HttpActuator, MqttActuator, open_gate
from platewatch.errors import GateError
from tests.access.relays import Relay, broker, http_relay, subscribed


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
def test_a_gate_that_is_not_there_is_told(closed_port: int, scheme: str) -> None:
    with pytest.raises(GateError, match="can't be reached"):
        open_gate(HttpActuator(url=f"{scheme}://127.0.0.1:{closed_port}/"), 10)


def test_a_gate_that_speaks_something_else_is_told(relay: Relay) -> None:
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


def test_a_broker_that_is_not_there_is_told(closed_port: int) -> None:
    with pytest.raises(GateError, match="the broker can't be reached"):
        open_gate(MqttActuator(host="127.0.0.1", port=closed_port, topic="gate"), 10)


def test_a_broker_that_does_not_answer_is_given_up(silent_port: int) -> None:
    with pytest.raises(GateError, match=r"the broker did not answer within 0\.2 s"):
        open_gate(MqttActuator(host="127.0.0.1", port=silent_port, topic="gate", timeout_s=0.2), 10)


def test_a_broker_that_refuses_the_password_is_told() -> None:
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
