"""platewatch reads license plates from photos, video and cameras.

from platewatch import PlateReader

for reading in PlateReader().read("car.jpg").readings:
    print(reading.text, reading.confidence)

`read_bytes` takes the content of a file, `read_array` an array in BGR order as OpenCV has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from platewatch.version import VERSION

if TYPE_CHECKING:
    from platewatch.vision.pipeline import PlateReader
    from platewatch.vision.types import Reading, Sighting

__version__ = VERSION
__all__ = ["PlateReader", "Reading", "Sighting", "__version__"]


def __getattr__(name: str) -> object:
    """A public name, loaded when it is first used: the networks' runtime is slow to import."""
    if name == "PlateReader":
        from platewatch.vision.pipeline import PlateReader  # noqa: PLC0415 (loaded on first use)

        return PlateReader
    if name in {"Reading", "Sighting"}:
        from platewatch.vision import types  # noqa: PLC0415 (loaded on first use)

        return getattr(types, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
