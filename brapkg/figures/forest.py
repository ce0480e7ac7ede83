"""The forest: what studies found, a line each, in one panel for each metric.

Measured effects of different metrics cannot be set on one axis, and a value above no effect is good
in some and bad in others; each panel therefore has an axis of its own and says which side is good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from brapkg.figures.canvas import LABEL, above
from brapkg.figures.drawing import Canvas, Margins, Picture, picture, text_width
from brapkg.wording import Words

# Values that may be labelled, on each kind of axis; the first is no effect.
RATIOS = (1, 0.25, 0.5, 0.75, 1.25, 1.5, 2, 3, 4, 6)
STEPS = (0, -1, -0.75, -0.5, -0.25, 0.25, 0.5, 0.75, 1, 1.5)
# An axis reaches at least this far to each side of no effect, and no further than that.
NEAR_RATIO, NEAR_STEP = (0.7, 1.4), (-0.3, 0.3)
FAR_RATIO, FAR_STEP = (0.15, 7.0), (-2.0, 2.0)
LINE, GAP = 0.165, 0.1
SMALL = 8.0
DOT, EDGE = 6, 1.6
# From the middle of a row down to its letters' base line.
BASE = 0.042


@dataclass(frozen=True)
class Line:
    """What one source found.

    ``values`` holds one value, or several where the source's models differ; on a ratio axis all are
    ratios. ``told`` is the value in words, ``range`` the interval in words or "" where none is shown.
    """

    label: str
    values: Sequence[float]
    told: str
    lower: float = float("nan")
    upper: float = float("nan")
    range: str = ""
    pooled: bool = True
    sure: bool = True


@dataclass(frozen=True)
class Group:
    """A measure with its lines; ``note`` is the certainty in words."""

    name: str
    note: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Panel:
    """Lines of one metric. ``favourable``: the side of no effect that is good, "below" or "above"."""

    heading: str
    metric: str
    favourable: str
    groups: Sequence[Group] = field(default=())

    @property
    def ratio(self) -> bool:
        """Whether values are ratios, with no effect at 1 on a log axis; else differences from 0."""
        return self.metric != "d"

    @property
    def none(self) -> float:
        """The value of no effect."""
        return 1.0 if self.ratio else 0.0


def forest(panels: Sequence[Panel], words: Words, *, name: str, title: str, description: str) -> Picture:
    """Estimates by measure: dots for pooled ones, hollow diamonds for single studies.

    A solid line is an interval and is drawn only where there is one; a dotted one joins values that
    models of the same source give.

    Parameters
    ----------
    panels : what to show, from the top; panels without lines are left out
    """
    panels = [panel for panel in panels if any(group.lines for group in panel.groups)]
    layouts = {narrow: [_rows(panel, narrow) for panel in panels] for narrow in (False, True)}
    heights = tuple(sum(depth for _, depth in layouts[narrow]) + 0.06 for narrow in (False, True))

    def draw(canvas: Canvas, narrow: bool) -> None:
        top = 0.0
        for panel, (rows, depth) in zip(panels, layouts[narrow], strict=True):
            _panel(canvas, panel, rows, top, depth, words, narrow)
            top += depth

    return picture(draw, name=name, title=title, description=description, heights=heights, margins=_sides())


def _sides() -> tuple[Margins, Margins]:
    return Margins(_left(False), 1.95, 0, 0), Margins(_left(True), 0.62, 0, 0)


def _left(narrow: bool) -> float:
    return 2.25 if narrow is False else 1.36


def wrapped(text: str, width: float, size: float, weight: str = "normal") -> list[str]:
    """The text in lines of at most ``width`` inches; a word that is longer stands alone."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, weight) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _rows(panel: Panel, narrow: bool) -> tuple[list[tuple[object, list[str], float]], float]:
    """What stands where below the panel's upper edge: item, its label in lines, middle of the first; and the depth."""
    size, left = (SMALL if narrow else LABEL), _left(narrow)
    heading = wrapped(panel.heading, 3.4 if narrow else 6.5, size, "bold")
    rows: list[tuple[object, list[str], float]] = [(panel, heading, 0.1)]
    y = 0.1 + LINE * len(heading) + 0.42
    for group in panel.groups:
        # On a phone the certainty stands under the name; beside it there is no room.
        name = wrapped(group.name, 3.4 if narrow else 4.5, size, "bold") + ([group.note] if narrow else [])
        rows.append((group, name, y))
        y += LINE * len(name)
        for line in group.lines:
            label = wrapped(line.label, left - 0.14, SMALL)
            rows.append((line, label, y))
            y += LINE * len(label) + (0.03 if len(label) > 1 else 0)
        y += GAP
    return rows, y + 0.06


def _panel(canvas: Canvas, panel: Panel, rows, top: float, depth: float, words: Words, narrow: bool) -> None:
    low, high = _span(panel)
    canvas.scale((low, high), (1, 0), log=panel.ratio)
    (_, heading, first), *rest = rows
    size = SMALL if narrow else LABEL
    for number, text in enumerate(heading):
        canvas.text(0, top + first + number * LINE + BASE, text, size, "muted", bold=True)
    _axis(canvas, panel, top + rest[0][2] - 0.12, top + depth - 0.12, (low, high), words)
    told, note = (canvas.width - 0.02, 0.0) if narrow else (canvas.right + 0.6, canvas.right + 0.7)
    for item, label, y in rest:
        at = top + y + BASE
        if isinstance(item, Group):
            for number, text in enumerate(label):
                last = narrow and number == len(label) - 1
                role = "muted" if last else "ink"
                canvas.text(0, at + number * LINE, text, SMALL if last else size, role, bold=not last, halo=True)
            if not narrow:
                canvas.text(note, at, item.note, SMALL)
            continue
        for number, text in enumerate(label):
            canvas.text(0.1, at + number * LINE, text, SMALL)
        canvas.text(told, at, item.told, SMALL, align="right", halo=True)
        if not narrow:
            canvas.text(note, at, item.range, SMALL, "muted")
        _mark(canvas, item, top + y, low, high)


def _span(panel: Panel) -> tuple[float, float]:
    """Limits that hold every value and interval, within those of the axis."""
    lines = [line for group in panel.groups for line in group.lines]
    ends = np.array([end for line in lines for end in (*line.values, line.lower, line.upper)], dtype=float)
    ends = ends[np.isfinite(ends)]
    (near_low, near_high), (far_low, far_high) = (NEAR_RATIO, FAR_RATIO) if panel.ratio else (NEAR_STEP, FAR_STEP)
    low, high = min([near_low, *ends]), max([near_high, *ends])
    low, high = (low * 0.92, high * 1.08) if panel.ratio else (low - 0.06, high + 0.06)
    return max(low, far_low), min(high, far_high)


def _axis(canvas: Canvas, panel: Panel, top: float, bottom: float, limits, words: Words) -> None:
    """Grid, labels and the two sides' names."""
    low, high = limits
    every = [tick for tick in (RATIOS if panel.ratio else STEPS) if low <= tick <= high]
    texts = {tick: tick_text(panel, tick, words) for tick in every}
    kept: list[float] = []
    for tick in every:  # no effect first, then what does not touch the labels that are there
        half = text_width(texts[tick], SMALL) / 2
        spans = [(canvas.x(k), text_width(texts[k], SMALL) / 2) for k in kept]
        if all(abs(canvas.x(tick) - at) > half + other + 0.07 for at, other in spans):
            kept.append(tick)
    canvas.lines(([(canvas.x(t), top), (canvas.x(t), bottom)] for t in kept), "grid", 0.8)
    canvas.lines([[(canvas.x(panel.none), top), (canvas.x(panel.none), bottom)]], "muted", 1.2)
    for tick in kept:
        canvas.text(canvas.x(tick), top - 0.05, texts[tick], SMALL, "muted", align="center")
    sides = ("problem_forest_better_left", "problem_forest_worse_right")
    if panel.favourable == "above":
        sides = ("problem_forest_worse_left", "problem_forest_better_right")
    line = top - 0.05 - above(SMALL) - 0.08
    canvas.text(canvas.left - 0.1, line, words(sides[0]), 7.5, "muted")
    canvas.text(canvas.right + 0.1, line, words(sides[1]), 7.5, "muted", align="right")


def tick_text(panel: Panel, value: float, words: Words) -> str:
    """A value as the axis of this panel tells it: change in per cent, ratio, or difference."""
    if panel.metric == "relative change":
        return words.deviation(value)
    whole = value == int(value)
    return words.number(value, 0 if whole else 1 if value * 10 == int(value * 10) else 2)


def _mark(canvas: Canvas, line: Line, y: float, low: float, high: float) -> None:
    """Interval, span between models, and the values themselves."""
    if np.isfinite(line.lower) and np.isfinite(line.upper):
        ends = canvas.x([max(line.lower, low), min(line.upper, high)])
        canvas.line(ends, [y, y], "accent", 1.8)
    values = [value for value in line.values if low <= value <= high]
    if len(values) > 1:
        canvas.lines([[(canvas.x(min(values)), y), (canvas.x(max(values)), y)]], "accent", 1.4, dashed=True)
    for towards, edge, beyond in (
        ("left", low, min(*line.values, line.lower) if line.values else low),
        ("right", high, max(*line.values, line.upper) if line.values else high),
    ):
        if beyond < low or beyond > high:
            canvas.arrowheads([canvas.x(edge)], [y], 4.5, towards, "accent", 1)
    at = canvas.x(np.array(values))
    if line.pooled:
        canvas.dots(at, [y] * len(values), DOT, "accent" if line.sure else "bg", "accent", EDGE)
        return
    half = (DOT + 1.5) / 144
    corners = np.array([(0, -half), (half, 0), (0, half), (-half, 0)])
    canvas.areas((corners + (x, y) for x in at), "bg", "accent", EDGE)
