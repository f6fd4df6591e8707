"""The progress of a long run over many files, on standard error: a bar with the time left, or a line now and then."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_EVERY_S: Final = 10.0


class Steps:
    """Shows steps as they are reported: a bar on a terminal; elsewhere a line every ten seconds and one at the end."""

    def __init__(self, name: str, stream: TextIO | None = None) -> None:
        self._name = name
        self._stream = stream or sys.stderr
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._start_s = self._shown_s = time.monotonic()

    def __enter__(self) -> Self:
        if self._stream.isatty():
            self._bar = _bar(self._stream)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def report(self, done: int, total: int) -> None:
        """Show that `done` of `total` steps are done."""
        if self._bar is not None:
            if self._task is None:
                self._task = self._bar.add_task(self._name, total=total)
            self._bar.update(self._task, completed=done, total=total)
            return
        now_s = time.monotonic()
        if done > 0 and (done == total or now_s - self._shown_s >= _EVERY_S):
            self._shown_s = now_s
            left_s = (now_s - self._start_s) / done * (total - done)
            print(f"{self._name}: {done} of {total}, {left_s:.0f} s left", file=self._stream, flush=True)


def _bar(stream: TextIO) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(file=stream))
