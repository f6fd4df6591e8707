"""The server as Galaxy ALPR's document starts it: `uvicorn app:app --reload`.

It runs from a checkout after `pip install -r requirements.txt`. `platewatch serve` does the same, and says what to do.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))

from platewatch.app.asgi import make_prepared_app


def _tell(line: str) -> None:
    print(line, file=sys.stderr)


app = make_prepared_app(_tell)
