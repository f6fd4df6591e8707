"""Opening a gate by an MQTT message."""

from __future__ import annotations

import math
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any, Final, Self

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from platewatch.access.actuator_fields import MqttActuator
from platewatch.clock import Clock
from platewatch.errors import GateError

MAX_ANSWER_BYTES: Final = 64 * 1024
"""A broker has nothing to say but receipts."""


def publish(actuator: MqttActuator, limit_s: float, expiry_s: float) -> str:
    """The address that the message was sent to, once the broker has acknowledged it.

    Args:
        actuator: The broker and the message.
        limit_s: Seconds for the whole call, the lookup of the broker's name included.
        expiry_s: After so many seconds the broker forgets a message that it could not deliver.

    Raises:
        GateError: The broker did not take the message, or did not say so.
    """
    call = _Call(actuator, limit_s, expiry_s)
    # Looking up a name and shaking hands can't be aborted, so that a thread is left to it when the time is over.
    threading.Thread(target=call.run, name="gate message", daemon=True).start()
    return call.outcome()


class _Call:
    """One message, from the connection to the receipt."""

    def __init__(self, actuator: MqttActuator, limit_s: float, expiry_s: float) -> None:
        self._actuator = actuator
        self._limit_s = limit_s
        self._expiry_s = expiry_s
        self._clock = Clock()
        self._ends_at_s = self._clock.monotonic_s() + limit_s
        self._outcome: SimpleQueue[str | Exception] = SimpleQueue()
        self._sending = threading.Lock()
        self._is_over = False

    def outcome(self) -> str:
        """The address that the message was sent to.

        Raises:
            GateError: It was not, or the time is over; no message is sent after that.
        """
        try:
            outcome = self._outcome.get(timeout=self._remaining_s())
        except Empty:
            with self._sending:
                self._is_over = True
            raise self._too_late() from None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def run(self) -> None:
        """Connect, send and wait for the receipt. What came of it is the outcome."""
        try:
            with self._connect() as client:
                self._send(client)
                # Before the connection is ended, which takes a moment that nobody needs to wait for.
                self._outcome.put(f"sent to {self._actuator.topic}")
        except Exception as error:  # noqa: BLE001  # whatever the library raises, the caller gets it
            self._outcome.put(error)

    def _send(self, client: mqtt.Client) -> None:
        actuator, properties = self._actuator, None
        if actuator.version == "5":
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.MessageExpiryInterval = max(1, int(self._expiry_s))
        with self._sending:
            if self._is_over:
                raise self._too_late()
            # Never retained: a message that waits for the gate would open it late.
            sent = client.publish(actuator.topic, actuator.payload, qos=actuator.qos, properties=properties)
        try:
            sent.wait_for_publish(self._remaining_s())
        except (ValueError, RuntimeError) as error:
            raise GateError(f"the message was not sent: {error}") from error
        if not sent.is_published():
            raise GateError(f"the broker gave no receipt within {self._limit_s:g} s")

    @contextmanager
    def _connect(self) -> Iterator[mqtt.Client]:
        actuator = self._actuator
        answered = threading.Event()
        refusals: list[ReasonCode] = []

        def on_connect(_client: object, _data: object, _flags: object, reason: ReasonCode, _properties: object) -> None:
            if reason.is_failure:
                refusals.append(reason)
            answered.set()

        tls = _Tls()
        client = _client_of(actuator, self._limit_s, tls)
        client.on_connect = on_connect
        try:
            client.connect(actuator.host, actuator.port, keepalive=max(1, math.ceil(self._limit_s)))
        except (OSError, ValueError, mqtt.WebsocketConnectionError) as error:
            tls.close()
            raise GateError(f"the broker can't be reached: {type(error).__name__}: {error}") from error
        client.loop_start()
        try:
            if not answered.wait(self._remaining_s()):
                raise self._too_late()
            if refusals:
                raise GateError(f"the broker refused the connection: {refusals[0]}")
            yield client
        finally:
            client.disconnect()
            client.loop_stop()
            # A broker that never answered keeps the library from closing it.
            if (connection := client.socket()) is not None:
                connection.close()

    def _remaining_s(self) -> float:
        return max(0.0, self._ends_at_s - self._clock.monotonic_s())

    def _too_late(self) -> GateError:
        return GateError(f"the broker did not answer within {self._limit_s:g} s")


class _BoundedClient(mqtt.Client):
    """A client that gives up a broker that sends more than `MAX_ANSWER_BYTES`; the library would take 256 MB."""

    _received_bytes = 0

    def _sock_recv(self, bufsize: int) -> bytes:
        received = super()._sock_recv(min(bufsize, MAX_ANSWER_BYTES))
        self._received_bytes += len(received)
        if self._received_bytes > MAX_ANSWER_BYTES:
            raise ConnectionError(f"the broker sent more than {MAX_ANSWER_BYTES} bytes")
        return received


class _Tls(ssl.SSLContext):
    """The default context, which knows its socket: the library forgets the one whose handshake failed."""

    def __new__(cls) -> Self:
        return super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)

    def __init__(self) -> None:
        self._socket: ssl.SSLSocket | None = None

    def wrap_socket(self, *arguments: Any, **named: Any) -> ssl.SSLSocket:
        self._socket = super().wrap_socket(*arguments, **named)
        return self._socket

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()


def _client_of(actuator: MqttActuator, connect_timeout_s: float, tls: _Tls) -> mqtt.Client:
    version = mqtt.MQTTv5 if actuator.version == "5" else mqtt.MQTTv311
    client = _BoundedClient(CallbackAPIVersion.VERSION2, protocol=version, reconnect_on_failure=False)
    client.connect_timeout = connect_timeout_s
    if actuator.username is not None:
        client.username_pw_set(actuator.username, actuator.password)
    if actuator.tls:
        tls.load_default_certs()
        client.tls_set_context(tls)
    return client
