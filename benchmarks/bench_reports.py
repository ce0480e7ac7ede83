"""How long `brapkg report region` takes beside a plain loop over papermill.

    python benchmarks/bench_reports.py [--counties 4] [--rounds 3] [--jobs 1]

Both ways run the same notebook with the same parameters for the first so many counties, in
processes of their own and in turns. The plain way only executes the notebooks; brapkg also checks
the parameters, makes the HTML pages, and moves both into place. Needs a built store.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# The command as it is, but with "all" cut to the first counties.
BRAPKG = """
import sys
from brapkg import cli
from brapkg.reports import plan
everyone, counties = plan.region_reports, int(sys.argv[1])
plan.region_reports = lambda *given: everyone(*given)[:counties]
cli.main(["report", "region", "--all", "--jobs", sys.argv[3], "--output", sys.argv[2]])
"""
PLAIN = """
import os, sys
import papermill
from brapkg import paths
from brapkg.reports import plan
os.environ["BRAPKG_HOME"] = str(paths.home())
for report in plan.region_reports()[: int(sys.argv[1])]:
    made = os.path.join(sys.argv[2], f"{report.name}.ipynb")
    papermill.execute_notebook(
        str(report.notebook), made, parameters=report.parameters, kernel_name="python3", progress_bar=False
    )
"""


def seconds(program: str, counties: int, jobs: int) -> float:
    """Wall-clock seconds of one way, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", program, str(counties), folder, str(jobs)]
        start = time.perf_counter()
        told = subprocess.run(command, capture_output=True, text=True)
        taken = time.perf_counter() - start
        if told.returncode:
            sys.exit(told.stderr)
        if len(list(Path(folder).rglob("*.ipynb"))) != counties:
            sys.exit("not every notebook was made")
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counties", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1, help="for brapkg; the plain loop is one at a time")
    told = parser.parse_args()
    taken: dict[str, list[float]] = {"plain": [], "brapkg": []}
    for number in range(told.rounds):
        # The order alternates, so that a machine that slows down is not held against one way.
        ways = [("plain", PLAIN), ("brapkg", BRAPKG)]
        for way, program in ways if number % 2 == 0 else reversed(ways):
            taken[way].append(seconds(program, told.counties, told.jobs))
            print(f"round {number + 1}: {way:7} {taken[way][-1] / told.counties:6.2f} s a report", flush=True)
    ratios = [one / two for one, two in zip(taken["plain"], taken["brapkg"], strict=True)]
    middle = {way: statistics.median(times) / told.counties for way, times in taken.items()}
    print(
        f"plain {middle['plain']:.2f} s, brapkg {middle['brapkg']:.2f} s a report with {told.jobs} job(s): "
        f"brapkg is {statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f}) times as fast"
    )


if __name__ == "__main__":
    main()
