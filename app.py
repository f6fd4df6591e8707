"""The server as Galaxy ALPR's document starts it: `uvicorn app:app --reload`.

It runs from a checkout after `pip install -r requirements.txt`. `platewatch serve` does the same, and says what to do.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))

from platewatch.app.asgi import first_account_token, make_prepared_app
from platewatch.settings import load_settings

app = make_prepared_app()
if token := first_account_token(load_settings()):
    print(
        "Nobody has an account yet. Whoever makes the first one at /app/ from another machine is asked for this "
        f"one-time setup token: {token}",
        file=sys.stderr,
    )
