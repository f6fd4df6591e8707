"""The guard that lets tests talk to loopback only.

Worker processes of pytest-xdist load the guard through `sitecustomize` before the tests do. Then the tests use that
module, so
that its errors are one class.
"""

import sys

if "loopback_guard" in sys.modules:
    loopback_guard = sys.modules["loopback_guard"]
    sys.modules[f"{__name__}.loopback_guard"] = loopback_guard
