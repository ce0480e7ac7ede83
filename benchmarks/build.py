"""How long `brapkg build` takes, and how much memory, beside plain reading of the same exports.

    python benchmarks/build.py FOLDER [--rounds 3]

FOLDER holds exports ("databasfil") of Brå's statistics database. Both ways run in processes of
their own, in turns: `brapkg build` in a workspace made for it, and the plain way, which reads the
files with pandas and sums them to years by place and offence, with no check at all. Told are the
best of the rounds: wall-clock seconds, peak memory, and the ratio of the two ways.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CLONE = Path(__file__).resolve().parents[1]
# The header names six columns and the rows hold seven, hence names of our own.
PLAIN = """
import sys
from pathlib import Path
import pandas as pd
names = ["region", "brott", "ar", "period", "antal", "rate", "end"]
options = {"sep": ";", "encoding": "iso-8859-1", "skiprows": 1, "names": names}
months = pd.concat([pd.read_csv(path, **options) for path in sorted(Path(sys.argv[1]).glob("*.txt"))])
months["antal"] = pd.to_numeric(months["antal"], errors="coerce")
print(months.groupby(["region", "brott", "ar"])["antal"].sum().sum())
"""
BUILD = "from brapkg.cli import main; main()"
# Peak memory of children is told as the largest so far, so each way is run by a process that
# starts nothing else.
RUN = """
import resource, subprocess, sys, time
start = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def measure(command: list[str], workspace: Path) -> tuple[float, float]:
    """Wall-clock seconds and peak memory (MB) of a command run in a process of its own."""
    told = subprocess.run(
        [sys.executable, "-c", RUN, sys.executable, "-c", *command],
        check=True,
        capture_output=True,
        text=True,
        cwd=workspace,
        env={**os.environ, "BRAPKG_HOME": str(workspace), "PYTHONPATH": str(CLONE)},
    )
    seconds, size = told.stdout.split()
    # ru_maxrss is in kilobytes, but in bytes on macOS.
    return float(seconds), float(size) / (1024**2 if sys.platform == "darwin" else 1024)


def workspace_with(exports: Path, folder: Path) -> Path:
    """A workspace with copies of the project's own tables and of the exports."""
    raw = folder / "data" / "raw"
    (raw / "bra").mkdir(parents=True)
    own = CLONE / "data" / "raw"
    for path in (*own.glob("*.csv"), *own.glob("*.meta.json")):
        shutil.copy(path, raw)
    for path in exports.glob("*.txt"):
        shutil.copy(path, raw / "bra")
    return folder


def main() -> None:
    """Measure both ways in turns and print the best of each."""
    parser = argparse.ArgumentParser(description="Time and memory of `brapkg build`.")
    parser.add_argument("exports", type=Path, metavar="FOLDER", help="Brå's exports, *.txt")
    parser.add_argument("--rounds", type=int, default=3, help="of which the best is told (3)")
    given = parser.parse_args()
    files = len(list(given.exports.glob("*.txt")))
    if not files or given.rounds < 1:
        parser.error(f"{given.exports} holds {files} exports and {given.rounds} rounds are wanted")

    with tempfile.TemporaryDirectory() as folder:
        workspace = workspace_with(given.exports, Path(folder))
        ways = {"brapkg build": [BUILD, "build"], "plain reading": [PLAIN, "data/raw/bra"]}
        found: dict[str, list] = {name: [] for name in ways}
        for _ in range(given.rounds):
            for name, command in ways.items():
                found[name].append(measure(command, workspace))
    best = {name: [min(values) for values in zip(*runs, strict=True)] for name, runs in found.items()}
    print(f"{files} exports, best of {given.rounds} rounds")
    for name, (seconds, size) in best.items():
        print(f"{name:<14}{seconds:7.2f} s{size:7.0f} MB")
    build, plain = best.values()
    print(f"{'ratio':<14}{build[0] / plain[0]:7.1f}  {build[1] / plain[1]:7.1f}")


if __name__ == "__main__":
    main()
