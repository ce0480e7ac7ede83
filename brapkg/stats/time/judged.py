"""One series whose last time points are judged: its checks, and the rows that every method answers with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from brapkg.stats import _check
from brapkg.stats.thin import TooThin
from brapkg.stats.time.order import in_order


@dataclass(frozen=True)
class Series:
    """One series, checked: counts and log exposure with a leading axis, and what is judged."""

    y: np.ndarray
    offset: np.ndarray
    index: pd.Index
    first: int

    @property
    def judged(self) -> np.ndarray:
        return np.arange(self.first, self.y.shape[1])

    @property
    def now(self) -> np.ndarray:
        return self.y[:, self.judged]

    def table(self, found, limits, levels: list[float], method: str, few) -> pd.DataFrame:
        """The result of a method of this family, rows with too few recent events withheld.

        `limits` holds upper limits and p-values for each of the levels.
        """
        if not isinstance(few, (tuple, list)) or len(few) != 2:
            raise ValueError(f"few: found {few!r}; must be two numbers, events and time points, such as (5, 4)")
        least, points = _check.one(_check.counts, "few", few[0]), _check.integer("few", few[1], 1)
        running = np.cumsum(np.r_[0.0, self.y[0]])
        recent = running[self.judged + 1] - running[np.maximum(self.judged + 1 - points, 0)]
        hidden = (recent < least) | np.isnan(found.value[0])
        told = {"dispersion": found.dispersion[0], "trend": found.trend[0]}
        blocks = [
            self.rows(found.value[0], upper[0], level, method, p_value[0], hidden, **told)
            for level, (upper, p_value) in zip(levels, limits, strict=True)
        ]
        return pd.concat(blocks)

    def rows(self, value, upper, level: float, method: str, p_value, hidden=False, **told) -> pd.DataFrame:
        """The columns every method of the family gives, at one level; hidden values are NaN."""
        count = self.now[0]
        hidden = np.broadcast_to(hidden, count.shape)
        columns = {
            "position": self.judged,
            "count": count,
            "value": np.where(hidden, np.nan, value),
            "lower": np.where(hidden, np.nan, 0.0),
            "upper": np.where(hidden, np.nan, upper),
            "level": level,
            "method": method,
            "p_value": np.where(hidden, np.nan, p_value),
            "signal": ~hidden & (count > upper),
            "missing": np.where(hidden, "few", ""),
        } | told
        order = [name for name in columns if name not in ("signal", "missing")] + ["signal", "missing"]
        return pd.DataFrame(columns, index=self.index[self.judged])[order]


def single(counts, exposure, *, period: int, last: int) -> Series:
    """Check a series and its exposure, and which time points are judged."""
    y = _check.whole("counts", counts)
    persons = np.ones_like(y) if exposure is None else _check.positive("exposure", exposure)
    _check.equal_length(counts=y, exposure=persons)
    index = _check.shared_index(y.size, counts=counts, exposure=exposure)
    if period not in (12, 52):
        raise ValueError(f"period: found {period!r}; must be 12 (months) or 52 (weeks)")
    in_order("counts", index, period)
    last = _check.integer("last", last, 1)
    if last > y.size:
        raise ValueError(f"last: found {last}; must be at most the {y.size} time points of counts")
    return Series(y[np.newaxis], np.log(persons)[np.newaxis], index, y.size - last)


def enough(method: str, series: Series, needed: int, *, events: bool = True) -> None:
    """Raise TooThin where there are fewer earlier time points than the method needs, or no events."""
    if series.first < needed:
        raise TooThin(f"{method}: found {series.first} time points before the first judged; needs {needed}")
    if events and not series.y[:, : series.first].any():
        raise TooThin(f"{method}: found no event before the first time point judged; needs some")


def within(window: int, period: int) -> None:
    """Refuse a window wider than a year."""
    if 2 * window + 1 > period:
        raise ValueError(f"window: found {window}; 2 * window + 1 must be at most the period, {period}")
