"""Opening a gate by an HTTP call or an MQTT message. Gates are in the local network, so any address may be called."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final, Literal, TypeAlias

import httpx2
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, field_validator

from platewatch.errors import GateError

MAX_HEADERS: Final = 20
MAX_TIMEOUT_S: Final = 10.0
MAX_PORT: Final = 65535
_REDACTED_LENGTH: Final = 200

HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
HeaderValue = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[\x20-\x7e]*$")]
Host = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9._:\[\]-]{1,253}$")]
Secret = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]
Payload = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]
Timeout = Annotated[float, Field(ge=0.1, le=MAX_TIMEOUT_S, description="seconds for each step of the call")]


def _url(text: str) -> str:
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL as error:
        raise ValueError(f"this is not a URL: {error}") from error
    if url.scheme not in ("http", "https") or not url.host or (url.port or 1) > MAX_PORT:
        raise ValueError("write the URL like http://192.168.1.20/open")
    if url.userinfo:
        raise ValueError("put the name and password into the header Authorization, where they are not shown again")
    return str(url)


class HttpActuator(BaseModel):
    """A call that opens the gate; any answer of 200 to 299 says that it did."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["http"] = "http"
    url: Annotated[str, Field(max_length=2000, examples=["http://192.168.1.20/relay/0?turn=on"]), AfterValidator(_url)]
    method: Literal["GET", "POST", "PUT", "PATCH"] = "POST"
    headers: Annotated[dict[HeaderName, HeaderValue], Field(max_length=MAX_HEADERS)] = Field(
        default={}, description="the values are never shown again"
    )
    body: Payload | None = None
    verify_tls: bool = Field(default=True, description="False for a gate with a certificate of its own making")
    timeout_s: Timeout = 3.0


class MqttActuator(BaseModel):
    """A message that opens the gate; the broker's receipt says that it was sent."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["mqtt"] = "mqtt"
    host: Host = Field(examples=["192.168.1.10"])
    port: int = Field(default=1883, ge=1, le=MAX_PORT)
    topic: Annotated[str, StringConstraints(min_length=1, max_length=500)] = Field(examples=["gates/north/set"])
    payload: Payload = "open"
    qos: Literal[0, 1, 2] = 1
    username: Secret | None = None
    password: Secret | None = Field(default=None, description="never shown again")
    tls: bool = False
    version: Literal["5", "3.1.1"] = Field(
        default="5", description="with 5, the broker forgets a message that it could not deliver in time"
    )
    timeout_s: Timeout = 3.0

    @field_validator("topic")
    @classmethod
    def _names_one_topic(cls, topic: str) -> str:
        if any(sign in topic for sign in "+#\0"):
            raise ValueError("name one topic, without + and #")
        return topic


Actuator: TypeAlias = Annotated[HttpActuator | MqttActuator, Field(discriminator="kind")]
ACTUATORS: Final[TypeAdapter[HttpActuator | MqttActuator]] = TypeAdapter(Actuator)


def open_gate(actuator: HttpActuator | MqttActuator, within_s: float) -> str:
    """What the gate answered, in a few words.

    Args:
        actuator: how it is opened.
        within_s: after that many seconds a message that could not be delivered is worth nothing.

    Raises:
        GateError: it did not open, or did not say so; the message says why.
    """
    if isinstance(actuator, HttpActuator):
        return _call(actuator)
    return _publish(actuator, within_s)


def _call(actuator: HttpActuator) -> str:
    content = None if actuator.body is None else actuator.body.encode()
    try:
        # The environment's proxies are for the internet; the gate is in this network.
        with (
            httpx2.Client(timeout=actuator.timeout_s, verify=actuator.verify_tls, trust_env=False) as client,
            client.stream(actuator.method, actuator.url, headers=actuator.headers, content=content) as answer,
        ):
            if not answer.is_success:
                raise GateError(f"it answered {answer.status_code} {answer.reason_phrase}"[:_REDACTED_LENGTH])
            return f"answered {answer.status_code}"
    except httpx2.TimeoutException as error:
        raise GateError(f"it did not answer within {actuator.timeout_s:g} s") from error
    except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError, OSError) as error:
        raise GateError(f"it can't be reached: {type(error).__name__}: {error}"[:_REDACTED_LENGTH]) from error


def _publish(actuator: MqttActuator, within_s: float) -> str:
    with _connected(actuator) as client:
        properties = None
        if actuator.version == "5":
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.MessageExpiryInterval = max(1, int(within_s))
        # Never retained: a message that waits for the gate would open it late.
        sent = client.publish(actuator.topic, actuator.payload, qos=actuator.qos, properties=properties)
        try:
            sent.wait_for_publish(actuator.timeout_s)
        except (ValueError, RuntimeError) as error:
            raise GateError(f"the message was not sent: {error}") from error
        if not sent.is_published():
            raise GateError(f"the broker gave no receipt within {actuator.timeout_s:g} s")
    return f"sent to {actuator.topic}"[:_REDACTED_LENGTH]


@contextmanager
def _connected(actuator: MqttActuator) -> Iterator[mqtt.Client]:
    answered = threading.Event()
    refusals: list[ReasonCode] = []

    def on_connect(_client: object, _data: object, _flags: object, reason: ReasonCode, _properties: object) -> None:
        if reason.is_failure:
            refusals.append(reason)
        answered.set()

    version = mqtt.MQTTv5 if actuator.version == "5" else mqtt.MQTTv311
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=version, reconnect_on_failure=False)
    client.on_connect = on_connect
    client.connect_timeout = actuator.timeout_s
    if actuator.username is not None:
        client.username_pw_set(actuator.username, actuator.password)
    if actuator.tls:
        client.tls_set_context(ssl.create_default_context())
    try:
        client.connect(actuator.host, actuator.port)
    except (OSError, ValueError, mqtt.WebsocketConnectionError) as error:
        raise GateError(f"the broker can't be reached: {type(error).__name__}: {error}"[:_REDACTED_LENGTH]) from error
    client.loop_start()
    try:
        if not answered.wait(actuator.timeout_s):
            raise GateError(f"the broker did not answer within {actuator.timeout_s:g} s")
        if refusals:
            raise GateError(f"the broker refused the connection: {refusals[0]}")
        yield client
        client.disconnect()
    finally:
        client.loop_stop()
