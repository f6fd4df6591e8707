"""The command `platewatch-train`: render, train, evaluate, mine, export; one file for each group of verbs."""

from __future__ import annotations

from platewatch.errors import PlatewatchError
from platewatch_training.cli import detector, recognizer, region, synthesis, yolo
from platewatch_training.cli.app import app, console

__all__ = ["app", "detector", "main", "recognizer", "region", "synthesis", "yolo"]


def main() -> None:
    """Run the command; errors of the program end it with their message."""
    try:
        app()
    except PlatewatchError as error:
        console.print(str(error), style="red", markup=False)
        raise SystemExit(2) from error
