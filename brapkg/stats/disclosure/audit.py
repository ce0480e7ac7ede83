"""Audit: what an outsider can work out about each withheld cell from all that is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components

from brapkg.stats.disclosure.table import Table, tabulate


def audit(
    cells: pd.DataFrame,
    hierarchies: Mapping[str, Mapping | None],
    *,
    count: str = "count",
    suppressed: str = "suppressed",
    remainder: Mapping[str, Sequence] | None = None,
    lowest: int = 0,
    only=None,
) -> pd.DataFrame:
    """The interval an outsider can work out for every withheld cell.

    Parameters
    ----------
    cells : DataFrame
        All cells with all totals, their true counts, and a column that tells which are withheld,
        such as the answer of `suppress` or of another program.
    hierarchies, count, remainder
        As in `tabulate`.
    suppressed : str
        The column (bool) of what is withheld.
    lowest : {0, 1}
        The lowest value the outsider must allow a withheld cell: 1 when it is known that zeros
        are always shown (`Rule.lowest`).
    only : array of bool, shape (rows of cells,), optional
        Rows to answer for, where all would take too long.

    Returns
    -------
    DataFrame
        The withheld rows, index kept: the keys, the count, lower, upper (infinite where nothing
        bounds the cell), width, recoverable (the width is below 1, so that the count is known).

    Raises
    ------
    ValueError
        As `tabulate`; the totals are not given; `suppressed` is not bool; `lowest` is not 0 or 1;
        `only` has another length; or a withheld count is below `lowest`.

    Notes
    -----
    Two linear programmes per withheld cell, over the withheld cells it hangs together with. The
    outsider is taken to know sums and `lowest` only. The whole numbers that fit can, rarely, be
    fewer than the interval holds; what `suppress` returns is proof against that as well.

    References
    ----------
    Fischetti and Salazar (2001), Management Science 47:1008-1027.
    """
    table = tabulate(cells, hierarchies, count=count, remainder=remainder)
    if suppressed not in cells or cells[suppressed].dtype != bool:
        raise ValueError(f"cells: column {suppressed!r} must be there and be True or False in every row")
    if len(table.frame) != len(cells):
        raise ValueError("cells: found no totals; must hold all totals, and whether they are withheld")
    if lowest not in (0, 1):
        raise ValueError(f"lowest: found {lowest!r}; must be 0 or 1")
    withheld = np.zeros(table.counts.size, dtype=bool)
    withheld[table.rows] = cells[suppressed].to_numpy()
    below = np.flatnonzero(withheld & (table.counts < lowest))
    if below.size:
        raise ValueError(f"lowest: {table.key(below[0])} is withheld and is 0; must be 0 where zeros are withheld")
    if only is not None and len(only) != len(cells):
        raise ValueError(f"only: found {len(only)} values; must be {len(cells)}, one for each row of cells")
    wanted = cells[suppressed].to_numpy() & (True if only is None else np.asarray(only, dtype=bool))
    asked = np.zeros(table.counts.size, dtype=bool)
    asked[table.rows] = wanted
    lower, upper = intervals(table, withheld, lowest, asked)
    found = table.frame.assign(lower=lower[table.rows], upper=upper[table.rows])
    found["width"] = found["upper"] - found["lower"]
    found["recoverable"] = found["width"] < 1 - 1e-6
    return found[wanted]


def intervals(table: Table, withheld: np.ndarray, lowest: int, asked=None) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper limit of every cell asked for, given the cells not withheld; the count elsewhere."""
    asked = withheld if asked is None else asked
    lower, upper = table.counts.astype(float), table.counts.astype(float)
    free = np.flatnonzero(withheld | table.hidden)
    relations = sparse.csr_array(table.relations()[:, free])
    relations = relations[np.diff(relations.indptr) > 0]
    # Cells that share a sum hang together; groups of cells that do not are worked out one by one.
    _, group = connected_components(sparse.csr_array(abs(relations).T @ abs(relations)), directed=False)
    bounds = np.where(table.hidden[free], 0, lowest)
    for members in np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1]):
        if asked[free[members]].any():
            _group_intervals(table, free[members], relations[:, members], bounds[members], asked, lower, upper)
    return lower, upper


def _group_intervals(table, cells, relations, bounds, asked, lower, upper) -> None:
    relations = sparse.csr_array(relations)
    relations = relations[np.diff(relations.indptr) > 0]
    right = relations @ table.counts[cells]
    limits = np.column_stack([bounds, np.full(cells.size, np.inf)])
    for place in np.flatnonzero(asked[cells]):
        aim = np.zeros(cells.size)
        for sign, side in ((1, lower), (-1, upper)):
            aim[place] = sign
            if relations.shape[0] == 0:
                side[cells[place]] = bounds[place] if sign == 1 else np.inf
                continue
            told = linprog(aim, A_eq=relations, b_eq=right, bounds=limits, method="highs")
            if told.status == 3:
                side[cells[place]] = np.inf
            elif told.status == 0:
                side[cells[place]] = round(sign * told.fun, 9)
            else:
                raise RuntimeError(f"the linear programme of {table.key(cells[place])} did not end: {told.message}")
