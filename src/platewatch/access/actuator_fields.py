"""Fields of an actuator, which opens a gate: an HTTP call or an MQTT message."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

import httpx2
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, field_validator

MAX_HEADERS: Final = 20
MAX_TIMEOUT_S: Final = 10.0
MAX_PORT: Final = 65535

HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
HeaderValue = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[\x20-\x7e]*$")]
Host = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9._:\[\]-]{1,253}$")]
Secret = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]
Payload = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]
Timeout = Annotated[float, Field(ge=0.1, le=MAX_TIMEOUT_S, description="seconds for the whole call")]


def _url(text: str) -> str:
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL as error:
        raise ValueError(f"this is not a URL: {error}") from error
    if url.scheme not in ("http", "https") or not url.host or (url.port or 1) > MAX_PORT:
        raise ValueError("write the URL like http://192.0.2.20/open")
    if url.userinfo:
        raise ValueError("put the name and password into the header Authorization, where they are not shown again")
    return str(url)


class HttpActuator(BaseModel):
    """A call that opens the gate; any answer of 200 to 299 says that it did."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["http"] = "http"
    url: Annotated[str, Field(max_length=2000), AfterValidator(_url)] = Field(
        repr=False,
        examples=["http://192.0.2.20/relay/0?turn=on"],
        description="the values of its query, and tokens in its path, are never shown again",
    )
    method: Literal["GET", "POST", "PUT", "PATCH"] = "POST"
    headers: Annotated[dict[HeaderName, HeaderValue], Field(max_length=MAX_HEADERS)] = Field(
        default={}, repr=False, description="the values are never shown again"
    )
    body: Payload | None = Field(default=None, repr=False, description="shown again only if it is a plain word")
    verify_tls: bool = Field(default=True, description="False for a gate with a certificate of its own making")
    timeout_s: Timeout = 3.0


class MqttActuator(BaseModel):
    """A message that opens the gate; the broker's receipt says that it was sent."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["mqtt"] = "mqtt"
    host: Host = Field(examples=["192.0.2.10"])
    port: int = Field(default=1883, ge=1, le=MAX_PORT)
    topic: Annotated[str, StringConstraints(min_length=1, max_length=500)] = Field(examples=["gates/north/set"])
    payload: Payload = Field(default="open", repr=False, description="shown again only if it is a plain word")
    qos: Literal[0, 1, 2] = 1
    username: Secret | None = None
    password: Secret | None = Field(default=None, repr=False, description="never shown again")
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
