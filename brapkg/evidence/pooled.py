"""One estimate from several: the trials behind a row, or rows with intervals, joined on demand.

What is pooled is what the records hold and no more: it is the package's own calculation and does not
replace the review's. Rows of reviews are refused beside each other when they may count the same studies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from brapkg import evidence
from brapkg.errors import UsageError
from brapkg.evidence.kinds import UNVERIFIED, Study, Trial
from brapkg.evidence.ratings import is_nordic
from brapkg.stats.pooling import pool

Z95 = 1.959963984540054
FEW = 5
# How each metric is made into a scale on which errors are even, and back.
_SCALES = {
    "odds ratio": (np.log, np.exp),
    "rate ratio": (np.log, np.exp),
    "relative change": (np.log1p, np.expm1),
    "d": (np.asarray, np.asarray),
}


@dataclass(frozen=True)
class Part:
    """One trial or row in the pool: its own estimate with 95 % limits, and its ``weight`` (all sum to 1)."""

    name: str
    estimate: float
    lower: float
    upper: float
    weight: float


@dataclass(frozen=True)
class Pooled:
    """A pooled estimate in its ``metric``, with 95 % limits.

    ``prediction_lower`` and ``prediction_upper`` hold the effect in a new place in 95 of 100, None
    with fewer than 3 parts; ``tau2`` is on the scale of logarithms for ratios and relative changes,
    ``i2`` in per cent. ``cautions`` are names of texts with the prefix ``evidence_caution_``.
    """

    metric: str
    favourable: str
    estimate: float
    lower: float
    upper: float
    prediction_lower: float | None
    prediction_upper: float | None
    tau2: float
    i2: float
    k: int
    method: str
    cautions: tuple[str, ...]
    parts: tuple[Part, ...]


def pooled(what: str | Study | Sequence[str | Study], *, method: str = "DL", test: str = "z") -> Pooled:
    """Pool the trials behind one row, or several rows with intervals.

    Parameters
    ----------
    what : Study or id of one, or a sequence of them
        One row whose trials are in the records, or at least 2 rows that each have an interval,
        the same metric and the same favourable side.
    method, test : str
        As in `brapkg.stats.pooling.pool`. The default, DerSimonian and Laird with the normal
        distribution, is what most of the reviews used. ``test="hartung-knapp"`` is safer with few.

    Returns
    -------
    Pooled
        Parts in the order given. Cautions: "few" with fewer than 5 parts, "varies" where the
        prediction interval holds no effect though the interval does not, "far" where no part is
        known to be Swedish or Nordic, "zero_cells" where a count was 0 and 0.5 was added.

    Raises
    ------
    UsageError
        A row is unknown, unverified, has no trials or no interval, or rows differ in metric, side,
        or are fewer than 2; or two rows are of reviews, which may hold the same studies.

    Notes
    -----
    Trials become log odds ratios with variance 1/a + 1/b + 1/c + 1/d; 0.5 is added to the four counts
    of a trial in which one is 0. A row's variance is worked out from its limits, taken as 95 %
    and even on the scale of logarithms; with limits that are not, the estimate's weight is off.
    With fewer than about 5 parts the normal interval is too narrow.

    References
    ----------
    DerSimonian and Laird (1986), Control Clin Trials 7:177-188. Woolf (1955), Ann Hum Genet 19:251-253.
    """
    rows = [_row(one) for one in ([what] if isinstance(what, str | Study) else what)]
    cautions = []
    if len(rows) == 1:
        row = rows[0]
        trials = evidence.trials(row.id)
        if not trials:
            raise UsageError(f"{row.id!r} has no single trials in the records, and one row alone cannot be pooled.")
        names = [trial.name for trial in trials]
        estimate, variance = _log_odds(trials)
        cautions += ["zero_cells"] if any(0 in _cells(trial) for trial in trials) else []
    else:
        _check(rows)
        names = [row.citation for row in rows]
        estimate, variance = _from_limits(rows)
    return _pool(rows, names, estimate, variance, cautions, method, test)


def _pool(rows, names, estimate, variance, cautions, method, test) -> Pooled:
    row = rows[0]
    back = _SCALES[row.metric][1]
    try:
        found = pool(estimate, variance, method=method, test=test).iloc[0]
    except ValueError as error:
        raise UsageError(f"{', '.join(one.id for one in rows)}: cannot be pooled ({error}).") from None
    value, lower, upper = (float(back(found[name])) for name in ("value", "lower", "upper"))
    low, high = (float(back(found[f"prediction_{side}"])) for side in ("lower", "upper"))
    new = (None, None) if found["missing"] else (low, high)
    if len(names) < FEW:
        cautions.append("few")
    if new[0] is not None and new[0] <= row.null <= new[1] and not lower <= row.null <= upper:
        cautions.append("varies")
    if not any(is_nordic(one) for one in rows):
        cautions.append("far")
    weight = 1 / (variance + (0.0 if method == "FE" else found["tau2"]))
    error = Z95 * np.sqrt(variance)
    parts = tuple(
        Part(name, *(float(back(e + side * r)) for side in (0, -1, 1)), float(w))
        for name, e, r, w in zip(names, estimate, error, weight / weight.sum(), strict=True)
    )
    return Pooled(
        metric=row.metric,
        favourable=row.favourable,
        estimate=value,
        lower=lower,
        upper=upper,
        prediction_lower=new[0],
        prediction_upper=new[1],
        tau2=float(found["tau2"]),
        i2=float(found["i2"]),
        k=len(names),
        method=str(found["method"]),
        cautions=tuple(cautions),
        parts=parts,
    )


def _row(one: str | Study) -> Study:
    row = evidence.study(one) if isinstance(one, str) else one
    if row.verified == UNVERIFIED:
        raise UsageError(f"{row.id!r} is unverified; nothing may rest on it.")
    return row


def _check(rows: list[Study]) -> None:
    if not rows:
        raise UsageError("There are no rows to pool; give at least 2 with intervals, or one with trials.")
    wrong = [f"{row.id!r} has no interval" for row in rows if row.lower is None]
    for name in ("metric", "favourable"):
        found = sorted({getattr(row, name) for row in rows})
        if len(found) > 1:
            wrong.append(f"the rows differ in {name} ({', '.join(map(repr, found))})")
    ids = [row.id for row in rows]
    wrong += [f"{id!r} is given twice" for id in sorted(set(ids)) if ids.count(id) > 1]
    if len(sources := [row.source for row in rows]) != len(set(sources)):
        wrong.append("two rows are of the same publication, and not independent")
    if len(reviews := [row.id for row in rows if row.kind == "review"]) > 1:
        wrong.append(f"{', '.join(map(repr, reviews))} are reviews, which may hold the same studies")
    if wrong:
        raise UsageError(f"These rows cannot be pooled: {'; '.join(wrong)}.")


def _cells(trial: Trial) -> tuple[int, int, int, int]:
    a, c = trial.treated_events, trial.control_events
    return a, trial.treated_total - a, c, trial.control_total - c


def _log_odds(trials: Sequence[Trial]) -> tuple[np.ndarray, np.ndarray]:
    cells = np.array([_cells(trial) for trial in trials], dtype=float)
    cells += 0.5 * (cells == 0).any(axis=1, keepdims=True)
    a, b, c, d = cells.T
    return np.log(a * d / (b * c)), (1 / cells).sum(axis=1)


def _from_limits(rows: list[Study]) -> tuple[np.ndarray, np.ndarray]:
    scale = _SCALES[rows[0].metric][0]
    estimate, lower, upper = (scale([getattr(row, f) for row in rows]) for f in ("estimate", "lower", "upper"))
    return np.asarray(estimate, float), ((np.asarray(upper) - np.asarray(lower)) / (2 * Z95)) ** 2
