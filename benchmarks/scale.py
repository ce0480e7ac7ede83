"""Whether time and memory grow in step with the number of reports: 21, 312 and 3 120 of them.

    python benchmarks/scale.py [--numbers 21,312,3120] [--notebook small|region] [--jobs 2] [--figure FILE]

The areas are generated: every report has a name of its own, and the figures of one of the 21
counties. The small notebook makes a table and a section, so that what the runner itself does is
what is measured; the region notebook is what is run in earnest. Needs a built store.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from nbformat.v4 import new_code_cell, new_notebook

from brapkg import areas, paths, store
from brapkg.reports import batch
from brapkg.reports.plan import Report
from brapkg.reports.watch import Watcher

CELLS = (
    'region = "20"\nperiod = 2016\nlanguage = "sv"',
    "from brapkg import profile, store\nfrom brapkg.blocks import PAGE\nfrom IPython.display import display",
    "county = profile.county(region, period)\ncounty.level",
    "display({PAGE: f'<div class=\"head\"><h1>{county.area.name}</h1></div>'}, raw=True)",
    "display({PAGE: f'<section id=\"a\"><h2>A</h2>{county.level.to_html()}</section>'}, raw=True)",
)


@dataclass(frozen=True)
class Generated(Report):
    """A report of a made-up area."""

    number: int = 0

    @property
    def name(self) -> str:
        return f"{self.area.code}-{self.number:04d}-{self.language}"


class Meter(Watcher):
    """Memory of the run, looked at as reports end."""

    def __init__(self):
        self.runner = psutil.Process()
        self.rss: list[int] = []
        self.largest = 0

    def ended(self, result):
        if result.status == "failed":
            sys.exit(result.error)
        self.largest = max(self.largest, result.peak_memory)
        self.rss.append(self.runner.memory_info().rss + sum(_rss(child) for child in self.runner.children()))


def _rss(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


def small(folder: Path) -> Path:
    path = folder / "region.ipynb"
    cells = [new_code_cell(CELLS[0], metadata={"tags": ["parameters"]}), *map(new_code_cell, CELLS[1:])]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def measure(notebook: Path, number: int, jobs: int) -> dict:
    """One run over so many reports, and a second over the same, which has nothing to do."""
    counties, period = areas.counties(), list(store.periods())[-1]
    reports = [Generated(notebook, counties[n % 21], period, "sv", n) for n in range(number)]
    meter = Meter()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        batch.run(reports, Path(folder), batch.Way(jobs), watcher=meter)
        seconds = time.perf_counter() - start
        start = time.perf_counter()
        outcome = batch.run(reports, Path(folder), batch.Way(jobs))
        nothing = time.perf_counter() - start
        assert all(result.status == "unchanged" for result in outcome.results)
    tenth = max(1, number // 10)
    first, last = meter.rss[:tenth], meter.rss[-tenth:]
    return {
        "reports": number,
        "seconds": seconds,
        "nothing": nothing,
        "kernel": meter.largest / 1e6,
        "first": sum(first) / len(first) / 1e6,
        "last": sum(last) / len(last) / 1e6,
    }


def draw(runs: list[dict], path: Path) -> None:
    """Seconds and megabytes by number of reports, on logarithmic axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    numbers = [run["reports"] for run in runs]
    left.loglog(numbers, [run["seconds"] for run in runs], "o-", label="everything new")
    left.loglog(numbers, [run["nothing"] for run in runs], "o-", label="nothing to do")
    left.set(title="Seconds a run", xlabel="reports")
    right.semilogx(numbers, [run["first"] for run in runs], "o-", label="first tenth of the reports")
    right.semilogx(numbers, [run["last"] for run in runs], "o-", label="last tenth")
    right.set(title="Megabytes, runner and warm process", xlabel="reports", ylim=(0, None))
    for axes in (left, right):
        axes.legend(frameon=False)
        axes.set_xticks(numbers, [f"{number:,}".replace(",", " ") for number in numbers])
        axes.minorticks_off()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--numbers", default="21,312,3120")
    parser.add_argument("--notebook", choices=("small", "region"), default="small")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--figure", type=Path)
    told = parser.parse_args()
    # The workers find this module too.
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        notebook = small(Path(folder)) if told.notebook == "small" else paths.notebooks() / "region.ipynb"
        for number in map(int, told.numbers.split(",")):
            runs.append(measure(notebook, number, told.jobs))
            print(
                "{reports:5} reports: {seconds:7.1f} s, {nothing:5.2f} s with nothing to do; {first:.0f} MB in the first "
                "tenth, {last:.0f} MB in the last; largest kernel {kernel:.0f} MB".format(**runs[-1]),
                flush=True,
            )
    for before, after in zip(runs, runs[1:], strict=False):
        more = (after["seconds"] / before["seconds"]) / (after["reports"] / before["reports"])
        print(f"{before['reports']} to {after['reports']}: {more:.2f} times the seconds a report")
    if told.figure:
        draw(runs, told.figure)


if __name__ == "__main__":
    import scale  # so that the workers know its classes by the name they can import

    scale.main()
