"""Errors that stop a benchmark, drawn as a tree.

PlatewatchError
└── BenchmarkError
    ├── DatasetError   the labelled photos are missing or not as their README says
    ├── PageError      a page without the marks between which the figures go
    └── ChildError     the command or the server under measurement failed
"""

from __future__ import annotations

from platewatch.errors import PlatewatchError


class BenchmarkError(PlatewatchError):
    """A figure can't be measured."""


class DatasetError(BenchmarkError):
    """The labelled photos are missing or their labels can't be used."""


class PageError(BenchmarkError):
    """A page can't take the figures."""


class ChildError(BenchmarkError):
    """The command or the server under measurement failed."""
