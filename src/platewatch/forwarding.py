"""Requests that a proxy passed on: its address is not the caller's, so "from this machine" means nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_FORWARDING_HEADER: Final = re.compile(
    r"(.*[-_])?via|forward(ed)?([-_].*)?|.*[-_]forward(ed)?([-_].*)?|x-host|x-coming-from"
    # The caller's address in the words of load balancers, content networks and tunnels.
    r"|.*(real|client|cluster|connecting|remote|user|source|src|peer|external|origin(al|ating)?)[-_]?(ipv?[46]?|addr(ess)?)"
    r"|(x-)?original-.*|x-rewrite-url|x-(url-)?scheme|front-end-https|x-request-start"
    r"|.*proxy.*|cf-.*|cdn-.*|x-envoy-.*|x-amz(n)?-.*|x-azure-.*|x-appengine-.*|x-arr-.*|x-vercel-.*|fly-.*|fastly-.*"
    r"|akamai-.*|x-akamai-.*|x-varnish|tailscale-.*|ngrok-.*|x-traefik-.*|x-nginx-.*|x-haproxy-.*|x-cloud-trace-context"
)


def forwarding_header(names: Iterable[str]) -> str | None:
    """The first of the header names that a proxy puts into a request, None if there is none.

    It knows kinds of names rather than a list: a header too many costs the caller a log-in, one too few opens a door.
    """
    return next((name for name in names if _FORWARDING_HEADER.fullmatch(name.lower())), None)
