"""How fast reports are made beside papermill in a loop, papermill in a pool, and millrun.

    python benchmarks/reports.py [--counties 21] [--rounds 3] [--jobs 2] [--ways plain,pool,millrun,brapkg,floor,fork]

Every way runs the region notebook as it is, for the same counties, in a process of its own, in
turns; the start of the warm process is counted in. The other ways only execute the notebooks; brapkg
also plans, makes the pages, moves both into place and writes what it did. The floor calls the same
cells one after the other in one process that has everything ready; "fork" calls them there too, each
report in a fork that does nothing else: less than that no fresh process can take. Needs a built store, and millrun
for its way (pip install millrun).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

COUNTIES = """
import os, sys, json
from brapkg import paths
from brapkg.reports import plan
os.environ["BRAPKG_HOME"] = str(paths.home())
folder, jobs = sys.argv[1], int(sys.argv[3])
reports = plan.area_reports("region")[: int(sys.argv[2])]
"""
LOOP = """
def one(report):
    import papermill
    made = os.path.join(folder, f"{report.name}.ipynb")
    papermill.execute_notebook(
        str(report.notebook), made, parameters=report.parameters, kernel_name="python3", progress_bar=False
    )
"""
# What a report's cells need, ready in one process, and the cells called there.
CELLS = """
import time
import nbformat
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from brapkg.region import rehearse
rehearse()
shell = InteractiveShell.instance()
books = {report: nbformat.read(report.notebook, 4) for report in reports}
def execute(report):
    cells = [cell.source for cell in books[report].cells if cell.cell_type == "code"]
    cells.insert(1, "\\n".join(f"{name} = {value!r}" for name, value in report.parameters.items()))
    start = time.perf_counter()
    for cell in cells:
        with capture_output() as told:
            shell.run_cell(cell).raise_error()
        assert told.outputs or cell in cells[:3]
    return time.perf_counter() - start
"""
WAYS = {
    "plain": COUNTIES + LOOP + "for report in reports: one(report)",
    "pool": COUNTIES
    + LOOP
    + """
from concurrent.futures import ProcessPoolExecutor
with ProcessPoolExecutor(jobs) as pool:
    list(pool.map(one, reports))
""",
    "millrun": COUNTIES
    + """
from millrun.millrun import execute_run
execute_run(reports[0].notebook, [r.parameters for r in reports], folder, prepend=["region"], use_multiprocessing=True)
""",
    # The command as it is, but with "all" cut to the first counties.
    "brapkg": """
import sys
from brapkg import cli
from brapkg.reports import plan
everyone, counties = plan.area_reports, int(sys.argv[2])
plan.area_reports = lambda *given: everyone(*given)[:counties]
sys.argv[1:] = ["report", "region", "--all", "--jobs", sys.argv[3], "--output", sys.argv[1]]
cli.main()
""",
    "floor": COUNTIES
    + CELLS
    + """
taken = [execute(report) for report in reports]
print(json.dumps(taken))
""",
    "fork": COUNTIES
    + CELLS
    + """
import gc, multiprocessing
fork = multiprocessing.get_context("fork")
gc.freeze()
taken = []
for report in reports:
    start = time.perf_counter()
    process = fork.Process(target=execute, args=(report,))
    process.start()
    process.join()
    assert process.exitcode == 0
    taken.append(time.perf_counter() - start)
print(json.dumps(taken))
""",
}


class Watch(threading.Thread):
    """Looks at a process and its children while they run: memory, and when the first page is there."""

    def __init__(self, process: subprocess.Popen, folder: Path):
        super().__init__(daemon=True)
        self.process, self.folder = psutil.Process(process.pid), folder
        self.start_time = time.perf_counter()
        self.first_page: float | None = None
        self.warm = self.workers = 0

    def run(self) -> None:
        turns = 0
        while self.process.is_running() and self.process.status() != psutil.STATUS_ZOMBIE:
            if self.first_page is None and any(self.folder.glob("??-*.html")):
                self.first_page = time.perf_counter() - self.start_time
            if turns % 20 == 0:  # reading a process's pages stops it for a moment
                self._look()
            turns += 1
            time.sleep(0.05)

    def _look(self) -> None:
        """The warm process, and what all its children have for themselves."""
        try:
            for child in self.process.children():
                if "brapkg.kernels.server" in " ".join(child.cmdline()):
                    self.warm = max(self.warm, child.memory_info().rss)
                    self.workers = max(self.workers, sum(_private(one.pid) for one in child.children()))
        except (psutil.Error, OSError):
            pass


def _private(process: int) -> int:
    """Bytes that a process shares with nobody."""
    text = Path(f"/proc/{process}/smaps_rollup").read_text()
    return sum(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Private_"))


def once(way: str, counties: int, jobs: int) -> dict:
    """One run of one way in a new folder: seconds, and what was seen."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", WAYS[way], folder, str(counties), str(jobs)]
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        watch = Watch(process, Path(folder))
        watch.start()
        told, trouble = process.communicate()
        taken = time.perf_counter() - start
        watch.join()
        if process.returncode:
            sys.exit(f"{way}: {trouble}")
        if way in ("floor", "fork"):
            taken = sum(json.loads(told.splitlines()[-1]))
        elif len(list(Path(folder).rglob("*.ipynb"))) != counties:
            sys.exit(f"{way}: not every notebook was made")
        return {"seconds": taken, "first page": watch.first_page, "warm": watch.warm, "workers": watch.workers}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counties", type=int, default=21)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2, help="for the pool and brapkg; millrun takes every core")
    parser.add_argument("--ways", default=",".join(WAYS))
    told = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # for the floor: one core
    ways = told.ways.split(",")
    seen: dict[str, list[dict]] = {way: [] for way in ways}
    for number in range(told.rounds):
        # The order alternates, so that a machine that slows down is not held against one way.
        for way in ways if number % 2 == 0 else reversed(ways):
            seen[way].append(once(way, told.counties, told.jobs))
            each = seen[way][-1]["seconds"] / told.counties
            print(f"round {number + 1}: {way:8} {each:6.2f} s a report", flush=True)
    _tell(seen, told)


def _tell(seen: dict[str, list[dict]], told: argparse.Namespace) -> None:
    print(
        f"\n{told.counties} reports of the region notebook, {told.rounds} rounds, {told.jobs} jobs, {os.cpu_count()} cores"
    )
    if "brapkg" not in seen:
        return
    ours = [run["seconds"] for run in seen["brapkg"]]
    for way in seen:
        times = [run["seconds"] for run in seen[way]]
        if way in ("plain", "pool", "millrun"):
            ratios = [other / one for other, one in zip(times, ours, strict=True)]
            print(f"brapkg makes {_spread(ratios)} times the reports per minute of {way}")
    if "floor" in seen:
        cores = min(told.jobs, os.cpu_count())
        floors = [run["seconds"] for run in seen["floor"]]
        ratios = [one * cores / floor for one, floor in zip(ours, floors, strict=True)]
        print(f"the floor is {_spread([f / told.counties for f in floors])} s a region; brapkg takes")
        print(f"{_spread(ratios)} times that per core, with the start of the warm process,")
        steady = [
            (run["seconds"] - run["first page"]) / (told.counties - told.jobs) * cores / (floor / told.counties)
            for run, floor in zip(seen["brapkg"], floors, strict=True)
        ]
        print(f"{_spread(steady)} times from the first page on")
        if "fork" in seen:
            forks = [run["seconds"] / floor for run, floor in zip(seen["fork"], floors, strict=True)]
            print(f"a fork that calls the cells and does nothing else takes {_spread(forks)} times the floor")
    print(f"first page after {_spread([run['first page'] for run in seen['brapkg']])} s")
    print(f"the warm process holds {_spread([run['warm'] / 1e6 for run in seen['brapkg']], 0)} MB, and a worker with")
    print(f"its kernel {_spread([run['workers'] / 1e6 / told.jobs for run in seen['brapkg']], 0)} MB of its own")


def _spread(values: list[float], digits: int = 2) -> str:
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


if __name__ == "__main__":
    main()
