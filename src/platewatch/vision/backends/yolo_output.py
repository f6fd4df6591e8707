"""The layout of a YOLO export's output: the axis of the boxes, and the numbers of a box.

Known are v5 and its relatives (an objectness before the class scores), v8 and v11 (class scores alone) and outputs from
which overlapping boxes are already removed (v10, v26, `nms=True`). Pose, segment and obb have more numbers behind the
class scores. What is not understood is refused with its name: numbers that are taken for something else find boxes
where there are none, or lose those that are there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from platewatch.errors import ModelShapeError
from platewatch.vision.backends.yolo_notes import ExportNotes
from platewatch.vision.inference.registry import YoloLayout
from platewatch.vision.inference.session import Tensor

TASKS: Final = frozenset({"detect", "pose", "segment", "obb"})
_STRIDES: Final = (
    (8, 16, 32),
    (8, 16, 32, 64),
    (4, 8, 16, 32),
    (4, 8, 16, 32, 64),
    (4, 8, 16),
    (16, 32),
)
"""Of the grids of cells: usual, with P6, with P2, with both, without P5 (P2), and tiny ones."""
_ANCHORS_OF_V5: Final = 3
_NUMBERS_OF_BOX: Final = 4
_FINAL_COLUMNS: Final = 6
_BATCHED_COLUMNS: Final = 7
_MAX_FINAL_ROWS: Final = 1000
_USUAL_MASKS: Final = 32
# What rounding to 16 bits or int8 may add to a share.
_SLACK: Final = 0.02

Rows = NDArray[np.float32]
"""float32 (boxes, numbers of each)."""

ChooseClasses: TypeAlias = Callable[[int | None], Sequence[int] | None]
"""Of so many classes (None: unknown) the numbers of those that count; None for all of them."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of a row's numbers.

    `classes` is how many of them are class scores, None where a row names its one class. `extras` numbers follow.
    """

    family: YoloLayout
    classes: int | None
    extras: int

    @property
    def columns(self) -> int:
        """The number of values in a row."""
        if self.classes is None:
            return _FINAL_COLUMNS + self.extras
        return _NUMBERS_OF_BOX + (self.family is YoloLayout.V5) + self.classes + self.extras


@dataclass(frozen=True, slots=True)
class Candidates:
    """Proposals in pixels of the input: a box, a score and a class for each.

    `boxes` are left, top, right, bottom; with `angles` (radians, clockwise) center x, center y, width, height.
    """

    boxes: Rows
    scores: NDArray[np.float32]
    classes: NDArray[np.intp]
    angles: NDArray[np.float32] | None = None


class YoloOutput:
    """Reads the outputs of one model whose input is `width` x `height`; `model` names it in errors.

    Raises:
        ModelShapeError: The export is of a task that has no boxes, or of another family of networks.
    """

    def __init__(self, model: str, notes: ExportNotes, layout: YoloLayout, width: int, height: int) -> None:
        self._model = model
        self._notes = notes
        self._layout = layout
        self._width, self._height = width, height
        counts = [sum(-(-height // stride) * -(-width // stride) for stride in strides) for strides in _STRIDES]
        self._cells = counts[0]
        self._cell_counts = frozenset(counts)
        self._anchor_counts = frozenset(_ANCHORS_OF_V5 * count for count in counts)
        if notes.is_rt_detr:
            raise ModelShapeError(f"The model {model} is an RT-DETR, whose boxes are not read. Export a YOLO model.")
        if notes.task is not None and notes.task not in TASKS:
            raise ModelShapeError(
                f"The model {model} is exported for the task {notes.task!r}, which finds no boxes. "
                f"Train and export one for {_join_words(sorted(TASKS))}.",
            )

    def candidates(self, outputs: Sequence[Tensor], layout: Layout, choose: ChooseClasses) -> Candidates:
        """The proposals of the chosen classes, each with its best one.

        Raises:
            ModelShapeError: The numbers can't be what the layout says.
        """
        rows = self._rows(outputs[0], layout)
        is_turned = self._notes.task == "obb"
        angles = rows[:, -1] if is_turned else None
        if layout.family is YoloLayout.NMS_FREE:
            return self._final(rows, choose, angles)
        return self._raw(rows, layout, choose, angles)

    def layout_of(self, outputs: Sequence[Tensor]) -> Layout:
        """The layout of the rows of these outputs.

        Raises:
            ModelShapeError: It is not understood, or more than one way fits.
        """
        first = outputs[0]
        masks = self._masks(outputs)
        if first.ndim == 2 and first.shape[1] == _BATCHED_COLUMNS and self._may_be(YoloLayout.NMS_FREE):  # noqa: PLR2004
            return Layout(YoloLayout.NMS_FREE, None, 0)
        if first.ndim != 3 or first.shape[0] != 1:  # noqa: PLR2004 (1, rows, columns)
            raise self._misfit(outputs)
        found = list(dict.fromkeys(self._fitting(first.shape[1], first.shape[2], self._extras(masks))))
        if len(found) > 1:
            ways = " or ".join(sorted({layout.family.value for layout in found}))
            raise ModelShapeError(
                f"The output {tuple(first.shape)} of {self._model} may be laid out as {ways}, and its metadata doesn't "
                "say which. Set PLATEWATCH_DETECTOR_LAYOUT.",
            )
        if not found:
            raise self._misfit(outputs)
        return found[0]

    def _masks(self, outputs: Sequence[Tensor]) -> int | None:
        """The number of mask values of a box of a segment export, None for another export."""
        others = [output for output in outputs[1:] if output.ndim != 5]  # noqa: PLR2004 (old v5 adds its grids)
        if not others:
            return None
        if len(others) > 1 or others[0].ndim != 4:  # noqa: PLR2004 (1, masks, rows, columns)
            raise self._misfit(outputs)
        return int(others[0].shape[1])

    def _extras(self, masks: int | None) -> int | None:
        """The number of values behind the class scores, None if unknown."""
        task = self._notes.task
        if task == "pose":
            return self._notes.keypoint_values
        if task == "obb":
            return 1
        if task == "segment":
            return masks or _USUAL_MASKS
        return masks or 0

    def _fitting(self, one: int, other: int, extras: int | None) -> Iterator[Layout]:
        """Every layout that an output (1, one, other) may have."""
        is_chosen = self._layout is not YoloLayout.AUTO
        for family in (YoloLayout.V5, YoloLayout.V8, YoloLayout.NMS_FREE):
            if not self._may_be(family):
                continue
            # A row is a box, except in v8's own way; the other way round is looked at after it.
            native = (other, one) if family is YoloLayout.V8 else (one, other)
            ways = [way for way in (native, native[::-1]) if self._has_rows(family, way[0], is_native=way is native)]
            if extras is None or (is_chosen and not ways):
                # Any number of numbers, or grids of other strides: there are more boxes than numbers of each.
                ways = [way for way in ways or [native, native[::-1]] if way[0] > way[1]]
            layouts = (self._layout_with(family, columns, extras) for _, columns in ways)
            if (layout := next((fit for fit in layouts if fit is not None), None)) is not None:
                yield layout

    def _may_be(self, family: YoloLayout) -> bool:
        if self._layout is not YoloLayout.AUTO:
            return family is self._layout
        if family is YoloLayout.V5:
            return self._notes.task is None
        if self._notes.is_final is None:
            return True
        return self._notes.is_final is (family is YoloLayout.NMS_FREE)

    def _has_rows(self, family: YoloLayout, count: int, *, is_native: bool) -> bool:
        """Whether the family gives so many boxes for this size of input."""
        is_sure = self._layout is not YoloLayout.AUTO or bool(self._notes.class_names)
        if family is YoloLayout.NMS_FREE:
            is_raw = count in self._cell_counts | self._anchor_counts and self._notes.is_final is None
            return count <= _MAX_FINAL_ROWS and not is_raw
        if family is YoloLayout.V5:
            # YOLOv6 has one box a cell behind its objectness, which looks like v8 turned round: names tell them apart,
            # but not from v8 with a class or a number more than it names.
            is_known = self._layout is not YoloLayout.AUTO or (is_sure and is_native)
            return count in self._anchor_counts or (is_known and count in self._cell_counts)
        return count in self._cell_counts and (is_native or is_sure)

    def _layout_with(self, family: YoloLayout, columns: int, extras: int | None) -> Layout | None:
        """The layout of rows with so many numbers in this family, if that is possible."""
        names = len(self._notes.class_names)
        fixed = _FINAL_COLUMNS if family is YoloLayout.NMS_FREE else _NUMBERS_OF_BOX + (family is YoloLayout.V5)
        if family is YoloLayout.NMS_FREE:
            layout = Layout(family, None, columns - fixed if extras is None else extras)
        elif names:
            layout = Layout(family, names, columns - fixed - names if extras is None else extras)
        else:
            layout = Layout(family, columns - fixed - (extras or 0), extras or 0)
        fits = layout.columns == columns and layout.extras >= 0 and layout.classes != 0 and (layout.classes or 1) > 0
        return layout if fits else None

    def _rows(self, output: Tensor, layout: Layout) -> Rows:
        """The output as rows of boxes, in either order of axes."""
        if output.ndim == 2:  # noqa: PLR2004
            # Number of the image, box, class, score: how YOLOv7 and v9 export with their own suppression.
            return np.asarray(output, np.float32)[:, [1, 2, 3, 4, 6, 5]]
        matrix = np.asarray(output[0], np.float32)
        if layout.family is YoloLayout.V8:
            return matrix.T if matrix.shape[0] == layout.columns else matrix
        return matrix if matrix.shape[1] == layout.columns else matrix.T

    def _raw(self, rows: Rows, layout: Layout, choose: ChooseClasses, angles: NDArray[np.float32] | None) -> Candidates:
        """Every cell's proposal."""
        first = _NUMBERS_OF_BOX + (layout.family is YoloLayout.V5)
        scores_of = rows[:, first : first + (layout.classes or 0)]
        self._require_shares(rows[:, _NUMBERS_OF_BOX : first + (layout.classes or 0)], layout)
        chosen = choose(layout.classes)
        numbers = np.asarray(range(scores_of.shape[1]) if chosen is None else chosen, np.intp)
        scores_of = scores_of[:, numbers]
        best = scores_of.argmax(axis=1)
        scores = scores_of[np.arange(len(rows)), best]
        if layout.family is YoloLayout.V5:
            scores = scores * rows[:, _NUMBERS_OF_BOX]
        boxes = rows[:, :_NUMBERS_OF_BOX]
        return Candidates(boxes if angles is not None else _corners_of_middles(boxes), scores, numbers[best], angles)

    def _final(self, rows: Rows, choose: ChooseClasses, angles: NDArray[np.float32] | None) -> Candidates:
        """The boxes that the network itself kept."""
        scores, classes = rows[:, 4], rows[:, 5]
        is_used = scores > 0
        self._require_final(rows[is_used], is_turned=angles is not None)
        numbers = np.where(is_used, classes, 0).round().astype(np.intp)
        if (chosen := choose(None)) is not None:
            is_used &= np.isin(numbers, np.asarray(chosen, np.intp))
        boxes = rows[:, :_NUMBERS_OF_BOX]
        return Candidates(boxes, np.where(is_used, scores, 0).astype(np.float32), numbers, angles)

    def _require_shares(self, shares: Rows, layout: Layout) -> None:
        """Do nothing if these can be objectness and class scores, which are shares.

        Raises:
            ModelShapeError: Some are below 0 or above 1.
        """
        low, high = float(shares.min(initial=0)), float(shares.max(initial=0))
        if not (low >= -_SLACK and high <= 1 + _SLACK):
            raise ModelShapeError(
                f"The model {self._model} was taken for a detection export ({layout.family.value}), but its class "
                f"scores reach from {low:.4g} to {high:.4g} instead of 0 to 1. It may be a pose, segment or obb export "
                "without metadata, one without a sigmoid at its end, or a YOLOX. Export it again with the program "
                "that trained it, so that task and names are noted in it; or export for detection.",
            )

    def _require_final(self, rows: Rows, *, is_turned: bool) -> None:
        """Do nothing if these can be boxes with a score and the number of a class.

        Raises:
            ModelShapeError: They can't.
        """
        classes = rows[:, 5]
        is_whole = bool(np.all(np.abs(classes - classes.round()) < _SLACK) and np.all(classes > -_SLACK))
        is_ordered = is_turned or bool(np.all(rows[:, 2] >= rows[:, 0]) and np.all(rows[:, 3] >= rows[:, 1]))
        if not (is_whole and is_ordered and np.all(rows[:, 4] <= 1 + _SLACK)):
            raise ModelShapeError(
                f"The output of {self._model} was taken for boxes as left, top, right, bottom, score and class, but "
                "its numbers can't be that: it may be an RT-DETR, or a YOLO of another layout. Set "
                "PLATEWATCH_DETECTOR_LAYOUT, or export a YOLO model again.",
            )

    def _misfit(self, outputs: Sequence[Tensor]) -> ModelShapeError:
        shapes = ", ".join(str(tuple(output.shape)) for output in outputs)
        notes = self._notes
        names, columns = len(notes.class_names), "classes"
        if names:
            columns = str(names)
        noted = f", its metadata say: task {notes.task!r}, {names} classes" if notes.task or names else ""
        return ModelShapeError(
            f"The output {shapes} of {self._model} is not understood (layout {self._layout.value!r}{noted}). "
            f"For an input of {self._width} x {self._height}, expected is "
            f"(1, {self._cells * _ANCHORS_OF_V5}, 5 + {columns}) for v5, (1, 4 + {columns}, {self._cells}) for v8 and "
            "v11, or (1, N, 6) for the NMS-free v10 and v26, or more boxes with the strides 4 and 64. YOLOv6 and v8 "
            "turned round need PLATEWATCH_DETECTOR_LAYOUT (v5, v8). Export it for detection, with its names.",
        )


def _corners_of_middles(boxes: Rows) -> Rows:
    middles, halves = boxes[:, :2], boxes[:, 2:] / 2
    return np.concatenate([middles - halves, middles + halves], axis=1)


def _join_words(words: Sequence[str]) -> str:
    return ", ".join(words[:-1]) + f" or {words[-1]}"
