"""The server as CarWatch's document starts it: `python wsgi.py`, or `gunicorn --config gunicorn.conf.py wsgi:app`.

It runs from a checkout after `pip install -r requirements.txt`. Where the package is installed, `platewatch serve` and
`deploy/gunicorn.conf.py` do the same.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))

if __name__ == "__main__":
    from platewatch.__main__ import main

    sys.argv[1:1] = ["serve"]
    main()
else:
    from platewatch.app.asgi import make_prepared_app

    app = make_prepared_app()
