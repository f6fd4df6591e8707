"""Addresses in examples are reserved for documentation: whoever tries one reaches nobody's camera, gate or router."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from platewatch.app.main import create_app
from platewatch.settings import Settings

ROOT = Path(__file__).parents[1]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted(path for path in (ROOT / "deploy").rglob("*") if path.is_file() and "__pycache__" not in path.parts),
    ROOT / ".env.example",
    ROOT / "dashboard" / "openapi.json",
]
SOURCES = [
    *sorted((ROOT / "src" / "platewatch").rglob("*.py")),
    *sorted((ROOT / "training" / "src").rglob("*.py")),
    *sorted((ROOT / "dashboard" / "src").rglob("*.ts")),
    *sorted((ROOT / "dashboard" / "src").rglob("*.tsx")),
]
"""They hold hints, placeholders and the examples that the description is made of."""

RESERVED = [
    ip_network(network)
    for network in (
        "127.0.0.0/8",
        "0.0.0.0/32",
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "233.252.0.0/24",
        "::1/128",
        "::/128",
        "2001:db8::/32",
    )
]
QUAD = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]|-\d)")
HEXTETS = re.compile(r"(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])", re.IGNORECASE)
URL_HOST = re.compile(r"\b([a-z][a-z0-9+.-]*)://(?:[^/\s@\"'`]*@)?(\[[^\]]*\]|[^/\s:?#\"'`,;)<>|\\]+)", re.IGNORECASE)
HOME_NAME = re.compile(
    r"\b(?:[\w-]+\.)+(?:local|lan|home|internal|intranet|localdomain|corp|private|box|home\.arpa)\b", re.IGNORECASE
)
RESERVED_NAME = re.compile(r"(?:.+\.)?(?:example(?:\.(?:com|net|org|edu))?|test|invalid|localhost)", re.IGNORECASE)
LINK = re.compile(r"\]\(https://[^)\s]+\)|<https://[^>\s]+>|^\[[^\]]+\]: https://\S+", re.MULTILINE)
"""A link of a page leads to the site that it names; it is no example."""

NO_ADDRESS = {"sqlite", "otpauth", "file", "data", "s3"}
"""Schemes whose first part is no host."""

PLACEHOLDER = re.compile(r"host|HOST|\.{3}.*|%s|.*[{}$*].*", re.DOTALL)
PUBLIC = {"generativelanguage.googleapis.com", "github.com", "www.w3.org", "json-schema.org", "spdx.org"}
"""Sites that are meant themselves."""

NGINX_UPSTREAM = "platewatch"


def foreign_addresses(text: str) -> list[str]:
    """All IP addresses of the text that may be somebody's."""
    return [found for found in (*QUAD.findall(text), *HEXTETS.findall(text)) if not is_reserved(found)]


def is_reserved(text: str) -> bool:
    """Whether the address may stand in an example; what is no address (a time, a number) may."""
    try:
        address: IPv4Address | IPv6Address = ip_address(text)
    except ValueError:
        return True
    return any(address in network for network in RESERVED)


def foreign_hosts(text: str, allowed: set[str]) -> list[str]:
    """All hosts of URLs in the text that may be somebody's."""
    hosts = [host for scheme, host in URL_HOST.findall(text) if scheme.lower() not in NO_ADDRESS]
    return [host for host in hosts if host not in allowed and not is_harmless(host.strip("[]"))]


def is_harmless(host: str) -> bool:
    if PLACEHOLDER.fullmatch(host) or RESERVED_NAME.fullmatch(host.rstrip(".")):
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return is_reserved(host)


def examples_of(schema: object) -> Iterator[str]:
    """Every text of an OpenAPI description that shows what to send, and every description."""
    if isinstance(schema, dict):
        for name, part in schema.items():
            if name in {"example", "examples", "default", "description", "const"}:
                yield from texts_of(part)
            yield from examples_of(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from examples_of(part)


def texts_of(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts_of(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts_of(part)


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return create_app(Settings(data=tmp_path_factory.mktemp("described"))).openapi()


def test_the_description_of_the_api_has_reserved_addresses_only(description: dict[str, Any]) -> None:
    texts = list(examples_of(description))
    assert "http://192.0.2.20/relay/0?turn=on" in texts, "the walk finds examples"
    assert [text for text in texts if foreign_addresses(text) or foreign_hosts(text, set())] == []
    assert [text for text in texts if HOME_NAME.search(text)] == []


def test_examples_of_hosts_are_reserved_too(description: dict[str, Any]) -> None:
    hosts = [
        example
        for model in description["components"]["schemas"].values()
        for name, field in model.get("properties", {}).items()
        if name in {"host", "address", "hostname"}
        for example in field.get("examples", [])
        if re.fullmatch(r"[\w.:\[\]-]+", example)
    ]
    assert hosts
    assert [host for host in hosts if not is_harmless(host.strip("[]"))] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_and_files_have_reserved_addresses_only(path: Path) -> None:
    text = path.read_text("utf-8")
    if path.suffix == ".json":
        text = "\n".join(examples_of(json.loads(text)))
    assert foreign_addresses(text) == []
    assert foreign_hosts(LINK.sub("", text), PUBLIC | {NGINX_UPSTREAM}) == []
    assert HOME_NAME.findall(text) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_hints_in_the_code_have_reserved_addresses_only(path: Path) -> None:
    text = path.read_text("utf-8")
    assert [found for found in QUAD.findall(text) if not is_reserved(found)] == []
    assert foreign_hosts(text, PUBLIC) == []


@pytest.mark.parametrize(
    "text",
    [
        "http://192.168.1.20/open",
        "host 10.0.0.9",
        "172.16.0.1",
        "rtsp://camera.local/1",
        "http://router.lan/",
        "http://router/",
        "http://fritz.box/",
        "https://my-nas.home.arpa",
        "mqtt://broker",
        "fd00::1",
        "http://[fe80::1]/",
        "8.8.8.8",
        "https://platewatch.io/",
        "100.64.0.1",
    ],
)
def test_addresses_of_homes_and_strangers_are_found(text: str) -> None:
    assert foreign_addresses(text) or foreign_hosts(text, set()) or HOME_NAME.search(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://192.0.2.20/relay/0?turn=on",
        "rtsp://viewer:secret@192.0.2.10:554/stream1",
        "rtsp://user:password@host:554/path",
        "http://[2001:db8::1]:8080/x",
        "https://gate.example.org/",
        "redis://...",
        "sqlite:////var/lib/platewatch/platewatch.db",
        "otpauth://totp/platewatch:ada?secret=...",
        "http://127.0.0.1:8000/app/ or http://localhost:8000",
        "at 12:00:00, version 1.2.3, 8.31",
    ],
)
def test_reserved_addresses_are_passed_over(text: str) -> None:
    assert foreign_addresses(text) == []
    assert foreign_hosts(text, set()) == []
    assert not HOME_NAME.search(text)
