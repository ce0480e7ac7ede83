"""Where a result falls among placebos, and how often each design cries effect where nothing was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from brapkg.figures.canvas import LABEL, above
from brapkg.figures.dots import BASE, DOT, EDGE, TICK
from brapkg.figures.drawing import NARROW, WIDE, Canvas, Margins, Picture, picture, text_width
from brapkg.wording import Words

BINS = 31
HEAD, TALL, BELOW, BESIDE = 0.36, 0.9, 0.36, 0.25
LINE = 0.155
TICKS = (0.25, 0.5, 0.75, 1, 1.5, 2, 3)
SPAN = (0.2, 4.5)
ROW, GAP = 0.2, 0.12


@dataclass(frozen=True)
class Panel:
    """One design: what placebos gave as ratios, the measure's own ratio, and where it falls in words."""

    heading: str
    null: np.ndarray
    value: float
    told: str


def among(panels: Sequence[Panel], words: Words, *, name: str, title: str, description: str, mine: str) -> Picture:
    """Placebos as bars, each design on the same log axis, and the measure as an upright line.

    ``mine`` names the line.
    """
    low, high = _span(panels)
    edges = np.geomspace(low, high, BINS + 1)
    step = HEAD + TALL + BELOW

    def draw(canvas: Canvas, narrow: bool) -> None:
        across = 1 if narrow else 2
        width = ((NARROW if narrow else WIDE) - BESIDE * (across - 1)) / across
        for number, panel in enumerate(panels):
            left, top = number % across * (width + BESIDE), number // across * step
            _panel(canvas, panel, edges, (left, top + HEAD, width), words, mine)

    rows = [-(-len(panels) // across) for across in (2, 1)]
    whole = Margins(0, 0, 0, 0)
    heights = tuple(step * count for count in rows)
    return picture(draw, name=name, title=title, description=description, heights=heights, margins=(whole, whole))


def _span(panels: Sequence[Panel]) -> tuple[float, float]:
    every = np.concatenate([np.append(panel.null[np.isfinite(panel.null)], panel.value) for panel in panels])
    every = every[np.isfinite(every) & (every > 0)]
    reach = float(np.clip(np.abs(np.log(every)).max() * 1.06, np.log(1.4), np.log(SPAN[1])))
    return float(np.exp(-reach)), float(np.exp(reach))


def _panel(canvas: Canvas, panel: Panel, edges: np.ndarray, box: tuple, words: Words, mine: str) -> None:
    left, top, width = box
    base = top + TALL
    low, high = np.log(edges[[0, -1]])

    def x(ratio):
        return left + width * (np.log(ratio) - low) / (high - low)

    canvas.text(left, top - HEAD + 0.12, panel.heading, 8, bold=True)
    canvas.text(left, top - HEAD + 0.12 + LINE, panel.told, 8, "muted")
    counts, _ = np.histogram(np.clip(panel.null, edges[0], edges[-1]), edges)
    tallest = max(counts.max(), 1)
    bars = [
        canvas.box(x(a), x(b), base - 0.92 * TALL * n / tallest, base)
        for a, b, n in zip(edges[:-1], edges[1:], counts, strict=True)
        if n
    ]
    canvas.areas(bars, "soft", "context", 0.5)
    canvas.line([left, left + width], [base, base], "rule", 0.8)
    ends = left
    for tick in TICKS:
        half = text_width(words.deviation(tick), TICK) / 2
        # No change is always named; others where they touch neither it nor each other.
        clear = tick == 1 or abs(x(tick) - x(1)) > half + 0.24
        if not (clear and x(tick) - half >= ends - 0.01 and x(tick) + half <= left + width + 0.05):
            continue
        ends = x(tick) + half + 0.06
        canvas.text(x(tick), base + 0.05 + above(TICK), words.deviation(tick), TICK, "muted", align="center")
    if np.isfinite(panel.value) and panel.value > 0:
        at = float(np.clip(x(panel.value), left, left + width))
        canvas.lines([[(at, base), (at, top)]], "accent", 2.2)
        right = at > left + width / 2
        canvas.text(
            at + (-0.05 if right else 0.05),
            top + 0.08,
            mine,
            8,
            "accent",
            bold=True,
            align="right" if right else "left",
            halo=True,
        )


@dataclass(frozen=True)
class Alarms:
    """How often a design cries effect where nothing was done: naive and calibrated shares (NaN: not used)."""

    label: str
    naive: float
    calibrated: float


def alarms(
    blocks: Sequence[tuple[str, Sequence[Alarms]]],
    words: Words,
    *,
    name: str,
    title: str,
    description: str,
    aim: tuple[float, float] = (0.03, 0.07),
) -> Picture:
    """Shares of false alarms: a hollow dot naive, a filled one calibrated, the aim as a band."""
    places, y = [], 0.05
    for heading, rows in blocks:
        y += GAP if places else 0
        places.append((heading, y))
        y += ROW
        for row in rows:
            places.append((row, y))
            y += ROW
    depth = y - ROW / 2
    shares = [share for _, rows in blocks for row in rows for share in (row.naive, row.calibrated)]
    highest = max([0.2, *(share for share in shares if np.isfinite(share))]) * 1.05

    def draw(canvas: Canvas, narrow: bool) -> None:
        canvas.scale((0, highest), (depth, -0.1))
        canvas.areas([canvas.box(*canvas.x(aim), canvas.top, canvas.bottom)], "q1")
        step = 0.1 if highest < 0.6 else 0.2
        ticks = np.arange(int(highest / step) + 1) * step
        canvas.upright(canvas.x(ticks))
        canvas.ticks_above(canvas.x(ticks), [words.percent(tick) for tick in ticks], TICK)
        size = 8 if narrow else LABEL
        for item, at in places:
            base = float(canvas.y(at + BASE))
            if isinstance(item, str):
                canvas.text(0, base, item, size, "muted", bold=True)
                continue
            canvas.text(0, base, item.label, size)
            level = float(canvas.y(at))
            if np.isfinite([item.naive, item.calibrated]).all():
                canvas.line(canvas.x([item.naive, item.calibrated]), [level, level], "context", 0.9)
            canvas.dots(canvas.x([item.naive]), [level], DOT, "bg", "context", EDGE)
            canvas.dots(canvas.x([item.calibrated]), [level], DOT, "accent", "accent", EDGE)

    height = depth + 0.42
    sides = (Margins(2.2, 0.25, 0.3, 0.06), Margins(1.45, 0.2, 0.3, 0.06))
    return picture(draw, name=name, title=title, description=description, heights=(height, height), margins=sides)
