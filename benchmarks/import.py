"""What `import brapkg` adds to the `import pandas` that every user pays anyway.

    python benchmarks/import.py [--rounds 9]

Every import runs in a fresh interpreter, the two ways in turns; told are the medians. The demand is
that brapkg adds less than 0.3 seconds; the exit status is 1 where it adds more.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

DEMAND = 0.3
WAYS = {
    "pandas": "import pandas",
    "pandas and brapkg": "import pandas, brapkg",
    # What a notebook uses first; told for the record, without a demand.
    "pandas and brapkg.region": "import pandas, brapkg.region",
}
CLOCK = "import time; start = time.perf_counter(); {}; print(time.perf_counter() - start)"


def seconds(statement: str) -> float:
    """Seconds that the statement takes in a fresh interpreter."""
    told = subprocess.run([sys.executable, "-c", CLOCK.format(statement)], check=True, capture_output=True, text=True)
    return float(told.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    for statement in WAYS.values():  # what is on the disk is then in memory for all
        seconds(statement)
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way, statement in WAYS.items():
            taken[way].append(seconds(statement))
    middle = {way: statistics.median(times) for way, times in taken.items()}
    for way, time in middle.items():
        print(f"{way:26} {time:6.3f} s   {time - middle['pandas']:+.3f} s")
    added = middle["pandas and brapkg"] - middle["pandas"]
    print(f"import brapkg adds {added:.3f} s; the demand is less than {DEMAND} s")
    sys.exit(added >= DEMAND)


if __name__ == "__main__":
    main()
