"""Lines over time: the monthly series with its trend, and small multiples of rolling years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from brapkg.figures.drawing import HALO, NARROW, ROLES, WIDE, Margins, Picture, picture, text_width
from brapkg.wording import Words

# A small chart, in inches: two lines of heading, the lines, and the space to the next.
LINE, HEAD, TALL, BELOW, BESIDE = 0.155, 0.36, 0.8, 0.2, 0.22
# More charts than this stand closer, or they would fill several pages.
FEW = 12


def monthly(
    series: pd.DataFrame,
    line: pd.DataFrame,
    words: Words,
    *,
    name: str,
    title: str,
    description: str,
    preliminary: int | None,
    breaks: Sequence[tuple[int, str]],
) -> Picture:
    """Months as a thin line, the trend without season as a thick one with its band.

    Parameters
    ----------
    series : DataFrame with ``year``, ``month``, ``value`` (per 100 000 and average month), in order
    line : DataFrame with ``position``, ``value``, ``lower``, ``upper``; empty where there is no trend
    preliminary : the year whose figures are preliminary, marked on the axis
    breaks : positions and labels of breaks in the series
    """
    values = series["value"].to_numpy()
    top = max(values.max(), line["upper"].max() if len(line) else 0) * 1.08

    def draw(axes: Axes, narrow: bool) -> None:
        last = len(values) - 1
        axes.set_xlim(-0.5, last + 0.5)
        axes.set_ylim(0, top * (1.16 if breaks else 1))
        axes.yaxis.set_major_locator(MaxNLocator(5 if narrow else 6, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: words.number(v) if v <= top else ""))
        axes.grid(axis="y")
        _years(axes, series, words, preliminary, narrow)
        axes.plot(values, color=ROLES["context"], linewidth=1.1)
        parts = np.split(np.arange(len(line)), [at for at, _ in breaks if at < len(line)])
        for part in parts:
            segment = line.iloc[part]
            axes.fill_between(
                segment["position"],
                segment["lower"],
                segment["upper"],
                color=ROLES["soft"],
                edgecolor=ROLES["accent"],
                linewidth=0.5,
            )
            axes.plot(segment["position"], segment["value"], color=ROLES["accent"], linewidth=2.2)
        for at, text in breaks:
            axes.axvline(at - 0.5, color=ROLES["muted"], linewidth=1, dashes=(4, 2))
            # The label stands on the side with more room.
            left = at > last / 2
            axes.text(
                at - 0.5 + (-0.5 if left else 0.5),
                top * 1.15,
                text,
                ha="right" if left else "left",
                va="top",
                fontsize=8,
                color=ROLES["muted"],
            )
        _name_months(axes, values, line, words("monthly_values"), [at for at, _ in breaks])
        if len(line) and not narrow:
            axes.text(
                last + 0.8,
                line["value"].iloc[-1],
                words("trend_label"),
                fontsize=8,
                weight="bold",
                color=ROLES["accent"],
                va="center",
                clip_on=False,
            )

    sides = (Margins(0.5, 0.95 if len(line) else 0.1, 0.08, 0.3), Margins(0.42, 0.06, 0.08, 0.3))
    return picture(draw, name=name, title=title, description=description, heights=(2.7, 2.4), margins=sides)


def _name_months(axes: Axes, values: np.ndarray, line: pd.DataFrame, text: str, breaks: Sequence[int]) -> None:
    """Name the thin line where the name lies closest above it, and above the trend, on one side of a break."""
    across, up = axes.get_position().size * axes.figure.get_size_inches()
    (left, right), (_, top) = axes.get_xlim(), axes.get_ylim()
    length = int(np.ceil(text_width(text, 8) / across * (right - left))) + 1
    roof = values.copy()
    if len(line):
        at = line["position"].to_numpy(dtype=int)
        roof[at] = np.maximum(values[at], line["upper"])
    places = []
    for start in range(len(values) - length + 1):
        part = slice(start, start + length)
        if any(start < at < start + length for at in breaks):
            continue
        hidden = values[part].max() < roof[part].max()
        places.append((hidden, roof[part].max() - values[part].mean(), start, roof[part].max()))
    if not places:
        return
    _, _, start, height = min(places)
    axes.text(
        start + (length - 1) / 2,
        height + 0.04 / up * top,
        text,
        fontsize=8,
        color=ROLES["muted"],
        ha="center",
        va="bottom",
        gid=HALO,
    )


def _years(axes: Axes, series: pd.DataFrame, words: Words, preliminary: int | None, narrow: bool) -> None:
    """The year's name in the middle of its months, and a line where each year begins; months for a single year."""
    years = series["year"].to_numpy()
    names = list(dict.fromkeys(years))
    if len(names) == 1:
        months = [words.month(month, short=True) for month in series["month"]]
        axes.set_xticks(range(len(months)), [month[0].upper() if narrow else month for month in months])
        return
    starts = [int((years == year).argmax()) for year in names]
    middles = [float(np.flatnonzero(years == year).mean()) for year in names]
    texts = [f"{y} {words('prel')}" if y == preliminary and not narrow else str(y) for y in names]
    axes.xaxis.set_major_locator(FixedLocator(middles))
    axes.set_xticks(middles, texts)
    for start in starts[1:]:
        axes.axvline(start - 0.5, ymax=0.03, color=ROLES["context"], linewidth=0.8)


@dataclass(frozen=True)
class Panel:
    """One small chart: its heading, the area's line, the line it is compared with, the last values."""

    heading: str
    values: np.ndarray
    others: np.ndarray | None
    told: str
    others_told: str = ""


def multiples(
    panels: Sequence[Panel],
    *,
    first: str,
    last: str,
    name: str,
    title: str,
    description: str,
    breaks: Sequence[int] = (),
) -> Picture:
    """Small charts, each on its own scale from zero, with the latest values as numbers."""

    many = len(panels) > FEW
    columns = (5, 3) if many else (3, 2)
    tall = TALL * 0.7 if many else TALL
    step = HEAD + tall + BELOW

    def draw(axes: Axes, narrow: bool) -> None:
        across = columns[narrow]
        pitch = ((NARROW if narrow else WIDE) + BESIDE) / across
        axes.set_axis_off()
        axes.set_xlim(0, NARROW if narrow else WIDE)
        axes.set_ylim(height(across), 0)
        for index, panel in enumerate(panels):
            x, y = index % across * pitch, index // across * step
            width = pitch - BESIDE
            _panel(axes, panel, (x, y + HEAD, width, tall), breaks, 7.5 if narrow or many else 8)
            if index + across >= len(panels):
                for text, at, ha in ((first, x, "left"), (last, x + width, "right")):
                    axes.text(at, y + HEAD + tall + 0.05, text, ha=ha, va="top", fontsize=7.5, color=ROLES["muted"])

    def height(across: int) -> float:
        return step * -(-len(panels) // across) + 0.04

    whole = Margins(0, 0, 0.02, 0.02)
    heights = tuple(height(across) + 0.04 for across in columns)
    return picture(draw, name=name, title=title, description=description, heights=heights, margins=(whole, whole))


def _panel(axes: Axes, panel: Panel, box: tuple, breaks: Sequence[int], size: float) -> None:
    """One small chart in its box (left, top, width, height), its heading above it."""
    left, above, width, tall = box
    base = above + tall
    lines = [panel.values] + ([panel.others] if panel.others is not None else [])
    top = max(np.nanmax(line) for line in lines) or 1
    x = left + width * np.linspace(0, 1, len(panel.values))

    def y(values: np.ndarray) -> np.ndarray:
        return base - tall * values / top

    # By the base line: letters with rings and dots would push a line set by its top.
    first, second = above - HEAD + 0.11, above - HEAD + 0.11 + LINE
    axes.text(left, first, panel.heading, fontsize=size, weight="bold")
    axes.text(left, second, panel.told, fontsize=size, weight="bold", color=ROLES["accent"])
    needed = text_width(panel.told, size, "bold") + text_width(panel.others_told, size) + 0.08
    if needed < width:  # among many charts only their own number has room; the other is in the table
        axes.text(left + width, second, panel.others_told, ha="right", fontsize=size, color=ROLES["muted"])
    axes.plot([left, left + width], [base, base], color=ROLES["rule"], linewidth=0.8)
    for at in breaks:
        here = left + width * at / max(len(x) - 1, 1)
        axes.plot([here, here], [base, above], color=ROLES["rule"], linewidth=0.8, dashes=(4, 2))
    if panel.others is not None:
        axes.plot(x, y(panel.others), color=ROLES["context"], linewidth=1.2, dashes=(4, 2))
        if len(x) == 1:  # a first year has no line
            axes.plot(x, y(panel.others), "o", markersize=3, color=ROLES["context"], clip_on=False)
    axes.plot(x, y(panel.values), color=ROLES["accent"], linewidth=1.8)
    axes.plot(x[-1:], y(panel.values[-1:]), "o", markersize=4, color=ROLES["accent"], clip_on=False)
