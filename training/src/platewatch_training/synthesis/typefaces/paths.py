"""Polylines from path texts, and pixels from polylines.

A path text is a subset of the path data of SVG (W3C, Scalable Vector Graphics 2, chapter "Paths"): the absolute
commands M L H V C Q A Z. x runs to the right and y down, in the units of the typeface.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Ink: TypeAlias = NDArray[np.uint8]
"""uint8 (H, W), 255 where there is ink."""
Points: TypeAlias = NDArray[np.float64]
"""float64 (N, 2), x and y."""

_TOKEN = re.compile(r"\s*,?\s*([A-Za-z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
_ARGUMENTS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "Q": 4, "A": 7, "Z": 0}
_CURVE_STEPS = 16
"""Straight pieces a curve; at a capital height of 400 px the error stays below a tenth of a pixel."""
_SUBPIXEL_BITS = 6
_MITER_LIMIT = 4.0
"""The limit of SVG: a sharper corner is cut off instead of drawn out into a thorn."""
_SAME_POINT = 1e-9


class PathError(ValueError):
    """A path text that can't be read."""


@dataclass(frozen=True, slots=True)
class Polyline:
    """One connected line. `closed` lines end where they began, without repeating the point."""

    points: Points
    closed: bool


@dataclass(frozen=True, slots=True)
class Pen:
    """The pen of strokes; `width` in the units of the polylines."""

    width: float
    caps: Literal["butt", "round"] = "butt"
    joins: Literal["miter", "round"] = "miter"


@dataclass(frozen=True, slots=True)
class Grid:
    """The mapping of units to pixels: pixel = unit * (scale_x, scale_y) + (offset_x, offset_y)."""

    scale: tuple[float, float]
    offset: tuple[float, float]
    shape: tuple[int, int]

    def place(self, points: Points) -> NDArray[np.int32]:
        """The points as OpenCV wants them: int32 pixels with a fixed number of bits after the point."""
        pixels = points * self.scale + self.offset - 0.5
        return np.asarray(np.rint(pixels * (1 << _SUBPIXEL_BITS)), dtype=np.int32)


def parse_path(text: str) -> list[Polyline]:
    """The polylines of a path text, curves flattened.

    Raises:
        PathError: an unknown or relative command, a missing number, or a path that does not begin with M.
    """
    lines: list[Polyline] = []
    current: list[tuple[float, float]] = []
    for command, numbers in _commands(text):
        if command == "M":
            _finish(lines, current, closed=False)
            current = [(numbers[0], numbers[1])]
            continue
        if not current:
            message = f"The path {text!r} must begin with M (move to)."
            raise PathError(message)
        if command == "Z":
            start = current[0]
            _finish(lines, current, closed=True)
            current = [start]
        else:
            current.extend(_DRAWERS[command](current[-1], numbers))
    _finish(lines, current, closed=False)
    return lines


def fill(ink: Ink, lines: list[Polyline], grid: Grid) -> None:
    """Adds the inside of the lines to the ink, by the even-odd rule."""
    layer = np.zeros_like(ink)
    cv2.fillPoly(layer, [grid.place(line.points) for line in lines], 255, shift=_SUBPIXEL_BITS)
    np.maximum(ink, layer, out=ink)


def stroke(ink: Ink, lines: list[Polyline], pen: Pen, grid: Grid) -> None:
    """Adds the lines to the ink, drawn with the pen."""
    for line in lines:
        points = _without_repeats(line)
        for piece in _stroke_pieces(points, closed=line.closed, pen=pen):
            cv2.fillPoly(ink, [grid.place(piece)], 255, shift=_SUBPIXEL_BITS)


def _commands(text: str) -> list[tuple[str, list[float]]]:
    tokens: list[str] = []
    position = 0
    while position < len(text.rstrip()):
        found = _TOKEN.match(text, position)
        if found is None:
            message = f"The path {text!r} can't be read from {text[position : position + 10]!r} on."
            raise PathError(message)
        tokens.append(found.group(1))
        position = found.end()
    commands: list[tuple[str, list[float]]] = []
    while tokens:
        commands.extend(_next_command(text, tokens))
    return commands


def _next_command(text: str, tokens: list[str]) -> list[tuple[str, list[float]]]:
    """One command taken off the front of the tokens, once for each group of numbers that follows it."""
    command = tokens.pop(0)
    if command not in _ARGUMENTS:
        message = f"The path {text!r} has {command!r} where one of the commands {' '.join(_ARGUMENTS)} must stand."
        raise PathError(message)
    numbers: list[float] = []
    while tokens and not tokens[0].isalpha():
        numbers.append(float(tokens.pop(0)))
    size = _ARGUMENTS[command]
    if size == 0 and not numbers:
        return [(command, [])]
    if size == 0 or not numbers or len(numbers) % size:
        message = f"The path {text!r} gives {len(numbers)} numbers to {command}, which takes {size} at a time."
        raise PathError(message)
    groups = [numbers[at : at + size] for at in range(0, len(numbers), size)]
    following = "L" if command == "M" else command
    return [(command if at == 0 else following, group) for at, group in enumerate(groups)]


def _finish(lines: list[Polyline], points: list[tuple[float, float]], *, closed: bool) -> None:
    if len(points) > 1:
        lines.append(Polyline(np.array(points, dtype=np.float64), closed))


def _line(_: tuple[float, float], numbers: list[float]) -> list[tuple[float, float]]:
    return [(numbers[0], numbers[1])]


def _horizontal(start: tuple[float, float], numbers: list[float]) -> list[tuple[float, float]]:
    return [(numbers[0], start[1])]


def _vertical(start: tuple[float, float], numbers: list[float]) -> list[tuple[float, float]]:
    return [(start[0], numbers[0])]


def _bezier(start: tuple[float, float], numbers: list[float]) -> list[tuple[float, float]]:
    """A Bezier curve of the degree that the number of control points says (de Casteljau)."""
    controls = np.array([start, *zip(numbers[::2], numbers[1::2], strict=True)], dtype=np.float64)
    shares = np.linspace(0.0, 1.0, _CURVE_STEPS + 1)[1:]
    points = np.repeat(controls[:, None, :], len(shares), axis=1)
    while len(points) > 1:
        points = points[:-1] + (points[1:] - points[:-1]) * shares[None, :, None]
    return [(float(x), float(y)) for x, y in points[0]]


def _arc(start: tuple[float, float], numbers: list[float]) -> list[tuple[float, float]]:
    """An elliptical arc, from end points to center as in appendix B.2 of SVG 2."""
    radius_x, radius_y, degrees, large, sweep, end_x, end_y = numbers
    if radius_x == 0 or radius_y == 0 or start == (end_x, end_y):
        return [(end_x, end_y)]
    turn = math.radians(degrees)
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    radii = np.abs([radius_x, radius_y])
    # In the frame where the ellipse is a unit circle, only a chord and its side are left.
    first, last = ((rotation.T @ np.array(point)) / radii for point in (start, (end_x, end_y)))
    half_chord = float(np.linalg.norm(last - first)) / 2
    if half_chord > 1:
        radii, first, last, half_chord = radii * half_chord, first / half_chord, last / half_chord, 1.0
    side = 1.0 if bool(large) != bool(sweep) else -1.0
    across = np.array([-(last - first)[1], (last - first)[0]]) / (2 * half_chord)
    center = (first + last) / 2 + side * math.sqrt(max(0.0, 1 - half_chord**2)) * across
    begin = math.atan2(*(first - center)[::-1])
    span = math.atan2(*(last - center)[::-1]) - begin
    if sweep and span < 0:
        span += 2 * math.pi
    elif not sweep and span > 0:
        span -= 2 * math.pi
    angles = begin + span * np.linspace(0.0, 1.0, _CURVE_STEPS + 1)[1:]
    circle = center + np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points = (circle * radii) @ rotation.T
    return [*((float(x), float(y)) for x, y in points[:-1]), (end_x, end_y)]


_Drawer: TypeAlias = Callable[[tuple[float, float], list[float]], list[tuple[float, float]]]
_DRAWERS: dict[str, _Drawer] = {
    "L": _line,
    "H": _horizontal,
    "V": _vertical,
    "C": _bezier,
    "Q": _bezier,
    "A": _arc,
}


def _without_repeats(line: Polyline) -> Points:
    points = line.points
    following = np.roll(points, -1, axis=0)
    keep = np.linalg.norm(following - points, axis=1) > _SAME_POINT
    if not line.closed:
        keep[-1] = True
    return np.asarray(points[keep], dtype=np.float64)


def _stroke_pieces(points: Points, *, closed: bool, pen: Pen) -> list[Points]:
    """Convex pieces that together are the stroke: a bar for each segment, a join for each corner, round caps."""
    if len(points) == 1:
        return [_disc(points[0], pen.width)]
    ends = np.roll(points, -1, axis=0) if closed else points[1:]
    starts = points if closed else points[:-1]
    directions = (ends - starts) / np.linalg.norm(ends - starts, axis=1, keepdims=True)
    sides = np.stack([-directions[:, 1], directions[:, 0]], axis=1) * pen.width / 2
    pieces = [
        np.stack([start + side, end + side, end - side, start - side])
        for start, end, side in zip(starts, ends, sides, strict=True)
    ]
    corners = range(len(starts)) if closed else range(1, len(starts))
    pieces += [_join(starts[at], (sides[at - 1], sides[at]), pen) for at in corners]
    if pen.caps == "round" and not closed:
        pieces += [_disc(points[0], pen.width), _disc(points[-1], pen.width)]
    return pieces


def _join(corner: Points, sides: tuple[Points, Points], pen: Pen) -> Points:
    if pen.joins == "round":
        return _disc(corner, pen.width)
    before, after = sides
    turn = before[0] * after[1] - before[1] * after[0]
    if turn > 0:  # the outside of the corner is on the other side of the line
        before, after = -before, -after
    radius_squared = pen.width**2 / 4
    reach = 1 + float(before @ after) / radius_squared
    if reach <= 2 / _MITER_LIMIT**2:
        return np.stack([corner, corner + before, corner + after])
    return np.stack([corner, corner + before, corner + (before + after) / reach, corner + after])


def _disc(center: Points, diameter: float) -> Points:
    angles = np.linspace(0.0, 2 * math.pi, 4 * _CURVE_STEPS, endpoint=False)
    return np.asarray(center + np.stack([np.cos(angles), np.sin(angles)], axis=1) * diameter / 2, dtype=np.float64)
