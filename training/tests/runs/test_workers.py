from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import torch
from torch.utils.data import IterableDataset

from platewatch_training.runs.workers import drawn_ahead


class Blurred(IterableDataset[torch.Tensor]):
    """Pictures that OpenCV works on with all threads that it has."""

    def __iter__(self) -> Iterator[torch.Tensor]:
        cv2.setNumThreads(1)
        while True:
            yield torch.from_numpy(cv2.GaussianBlur(np.ones((800, 800), np.float32), (9, 9), 0))


def test_a_worker_draws_although_opencv_had_threads_before_it_was_made() -> None:
    cv2.setNumThreads(2)
    cv2.GaussianBlur(np.ones((2000, 2000), np.float32), (9, 9), 0)
    drawn = next(iter(drawn_ahead(Blurred(), 1)))
    assert drawn.shape == (800, 800)
    assert cv2.getNumThreads() == 1


def test_without_workers_the_batches_are_drawn_here() -> None:
    assert next(iter(drawn_ahead(Blurred(), 0))).shape == (800, 800)
