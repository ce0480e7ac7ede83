"""Seconds and memory to protect the small counts of a national table, and what that withholds.

    python benchmarks/suppression.py [--years 4] [--all-years] [--audit 60] [--seed 1]

The table is made up but sized as Sweden's: 290 municipalities of 2 400 to 950 000 inhabitants in 21
counties and the nation, 10 offences of 5 to 3 000 per 100 000 and their total, so many years, and
with --all-years a total over the years too. Afterwards a number of withheld small cells, drawn
at random (0: all), is audited by linear programmes over everything published, apart from the
method's own proof.

The plain way it is set beside: a linear programme with scipy's linprog for every small cell over
the whole of one county and year, one cell after the other, with no cell published again and
nothing proved in whole numbers. It is run on the largest and the smallest county and scaled by the
number of small cells; the years and counties it leaves unconnected make it cheaper than it would be.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import linprog

from brapkg.stats.disclosure import audit, suppression
from brapkg.stats.disclosure.table import tabulate

# Number of municipalities by county, as in Sweden: 290 in 21.
COUNTIES = (26, 8, 9, 13, 13, 8, 12, 1, 5, 33, 6, 49, 16, 12, 10, 15, 10, 7, 8, 15, 14)


def national(years: int, *, counties: int = 21, all_years: bool = False, seed: int = 1):
    """Cells (without totals) and hierarchies of a made-up national table."""
    rng = np.random.default_rng(seed)
    sizes = COUNTIES[:counties]
    above = {f"M{c:02}-{m:02}": f"C{c:02}" for c, size in enumerate(sizes) for m in range(size)}
    population = np.clip(np.exp(rng.normal(9.75, 0.95, len(above))), 2_400, 950_000)
    rate = 5 * 600 ** (np.linspace(0, 1, 10) ** 1.5)
    mean = population[:, None, None] * rate[:, None] / 100_000 * np.exp(rng.normal(0, 0.3, (len(above), 10, 1)))
    counts = rng.poisson(np.repeat(mean, years, axis=2) * rng.gamma(20, 1 / 20, (len(above), 10, years)))
    offences, periods = [f"offence {n}" for n in range(10)], [2020 + n for n in range(years)]
    places = pd.MultiIndex.from_product([above, offences, periods], names=["region", "offence", "year"])
    cells = pd.DataFrame({"count": counts.ravel()}, index=places).reset_index()
    hierarchies = {
        "region": above | dict.fromkeys(dict.fromkeys(above.values()), "nation"),
        "offence": dict.fromkeys(offences, "all offences"),
        "year": dict.fromkeys(periods, "all years") if all_years else None,
    }
    return cells, hierarchies


def megabytes() -> float:
    """Peak memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


def plain(cells: pd.DataFrame, hierarchies: dict, county: str) -> tuple[float, int, int]:
    """Seconds, small cells and cells withheld of the plain loop over one county in the first year."""
    here = [key for key, parent in hierarchies["region"].items() if parent == county]
    part = cells[cells["region"].isin(here) & (cells["year"] == cells["year"].min())]
    one = {"region": dict.fromkeys(here, county), "offence": hierarchies["offence"], "year": None}
    start = time.perf_counter()
    table = tabulate(part, one)
    rule = suppression.Rule()
    small = rule.small(table.counts)
    sums, size = table.relations(), table.counts.size
    withheld = small.copy()
    for cell in np.flatnonzero(small):
        cost = np.where(withheld, 0.001, 1.0)
        limits = np.column_stack(
            [np.zeros(2 * size), [*np.where(table.counts > 0, np.inf, 0), *table.counts - rule.lowest]]
        )
        limits[:, 1] = np.maximum(limits[:, 1], 0)
        limits[[cell, cell + size]] = [[1, 1], [0, 0]]
        both = sparse.hstack([sums, -sums], format="csc")
        told = linprog([*cost, *cost], A_eq=both, b_eq=np.zeros(sums.shape[0]), bounds=limits, method="highs")
        withheld |= (told.x[:size] - told.x[size:]).round(6) != 0
    return time.perf_counter() - start, int(small.sum()), int(withheld.sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--years", type=int, default=4)
    parser.add_argument("--all-years", action="store_true", help="with a total over the years")
    parser.add_argument("--audit", type=int, default=60, help="small cells to audit; 0 for all")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    cells, hierarchies = national(given.years, all_years=given.all_years, seed=given.seed)
    start, start_cpu = time.perf_counter(), time.process_time()
    found = suppression.suppress(cells, hierarchies)
    taken, taken_cpu = time.perf_counter() - start, time.process_time() - start_cpu
    small = found["missing"] == suppression.SMALL
    print(
        f"{len(found)} cells, {small.sum()} small ({small.mean():.1%}), {found['suppressed'].sum() - small.sum()} "
        f"withheld to protect them; {taken:.1f} s ({taken_cpu:.1f} s of one core), {megabytes():.0f} MB at most"
    )
    by = found.assign(level=found["region"].str[0])[~small & found["suppressed"]].groupby("level").size()
    print("withheld to protect, by level:", by.to_dict())
    if given.audit >= 0 and small.any():
        start = time.perf_counter()
        chosen = found.index[small]
        if given.audit:
            chosen = np.sort(
                np.random.default_rng(given.seed).choice(chosen, min(given.audit, len(chosen)), replace=False)
            )
        told = audit.audit(found, hierarchies, lowest=1, only=found.index.isin(chosen))
        print(
            f"audited {len(told)} small cells: {told['recoverable'].sum()} recoverable, narrowest interval "
            f"{told['width'].min():g}; {time.perf_counter() - start:.1f} s"
        )
    if not given.all_years:
        for county in ("C11", "C08"):
            seconds, number, withheld = plain(cells, hierarchies, county)
            print(
                f"plain loop on {county}, one year: {seconds:.1f} s for {number} small cells, {withheld - number} "
                f"withheld to protect them; scaled to {small.sum()}: {seconds / number * small.sum():.0f} s"
            )


if __name__ == "__main__":
    main()
