"""Gunicorn for production: `gunicorn --config deploy/gunicorn.conf.py`.

Everything that platewatch itself is told stands in the environment or `.env` (docs/settings.md). What is set here is
how many processes serve, and when they are replaced. A worker loads the models itself after the fork, since threads of
ONNX Runtime don't survive one; what preloading shares is the code.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from platewatch.app.asgi import first_account_token, prepare_database
from platewatch.settings import load_settings

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter

_settings = load_settings()

wsgi_app = "platewatch.app.asgi:make_app()"
bind = f"{_settings.host}:{_settings.port}"
worker_class = "platewatch.app.gunicorn_worker.PlatewatchWorker"
preload_app = True

# Each worker has its own readers: more of them than cores make nothing faster, and every one takes memory.
workers = int(os.environ.get("WEB_CONCURRENCY", min(os.cpu_count() or 1, 4)))
timeout = 180
graceful_timeout = 30
keepalive = 5

# A worker is replaced now and then, not all at the same time, so that a leak in a library can't grow for weeks.
max_requests = 10_000
max_requests_jitter = 1_000

accesslog = None  # platewatch writes logs/access.log itself, with request ids
errorlog = "-"
forwarded_allow_ips = _settings.trusted_proxies


def on_starting(server: Arbiter) -> None:
    """Bring the database up to date, once, before the first worker."""
    prepare_database(_settings)
    if token := first_account_token(_settings):
        server.log.info("Nobody has an account yet. The page /app/ asks for this one-time setup token: %s", token)
