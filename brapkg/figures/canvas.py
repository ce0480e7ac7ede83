"""The ground of one picture: where values stand on it, and what has been drawn so far.

A figure draws on a canvas with lines, areas, dots and texts; ``svg`` and ``png`` turn those into
pictures. matplotlib's own axes are not used: making and laying them out took ten times as long as
everything else on a page.

Places are in inches from the picture's upper left corner, lengths of strokes and letters in points.
What is drawn later lies on top.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

ROLES = {
    "bg": "#ffffff",
    "ink": "#182026",
    "muted": "#4d5861",
    "rule": "#cdd4d9",
    "grid": "#e3e8eb",
    "context": "#78838c",
    "accent": "#0b5c7a",
    "soft": "#cfe3eb",
    "q1": "#e6eff3",
    "q2": "#b7d3de",
    "q3": "#7db0c3",
    "q4": "#2f708b",
    "q5": "#0a4459",
}

THIN = 0.8  # lines of the ground
DASHES = (4.0, 2.0)  # in widths of the line
LABEL = 8.5  # letters along the axes
PAD = 5 / 72
# Of the letters' height, above and below the base line. Fixed, or a ring over a letter would push a label.
ASCENT, DESCENT, LEADING = 0.76, 0.24, 1.21


@dataclass(frozen=True)
class Margins:
    """Space round the part that values are drawn in, in inches."""

    left: float
    right: float
    top: float = 0.1
    bottom: float = 0.3


@dataclass(frozen=True, eq=False)
class Shape:
    """Lines or areas of one look. ``face``, ``edge``: roles; ``width``: of the edge, in points."""

    parts: Sequence[np.ndarray]
    face: str = ""
    edge: str = ""
    width: float = 0
    closed: bool = False
    dashed: bool = False
    round: bool = False


@dataclass(frozen=True, eq=False)
class Dots:
    """Discs of one look. ``size``: their diameter in points, to the middle of the edge."""

    places: np.ndarray
    size: float
    face: str
    edge: str = ""
    width: float = 0


@dataclass(frozen=True, eq=False)
class Text:
    """A line of text. ``y``: its base line; ``align``: "left", "center" or "right"."""

    x: float
    y: float
    text: str
    size: float
    role: str
    bold: bool
    align: str
    halo: bool


class Canvas:
    """What one picture shows. ``x`` and ``y`` say where a value stands."""

    def __init__(self, width: float, height: float, margins: Margins):
        self.width, self.height = width, height
        self.left, self.right = margins.left, width - margins.right
        self.top, self.bottom = margins.top, height - margins.bottom
        self.across, self.up = self.right - self.left, self.bottom - self.top
        self.marks: list[Shape | Dots | Text] = []

    def scale(self, x: tuple[float, float], y: tuple[float, float], *, log: bool = False) -> None:
        """Set the values at the left and right, and at the lower and upper edge; ``log``: x by its logarithm."""
        self._log = log
        self._x, self._y = (tuple(np.log(x)) if log else x), y

    def x(self, values):
        """Where values stand across: inches from the picture's left edge."""
        first, last = self._x
        values = np.log(values) if self._log else np.asarray(values, dtype=float)
        return self.left + self.across * (values - first) / (last - first)

    def y(self, values):
        """Where values stand: inches from the picture's upper edge."""
        first, last = self._y
        return self.bottom - self.up * (np.asarray(values, dtype=float) - first) / (last - first)

    def line(self, x, y, role: str, width: float, *, dashed: bool = False) -> None:
        """One line through points, with round ends unless it is dashed; it breaks where a value is missing."""
        points = np.column_stack([x, y])
        known = np.isfinite(points).all(axis=1)
        runs = np.split(points, np.flatnonzero(np.diff(known)) + 1)
        runs = [run for run in runs if len(run) and np.isfinite(run).all()]
        self.marks.append(Shape(runs, "", role, width, dashed=dashed, round=not dashed))

    def lines(self, parts: Iterable, role: str, width: float, *, dashed: bool = False, round: bool = False) -> None:
        """Separate lines of one look, each a sequence of points."""
        parts = [np.asarray(part, dtype=float) for part in parts]
        self.marks.append(Shape(parts, "", role, width, dashed=dashed, round=round))

    def upright(self, x: Iterable[float], role: str = "grid", width: float = THIN, *, dashed: bool = False) -> None:
        """Lines from the upper to the lower edge."""
        self.lines([[(at, self.bottom), (at, self.top)] for at in x], role, width, dashed=dashed)

    def level(self, y: Iterable[float], role: str = "grid", width: float = THIN) -> None:
        """Lines from the left to the right edge."""
        self.lines([[(self.left, at), (self.right, at)] for at in y], role, width)

    def areas(self, parts: Iterable, face: str, edge: str = "", width: float = 0) -> None:
        """Filled areas of one look, each a sequence of points; ``face`` may be empty."""
        parts = [np.asarray(part, dtype=float) for part in parts]
        self.marks.append(Shape(parts, face, edge, width, closed=True))

    def box(self, left: float, right: float, top: float, bottom: float) -> list[tuple[float, float]]:
        """The corners of a box."""
        return [(left, top), (right, top), (right, bottom), (left, bottom)]

    def dots(self, x, y, size: float, face: str, edge: str = "", width: float = 0) -> None:
        """Discs, ``size`` points across; none where a value is missing."""
        places = np.column_stack([x, y])
        self.marks.append(Dots(places[np.isfinite(places).all(axis=1)], size, face, edge, width))

    def arrowheads(self, x, y, size: float, towards: str, role: str, width: float = 0) -> None:
        """Arrowheads that point "left", "right" or "up"."""
        points = np.array([(-1, 0), (1, -1), (1, 1)]) * {"right": (-1, 1)}.get(towards, (1, 1))
        points = points[:, ::-1] if towards == "up" else points
        half = size / 144
        self.areas([points * half + at for at in np.column_stack([x, y])], role, role if width else "", width)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = LABEL,
        role: str = "ink",
        *,
        bold: bool = False,
        align: str = "left",
        halo: bool = False,
    ) -> None:
        """A line of text by its base line. ``halo``: the page draws the ground's colour round its letters."""
        if text:
            self.marks.append(Text(float(x), float(y), text, size, role, bold, align, halo))

    def ticks_above(self, x: Iterable[float], texts: Iterable[str], size: float) -> None:
        """Labels over the upper edge."""
        for at, text in zip(x, texts, strict=True):
            self.text(at, self.top - PAD - below(size), text, size, "muted", align="center")

    def ticks_below(self, x: Iterable[float], texts: Iterable[str]) -> None:
        """Labels under the lower edge."""
        for at, text in zip(x, texts, strict=True):
            self.text(at, self.bottom + PAD + above(LABEL), text, LABEL, "muted", align="center")

    def ticks_left(self, y: Iterable[float], texts: Iterable[str]) -> None:
        """Labels at the left edge, each level with its line."""
        for at, text in zip(y, texts, strict=True):
            self.text(self.left - PAD, at + above(LABEL) / 2, text, LABEL, "muted", align="right")


def above(size: float) -> float:
    """From the base line to the top of letters of so many points, in inches."""
    return ASCENT * size / 72


def below(size: float) -> float:
    """From the base line to the lowest part of letters of so many points, in inches."""
    return DESCENT * size / 72
