"""Finds reference cases, runs them, and tells what was offered and what passed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

BESIDE = Path(__file__).parents[2].parent / "shared" / "reference"
FOLDER = Path(os.environ.get("BRAPKG_REFERENCE") or BESIDE)

CHECKS: dict[str, Callable[[Case], None]] = {}


class NotOffered(Exception):
    """The package does not offer this method, or this form of it; the text says why."""


@dataclass(frozen=True)
class Case:
    """One case as it lies in a ``cases*.json`` file.

    ``expected`` holds what the other program answered; None there means undefined or withheld.
    ``rtol`` and ``atol`` are the case's own tolerances.
    """

    id: str
    method: str
    kind: str
    definition: str
    call: str
    note: str
    given: dict
    expected: dict
    rtol: float
    atol: float
    folder: Path

    def table(self, name: str | None = None, **options) -> pd.DataFrame:
        """A CSV file beside the case; without a name the one its input names."""
        return pd.read_csv(self.folder / (name or self.given["csv"]), skipinitialspace=True, **options)

    def close(self, actual, expected, *, rtol: float | None = None, atol: float | None = None) -> None:
        """Assert that numbers agree within the case's tolerance; None and NaN agree with NaN."""
        np.testing.assert_allclose(
            np.asarray(actual, dtype=float),
            np.asarray(expected, dtype=float),
            rtol=self.rtol if rtol is None else rtol,
            atol=self.atol if atol is None else atol,
            err_msg=self.id,
        )


def checks(*methods: str):
    """Register a function as the check of all cases of these methods."""

    def register(function):
        for method in methods:
            assert method not in CHECKS, f"{method} has two checks"
            CHECKS[method] = function
        return function

    return register


def find(folder: Path = FOLDER) -> list[Case]:
    """Every case under a folder, in order of path and place in its file."""
    cases = []
    for path in sorted(folder.glob("**/cases*.json")):
        for case in json.loads(path.read_text(encoding="utf-8")):
            texts = {name: case.get(name) or "" for name in ("kind", "definition", "call", "note")}
            cases.append(
                Case(
                    id=case["id"],
                    method=case["method"],
                    given=case["input"],
                    expected=case["expected"],
                    rtol=case["rtol"],
                    atol=case["atol"],
                    folder=path.parent,
                    **texts,
                )
            )
    return cases


def run(case: Case) -> None:
    """Check one case: AssertionError when the package answers otherwise, NotOffered with why."""
    if case.kind == "information-only":
        raise NotOffered("for information only, not to be asserted")
    if case.method not in CHECKS:
        raise NotOffered("no function for the method")
    CHECKS[case.method](case)


def account(outcomes: list[tuple[str, str, str]]) -> list[str]:
    """Lines of the closing table from (method, "passed" | "failed" | "not offered", why)."""
    rows: dict[str, dict[str, int]] = {}
    reasons: dict[str, list[str]] = {}
    for method, outcome, why in outcomes:
        row = rows.setdefault(method, {"cases": 0, "passed": 0, "failed": 0, "not offered": 0})
        row["cases"] += 1
        row[outcome] += 1
        if why and why not in reasons.setdefault(method, []):
            reasons[method].append(why)
    width = max([6, *map(len, rows)])
    lines = [f"{'method':{width}}  cases  passed  failed  not offered"]
    for method in sorted(rows):
        row, why = rows[method], "; ".join(reasons.get(method, []))
        numbers = f"{row['cases']:5}  {row['passed']:6}  {row['failed']:6}  {row['not offered']:11}"
        lines.append(f"{method:{width}}  {numbers}  {why}".rstrip())
    total = {name: sum(row[name] for row in rows.values()) for name in ("cases", "passed", "failed", "not offered")}
    lines.append(
        f"{'all':{width}}  {total['cases']:5}  {total['passed']:6}  {total['failed']:6}  {total['not offered']:11}"
    )
    return lines
