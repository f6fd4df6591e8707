"""Photos sorted into those whose plate can be read and the others.

A file is first tried as it is, then with other retouchings, then with the next recognizer, before it is given up. Each
decision is in the journal before its file is touched; a run that ends in between is finished by the next one.
"""

from __future__ import annotations

import csv
import io
import json
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Final, Protocol

from platewatch.datasets.journal import Decision, Journal, Terms, Try, Verdict, as_document, as_rows
from platewatch.datasets.placing import Placing, free_name, place, storage_error
from platewatch.datasets.reading import IMAGE_LIMITS
from platewatch.datasets.retouching import RETOUCHINGS
from platewatch.errors import FieldError, ImageError, LabelsError, UnsupportedImageError
from platewatch.vision.image import open_image
from platewatch.vision.photo_files import photos_below
from platewatch.vision.types import ImageBgr, ImageReadings

JOURNAL_NAME: Final = "clean-journal.jsonl"
CSV_NAME: Final = "clean-report.csv"
JSON_NAME: Final = "clean-report.json"
_AHEAD: Final = 2
_COLUMNS: Final = ("file", "verdict", "target", "try", *(field.name for field in fields(Try)))


class Reader(Protocol):
    """Reads the plates of an image; PlateReader is one."""

    recognizer_name: str

    def read_array(self, image_bgr: ImageBgr) -> ImageReadings:
        """The plates of an upright uint8 (H, W, 3) BGR array."""
        ...


@dataclass(frozen=True, slots=True)
class CleanPlan:
    """The folders and options of a run."""

    raw: Path
    cleaned: Path
    trash: Path
    report: Path
    placing: Placing
    min_confidence: float
    workers: int = 1
    dry_run: bool = False

    def __post_init__(self) -> None:
        if not self.raw.is_dir():
            raise LabelsError(f"There is no folder {str(self.raw)!r}. Name the folder with your photos.")
        raw, cleaned, trash = (folder.resolve() for folder in (self.raw, self.cleaned, self.trash))
        if cleaned == trash or any(raw == other or raw in other.parents for other in (cleaned, trash)):
            raise FieldError(
                "cleaned", f"{str(cleaned)!r} and {str(trash)!r} must be two folders outside of {str(raw)!r}."
            )


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a run; `before` counts the files done by an earlier run."""

    done: int
    total: int
    before: int
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class CleanResult:
    """All decisions of this run and the earlier ones that it finished."""

    decisions: tuple[Decision, ...]

    def count(self, verdict: Verdict) -> int:
        """The number of files with this outcome."""
        return sum(decision.verdict is verdict for decision in self.decisions)


def clean(plan: CleanPlan, readers: Sequence[Reader], detector: str, report: Callable[[Progress], None]) -> CleanResult:
    """Sort the photos, going on where an earlier run with the same plan ended. A dry run writes nothing at all.

    Raises:
        StorageError: A disk is full or can't be written. Nothing is lost; the same call goes on.
        ConflictError: Another process is at it.
        LabelsError: The journal is that of another plan.
    """
    if plan.dry_run:
        return CleanResult(tuple(_decide_all(plan, readers, {}, report)))
    terms = Terms(
        raw=str(plan.raw.resolve()),
        cleaned=str(plan.cleaned.resolve()),
        trash=str(plan.trash.resolve()),
        placing=plan.placing,
        recognizers=tuple(reader.recognizer_name for reader in readers),
        detector=detector,
        min_confidence=plan.min_confidence,
    )
    with Journal(plan.report / JOURNAL_NAME, terms) as journal:
        for decision in list(journal.decisions.values()):
            _settle(plan, journal, decision)
        left = []
        for decision in _decide_all(plan, readers, dict(journal.decisions), report):
            if decision.verdict is Verdict.LEFT:
                left.append(decision)
            else:
                _settle(plan, journal, decision)
        result = CleanResult((*journal.decisions.values(), *left))
    write_report(plan.report, result.decisions)
    return result


def judge_file(path: Path, name: str, readers: Sequence[Reader], min_confidence: float) -> Decision:
    """The decision about one file, with every attempt."""
    tries: list[Try] = []
    try:
        with path.open("rb") as file:
            image_bgr = open_image(file.read(IMAGE_LIMITS.max_bytes + 1), IMAGE_LIMITS).decode()
    except UnsupportedImageError as error:
        # A photo that other programs read is nothing for the trash.
        return Decision(name, Verdict.LEFT, name, (Try("", "", error=str(error)),))
    except ImageError as error:
        return Decision(name, Verdict.TRASH, name, (Try("", "", error=str(error)),))
    except OSError as error:
        return Decision(name, Verdict.LEFT, name, (Try("", "", error=f"{error.strerror or error}."),))
    for reader in readers:
        for retouching, retouch in RETOUCHINGS.items():
            start = time.perf_counter()
            readings = reader.read_array(retouch(image_bgr)).readings
            best = readings[0] if readings else None
            text, confidence = (best.text, round(best.confidence, 4)) if best else ("", 0.0)
            seconds = round(time.perf_counter() - start, 3)
            tries.append(Try(reader.recognizer_name, retouching, text, confidence, seconds=seconds))
            if confidence >= min_confidence and text:
                return Decision(name, Verdict.CLEANED, name, tuple(tries))
    return Decision(name, Verdict.TRASH, name, tuple(tries))


def write_report(folder: Path, decisions: Sequence[Decision]) -> None:
    """Write `clean-report.csv`, a row a try, and `clean-report.json`, an object a file.

    Raises:
        StorageError: They can't be written.
    """
    stream = io.StringIO()
    writer = csv.DictWriter(stream, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row for decision in decisions for row in as_rows(decision))
    document = json.dumps([as_document(decision) for decision in decisions], ensure_ascii=False, indent=1)
    for name, text in ((CSV_NAME, stream.getvalue()), (JSON_NAME, document + "\n")):
        part = folder / f".{name}.part"
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(folder / name)
        except OSError as error:
            raise storage_error(error, folder / name) from error


def _decide_all(
    plan: CleanPlan, readers: Sequence[Reader], known: dict[str, Decision], report: Callable[[Progress], None]
) -> Iterator[Decision]:
    """A decision for each file that has none, in the order of their names, as they are ready."""
    files = {path.relative_to(plan.raw).as_posix(): path for path in photos_below(plan.raw)}
    _require_unicode(files)
    before = len(known)
    todo = [(name, path) for name, path in files.items() if name not in known]
    report(Progress(before, before + len(todo), before))
    for done, decision in enumerate(_in_order(plan, readers, todo), 1):
        yield decision
        report(Progress(before + done, before + len(todo), before, decision))


def _require_unicode(names: Iterable[str]) -> None:
    """Do nothing if journal and report can hold the names.

    Raises:
        LabelsError: One is no text; nothing was touched yet.
    """
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise LabelsError(f"The file name {name!r} is not UTF-8. Rename that file and try again.") from error


def _in_order(plan: CleanPlan, readers: Sequence[Reader], todo: Iterable[tuple[str, Path]]) -> Iterator[Decision]:
    threads = ThreadPoolExecutor(plan.workers, thread_name_prefix="clean")
    waiting: deque[Future[Decision]] = deque()
    try:
        for name, path in todo:
            waiting.append(threads.submit(judge_file, path, name, readers, plan.min_confidence))
            if len(waiting) >= _AHEAD * plan.workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        threads.shutdown(wait=True, cancel_futures=True)


def _settle(plan: CleanPlan, journal: Journal, decision: Decision) -> None:
    """Write the decision down, then carry it out; or finish what an earlier run wrote down."""
    source = plan.raw / decision.name
    folder = plan.cleaned if decision.verdict is Verdict.CLEANED else plan.trash
    if not source.exists():
        # It was moved by an earlier run, wherever it may be by now.
        return
    decision = replace(decision, target=free_name(folder, decision.target, source))
    if journal.decisions.get(decision.name) != decision:
        journal.add(decision)
    place(source, folder / decision.target, plan.placing)


def default_workers() -> int:
    """Half of the processors: each photo is read by a network that takes more than one itself."""
    return max(1, (os.cpu_count() or 1) // 2)
