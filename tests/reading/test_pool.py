from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import cast

import pytest

from platewatch.errors import BusyError
from platewatch.reading.pool import PoolState, ReaderPool, SpareReader
from platewatch.vision.pipeline import PlateReader

WAIT_S = 10


class StandInReader:
    def __init__(self, note_warm_up: Callable[[], None]) -> None:
        self.warm_up = note_warm_up


class Workshop:
    """Makes stand-in readers and counts them."""

    def __init__(self) -> None:
        self.made: list[PlateReader] = []
        self.warm_ups: list[int] = []

    def make(self) -> PlateReader:
        number = len(self.made)
        reader = StandInReader(lambda: self.warm_ups.append(number))
        self.made.append(cast("PlateReader", reader))
        return self.made[-1]


class Gate:
    """Work that waits until it is let go."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.open = threading.Event()

    def work(self, reader: PlateReader) -> PlateReader:
        self.entered.release()
        assert self.open.wait(WAIT_S)
        return reader


@pytest.fixture
def workshop() -> Workshop:
    return Workshop()


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as threads:
        yield threads


def until(condition: Callable[[], bool]) -> None:
    """Return once the condition holds; other threads need a moment to get there."""
    tick = threading.Event()
    for _ in range(WAIT_S * 200):
        if condition():
            return
        tick.wait(0.005)
    raise AssertionError("it never came true")


def occupy(pool: ReaderPool, gate: Gate, executor: ThreadPoolExecutor, count: int) -> list[Future[PlateReader]]:
    futures = [executor.submit(pool.run, gate.work) for _ in range(count)]
    for _ in futures:
        assert gate.entered.acquire(timeout=WAIT_S)
    return futures


def test_work_gets_a_reader_and_its_result_comes_back(workshop: Workshop) -> None:
    pool = ReaderPool(workshop.make, 1, 0)
    assert pool.run(lambda reader: (reader, "read")) == (workshop.made[0], "read")
    assert pool.state() == PoolState(size=1, busy=0, waiting=0)


def test_readers_are_made_when_needed_and_used_again(workshop: Workshop) -> None:
    pool = ReaderPool(workshop.make, 3, 0)
    assert workshop.made == []
    assert pool.run(lambda reader: reader) is pool.run(lambda reader: reader)
    assert len(workshop.made) == 1


def test_readers_work_side_by_side_and_never_on_two_things(
    workshop: Workshop,
    gate: Gate,
    executor: ThreadPoolExecutor,
) -> None:
    pool = ReaderPool(workshop.make, 3, 0)
    futures = occupy(pool, gate, executor, 3)
    assert pool.state() == PoolState(size=3, busy=3, waiting=0)
    gate.open.set()
    assert len({id(future.result(WAIT_S)) for future in futures}) == 3


def test_beyond_the_line_a_call_is_sent_away_at_once(
    workshop: Workshop,
    gate: Gate,
    executor: ThreadPoolExecutor,
) -> None:
    pool = ReaderPool(workshop.make, 1, 2)
    occupy(pool, gate, executor, 1)
    waiting = [executor.submit(pool.run, lambda reader: reader) for _ in range(2)]
    until(lambda: pool.state().waiting == 2)
    with pytest.raises(BusyError) as refused:
        pool.run(lambda reader: reader)
    assert refused.value.retry_after_s >= 1
    gate.open.set()
    assert [future.result(WAIT_S) for future in waiting] == [workshop.made[0]] * 2
    assert len(workshop.made) == 1


def test_the_line_moves_in_order(workshop: Workshop, gate: Gate, executor: ThreadPoolExecutor) -> None:
    pool = ReaderPool(workshop.make, 1, 5)
    occupy(pool, gate, executor, 1)
    order: list[int] = []

    def note(place: int) -> None:
        pool.run(lambda _reader: order.append(place))

    futures = []
    for place in range(5):
        futures.append(executor.submit(note, place))
        until(lambda expected=place + 1: pool.state().waiting == expected)  # type: ignore[misc]  # a default argument
    gate.open.set()
    for future in futures:
        future.result(WAIT_S)
    assert order == [0, 1, 2, 3, 4]


def test_an_error_comes_back_and_the_reader_stays_usable(workshop: Workshop) -> None:
    pool = ReaderPool(workshop.make, 1, 0)

    def fail(_reader: PlateReader) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        pool.run(fail)
    assert pool.run(lambda reader: reader) is workshop.made[0]
    assert pool.state().busy == 0


def test_a_reader_that_can_not_be_made_frees_its_place() -> None:
    def fail() -> PlateReader:
        raise ZeroDivisionError

    pool = ReaderPool(fail, 1, 0)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            pool.run(lambda reader: reader)
    assert pool.state() == PoolState(size=1, busy=0, waiting=0)


def test_warm_up_makes_all_readers_once(workshop: Workshop) -> None:
    pool = ReaderPool(workshop.make, 2, 0)
    pool.run(lambda reader: reader)
    pool.warm_up()
    pool.warm_up()
    assert workshop.warm_ups == [1]
    assert len(workshop.made) == 2
    assert pool.run(lambda reader: reader) in workshop.made


def test_closing_sends_away_who_waits_and_who_comes(
    workshop: Workshop,
    gate: Gate,
    executor: ThreadPoolExecutor,
) -> None:
    pool = ReaderPool(workshop.make, 1, 1)
    (working,) = occupy(pool, gate, executor, 1)
    waiting = executor.submit(pool.run, lambda reader: reader)
    until(lambda: pool.state().waiting == 1)
    pool.close()
    with pytest.raises(BusyError):
        waiting.result(WAIT_S)
    with pytest.raises(BusyError):
        pool.run(lambda reader: reader)
    gate.open.set()
    assert working.result(WAIT_S) is workshop.made[0]


@pytest.mark.parametrize(("size", "line"), [(0, 0), (-1, 2), (1, -1)])
def test_a_pool_without_readers_makes_no_sense(workshop: Workshop, size: int, line: int) -> None:
    with pytest.raises(ValueError, match="size of at least 1"):
        ReaderPool(workshop.make, size, line)


class Named:
    """Makes readers by name, and tells which of them are still in memory."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.alive: weakref.WeakSet[StandInReader] = weakref.WeakSet()
        self.most = 0

    def make(self, recognizer: str) -> PlateReader:
        if recognizer == "broken":
            raise ZeroDivisionError
        reader = StandInReader(lambda: None)
        self.made.append(recognizer)
        self.alive.add(reader)
        self.most = max(self.most, len(self.alive))
        return cast("PlateReader", reader)


def test_recognizers_chosen_by_name_share_the_memory_of_one_reader() -> None:
    named = Named()
    spare = SpareReader(named.make, 0)
    for recognizer in ("tesseract", "tesseract", "ensemble", "tesseract"):
        spare.run(recognizer, lambda _reader: None)
    assert named.made == ["tesseract", "ensemble", "tesseract"]
    assert named.most == 1


def test_a_recognizer_that_can_not_be_made_keeps_no_other_from_being_used() -> None:
    spare = SpareReader(Named().make, 0)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            spare.run("broken", lambda reader: reader)
        assert spare.run("tesseract", lambda _reader: "read") == "read"


def test_calls_for_different_recognizers_wait_in_one_line(gate: Gate, executor: ThreadPoolExecutor) -> None:
    named = Named()
    spare = SpareReader(named.make, 1)
    working = executor.submit(spare.run, "tesseract", gate.work)
    assert gate.entered.acquire(timeout=WAIT_S)
    waiting = executor.submit(spare.run, "ensemble", lambda _reader: "read")
    until(lambda: spare._turns.state().waiting == 1)
    with pytest.raises(BusyError):
        spare.run("llm", lambda _reader: None)
    gate.open.set()
    assert waiting.result(WAIT_S) == "read"
    assert working.result(WAIT_S)
    assert named.made == ["tesseract", "ensemble"]
