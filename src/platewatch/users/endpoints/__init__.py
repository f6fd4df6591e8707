"""`/auth` in CarWatch's envelope; accounts, sessions, API keys and the second factor under `/api/v1`."""

from __future__ import annotations

from platewatch.users.endpoints.accounts import router as accounts_router
from platewatch.users.endpoints.auth import router as auth_router
from platewatch.users.endpoints.keys import router as keys_router
from platewatch.users.endpoints.second_factor import router as second_factor_router
from platewatch.users.endpoints.sessions import router as sessions_router

routers = (auth_router, accounts_router, sessions_router, keys_router, second_factor_router)
