"""How long exact Poisson intervals of a million counts take, beside a loop that makes them one by one.

    python benchmarks/intervals.py [--counts 1000000] [--sample 20000] [--rounds 3]

Both ways run in processes of their own, in turns: `poisson_interval` on all the counts, and a plain
loop of scipy's chi-square quantiles over a sample of them, whose time is scaled up to all (a loop
over all would take many minutes). The limits of the sample must agree within 1e-9. Two kinds of
counts are measured: those of many areas, which repeat, and 0, 1, 2, ..., which never do. Told are
the best of the rounds: seconds, peak memory, and the ratio of the two ways.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

CLONE = Path(__file__).resolve().parents[1]
# Each way is told the file of counts and the file for its limits, and tells seconds and peak memory.
START = """
import resource, sys, time
import numpy as np
counts = np.load(sys.argv[1])
"""
END = """
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
np.save(sys.argv[2], limits)
"""
BRAPKG = """
from brapkg.stats.rates import poisson_interval
start = time.perf_counter()
limits = poisson_interval(counts, 0.95, "exact")
"""
LOOP = """
from scipy.stats import chi2
start = time.perf_counter()
lower = [chi2.ppf(0.025, 2 * count) / 2 if count else 0.0 for count in counts]
upper = [chi2.isf(0.025, 2 * count + 2) / 2 for count in counts]
limits = lower, upper
"""
COMPARE = """
import sys
import numpy as np
all_limits, sampled, places = (np.load(path) for path in sys.argv[1:])
np.testing.assert_allclose(all_limits[:, places], sampled, rtol=1e-9)
"""
MAKE = """
import sys
import numpy as np
kind, size, sample, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
rng = np.random.default_rng(1)
counts = rng.poisson(np.exp(rng.normal(4, 1.5, size))) if kind == "repeating" else np.arange(size)
places = np.sort(rng.choice(size, sample, replace=False))
np.save(f"{folder}/counts.npy", counts)
np.save(f"{folder}/places.npy", places)
np.save(f"{folder}/sample.npy", counts[places])
"""


def run(code: str, *arguments: str) -> str:
    """What a piece of code prints, run in a process of its own on one core."""
    environment = {**os.environ, "PYTHONPATH": str(CLONE), "OPENBLAS_NUM_THREADS": "1"}
    told = subprocess.run(
        [sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True, env=environment
    )
    return told.stdout


def measure(way: str, counts: Path, limits: Path) -> tuple[float, float]:
    """Wall-clock seconds of one way, imports not counted, and the peak memory (MB) of its process."""
    seconds, size = run(START + way + END, str(counts), str(limits)).split()
    # ru_maxrss is in kilobytes, but in bytes on macOS.
    return float(seconds), float(size) / (1024**2 if sys.platform == "darwin" else 1024)


def main() -> None:
    """Measure both ways in turns for both kinds of counts and print the best of each."""
    parser = argparse.ArgumentParser(description="Time and memory of exact Poisson intervals.")
    parser.add_argument("--counts", type=int, default=1_000_000, help="how many (1000000)")
    parser.add_argument("--sample", type=int, default=20_000, help="of which the loop makes (20000)")
    parser.add_argument("--rounds", type=int, default=3, help="of which the best is told (3)")
    given = parser.parse_args()
    if not 1 <= given.sample <= given.counts or given.rounds < 1:
        parser.error("the sample must be 1 or more and at most the counts, and the rounds 1 or more")

    scale = given.counts / given.sample
    print(f"{given.counts} counts, best of {given.rounds} rounds; the loop on {given.sample}, times {scale:g}")
    for kind in ("repeating", "distinct"):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            run(MAKE, kind, str(given.counts), str(given.sample), name)
            ways = {"brapkg": (BRAPKG, "counts"), "loop": (LOOP, "sample")}
            found: dict[str, list] = {way: [] for way in ways}
            for _ in range(given.rounds):
                for way, (code, of) in ways.items():
                    found[way].append(measure(code, folder / f"{of}.npy", folder / f"{way}.npy"))
            run(COMPARE, *(str(folder / f"{part}.npy") for part in ("brapkg", "loop", "places")))
        best = {way: [min(values) for values in zip(*runs, strict=True)] for way, runs in found.items()}
        best["loop"][0] *= scale
        print(f"{kind} counts (the limits agree within 1e-9)")
        for way, (seconds, size) in best.items():
            print(f"  {way:<8}{seconds:8.2f} s{size:6.0f} MB{' (time scaled)' if way == 'loop' else ''}")
        print(f"  {'ratio':<8}{best['loop'][0] / best['brapkg'][0]:8.0f} times as fast")


if __name__ == "__main__":
    main()
