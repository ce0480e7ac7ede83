"""Suppression: which cells to withhold so that no small count can be worked out from the rest.

A move is a change of the withheld cells, in whole numbers, that keeps every published cell and
every sum, and no cell below the lowest value an outsider must allow for. A small cell that some
move changes is safe: the table after the move is another one that fits all that is published.
So the cells to withhold are gathered as the cheapest moves, one small cell after the other, and
a cell is published again where every small cell keeps a move without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from brapkg.stats.disclosure.audit import intervals
from brapkg.stats.disclosure.moves import Moves
from brapkg.stats.disclosure.table import Table, tabulate

SMALL = "suppressed, small"
OTHERS = "suppressed, to protect others"
_FEW = 60  # with so few small cells several orders are tried and the cheapest answer kept
_TRIES = 8


@dataclass(frozen=True)
class Rule:
    """Which counts are small, and what may be withheld to protect them.

    Parameters
    ----------
    largest : int
        The largest count that is small, >= 1: counts 1 to `largest` are withheld.
    zeros : bool
        Withhold zeros as small counts too.
    secondary_zeros : bool
        Zeros may be withheld to protect others (always so when `zeros`).

    Raises
    ------
    ValueError
        `largest` is not a whole number >= 1.

    Notes
    -----
    When no zero is ever withheld, an outsider who knows the rule knows that every withheld cell
    is at least 1: two withheld cells that sum to 2 are then 1 and 1. Protection is worked out
    against that outsider (`lowest` is 1). With zeros among the withheld cells only >= 0 is known
    (`lowest` is 0); fewer cells then suffice as a rule, and each tells less, but some of the
    zeros that could be shown are withheld.

    References
    ----------
    Hundepool et al. (2012), Statistical Disclosure Control, Wiley, chapters 4 and 5.
    """

    largest: int = 2
    zeros: bool = False
    secondary_zeros: bool = False

    def __post_init__(self) -> None:
        if not self.largest >= 1 or self.largest != int(self.largest):
            raise ValueError(f"largest: found {self.largest!r}; must be a whole number >= 1, for example 2")

    @property
    def lowest(self) -> int:
        """The lowest value that an outsider must allow a withheld cell to have."""
        return 0 if self.zeros or self.secondary_zeros else 1

    def small(self, counts) -> np.ndarray:
        """Whether each count is small."""
        counts = np.asarray(counts)
        return (counts <= self.largest) & ((counts > 0) | self.zeros)


def suppress(
    cells: pd.DataFrame,
    hierarchies: Mapping[str, Mapping | None],
    *,
    count: str = "count",
    rule: Rule | None = None,
    remainder: Mapping[str, Sequence] | None = None,
    audited: bool = False,
) -> pd.DataFrame:
    """Withhold small counts, and as many others as it takes that none can be worked out.

    Parameters
    ----------
    cells, hierarchies, count, remainder
        As in `tabulate`.
    rule : Rule, optional
        Which counts are small; by default 1 and 2.
    audited : bool
        Work out, for every withheld cell, the interval that an outsider can (`audit`; takes time
        on large tables).

    Returns
    -------
    DataFrame
        One row per published cell, in the order and with the index of `cells` where that held
        the totals: the keys, the count, shown (the count, or NA where withheld), suppressed,
        missing ("", "suppressed, small" or "suppressed, to protect others"), method, and lower
        and upper (the outsider's interval; NaN unless audited, the count itself where shown).

    Raises
    ------
    ValueError
        As `tabulate` and `Rule`.

    Notes
    -----
    Safe means: for every small cell at least one other whole number fits with all that is
    published, however clever the arithmetic. It does not mean that the cell cannot be guessed
    to within a few, nor does it hold against someone who knows one of the withheld counts
    beforehand, or another publication of the same counts. The two reasons in `missing` are for
    the publisher: published, they tell that a cell is 1 to `largest`. Show one mark for both.

    Not the fewest cells possible: that is a problem for which the time grows beyond bounds.
    Totals cost more than the cells they hold and so are kept as a rule; but where all that a
    total holds is small it must go, in a table of one row up to the last.

    References
    ----------
    Cox (1980), JASA 75:377-385. Kelly, Golden and Assad (1992), Networks 22:397-417. Fischetti
    and Salazar (2001), Management Science 47:1008-1027.
    """
    rule = rule or Rule()
    table = tabulate(cells, hierarchies, count=count, remainder=remainder)
    small = rule.small(table.counts) & ~table.hidden
    suppressed = protect(table, small, rule)
    found = table.frame.copy()
    found["shown"] = found[count].astype("Int64").mask(suppressed[table.rows])
    found["suppressed"] = suppressed[table.rows]
    found["missing"] = np.select([small[table.rows], suppressed[table.rows]], [SMALL, OTHERS], "")
    found["method"] = f"cell suppression, 1-{rule.largest}" if not rule.zeros else f"cell suppression, 0-{rule.largest}"
    found["lower"], found["upper"] = np.nan, np.nan
    if audited:
        lower, upper = intervals(table, suppressed, rule.lowest)
        found["lower"], found["upper"] = lower[table.rows], upper[table.rows]
    return found


def protect(table: Table, small: np.ndarray, rule: Rule) -> np.ndarray:
    """Withheld cells: the small ones, and those that protect them. Hidden remainders are not among them."""
    if not small.any():
        return small.copy()
    may = ~small & ~table.hidden & ((table.counts > 0) | (rule.lowest == 0))
    cells = np.flatnonzero(small)
    moves = Moves(table, small, may, rule.lowest)
    # Totals first: their moves are the longest and protect inner cells on their way.
    first = cells[np.lexsort((cells, table.counts[cells], -moves.height[cells]))]
    rng = np.random.default_rng(0)
    orders = [first] + [rng.permutation(cells) for _ in range(_TRIES - 1 if cells.size <= _FEW else 0)]
    best = None
    for order in orders:
        tried = moves if best is None else Moves(table, small, may, rule.lowest)
        _protect_in_order(tried, order, may)
        if best is None or tried.price() < best.price() - 1e-9:
            best = tried
    return best.withheld & ~table.hidden


def _protect_in_order(moves: Moves, order: np.ndarray, may: np.ndarray) -> None:
    for cell in order:
        if not moves.protected(cell):
            moves.protect(cell)
    moves.drop_unused()
    for cell in sorted(np.flatnonzero(moves.withheld & may), key=lambda cell: (-moves.cost[cell], cell)):
        moves.publish(cell)
    moves.drop_unused()
    moves.prove()
