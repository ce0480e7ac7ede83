"""Lines over time: the monthly series with its trend, and small multiples of rolling years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from brapkg.figures.drawing import ROLES, Margins, Picture, picture
from brapkg.wording import Words

YEAR = 12
# Height of a small chart with its heading, in inches.
ROW = 1.12


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
        axes.yaxis.set_major_locator(MaxNLocator(4 if narrow else 5, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: words.number(v) if v <= top else ""))
        axes.grid(axis="y")
        _years(axes, series, words, preliminary, narrow)
        axes.plot(values, color=ROLES["context"], linewidth=1.1)
        parts = np.split(np.arange(len(line)), [at for at, _ in breaks if at < len(line)])
        for part in parts:
            segment = line.iloc[part]
            axes.fill_between(segment["position"], segment["lower"], segment["upper"], color=ROLES["soft"],
                              edgecolor=ROLES["accent"], linewidth=0.5)
            axes.plot(segment["position"], segment["value"], color=ROLES["accent"], linewidth=2.2)
        for at, text in breaks:
            axes.axvline(at - 0.5, color=ROLES["muted"], linewidth=1, dashes=(4, 2))
            # The label stands on the side with more room.
            left = at > last / 2
            axes.text(at - 0.5 + (-0.5 if left else 0.5), top * 1.15, text, ha="right" if left else "left",
                      va="top", fontsize=8, color=ROLES["muted"])
        axes.text(0, values[: YEAR // 2].max() + top * 0.03, words("monthly_values"), fontsize=8,
                  color=ROLES["muted"], va="bottom")
        if len(line) and not narrow:
            axes.text(last + 0.8, line["value"].iloc[-1], words("trend_label"), fontsize=8, weight="bold",
                      color=ROLES["accent"], va="center", clip_on=False)

    sides = (Margins(0.5, 0.95, 0.08, 0.3), Margins(0.42, 0.06, 0.08, 0.3))
    return picture(
        draw, name=name, title=title, description=description, heights=(2.7, 2.4), margins=sides
    )


def _years(axes: Axes, series: pd.DataFrame, words: Words, preliminary: int | None, narrow: bool) -> None:
    """The year's name in the middle of its months, and a line where each year begins."""
    years = series["year"].to_numpy()
    names = list(dict.fromkeys(years))
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

    def draw(axes: Axes, narrow: bool) -> None:
        across = 2 if narrow else 3
        down = -(-len(panels) // across)
        axes.set_axis_off()
        axes.set_xlim(0, across)
        axes.set_ylim(down, 0)
        for index, panel in enumerate(panels):
            column, row = index % across, index // across
            _panel(axes, panel, column, row, breaks, narrow)
            if index + across >= len(panels):
                for text, x, ha in ((first, column + 0.02, "left"), (last, column + 0.9, "right")):
                    axes.text(x, row + 1.0, text, ha=ha, va="top", fontsize=7.5, color=ROLES["muted"])

    def height(across: int) -> float:
        return ROW * -(-len(panels) // across) + 0.22

    side = Margins(0.02, 0.02, 0.06, 0.16)
    return picture(
        draw, name=name, title=title, description=description, heights=(height(3), height(2)),
        margins=(side, side),
    )


def _panel(axes: Axes, panel: Panel, column: int, row: int, breaks: Sequence[int], narrow: bool) -> None:
    left, width = column + 0.02, 0.88
    base, tall = row + 0.93, 0.56
    lines = [panel.values] + ([panel.others] if panel.others is not None else [])
    top = max(np.nanmax(line) for line in lines) or 1
    x = left + width * np.linspace(0, 1, len(panel.values))

    def y(values: np.ndarray) -> np.ndarray:
        return base - tall * values / top

    size = 7.5 if narrow else 8
    axes.text(left, row + 0.04, panel.heading, va="top", fontsize=size, weight="bold")
    axes.text(left, row + 0.19, panel.told, va="top", fontsize=size, weight="bold", color=ROLES["accent"])
    axes.text(left + width, row + 0.19, panel.others_told, va="top", ha="right", fontsize=size,
              color=ROLES["muted"])
    axes.plot([left, left + width], [base, base], color=ROLES["rule"], linewidth=0.8)
    for at in breaks:
        here = left + width * at / max(len(x) - 1, 1)
        axes.plot([here, here], [base, base - tall], color=ROLES["rule"], linewidth=0.8, dashes=(4, 2))
    if panel.others is not None:
        axes.plot(x, y(panel.others), color=ROLES["context"], linewidth=1.2, dashes=(4, 2))
    axes.plot(x, y(panel.values), color=ROLES["accent"], linewidth=1.8)
    axes.plot(x[-1:], y(panel.values[-1:]), "o", markersize=4, color=ROLES["accent"])
    axes.xaxis.set_major_locator(NullLocator())
