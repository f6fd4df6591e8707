"""The commands by which the three documents install and start their servers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path

import httpx2
import pytest

from platewatch.vision.inference import registry
from platewatch.vision.inference.own_backends import own_points
from platewatch.vision.inference.registry import BackendKind
from platewatch.vision.pipeline import PlateReader
from tests.cli.children import PATIENCE_S, environment, free_port
from tests.servers import SAMPLES, upload

CHECKOUT = Path(__file__).parents[2]
PYTHON = Path(sys.executable).parent


@contextmanager
def started(command: str, folder: Path, port: int) -> Iterator[str]:
    """The address of the server that a document's command starts in the checkout, ready; ended afterwards."""
    variables = {"PLATEWATCH_PORT": str(port), "PLATEWATCH_AUTH": "off", "WEB_CONCURRENCY": "1"}
    output = folder / "output.txt"
    with output.open("w") as file:
        process = subprocess.Popen(
            command.split(),
            cwd=CHECKOUT,
            env=environment(folder, **variables) | {"PATH": f"{PYTHON}:{os.environ['PATH']}"},
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        url, deadline_s = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE_S
        while not is_ready(url):
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < deadline_s, output.read_text()
            time.sleep(0.2)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(PATIENCE_S)
    assert "Traceback" not in output.read_text()


def is_ready(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/health", timeout=5).status_code == 200
    except httpx2.TransportError:
        return False


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("python wsgi.py", id="CarWatch, development"),
        pytest.param("gunicorn --config gunicorn.conf.py wsgi:app", id="CarWatch, production"),
        pytest.param("uvicorn app:app --reload --port {port}", id="Galaxy ALPR"),
    ],
)
def test_the_command_of_a_document_starts_a_server_that_reads(command: str, tmp_path: Path) -> None:
    port = free_port()
    with started(command.format(port=port), tmp_path, port) as url:
        photo = upload(SAMPLES / "spain.jpg")
        told = httpx2.post(f"{url}/api/upload_image?status=entering", files=photo, timeout=PATIENCE_S).json()
        assert (told["success"], told["plate_number"]) == (True, "0695DVH")
    made = {path.name for path in (tmp_path / "data").iterdir()}
    assert {"outputs", "uploads", "static", "logs"} <= made


@pytest.mark.parametrize(
    "command", ["python wsgi.py", "uvicorn app:app", "gunicorn --config gunicorn.conf.py wsgi:app"]
)
def test_each_command_ends_with_one_message_where_a_setting_is_misspelt(command: str, tmp_path: Path) -> None:
    name, *arguments = command.split()
    ended = subprocess.run(
        [str(Path(sys.executable).with_name(name)), *arguments],
        cwd=CHECKOUT,
        env=environment(tmp_path, PLATEWATCH_DATA=str(tmp_path / "data"), PLATEWATCH_PORTT="1"),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert (ended.returncode, "Did you mean PLATEWATCH_PORT?" in ended.stderr) == (2, True)
    assert "Traceback" not in ended.stderr


def test_the_requirements_are_those_of_production() -> None:
    lines = (CHECKOUT / "requirements.txt").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == ["-r requirements/production.txt"]
    pinned = (CHECKOUT / "requirements" / "production.txt").read_text()
    names = set(re.findall(r"^([a-z0-9-]+)==", pinned, re.MULTILINE))
    assert {"fastapi", "uvicorn", "gunicorn", "sqlalchemy", "onnxruntime"} <= names
    planned = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--dry-run", "--no-index", "--quiet", "-r", "requirements.txt"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert planned.returncode == 0, planned.stderr


@pytest.mark.parametrize("kind", list(BackendKind))
def test_the_backends_of_a_checkout_are_those_of_the_package(kind: BackendKind) -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    points = {name: point.value for name, point in own_points(kind.group).items()}
    assert points == project["entry-points"][kind.group]
    assert points.items() <= {point.name: point.value for point in entry_points(group=kind.group)}.items()


def test_plates_are_read_without_an_installed_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "entry_points", lambda **_: ())
    assert [reading.text for reading in PlateReader().read(SAMPLES / "spain.jpg").readings] == ["0695DVH"]
