"""Gunicorn for production: `gunicorn --config deploy/gunicorn.conf.py`.

Everything that platewatch itself is told stands in the environment or `.env` (docs/settings.md). What is set here is
how many processes serve, and when they are replaced. A worker loads the models itself after the fork, since threads of
ONNX Runtime don't survive one; what preloading shares is the code.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from platewatch.app.asgi import prepare_database
from platewatch.app.greeting import greeting
from platewatch.app.start import prepare_start
from platewatch.errors import SettingsError
from platewatch.settings import read_settings

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter

_read = read_settings()
_settings = _read.settings
try:
    _hints = prepare_start(_read)
except SettingsError as error:
    print(error, file=sys.stderr)
    raise SystemExit(2) from None  # one message, no traceback of the configuration

wsgi_app = "platewatch.app.asgi:make_app()"
bind = f"{_settings.host}:{_settings.port}"
worker_class = "platewatch.app.gunicorn_worker.PlatewatchWorker"
preload_app = True

# Each worker has its own readers: more of them than cores make nothing faster, and every one takes memory.
workers = int(os.environ.get("WEB_CONCURRENCY", min(os.cpu_count() or 1, 4)))
timeout = 180
graceful_timeout = 30
keepalive = 5
control_socket_disable = True  # systemd controls it; the socket's thread would hold up the end

# A worker is replaced now and then, not all at the same time, so that a leak in a library can't grow for weeks.
max_requests = 10_000
max_requests_jitter = 1_000

accesslog = None  # platewatch writes logs/access.log itself, with request ids
errorlog = "-"
forwarded_allow_ips = _settings.trusted_proxies


def on_starting(server: Arbiter) -> None:
    """Bring the database up to date, once, before the first worker."""
    first_account = prepare_database(_settings)
    for line in (*greeting(_settings, first_account=first_account, proxied=True), *_hints):
        server.log.info("%s", line)
