"""Memory that is needed no more goes back to the system, so that a server that runs for months stays as large as it is.

Two things keep it otherwise. Python looks for objects that refer to each other only once their number has grown by a
quarter. And the C library keeps what was freed, in parts that no longer fit together, apart for each of many threads.
"""

from __future__ import annotations

import ctypes
import gc
from typing import Final

from platewatch.background import BackgroundWorker

TRIM_EVERY_S: Final = 60.0
_MIB: Final = 1024 * 1024
_OPTIONS: Final = {
    # Parts of the memory, of which each keeps what was freed in it; by default there are eight for each core.
    "M_ARENA_MAX": (-8, 2),
    # What is larger gets memory of its own, which goes back at once; by default this grows to 32 MiB, and the parts of
    # large photos (16 MiB each in Pillow) stay. A frame of 1080p is below: new memory for each would take time.
    "M_MMAP_THRESHOLD": (-3, 8 * _MIB),
    # What each part may keep at its end.
    "M_TRIM_THRESHOLD": (-1, 32 * _MIB),
}
"""Of glibc's mallopt(3): by name the option's number and our value."""


def settle() -> None:
    """Let what is loaded by now stay out of the search for unused objects. Call it once, before threads start."""
    library = _c_library()
    if library is not None and hasattr(library, "mallopt"):
        for option, value in _OPTIONS.values():
            library.mallopt(option, value)
    gc.collect()
    gc.freeze()


def trim() -> None:
    """Give back what is free now."""
    gc.collect()
    library = _c_library()
    if library is not None and hasattr(library, "malloc_trim"):
        library.malloc_trim(0)


def trimming(interval_s: float = TRIM_EVERY_S) -> BackgroundWorker:
    """A worker that trims every minute."""
    return BackgroundWorker("memory trim", trim, interval_s, waits_first=True)


def _c_library() -> ctypes.CDLL | None:
    """The C library of this process; None where it has no such name (Windows)."""
    try:
        return ctypes.CDLL(None)
    except TypeError:
        return None
