"""A grid of months: one row a series, one cell a month, filled where it stands out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from brapkg.figures.canvas import LABEL
from brapkg.figures.dots import BASE, TICK
from brapkg.figures.drawing import Canvas, Margins, Picture, picture
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
    known, signal = np.isfinite(table["ratio"].to_numpy()), table["signal"].to_numpy(dtype=bool)
    across, down = table["month"].to_numpy(), np.array([labels.index(label) for label in table["label"]])
    told = known & table["told"].to_numpy(dtype=bool)

    def draw(canvas: Canvas, narrow: bool) -> None:
        canvas.scale((0.5, 12.5), (depth, 0))
        names = [words.month(month, short=True) for month in range(1, 13)]
        canvas.ticks_above(canvas.x(range(1, 13)), [n[0].upper() if narrow else n for n in names], TICK)
        lines = canvas.y(np.arange(depth) + 0.5) + BASE
        for line, label in zip(lines, labels, strict=True):
            canvas.text(canvas.left - _left(narrow), line, label, 8 if narrow else LABEL)
        for cells, face, edge in (
            (signal, "accent", "accent"),
            (known & ~signal, "q1", "rule"),
            (~known & ~signal, "", "rule"),
        ):
            canvas.areas(
                (_cell(canvas, x, y) for x, y in zip(across[cells], down[cells], strict=True)), face, edge, 0.7
            )
        if not narrow:
            for at in np.flatnonzero(told):
                text, role = _signed(table["ratio"].iloc[at]), "bg" if signal[at] else "muted"
                canvas.text(
                    canvas.x(across[at]), lines[down[at]], text, 7.5, role, bold=bool(signal[at]), align="center"
                )

    sides = (Margins(_left(False), 0.05, 0.26, 0.05), Margins(_left(True), 0.02, 0.26, 0.05))
    height = depth * ROW + 0.31
    return picture(draw, name=name, title=title, description=description, heights=(height, height), margins=sides)


def _left(narrow: bool) -> float:
    return 1.3 if narrow else 1.5


def _cell(canvas: Canvas, month: int, row: int) -> list[tuple[float, float]]:
    left, right = canvas.x([month - 0.5 + INSET, month + 0.5 - INSET])
    return canvas.box(left, right, *canvas.y([row + INSET, row + 1 - INSET]))


def _signed(ratio: float) -> str:
    whole = round(100 * (ratio - 1))
    return f"+{whole}" if whole > 0 else f"{MINUS}{-whole}" if whole < 0 else "0"
