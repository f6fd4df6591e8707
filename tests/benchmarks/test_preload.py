from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from benchmarks.errors import ChildError
from benchmarks.server.preload import Memory, Preload, grid, measure, memory_of, middle, total


def test_the_table_has_master_mean_worker_and_sum_each_way() -> None:
    workers = (Memory(100, 50, 40), Memory(200, 70, 60))
    results = [Preload(way, Memory(90, 30, 20), workers) for way in (True, False)]
    assert grid(results).rows[:3] == (
        ("with preload: master", "90.0", "30.0", "20.0"),
        ("with preload: a worker", "150.0", "60.0", "50.0"),
        ("with preload: all processes", "390.0", "150.0", "120.0"),
    )
    assert [row[0].split(":")[0] for row in grid(results).rows] == ["with preload"] * 3 + ["without"] * 3


def test_memory_of_several_is_added_up() -> None:
    assert total([]) == Memory(0, 0, 0)
    assert total([Memory(1, 2, 3), Memory(10, 20, 30)]) == Memory(11, 22, 33)


def test_the_middle_round_counts() -> None:
    rounds = [Preload(True, Memory(1, pss, 1), ()) for pss in (30, 10, 20)]
    assert middle(rounds).master.proportional == 20


def test_what_is_shared_counts_less_in_pss() -> None:
    own = memory_of(psutil.Process(os.getpid()))
    assert own.resident >= own.proportional >= own.unique > 0


def test_a_missing_program_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ChildError, match=r"production\.txt"):
        measure(tmp_path / "gunicorn", 1, preloaded=True)


def test_a_program_that_ends_is_reported_with_its_last_words(tmp_path: Path) -> None:
    program = tmp_path / "gunicorn"
    program.write_text("#!/bin/sh\necho no such luck\nexit 3\n")
    program.chmod(0o755)
    with pytest.raises(ChildError, match=r"ended with 3\. no such luck"):
        measure(program, 1, preloaded=True)
