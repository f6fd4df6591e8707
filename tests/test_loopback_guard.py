"""Nothing but loopback gets out of a test, of its threads and of the Python processes that it starts."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from platewatch.access.actuators import HttpActuator, MqttActuator, open_gate
from platewatch.errors import GateError
from tests.loopback_only import loopback_guard
from tests.loopback_only.loopback_guard import OutsideCallError

ROOT = Path(__file__).parents[1]
OUTSIDE = ("192.0.2.1", 9)


@pytest.fixture
def refusals() -> Iterator[Callable[[], list[str]]]:
    """What was refused; the test means it, so it does not fail for that."""
    yield loopback_guard.refused
    loopback_guard.refused()


def connect() -> None:
    socket.create_connection(OUTSIDE, timeout=1)


def connect_by_another_way() -> None:
    with socket.socket() as connection:
        connection.settimeout(1)
        connection.connect_ex(OUTSIDE)


def send_a_datagram() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as connection:
        connection.sendto(b"x", OUTSIDE)


def connect_by_ipv6() -> None:
    with socket.socket(socket.AF_INET6) as connection:
        connection.settimeout(1)
        connection.connect(("2001:db8::1", 9))


def connect_by_a_mapped_address() -> None:
    with socket.socket(socket.AF_INET6) as connection:
        connection.settimeout(1)
        connection.connect(("::ffff:192.0.2.1", 9))


def look_up() -> None:
    socket.getaddrinfo("platewatch.example", 80)


def look_up_by_an_older_way() -> None:
    socket.gethostbyname("platewatch.example")


def connect_in_a_loop() -> None:
    asyncio.run(asyncio.wait_for(asyncio.open_connection(*OUTSIDE), 2))


@pytest.mark.parametrize(
    "call",
    [
        connect,
        connect_by_another_way,
        send_a_datagram,
        connect_by_ipv6,
        connect_by_a_mapped_address,
        look_up,
        look_up_by_an_older_way,
        connect_in_a_loop,
    ],
)
def test_what_would_leave_the_machine_is_refused(refusals: Callable[[], list[str]], call: Callable[[], None]) -> None:
    with pytest.raises(OutsideCallError, match="this machine only"):
        call()
    assert len(refusals()) == 1


def test_a_library_is_refused_too(refusals: Callable[[], list[str]]) -> None:
    with pytest.raises(httpx2.ConnectError):
        httpx2.get("http://192.0.2.1/", timeout=2, trust_env=False)
    assert refusals() == ["socket.connect 192.0.2.1"]


@pytest.mark.parametrize(
    "actuator",
    [HttpActuator(url="http://192.0.2.1/open"), MqttActuator(host="192.0.2.1", topic="gate")],
    ids=["http", "mqtt"],
)
def test_a_gate_is_not_called(refusals: Callable[[], list[str]], actuator: HttpActuator | MqttActuator) -> None:
    with pytest.raises(GateError, match="can't be reached"):
        open_gate(actuator, 10)
    assert set(refusals()) == {"socket.connect 192.0.2.1"}


def test_a_thread_is_refused_too(refusals: Callable[[], list[str]]) -> None:
    errors: list[BaseException] = []

    def work() -> None:
        try:
            connect()
        except OSError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert [type(error) for error in errors] == [OutsideCallError]
    assert len(refusals()) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2"])
def test_loopback_is_reached(host: str) -> None:
    with socket.create_server((host if host != "localhost" else "127.0.0.1", 0)) as server:
        with socket.create_connection((host, server.getsockname()[1]), timeout=5) as connection:
            connection.sendall(b"x")
    assert loopback_guard.refused() == []


def test_unix_sockets_are_reached(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        client.connect(path)


CHILD = """
import socket, subprocess, sys
try:
    socket.create_connection(("192.0.2.1", 9), timeout=1)
except OSError as error:
    print(type(error).__name__)
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()[:2], timeout=5).close()
    print("loopback")
if sys.argv[1] != "last":
    subprocess.run([sys.executable, "-c", sys.argv[2], "last", ""], check=True)
"""


def test_processes_that_a_test_starts_are_refused_too() -> None:
    command = [sys.executable, "-c", CHILD, "first", CHILD]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["OutsideCallError", "loopback"] * 2, done.stderr


def test_a_host_that_somebody_named_is_let_through() -> None:
    code = (
        "import socket\ntry: socket.create_connection(('192.0.2.1', 9), timeout=0.01)\n"
        "except OSError as error: print(type(error).__name__)"
    )
    environment = os.environ | {loopback_guard.ALLOWED_VARIABLE: "192.0.2.9"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "OutsideCallError"
    environment = os.environ | {loopback_guard.ALLOWED_VARIABLE: "127.0.0.9,192.0.2.1"}
    code = code.replace("socket.create_connection(('192.0.2.1', 9), timeout=0.01)", "sys.audit('socket.connect', s, a)")
    code = f"import sys, socket; s = socket.socket(); a = ('192.0.2.1', 9)\n{code}\nprint('let through')"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "let through", "asked without sending anything"


SWALLOWS = """
import socket

def test_swallows():
    try:
        socket.create_connection(("192.0.2.1", 9), timeout=1)
    except OSError:
        pass

def test_next():
    pass
"""


@pytest.mark.parametrize("conftest", ["tests/conftest.py", "training/tests/conftest.py"])
def test_a_test_fails_that_passes_over_the_refusal(tmp_path: Path, conftest: str) -> None:
    (tmp_path / "test_swallows.py").write_text(SWALLOWS)
    if conftest.startswith("training"):
        # Loaded by hand: the training package, which it imports, is not part of this environment.
        text = (ROOT / conftest).read_text()
        text = text.replace("Path(__file__).parents[2]", f"Path({str(ROOT)!r})")
        text = text.replace("from platewatch_training.synthesis.typefaces import missing_packages", "")
        (tmp_path / "conftest.py").write_text(text)
        plugins = []
    else:
        plugins = ["-p", "tests.conftest"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis", *plugins]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [*command, "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "called another machine: socket.connect 192.0.2.1" in done.stdout, done.stdout + done.stderr
    assert "2 passed, 1 error" in done.stdout
