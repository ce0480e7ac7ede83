"""How long the monthly trends of a whole country take, beside statsmodels one series at a time.

    python benchmarks/trends.py [--sample 200] [--rounds 3]

290 places times 10 offences are 2 900 series of 48 months, made up from a seed: a log-linear
Poisson trend with season and offset, standard errors included. Both ways run in this process;
the loop runs on a sample of the series and its time is scaled to all. Told are the best of the
rounds, the largest differences between the two ways, and the peak memory of the fit.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # both ways on one thread

import argparse
import time
import tracemalloc

import numpy as np
import statsmodels.api as sm
from scipy import stats

from brapkg.stats.time.monthly import monthly_trends

PLACES, OFFENCES, MONTHS = 290, 10, 48
POSITION = np.arange(MONTHS)
MONTH = POSITION % 12 + 1


def made_up(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Counts, from a dozen to some thousands a month and more spread than Poisson, and exposure."""
    rng = np.random.default_rng(seed)
    series = PLACES * OFFENCES
    exposure = 30 * np.exp(rng.normal(10, 1, (series, 1))) * np.linspace(1, 1.03, MONTHS)
    mean = np.exp(rng.uniform(np.log(12), np.log(3000), (series, 1)) + 0.2 * np.cos(POSITION / 6 * np.pi))
    return rng.poisson(mean * rng.gamma(20, 1 / 20, (series, MONTHS))).astype(float), exposure


def at_once(counts: np.ndarray, exposure: np.ndarray) -> np.ndarray:
    """Per series: log annual change and log ratios of the months, then their standard errors."""
    found = monthly_trends(counts, exposure, MONTH)
    values, errors = [], []
    for table in (found.annual_change, found.season):
        value, upper = (table[name].to_numpy().reshape(len(counts), -1) for name in ("value", "upper"))
        values.append(np.log(value))
        errors.append(np.log(upper / value) / stats.t.isf(0.025, found.df))
    return np.hstack(values + errors)


def one_by_one(counts: np.ndarray, exposure: np.ndarray) -> np.ndarray:
    """The same by statsmodels' GLM, with a tolerance that makes the answers comparable."""
    contrasts = np.vstack([np.eye(11), -np.ones(11)])
    design = np.column_stack([np.ones(MONTHS), (POSITION - POSITION.mean()) / 12, contrasts[MONTH - 1]])
    wanted = np.zeros((13, 13))
    wanted[0, 1] = 1
    wanted[1:, 2:] = contrasts
    rows = []
    for y, persons in zip(counts, exposure, strict=True):
        model = sm.GLM(y, design, family=sm.families.Poisson(), offset=np.log(persons))
        fit = model.fit(tol=1e-12, tol_criterion="params", maxiter=100)
        variance = np.diag(wanted @ fit.cov_params() @ wanted.T) * max(1.0, fit.pearson_chi2 / fit.df_resid)
        rows.append([*(wanted @ fit.params), *np.sqrt(variance)])
    return np.array(rows)


def best_of(rounds: int, way, *given) -> tuple[float, np.ndarray]:
    """Least seconds of the rounds, and the answer."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        answer = way(*given)
        times.append(time.perf_counter() - start)
    return min(times), answer


def main() -> None:
    """Run both ways and print times, differences and memory."""
    parser = argparse.ArgumentParser(description="Time of 2 900 monthly trends.")
    parser.add_argument("--sample", type=int, default=200, help="series that the loop runs on (200)")
    parser.add_argument("--rounds", type=int, default=3, help="of which the best is told (3)")
    given = parser.parse_args()
    counts, exposure = made_up()
    if not 1 <= given.sample <= len(counts) or given.rounds < 1:
        parser.error(f"sample must be 1 to {len(counts)}, and rounds at least 1")

    chosen = np.linspace(0, len(counts) - 1, given.sample).astype(int)
    fast, answer = best_of(given.rounds, at_once, counts, exposure)
    slow, expected = best_of(given.rounds, one_by_one, counts[chosen], exposure[chosen])
    slow *= len(counts) / given.sample
    differences = np.abs(answer[chosen] - expected)

    tracemalloc.start()
    at_once(counts, exposure)
    peak = tracemalloc.get_traced_memory()[1] / 1024**2
    print(f"{len(counts)} series of {MONTHS} months, best of {given.rounds} rounds; loop on {given.sample}, scaled")
    print(f"all at once   {fast:8.3f} s   peak {peak:.0f} MB")
    print(f"one by one    {slow:8.3f} s")
    print(f"ratio         {slow / fast:8.1f}")
    print("largest difference")
    print(f"  coefficients     {differences[:, :13].max():.1e}")
    print(f"  standard errors  {differences[:, 13:].max():.1e}")


if __name__ == "__main__":
    main()
