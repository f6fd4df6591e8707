"""Batches that other processes draw ahead while the network trains."""

from __future__ import annotations

from typing import Any

import cv2
from torch.utils.data import DataLoader, IterableDataset


def drawn_ahead(batches: IterableDataset[Any], workers: int) -> DataLoader[Any]:
    """The batches, drawn ahead by so many processes (none: in this one)."""
    # Here and not in the workers: a forked process waits forever for its parent's threads of OpenCV, which it lacks.
    cv2.setNumThreads(1)
    return DataLoader(batches, batch_size=None, num_workers=workers, prefetch_factor=4 if workers else None)
