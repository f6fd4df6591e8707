"""What becomes of photos where they can't be kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from platewatch.media import health as storage_health
from tests.servers import SAMPLES, Server, upload


def test_a_server_that_can_not_keep_photos_is_not_healthy_and_names_no_path(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_health, "READY_FOR_S", 0.0)
    admin = server.admin()
    assert server.anonymous.get("/health").json()["storage"] == {"state": "ready"}
    media = tmp_path / "media"
    for path in sorted(media.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    media.rmdir()
    media.write_text("in the way")
    refused = admin.post("/api/v1/sightings", files=upload(SAMPLES / "spain.jpg"))
    assert refused.status_code == 507
    told = server.anonymous.get("/health")
    assert (told.status_code, told.json()["status"], told.json()["storage"]) == (
        503,
        "unhealthy",
        {"state": "unusable"},
    )
    assert str(tmp_path) not in told.text
