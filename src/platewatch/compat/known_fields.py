"""A dependency of all routes of other systems: unknown fields are refused."""

from __future__ import annotations

from typing import Any, Final

from platewatch.web.dependencies import KNOWN_FIELDS, OPENAPI_SECURITY

COMPAT_DEPENDENCIES: Final[list[Any]] = [*OPENAPI_SECURITY, KNOWN_FIELDS]
"""For the routers of other systems' routes."""
