"""`gunicorn --config gunicorn.conf.py wsgi:app` from a checkout: the file in `deploy/`, installed package or not."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parent

sys.path.insert(0, str(_CHECKOUT / "src"))
globals().update(
    {
        name: value
        for name, value in runpy.run_path(str(_CHECKOUT / "deploy" / "gunicorn.conf.py")).items()
        if not name.startswith("_")
    }
)
