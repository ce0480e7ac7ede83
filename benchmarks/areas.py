"""How long it takes to compare 290 areas in 40 tables (10 offences, 4 years), beside plain loops.

    python benchmarks/areas.py [--rounds 3]

The tables are made up, from 30 to 500 000 events each. Each part runs the package's way and, where there
is one, the plain way: scipy called area by area, and ranks of 10 000 draws with numpy alone. The ways run in
processes of their own, in turns; told are the best of the rounds, and the peak memory of a process.
The demand: empirical Bayes, funnel and ranks together under 3 seconds and 1 GB.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

AREAS, TABLES, DRAWS = 290, 40, 10_000
LEVELS = (0.95, 0.998)


def tables() -> list[tuple[pd.Series, pd.Series]]:
    """Counts and expected counts of the areas, by table: from rare to common offences."""
    rng = np.random.default_rng(1)
    keys = pd.Index([f"{n:04d}" for n in range(AREAS)])
    population = np.exp(rng.normal(9.7, 1, AREAS))
    made = []
    for per_person in np.repeat(np.geomspace(5e-6, 0.06, TABLES // 4), 4):
        count = rng.poisson(population * per_person * rng.gamma(8, 1 / 8, AREAS))
        expected = population * max(count.sum(), 1) / population.sum()
        made.append((pd.Series(count, keys), pd.Series(expected, keys)))
    return made


def bayes_moments(made) -> None:
    """Marshall, Poisson-gamma by moments, and shrunken ratios with two intervals."""
    from brapkg.stats import marshall, shrinkage

    for count, expected in made:
        marshall.marshall(count, expected)
        shrinkage.shrink(count, expected, *shrinkage.poisson_gamma(count, expected), levels=LEVELS)


def bayes_likelihood(made) -> None:
    """The same by maximum likelihood."""
    from brapkg.stats import shrinkage

    for count, expected in made:
        shrinkage.shrink(count, expected, *shrinkage.poisson_gamma(count, expected, "likelihood"), levels=LEVELS)


def funnel(made) -> None:
    """Every area's place, and the limits drawn."""
    from brapkg.stats import funnel, funnel_limits

    for count, expected in made:
        placed = funnel.funnel(count, expected, levels=LEVELS)
        for level in LEVELS:
            funnel_limits.funnel_limits(expected, level, placed["phi"].iloc[0])
            funnel_limits.poisson_limits(expected, level)


def ranks(made) -> None:
    """Ranks by the default, quadrature."""
    from brapkg.stats import ranks

    for count, expected in made:
        ranks.ranks(count, expected)


def ranks_by_draws(made) -> None:
    """Ranks from 10 000 draws."""
    from brapkg.stats import ranks

    for count, expected in made:
        ranks.ranks(count, expected, method="draws", draws=DRAWS)


def plain_bayes(made) -> None:
    """Clayton and Kaldor's rounds by loops over the areas, quantiles area by area."""
    from scipy import stats

    for count, expected in made:
        alpha, theta = 0.0, [o / e for o, e in zip(count, expected, strict=True)]
        for _ in range(20):
            mean = sum(theta) / len(theta)
            spread = sum((1 + alpha / e) * (t - mean) ** 2 for t, e in zip(theta, expected, strict=True))
            alpha = mean / (spread / (len(theta) - 1))
            theta = [(o + mean * alpha) / (e + alpha) for o, e in zip(count, expected, strict=True)]
        for o, e in zip(count, expected, strict=True):
            for level in LEVELS:
                tail = (1 - level) / 2
                stats.gamma.ppf([tail, 1 - tail], o + mean * alpha, scale=1 / (e + alpha))


def plain_funnel(made) -> None:
    """Exact limits area by area."""
    from scipy import stats

    for _, expected in made:
        for e in expected:
            for level in LEVELS:
                for p in ((1 - level) / 2, (1 + level) / 2):
                    r = stats.poisson.ppf(p, e)
                    (r - (stats.poisson.cdf(r, e) - p) / stats.poisson.pmf(r, e)) / e


def plain_ranks(made) -> None:
    """10 000 draws, ranked twice by argsort, as in most descriptions."""
    rng = np.random.default_rng(1)
    for count, expected in made:
        drawn = rng.gamma(count + 0.5, 1 / (expected + 0.5), size=(DRAWS, AREAS))
        placed = drawn.argsort(axis=1).argsort(axis=1) + 1
        placed.mean(axis=0), np.quantile(placed, [0.025, 0.5, 0.975], axis=0), (placed > 232).mean(axis=0)


PARTS = {
    "empirical Bayes, moments": (bayes_moments, plain_bayes),
    "empirical Bayes, likelihood": (bayes_likelihood, None),
    "funnel": (funnel, plain_funnel),
    "ranks": (ranks, plain_ranks),
    "ranks by draws": (ranks_by_draws, plain_ranks),
}
DEMANDED = ("empirical Bayes, moments", "empirical Bayes, likelihood", "funnel", "ranks")


def together(made) -> None:
    """All that is demanded, in one process."""
    for name in DEMANDED:
        PARTS[name][0](made)


WAYS = {way.__name__: way for pair in PARTS.values() for way in pair if way} | {"together": together}


def run(name: str) -> None:
    """Print the seconds and peak memory (MB) of one way; importing the package is not counted."""
    from brapkg.stats import funnel, ranks, shrinkage  # noqa: F401

    made = tables()
    start = time.perf_counter()
    WAYS[name](made)
    seconds = time.perf_counter() - start
    # ru_maxrss is in kilobytes, but in bytes on macOS.
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024))


def main() -> None:
    """Measure every way in turns and print the best of each."""
    parser = argparse.ArgumentParser(description="Time and memory of comparing many areas.")
    parser.add_argument("--rounds", type=int, default=3, help="of which the best is told (3)")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        return run(given.way)
    # One thread in the linear algebra: the ways are to differ in nothing else.
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    found: dict[str, list] = {name: [] for name in WAYS}
    for _ in range(given.rounds):
        for name, values in found.items():
            command = [sys.executable, __file__, "--way", name]
            told = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
            values.append([float(word) for word in told.stdout.split()])
    best = {name: [min(values) for values in zip(*runs, strict=True)] for name, runs in found.items()}
    print(f"{TABLES} tables of {AREAS} areas, best of {given.rounds} rounds")
    print(f"{'':<30}{'brapkg':>17}{'plain':>19}{'ratio':>9}")
    for name, (own, plain) in PARTS.items():
        line = "{:<30}{:7.2f} s{:5.0f} MB".format(name, *best[own.__name__])
        if plain:
            seconds, size = best[plain.__name__]
            line += f"{seconds:9.2f} s{size:5.0f} MB{seconds / best[own.__name__][0]:9.1f}"
        print(line)
    print("{:<30}{:7.2f} s{:5.0f} MB".format("together, but for draws", *best["together"]))


if __name__ == "__main__":
    main()
