"""Mixed traffic as a busy site makes it: passes, photos, searches, lists, exports, pictures and listeners.

Each kind of request is a function of a `Visitor`; chance decides which one comes next, by their weights.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx2
from websockets.sync.client import connect

from benchmarks.errors import ChildError

SAMPLES: Final = Path(__file__).parents[2] / "samples"
_OK: Final = frozenset({HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT})
_RECENT: Final = timedelta(minutes=10)
_EVENTS_READ: Final = 5
_READ_WITHIN_S: Final = 20.0
_LIST_ROWS: Final = 200
_COMMENT: Final = b"\xff\xfe\x00\x12"
"""A JPEG's comment of 16 bytes: with another one, the same photo is one that was never read before."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """One client with what its requests are made of; `base_url` is the client's."""

    client: httpx2.Client
    base_url: str
    photos: tuple[bytes, ...]
    watchlist_id: int
    location_id: int


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of request: its name, how often it comes, and what makes it."""

    name: str
    weight: int
    ask: Callable[[Visitor, random.Random], None]


def prepared(client: httpx2.Client, base_url: str) -> Visitor:
    """The visitor of a logged-in client; its list and its location are made if they are not there."""
    lists = _check(client.get("/api/v1/watchlists")).json()["items"]
    made = lists[0] if lists else _post(client, "/api/v1/watchlists", {"name": "residents", "kind": "allow"})
    places = _check(client.get("/api/v1/locations")).json()["items"]
    place = places[0] if places else _post(client, "/api/v1/locations", {"name": "place 0"})
    photos = tuple(path.read_bytes() for path in sorted(SAMPLES.glob("*.jpg")))
    return Visitor(client, base_url, photos, made["id"], place["id"])


def chosen(rng: random.Random) -> Kind:
    """The kind of the next request."""
    return rng.choices(KINDS, weights=[kind.weight for kind in KINDS])[0]


def _record_by_hand(visitor: Visitor, rng: random.Random) -> None:
    place = rng.randrange(5)
    body = {
        "plate": _plate(rng),
        "camera": f"gate {place}",
        "location": f"place {place}",
        "direction": rng.choice(("entering", "leaving")),
    }
    _check(visitor.client.post("/api/v1/sightings/manual", json=body))


def _search(visitor: Visitor, rng: random.Random) -> None:
    plate = _plate(rng)
    params = rng.choice(({}, {"plate": plate}, {"plate": plate[:5] + "*"}, {"plate": plate, "match": "fuzzy"}))
    _check(visitor.client.get("/api/v1/sightings", params=params))


def _read_photo(visitor: Visitor, rng: random.Random) -> None:
    files = [("image", ("photo.jpg", _fresh(rng.choice(visitor.photos), rng))) for _ in range(rng.choice((1, 1, 4)))]
    _check(visitor.client.post("/api/v1/read", files=files))


def _record_photo(visitor: Visitor, rng: random.Random) -> None:
    files = {"image": ("photo.jpg", _fresh(rng.choice(visitor.photos), rng))}
    data = {"location": "place 0", "direction": rng.choice(("entering", "leaving"))}
    _check(visitor.client.post("/api/v1/sightings", files=files, data=data))


def _show_pictures(visitor: Visitor, rng: random.Random) -> None:
    page = _check(visitor.client.get("/api/v1/sightings", params={"limit": 50})).json()["items"]
    with_photo = [item for item in page if item.get("image_id") or item["source"] == "upload"]
    if with_photo:
        path = f"/api/v1/sightings/{rng.choice(with_photo)['id']}"
        for picture in ("image", "crop", "annotated"):
            _check(visitor.client.get(f"{path}/{picture}"))


def _change_list(visitor: Visitor, rng: random.Random) -> None:
    path = f"/api/v1/watchlists/{visitor.watchlist_id}"
    made = visitor.client.post(f"{path}/entries", json={"plate": _plate(rng), "note": "a neighbor"})
    if made.status_code != HTTPStatus.CONFLICT:
        _check(made)
    _check(visitor.client.get(f"{path}/entries", params={"limit": 50}))
    _check(visitor.client.get("/api/v1/watchlists/check", params={"plate": _plate(rng)}))


def _import_list(visitor: Visitor, rng: random.Random) -> None:
    lines = "\n".join(["plate", *sorted({_plate(rng) for _ in range(_LIST_ROWS)})])
    path = f"/api/v1/watchlists/{visitor.watchlist_id}/import"
    _check(visitor.client.post(path, params={"mode": "replace"}, files={"file": ("list.csv", lines.encode())}))


def _export(visitor: Visitor, rng: random.Random) -> None:
    recent = (datetime.now(UTC) - _RECENT).isoformat()
    path, params = rng.choice(
        (
            ("/api/v1/sightings/export", {"captured_from": recent}),
            ("/api/v1/sightings/export", {"captured_from": recent, "format": "json"}),
            ("/api/v1/visits/export", {}),
            ("/api/v1/access/log/export", {"decided_from": recent}),
            ("/api/v1/audit/export", {}),
            (f"/api/v1/watchlists/{visitor.watchlist_id}/export", {}),
        )
    )
    with visitor.client.stream("GET", path, params=params) as answer:
        if answer.status_code not in _OK:
            raise ChildError(f"{path} answered {answer.status_code}")
        for _ in answer.iter_bytes():
            pass


def _decide(visitor: Visitor, rng: random.Random) -> None:
    body = {"plate": _plate(rng), "location_id": visitor.location_id, "direction": "entering", "confidence": 0.99}
    _check(visitor.client.post("/api/v1/access/decide", json=body))
    _check(visitor.client.get("/api/v1/access/log", params={"limit": 50}))


def _statistics(visitor: Visitor, rng: random.Random) -> None:
    _check(visitor.client.get(f"/api/v1/statistics/{rng.choice(('summary', 'heatmap', 'regulars', 'dwell'))}"))


def _listen(visitor: Visitor, rng: random.Random) -> None:
    """Record a pass and hear of it; then come back as a listener that missed the last events, and hang up."""
    with connect(_live_address(visitor), additional_headers=_cookies(visitor), proxy=None) as socket:
        _record_by_hand(visitor, rng)
        newest = json.loads(socket.recv(timeout=_READ_WITHIN_S))["id"]
    after = max(0, newest - _EVENTS_READ)
    if rng.random() < 1 / 2:
        address = f"{_live_address(visitor)}?after={after}"
        with connect(address, additional_headers=_cookies(visitor), proxy=None) as socket:
            for _ in range(min(newest, _EVENTS_READ)):
                socket.recv(timeout=_READ_WITHIN_S)
    else:
        with visitor.client.stream("GET", "/api/v1/events", headers={"Last-Event-ID": str(after)}) as answer:
            ids = (line for line in answer.iter_lines() if line.startswith("id:"))
            for _ in zip(range(min(newest, _EVENTS_READ)), ids, strict=False):
                pass


def _live_address(visitor: Visitor) -> str:
    return f"ws{visitor.base_url.removeprefix('http')}/api/v1/live"


def _cookies(visitor: Visitor) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in visitor.client.cookies.items())}


KINDS: Final = (
    Kind("record by hand", 20, _record_by_hand),
    Kind("search", 20, _search),
    Kind("read photos", 12, _read_photo),
    Kind("record a photo", 10, _record_photo),
    Kind("show pictures", 8, _show_pictures),
    Kind("decide at a gate", 10, _decide),
    Kind("change a list", 6, _change_list),
    Kind("import a list", 1, _import_list),
    Kind("export", 5, _export),
    Kind("statistics", 3, _statistics),
    Kind("listen", 5, _listen),
)


def _plate(rng: random.Random) -> str:
    return f"AB{rng.randrange(100):02d}{rng.choice('CDEFGH')}{rng.choice('XYZ')}{rng.choice('KLM')}"


def _fresh(jpeg: bytes, rng: random.Random) -> bytes:
    """The same photo with bytes that were never sent before."""
    return jpeg[:2] + _COMMENT + rng.randbytes(16) + jpeg[2:]


def _post(client: httpx2.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = _check(client.post(path, json=body)).json()
    return made


def _check(answer: httpx2.Response) -> httpx2.Response:
    if answer.status_code not in _OK:
        raise ChildError(f"{answer.request.url.path} answered {answer.status_code}: {answer.text[:300]}")
    return answer
