from __future__ import annotations

from typing import Any

import pytest

from platewatch.access.actuator_fields import ACTUATORS
from platewatch.access.actuator_secrets import completed
from platewatch.access.schemas import shown
from platewatch.errors import FieldError

WEBHOOK = "aBc-1234567890-xYz"
HTTP = {
    "kind": "http",
    "url": f"http://gate.example/hook/{WEBHOOK}/open?turn=on&token=s3cret",
    "method": "PUT",
    "headers": {"X-Key": "s3cret-key", "Accept": "text/plain"},
    "body": '{"pin": "s3cret-pin"}',
    "timeout_s": 2.0,
}
MQTT = {
    "kind": "mqtt",
    "host": "broker.example",
    "topic": "gates/1",
    "payload": '{"code": "s3cret-code"}',
    "username": "ada",
    "password": "s3cret-word",
    "qos": 2,
}
SHOWN_URL = "http://gate.example/hook/***/open?turn=***&token=***"


def edited(stored: dict[str, Any] | None, given: dict[str, Any]) -> dict[str, Any]:
    """The fields of the actuator after the edit."""
    before = None if stored is None else ACTUATORS.validate_python(stored)
    return completed(ACTUATORS.validate_python(given), before).model_dump()


@pytest.mark.parametrize("fields", [HTTP, MQTT], ids=["http", "mqtt"])
def test_no_secret_is_shown(fields: dict[str, Any]) -> None:
    actuator = ACTUATORS.validate_python(fields)
    for text in (str(shown(actuator).model_dump()), repr(actuator)):
        assert "s3cret" not in text
        assert WEBHOOK not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("open", "open"), ("1", "1"), ("", ""), ("ON", "ON"), ("1234", "***"), ('{"a": 1}', "***"), ("a" * 21, "***")],
)
def test_a_plain_word_is_shown_and_anything_else_is_not(text: str, expected: str) -> None:
    mqtt = ACTUATORS.validate_python({**MQTT, "payload": text})
    http = ACTUATORS.validate_python({**HTTP, "body": text})
    assert shown(mqtt).model_dump()["payload"] == expected
    assert shown(http).model_dump()["body"] == expected


def test_what_is_shown_comes_back_and_changes_nothing() -> None:
    given = {**HTTP, "url": SHOWN_URL, "headers": {"x-key": "***", "Accept": "***"}, "body": "***"}
    assert edited(HTTP, given) == edited(None, HTTP) | {"headers": {"x-key": "s3cret-key", "Accept": "text/plain"}}
    assert edited(MQTT, {**MQTT, "payload": "***", "password": "***"}) == edited(None, MQTT)


def test_what_is_left_out_stays() -> None:
    given = {"kind": "http", "url": SHOWN_URL, "timeout_s": 5.0}
    assert edited(HTTP, given) == edited(None, HTTP) | {"timeout_s": 5.0}
    given = {"kind": "mqtt", "host": "broker.example", "topic": "gates/2"}
    assert edited(MQTT, given) == edited(None, MQTT) | {"topic": "gates/2"}


def test_secrets_are_taken_out_by_saying_so() -> None:
    assert edited(HTTP, {"kind": "http", "url": SHOWN_URL, "headers": {}, "body": None})["headers"] == {}
    assert edited(MQTT, {**MQTT, "password": None})["password"] is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            f"http://gate.example/hook/{WEBHOOK}/open?turn=off&token=***",
            f"http://gate.example/hook/{WEBHOOK}/open?turn=off&token=s3cret",
        ),
        ("http://gate.example/other?token=***", "http://gate.example/other?token=s3cret"),
        ("http://gate.example/other", "http://gate.example/other"),
    ],
)
def test_a_part_of_an_address_is_changed_without_its_secret(url: str, expected: str) -> None:
    assert edited(HTTP, {"kind": "http", "url": url})["url"] == expected


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example/hook/***/open?turn=***&token=***",
        "https://gate.example/other?token=***",
        "http://gate.example:81/other?token=***",
        "http://gate.example/other?unknown=***",
        "http://gate.example/other?***",
        "http://gate.example/elsewhere/***/open",
    ],
)
def test_a_hidden_secret_is_not_filled_in_where_it_was_not_given(url: str) -> None:
    with pytest.raises(FieldError, match=r"stands for a secret") as refused:
        edited(HTTP, {**HTTP, "url": url})
    assert refused.value.field == "actuator.url"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "http", "url": "http://evil.example/"}, "actuator.headers.X-Key"),
        ({"kind": "http", "url": "https://gate.example/"}, "actuator.headers.X-Key"),
        ({"kind": "http", "url": "http://evil.example/", "headers": {"x-key": "***"}}, "actuator.headers.x-key"),
        ({"kind": "http", "url": "http://evil.example/", "headers": {}}, "actuator.body"),
        ({"kind": "http", "url": "http://evil.example/", "headers": {}, "body": "***"}, "actuator.body"),
        ({"kind": "mqtt", "host": "evil.example", "topic": "x"}, "actuator.password"),
        ({"kind": "mqtt", "host": "broker.example", "port": 1884, "topic": "x"}, "actuator.password"),
        ({"kind": "mqtt", "host": "evil.example", "topic": "x", "password": "new"}, "actuator.payload"),
    ],
    ids=str,
)
def test_stored_secrets_are_not_sent_to_another_address(given: dict[str, Any], field: str) -> None:
    with pytest.raises(FieldError, match="leads elsewhere") as refused:
        edited(HTTP if given["kind"] == "http" else MQTT, given)
    assert refused.value.field == field


def test_another_address_is_taken_with_its_own_secrets() -> None:
    given = {"kind": "http", "url": "http://other.example/?token=new", "headers": {"X-Key": "s3cret-key"}, "body": "on"}
    assert edited(HTTP, given) == {
        **edited(None, HTTP),
        "url": given["url"],
        "headers": given["headers"],
        "body": "on",
    }


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({**HTTP, "url": SHOWN_URL}, "actuator.url"),
        ({**HTTP, "headers": {"X-Key": "***"}}, "actuator.headers.X-Key"),
        ({**HTTP, "body": "***"}, "actuator.body"),
        ({**MQTT, "password": "***"}, "actuator.password"),
        ({**MQTT, "payload": "***"}, "actuator.payload"),
    ],
    ids=["url", "header", "body", "password", "payload"],
)
@pytest.mark.parametrize("stored", ["nothing", "another kind"])
def test_three_stars_are_no_secret_of_a_new_actuator(given: dict[str, Any], field: str, stored: str) -> None:
    before = None if stored == "nothing" else MQTT if given["kind"] == "http" else HTTP
    with pytest.raises(FieldError, match="Write the secret itself") as refused:
        edited(before, given)
    assert refused.value.field == field


def test_an_actuator_of_another_kind_takes_nothing_over() -> None:
    assert edited(HTTP, MQTT) == edited(None, MQTT)
    assert edited(MQTT, {"kind": "http", "url": "http://gate.example/"})["headers"] == {}
