"""Opening a gate by an HTTP call or an MQTT message. Gates are in the local network, so any address may be called."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import httpx2

from platewatch.access.actuator_fields import ACTUATORS, Actuator, HttpActuator, MqttActuator
from platewatch.access.broker import publish
from platewatch.errors import GateError
from platewatch.redaction import printable, redact_urls

__all__ = ["ACTUATORS", "Actuator", "HttpActuator", "MqttActuator", "open_gate"]

MAX_REASON: Final = 200


def open_gate(actuator: HttpActuator | MqttActuator, within_s: float) -> str:
    """The gate's answer, in a few words.

    The whole call ends within the actuator's `timeout_s`, and within `within_s`: after that time an open gate would be
    worse than a closed one.

    Raises:
        GateError: The gate did not open, or did not say so; the message says why.
    """
    limit_s = min(actuator.timeout_s, within_s)
    try:
        if isinstance(actuator, HttpActuator):
            return _for_people(_call(actuator, limit_s))
        return _for_people(publish(actuator, limit_s, within_s))
    except GateError as error:
        raise GateError(_for_people(str(error))) from error


def _for_people(text: str) -> str:
    """The text, as short and harmless as the log takes it."""
    return printable(redact_urls(text))[:MAX_REASON]


def _call(actuator: HttpActuator, limit_s: float) -> str:
    # A loop of its own, because only a task can be cancelled at any step: while the name is looked up, the connection
    # made, TLS agreed on or the answer read. A lookup that hangs goes on in its thread, without anybody waiting.
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(_called(actuator, limit_s))
    except TimeoutError as error:
        raise GateError(f"it did not answer within {limit_s:g} s") from error
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError) as error:
        raise GateError(f"it can't be reached: {_reason_of(error)}") from error
    finally:
        loop.close()


async def _called(actuator: HttpActuator, limit_s: float) -> str:
    connections: list[Any] = []

    async def note(event: str, info: dict[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            connections.append(info["return_value"])

    try:
        async with asyncio.timeout(limit_s):
            return await _answer_of(actuator, note)
    finally:
        # The client forgets a connection that is cancelled while TLS is agreed on.
        for connection in connections:
            await connection.aclose()


async def _answer_of(actuator: HttpActuator, note: Callable[[str, dict[str, Any]], Awaitable[None]]) -> str:
    content = None if actuator.body is None else actuator.body.encode()
    # Without TLS no certificates are needed, and loading them takes longer than the call.
    verify = actuator.verify_tls and actuator.url.lower().startswith("https")
    async with (
        # The environment's proxies are for the internet; the gate is in this network.
        httpx2.AsyncClient(timeout=None, verify=verify, trust_env=False) as client,  # limited as a whole
        client.stream(
            actuator.method,
            actuator.url,
            headers=actuator.headers,
            content=content,
            extensions={"trace": note},
        ) as answer,
    ):
        # The body is never read, whatever its size; the client limits the size of the headers.
        if not answer.is_success:
            raise GateError(f"it answered {answer.status_code} {answer.reason_phrase}")
        return f"answered {answer.status_code}"


def _reason_of(error: Exception) -> str:
    """The kind of the error, and what is at its root, such as a refused connection."""
    root: BaseException = error
    while root.__cause__ is not None:
        root = root.__cause__
    if isinstance(root, BaseExceptionGroup):
        root = root.exceptions[0]
    return f"{type(error).__name__}: {root}"
