"""A grid of months: one row a series, one cell a month, filled where it stands out."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullLocator

from brapkg.figures.dots import BASE, TICK
from brapkg.figures.drawing import ROLES, Margins, Picture, picture
from brapkg.wording import MINUS, Words

ROW = 0.24
INSET = 0.06


def months(table: pd.DataFrame, words: Words, *, name: str, title: str, description: str) -> Picture:
    """Months as cells with their deviation in per cent; the narrow picture leaves the numbers out.

    Parameters
    ----------
    table : DataFrame with ``label``, ``month``, ``ratio`` (NaN where the month is not judged or not
        shown), ``told`` (whether the ratio is written out) and ``signal``; the rows of the grid in the
        order of their first appearance
    """
    labels = list(dict.fromkeys(table["label"]))
    depth = len(labels)

    def draw(axes: Axes, narrow: bool) -> None:
        axes.set_xlim(0.5, 12.5)
        axes.set_ylim(depth, 0)
        axes.spines["bottom"].set_visible(False)
        axes.yaxis.set_major_locator(NullLocator())
        axes.xaxis.tick_top()
        names = [words.month(month, short=True) for month in range(1, 13)]
        axes.set_xticks(range(1, 13), [n[0].upper() if narrow else n for n in names], fontsize=TICK)
        across, up = axes.get_position().size * axes.figure.get_size_inches()
        unit = up / depth  # inches a row
        for y, label in enumerate(labels):
            axes.text(
                -_left(narrow) / across,
                y + 0.5 + BASE / unit,
                label,
                transform=axes.get_yaxis_transform(),
                fontsize=8 if narrow else 8.5,
            )
        for row in table.itertuples():
            _cell(axes, row, labels.index(row.label), narrow, BASE / unit)

    sides = (Margins(_left(False), 0.05, 0.26, 0.05), Margins(_left(True), 0.02, 0.26, 0.05))
    height = depth * ROW + 0.31
    return picture(draw, name=name, title=title, description=description, heights=(height, height), margins=sides)


def _left(narrow: bool) -> float:
    return 1.3 if narrow else 1.5


def _cell(axes: Axes, row, y: int, narrow: bool, base: float) -> None:
    known, signal = np.isfinite(row.ratio), row.signal
    face = ROLES["accent"] if signal else ROLES["q1"] if known else "none"
    edge = ROLES["accent"] if signal else ROLES["rule"]
    side = 1 - 2 * INSET
    axes.add_patch(
        Rectangle((row.month - 0.5 + INSET, y + INSET), side, side, facecolor=face, edgecolor=edge, linewidth=0.7)
    )
    if known and row.told and not narrow:
        axes.text(
            row.month,
            y + 0.5 + base,
            _signed(row.ratio),
            ha="center",
            fontsize=7.5,
            weight="bold" if signal else "normal",
            color=ROLES["bg"] if signal else ROLES["muted"],
        )


def _signed(ratio: float) -> str:
    whole = round(100 * (ratio - 1))
    return f"+{whole}" if whole > 0 else f"{MINUS}{-whole}" if whole < 0 else "0"
