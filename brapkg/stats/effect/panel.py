"""Panels of areas and periods: every area once in every period, and enough on each side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from brapkg.stats import _check
from brapkg.stats.thin import TooThin


@dataclass(frozen=True)
class Panel:
    """The rows that say something, each array of shape (n,), with the areas numbered from 0.

    ``left_out`` is the number of areas without any event, which a ratio cannot use.
    """

    counts: np.ndarray
    population: np.ndarray
    area: np.ndarray
    period: np.ndarray
    treated: np.ndarray
    left_out: int

    def told(self) -> dict:
        return {
            "areas": len(np.unique(self.area)),
            "treated_areas": len(np.unique(self.area[self.treated == 1])),
            "left_out": self.left_out,
            "periods": len(np.unique(self.period)),
            "events": float(self.counts.sum()),
        }


def balanced(counts, population, area, period, treated, start, error: str, model: str) -> Panel:
    """Check a panel for difference-in-differences, and leave out the areas that say nothing of a ratio.

    Parameters and errors are those of `did.difference_in_differences`.
    """
    y, persons = _check.whole("counts", counts), _check.positive("population", population)
    when, kind = _check.numbers("period", period), _check.numbers("treated", treated)
    labels = pd.Index(np.atleast_1d(np.asarray(area, dtype=object)))
    _check.equal_length(counts=y, population=persons, area=labels, period=when, treated=kind)
    _check.shared_index(y.size, counts=counts, population=population, area=area, period=period, treated=treated)
    _check.refuse("treated", kind, ~np.isin(kind, (0, 1)), "must be 0 or 1")
    if labels.hasnans:
        raise ValueError(f"area: {labels.isna().sum()} of {len(labels)} labels missing; every row needs its area")
    table = pd.DataFrame({"area": labels, "period": when, "treated": kind, "y": y})
    both = table.groupby("area", sort=False)["treated"].nunique()
    if (both > 1).any():
        raise ValueError(
            f"treated: area {both.index[both > 1].tolist()[0]!r} is both 0 and 1; must be the same in all its rows"
        )
    times = table.groupby(["area", "period"], sort=False).size().unstack(fill_value=0)
    for wrong, word in ((times == 0, "lacks"), (times > 1, "has more than once")):
        if wrong.to_numpy().any():
            at, p = np.argwhere(wrong.to_numpy())[0]
            raise ValueError(
                f"period: area {times.index.tolist()[at]!r} {word} period {times.columns[p]:g}; "
                "every area must have each once"
            )
    start = _check.one(_check.numbers, "start", start)
    table["after"] = when >= start
    for after, word in ((False, "before"), (True, "after")):
        if not (table["after"] == after).any():
            raise TooThin(f"found no period {word} the start {start:g}; difference-in-differences needs one")
    some = table.groupby("area")["y"].transform("sum").to_numpy() > 0 if model == "poisson" else np.full(y.size, True)
    kept = table[some]
    need = 2 if error == "cluster" else 1
    for value, word in ((1, "with"), (0, "without")):
        areas = kept.loc[kept["treated"] == value, "area"].nunique()
        if areas < need:
            raise TooThin(f"found {areas} areas {word} the measure and with events; error {error!r} needs {need}")
    if model == "poisson":
        sums = kept.groupby(["treated", "after"])["y"].sum()
        for (value, after), total in sums.items():
            if total == 0:
                words = f"{'with' if value else 'without'} the measure {'after' if after else 'before'} the start"
                raise TooThin(f"no event among the areas {words}; a ratio needs one")
        empty = kept.groupby("period")["y"].sum()
        if (empty == 0).any():
            raise TooThin(f"no event in period {empty.idxmin():g}; the Poisson model needs one in each")
    left_out = int(table["area"].nunique() - kept["area"].nunique())
    return Panel(y[some], persons[some], pd.factorize(labels[some])[0], when[some], kind[some], left_out)
