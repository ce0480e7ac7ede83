"""A measure on a time line: months before, of the run-in and after, with rates where they may be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from brapkg.figures.canvas import above, below
from brapkg.figures.drawing import Canvas, Margins, Picture, picture, text_width
from brapkg.wording import Words

SIZE = 8
# Height of the row that names the phases, in inches, and of a chart without lines.
PHASE, BARE = 0.26, 0.62
# Each part's line: role, width, dashed.
LOOKS = (("accent", 2.0, False), ("context", 1.3, True), ("muted", 0.9, False))


@dataclass(frozen=True)
class Phase:
    """A stretch of months: its first position and the one after its last, its name, and a number below it."""

    first: int
    end: int
    name: str
    told: str = ""
    shaded: bool = False


@dataclass(frozen=True)
class Line:
    """A series of months with its name."""

    name: str
    values: np.ndarray


def timeline(
    months: Sequence[tuple[int, int]],
    phases: Sequence[Phase],
    lines: Sequence[Line],
    words: Words,
    *,
    name: str,
    title: str,
    description: str,
) -> Picture:
    """Phases as bands over the months, with up to three lines of monthly rates.

    Parameters
    ----------
    months : year and month of each position
    phases : in order, none overlapping; a shaded one is filled
    lines : the treated area first; none where months may not be shown, and the phases' numbers stand alone
    """
    last = len(months) - 1
    highest = max((np.nanmax(line.values) for line in lines), default=1) * 1.12 or 1

    def draw(canvas: Canvas, narrow: bool) -> None:
        canvas.scale((-0.5, last + 0.5), (0, highest))
        for phase in phases:
            left, right = canvas.x(phase.first - 0.5), canvas.x(phase.end - 0.5)
            if phase.shaded:
                canvas.areas([canvas.box(left, right, canvas.top - PHASE, canvas.bottom)], "q1")
        if lines:
            ticks = _ticks(highest, 3 if narrow else 5)
            canvas.level(canvas.y(ticks))
            canvas.ticks_left(canvas.y(ticks), [words.number(tick, 1 if ticks[1] < 1 else 0) for tick in ticks])
        edges = [phase.first for phase in phases if phase.first] + [phases[-1].end]
        canvas.upright(canvas.x(np.array([edge for edge in edges if edge <= last]) - 0.5), "muted", 1)
        _phase_names(canvas, phases, narrow, bare=not lines)
        for line, (role, width, dashed) in reversed(list(zip(lines, LOOKS, strict=False))):
            canvas.line(canvas.x(range(last + 1)), canvas.y(line.values), role, width, dashed=dashed)
        if lines:
            _line_names(canvas, lines, last, narrow)
        canvas.level([canvas.bottom], "rule")
        _month_names(canvas, months, words, narrow)

    right = max((text_width(line.name, SIZE, "bold") for line in lines), default=0) + 0.14
    left = 0.42 if lines else 0.06
    heights = (2.6, 2.5 + 0.16 * len(lines)) if lines else (BARE + 0.62, BARE + 0.62)
    top = PHASE + 0.06
    sides = (
        Margins(left, right if lines else 0.06, top, 0.32),
        Margins(left - 0.04, 0.06, top, 0.32 + 0.16 * len(lines)),
    )
    return picture(draw, name=name, title=title, description=description, heights=heights, margins=sides)


def _ticks(highest: float, most: int) -> np.ndarray:
    unit = 10 ** np.floor(np.log10(highest / most))
    step = next(step * unit for step in (1, 2, 2.5, 5, 10) if step * unit >= highest / most)
    return np.arange(int(highest / step) + 1) * step


def _phase_names(canvas: Canvas, phases: Sequence[Phase], narrow: bool, *, bare: bool) -> None:
    line = canvas.top - PHASE / 2 + (above(SIZE) - below(SIZE)) / 2
    for phase in phases:
        left, right = canvas.x(phase.first - 0.5), canvas.x(phase.end - 0.5)
        middle, room = (left + right) / 2, right - left
        if text_width(phase.name, SIZE, "bold") < room - 0.04:
            canvas.text(middle, line, phase.name, SIZE, bold=True, align="center")
        if bare and text_width(phase.told, SIZE) < room - 0.04:
            canvas.text(middle, (canvas.top + canvas.bottom) / 2 + 0.04, phase.told, SIZE, "muted", align="center")


def _line_names(canvas: Canvas, lines: Sequence[Line], last: int, narrow: bool) -> None:
    """Names at the lines' ends, apart from each other; on a phone below, each with a piece of its line."""
    if narrow:
        for number, (line, (role, width, dashed)) in enumerate(zip(lines, LOOKS, strict=False)):
            y = canvas.bottom + 0.42 + 0.16 * number
            canvas.line([canvas.left, canvas.left + 0.3], [y - 0.035, y - 0.035], role, width, dashed=dashed)
            canvas.text(canvas.left + 0.38, y, line.name, SIZE, bold=not number)
        return
    wanted = sorted((float(canvas.y(line.values[-1])), number) for number, line in enumerate(lines))
    heights: list[float] = []
    for y, _ in wanted:
        heights.append(max(y, heights[-1] + 0.15) if heights else y)
    over = max(heights[-1] - canvas.bottom, 0)
    for (_, number), y in zip(wanted, heights, strict=True):
        role = "accent" if number == 0 else "muted"
        canvas.text(canvas.right + 0.06, y - over + 0.035, lines[number].name, SIZE, role, bold=not number)


def _month_names(canvas: Canvas, months: Sequence[tuple[int, int]], words: Words, narrow: bool) -> None:
    """A label at each January and July; on a phone at each January."""
    shown = [(at, year, month) for at, (year, month) in enumerate(months) if month == 1 or (month == 7 and not narrow)]
    shown = shown or [(0, *months[0])]
    for at, year, month in shown:
        canvas.text(
            canvas.x(at),
            canvas.bottom + 5 / 72 + above(SIZE),
            f"{words.month(month, short=True)} {year}",
            SIZE,
            "muted",
            align="left" if at == 0 else "center",
        )
