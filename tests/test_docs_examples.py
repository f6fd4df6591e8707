"""The requests of the documents, sent to a fresh server: they work and are answered with the fields shown there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyotp
import pytest
from fastapi.testclient import TestClient

from platewatch.clock import SetClock
from tests.access.relays import http_relay
from tests.compat.conftest import assert_like
from tests.servers import PASSWORD, SAMPLES, Server

DOCS = Path(__file__).parents[1] / "docs"
BLOCKS = re.compile(r"^```(http|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Example:
    """A request of a document, and the answer that the document shows, if it shows one."""

    method: str
    path: str
    body: Any
    answer: Any

    @classmethod
    def of(cls, request: str, answer: str | None) -> Example:
        head, _, body = request.partition("\n\n")
        method, path = head.split()
        return cls(method, path, json.loads(body) if body else None, json.loads(answer) if answer else None)


def examples(document: str, replaced: dict[str, str]) -> list[Example]:
    """Each request with the block of JSON that follows it at once."""
    text = (DOCS / document).read_text(encoding="utf-8")
    for old, new in replaced.items():
        assert old in text, f"{document} no longer has {old!r}"
        text = text.replace(old, new)
    blocks = [(found[1], found[2].strip()) for found in BLOCKS.finditer(text)]
    following = [*blocks[1:], ("", "")]
    return [
        Example.of(text, answer if kind == "json" else None)
        for (block, text), (kind, answer) in zip(blocks, following, strict=True)
        if block == "http"
    ]


def send(client: TestClient, example: Example) -> Any:
    answer = client.request(example.method, example.path, json=example.body)
    assert answer.status_code in {200, 201, 202}, f"{example.method} {example.path}: {answer.text}"
    told = answer.json()
    if example.answer is not None:
        assert_like(example.answer, told, example.path)
    return told


@pytest.fixture
def relay() -> Iterator[str]:
    with http_relay() as relay:
        yield relay.url


def test_the_examples_of_access_lead_to_an_open_gate(sqlite_server: Server, relay: str) -> None:
    client = sqlite_server.admin()
    told = [
        send(client, example)
        for example in examples("access.md", {"http://192.0.2.20": relay, "broker.example.org": "127.0.0.1"})
    ]
    decided = next(one for one in told if one.get("decision"))
    assert (decided["decision"], decided["gate"]["name"]) == ("granted", "north barrier")
    dry = told[-1]
    assert (dry["id"], dry["dry_run"], dry["decision"]) == (None, True, "granted")
    assert len(client.get("/api/v1/access/log").json()["items"]) == 1


def test_the_examples_of_sightings_work(start_server: Callable[..., Server], tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    client = start_server(import_folders=(folder,)).admin()
    told = [send(client, example) for example in examples("sightings.md", {"/srv/photos/2026-03": str(folder)})]
    assert len(told) == 3


def test_the_examples_of_the_api_work(start_server: Callable[..., Server], clock: SetClock) -> None:
    server = start_server()
    client = server.admin()
    assert server.register("guard").status_code == 201
    found = examples("api.md", {PASSWORD: PASSWORD})
    secret = ""
    for example in found:
        if example.body and "code" in example.body:
            clock.advance(seconds=60)
            example.body["code"] = pyotp.TOTP(secret).at(clock.now())
        told = send(client, example)
        secret = told.get("secret", secret)
    assert [example.path for example in found][:3] == [
        "/api/v1/second-factor",
        "/api/v1/second-factor/confirm",
        "/auth/login",
    ]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("visits.md", {"state": "closed", "duration_s": 7200, "fee": 400, "currency": "EUR"}),
        ("privacy.md", {"images_days": 30, "crops_days": 30, "text_days": 365}),
        ("plates.md", {"plate": "GOAB123", "written": "GÖ-AB 123"}),
        ("deployment.md", {"status": "alive"}),
        ("seeds.md", {"subject": "Manual Entry", "plate": "AB12CDE", "date": "2026-03-01T09:00:00", "username": "ada"}),
    ],
)
def test_the_examples_of_other_pages_are_answered_with_the_values_shown(
    sqlite_server: Server, document: str, expected: dict[str, Any]
) -> None:
    client = sqlite_server.admin()
    found = examples(document, {})
    for answers in ([send(client, example) for example in found], [example.answer or {} for example in found]):
        parts = [part for answer in answers for part in (answer, *answer.get("items", []), *answer.get("data", []))]
        assert any(expected.items() <= part.items() for part in parts)


def test_the_answer_to_a_photo_as_body_is_as_shown(sqlite_server: Server) -> None:
    shown = json.loads(next(found[2] for found in BLOCKS.finditer((DOCS / "api.md").read_text(encoding="utf-8"))))
    client = sqlite_server.admin()
    data, headers = (SAMPLES / "spain.jpg").read_bytes(), {"Content-Type": "image/jpeg"}
    told = client.post("/api/v1/read", content=data, headers=headers).json()
    assert_like(shown, told)
    assert [plate["text"] for plate in told["images"][0]["plates"]] == ["0695DVH"]


@pytest.mark.parametrize("document", ["access.md", "sightings.md", "api.md", "visits.md", "privacy.md"])
def test_examples_name_reserved_addresses_only(document: str) -> None:
    text = (DOCS / document).read_text(encoding="utf-8")
    hosts = set(re.findall(r"https?://([^/\s\"'`:]+)", text))
    assert {
        host for host in hosts if not re.fullmatch(r"127\.0\.0\.1|192\.0\.2\.\d+|(.*\.)?example\.(com|org)", host)
    } == set()
