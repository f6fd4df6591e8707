"""Secrets of actuators: hidden when an actuator is shown, kept when it is edited without them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

from platewatch.access.actuator_fields import Actuator, HttpActuator, MqttActuator
from platewatch.errors import FieldError
from platewatch.redaction import HIDDEN, redact_url

_PLAIN_WORD: Final = re.compile(r"[A-Za-z]{1,20}|[01]?")
"""A body or message that is no secret, like `open`, `ON` or `1`."""


def shown_text(text: str) -> str:
    """The body of a call or the text of a message as people see it: codes and tokens are often in there."""
    return text if _PLAIN_WORD.fullmatch(text) else HIDDEN


def completed(given: Actuator, stored: Actuator | None) -> Actuator:
    """The given actuator with the secrets of the stored one where `***` stands for them.

    What is left out of an actuator of the same kind stays as it is stored. A stored secret goes to nobody but the
    address that it was given for.

    Raises:
        FieldError: `***` stands for a secret that is not stored, or a stored secret would go to another address.
    """
    if isinstance(given, HttpActuator):
        return _completed_http(given, stored if isinstance(stored, HttpActuator) else None)
    return _completed_mqtt(given, stored if isinstance(stored, MqttActuator) else None)


def _completed_http(given: HttpActuator, stored: HttpActuator | None) -> HttpActuator:
    url = _completed_url(given.url, stored.url if stored else None)
    headers = {name: _completed_header(name, value, stored) for name, value in given.headers.items()}
    body = _keep("body", given.body, stored.body if stored else None)
    changes: dict[str, object] = {"url": url, "headers": headers, "body": body}
    if stored is None:
        return given.model_copy(update=changes)
    changes |= {name: getattr(stored, name) for name in HttpActuator.model_fields if name not in given.model_fields_set}
    complete = given.model_copy(update=changes)
    if _origin(url) != _origin(stored.url):
        kept = [f"headers.{name}" for name, value in complete.headers.items() if _is_kept(name, value, given, stored)]
        if complete.body and complete.body != given.body and shown_text(complete.body) == HIDDEN:
            kept.append("body")
        _require_none(kept)
    return complete


def _completed_mqtt(given: MqttActuator, stored: MqttActuator | None) -> MqttActuator:
    changes: dict[str, object] = {
        "payload": _keep("payload", given.payload, stored.payload if stored else None),
        "password": _keep("password", given.password, stored.password if stored else None),
    }
    if stored is None:
        return given.model_copy(update=changes)
    changes |= {name: getattr(stored, name) for name in MqttActuator.model_fields if name not in given.model_fields_set}
    complete = given.model_copy(update=changes)
    if (complete.host, complete.port, complete.tls) != (stored.host, stored.port, stored.tls):
        kept = ["password"] if complete.password and complete.password != given.password else []
        if complete.payload != given.payload and shown_text(complete.payload) == HIDDEN:
            kept.append("payload")
        _require_none(kept)
    return complete


def _keep(field: str, given: str | None, stored: str | None) -> str | None:
    if given != HIDDEN:
        return given
    if stored is None:
        raise _not_known(field)
    return stored


def _completed_header(name: str, value: str, stored: HttpActuator | None) -> str:
    if value != HIDDEN:
        return value
    known = _lower_names(stored.headers if stored else {})
    if name.lower() not in known:
        raise _not_known(f"headers.{name}")
    return known[name.lower()]


def _is_kept(name: str, value: str, given: HttpActuator, stored: HttpActuator) -> bool:
    """Whether the header's value was not given but taken from the stored actuator."""
    is_stored = _lower_names(stored.headers).get(name.lower()) == value
    return is_stored and _lower_names(given.headers).get(name.lower()) in (None, HIDDEN)


def _lower_names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _completed_url(given: str, stored: str | None) -> str:
    """The address with the secrets of the stored one in their places: the same part of the path, the same parameter."""
    if stored is not None and given == redact_url(stored):
        return stored
    parts = urlsplit(given)
    path, query = parts.path.split("/"), parts.query.split("&")
    if HIDDEN not in path and not any(parameter.endswith(f"={HIDDEN}") or parameter == HIDDEN for parameter in query):
        return given
    if stored is None or _origin(given) != _origin(stored):
        raise _not_known("url")
    known = urlsplit(stored)
    filled = parts._replace(path="/".join(_filled_path(path, known)), query="&".join(_filled_query(query, known)))
    return urlunsplit(filled)


def _filled_path(path: list[str], known: SplitResult) -> list[str]:
    if HIDDEN not in path:
        return path
    if path != urlsplit(redact_url(urlunsplit(known))).path.split("/"):
        raise _not_known("url")
    return known.path.split("/")


def _filled_query(query: list[str], known: SplitResult) -> list[str]:
    pairs = [parameter.partition("=")[::2] for parameter in known.query.split("&")]
    times = Counter(name for name, _ in pairs)
    values = {name: value for name, value in pairs if times[name] == 1}
    filled = []
    for parameter in query:
        name, equals, value = parameter.partition("=")
        if parameter == HIDDEN or (value == HIDDEN and name not in values):
            raise _not_known("url")
        filled.append(f"{name}{equals}{values[name]}" if value == HIDDEN else parameter)
    return filled


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _require_none(kept: list[str]) -> None:
    if kept:
        raise FieldError(
            f"actuator.{kept[0]}",
            "The address leads elsewhere now, so the secrets given for the old one are not sent there. "
            f"Write them again, or take them out: {', '.join(kept)}.",
        )


def _not_known(field: str) -> FieldError:
    return FieldError(
        f"actuator.{field}",
        f"{HIDDEN} stands for a secret that is not shown, and none is stored for this place. Write the secret itself.",
    )
