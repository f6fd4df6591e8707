"""The command `platewatch`, also as `python -m platewatch`: set up what an interrupt does, then load the verbs.

Nothing slow is imported before: an interrupt in the middle of an import would print a traceback.
"""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Final, NoReturn

INTERRUPTED: Final = 130
"""The status that shells give to what Ctrl-C ended."""


class Interrupts:
    """The first interrupt raises KeyboardInterrupt, so that work is undone and files are closed; the next one ends all.

    A program that is on its way out prints tracebacks when it is interrupted again, so the next one ends it at once.
    """

    def __init__(self) -> None:
        self.came = False

    def raise_once(self, _signal: int, _frame: FrameType | None) -> None:
        """A signal handler while a verb works."""
        if self.came:
            leave(_signal, _frame)
        self.came = True
        raise KeyboardInterrupt


def leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    """A signal handler while there is nothing to undo."""
    os._exit(INTERRUPTED)


def main() -> None:
    """Run the command."""
    signal.signal(signal.SIGINT, leave)
    from platewatch import cli  # noqa: PLC0415 (after the handler)

    interrupts = Interrupts()
    signal.signal(signal.SIGINT, interrupts.raise_once)
    try:
        cli.main()
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    except Exception:
        # Libraries that are interrupted while they load raise errors of their own.
        if interrupts.came:
            raise SystemExit(INTERRUPTED) from None
        raise
    finally:
        signal.signal(signal.SIGINT, leave)


if __name__ == "__main__":
    main()
