"""Files of a checkout for fine-tuning: checkpoints to begin with, and configurations that fit them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from platewatch_training.runs.config import Config, OwnData, RunError, read_config

_PACKAGE: Final = Path(__file__).resolve().parents[3]
CHECKPOINTS: Final = _PACKAGE / "checkpoints"
CONFIGS: Final = _PACKAGE / "configs"
SHIPPED: Final = {"recognizer": "recognizer.pt", "detector": "detector.pt"}
"""The checkpoint of each network, which its configuration for own data describes."""


def fine_tuning(
    kind: type[Config], network: str, own: OwnData, start_from: Path | None = None, config: Path | None = None
) -> Config:
    """The configuration of a run that fine-tunes a network on own data.

    Args:
        kind: of the configuration.
        network: `recognizer` or `detector`.
        own: the data.
        start_from: the checkpoint to begin with; None for the configuration's, or else the shipped one.
        config: a file to take the rest from; None for the shipped one.

    Raises:
        RunError: the file can't be used, or there is no such checkpoint.
    """
    base = read_config(config or CONFIGS / f"{network}-own.yaml", kind)
    shipped = CHECKPOINTS / SHIPPED[network]
    named = start_from or (base.start_from if config is not None else None)
    beginning = named or shipped
    if not beginning.is_file():
        why = (
            f"There is no checkpoint {str(beginning)!r} to begin with."
            if named is not None
            else f"The project has no checkpoint of the {network} yet ({str(shipped)!r} is missing)."
        )
        raise RunError(f"{why} Name one with --start-from, such as checkpoint.pt of a run of yours.")
    return kind.model_validate(base.model_dump() | {"start_from": beginning.resolve(), "own": own})
