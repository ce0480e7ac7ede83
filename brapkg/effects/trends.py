"""Did the treated area already go its own way before the start? The difference in trend to the comparison."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVEL = 0.95
POWER = 0.80
FEWEST_MONTHS = 12
FEWEST_EVENTS = 30  # in either area
_ROUNDS = 25


@dataclass(frozen=True)
class Parallel:
    """The difference in trend before the start.

    Attributes
    ----------
    value, lower, upper : float
        By how much the treated area's rate changed in a year, over the comparison's (1.1: 10 per cent
        more); 95 % limits.
    visible : float
        Smallest difference that would be seen in 4 of 5 cases, as a ratio above 1.
    months : int
    missing : "" or "few" where there are too few months or events to tell
    """

    value: float
    lower: float
    upper: float
    visible: float
    months: int
    missing: str = ""

    @property
    def differs(self) -> bool:
        """Whether the limits exclude equal trends."""
        return self.lower > 1 or self.upper < 1


def parallel(treated, exposure, comparison, comparison_exposure) -> Parallel:
    """The difference in trend between two series of months.

    Parameters
    ----------
    treated, comparison : arrays of float, shape (months,): events
    exposure, comparison_exposure : arrays of float, shape (months,): person-days, > 0

    Returns
    -------
    Parallel

    Notes
    -----
    Logistic regression of each month's share of events that fell in the treated area, on time, with a
    dispersion of at least 1 and Student's t: what both areas share, the season among it, cancels.
    A year of months has low power, and limits from the dispersion between months are too narrow
    where months of a year hang together; parallel trends before are no proof of parallel trends after.
    """
    treated, comparison = np.asarray(treated, dtype=float), np.asarray(comparison, dtype=float)
    n, every = len(treated), treated + comparison
    if n < FEWEST_MONTHS or min(treated.sum(), comparison.sum()) < FEWEST_EVENTS:
        return Parallel(np.nan, np.nan, np.nan, np.nan, n, "few")
    offset = np.log(np.asarray(exposure, dtype=float) / np.asarray(comparison_exposure, dtype=float))
    x = np.column_stack([np.ones(n), (np.arange(n) - (n - 1) / 2) / 12])
    beta = np.array([np.log(treated.sum() / comparison.sum()) - offset.mean(), 0.0])
    for _ in range(_ROUNDS):
        share = 1 / (1 + np.exp(-(x @ beta + offset)))
        weight = every * share * (1 - share)
        information = x.T @ (weight[:, None] * x)
        step = np.linalg.solve(information, x.T @ (treated - every * share))
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    residuals = (treated - every * share)[weight > 0] ** 2 / weight[weight > 0]
    spread = max(residuals.sum() / (n - 2), 1.0)
    error = np.sqrt(spread * np.linalg.inv(information)[1, 1])
    reach = stats.t.ppf((1 + LEVEL) / 2, n - 2)
    seen = (reach + stats.t.ppf(POWER, n - 2)) * error
    limits = np.exp(beta[1] + reach * error * np.array([0, -1, 1]))
    return Parallel(*map(float, limits), float(np.exp(seen)), n)
