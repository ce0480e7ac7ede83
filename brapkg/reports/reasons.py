"""Why a report is made, in words: its page is held against what it would be made from now."""

from __future__ import annotations

from pathlib import Path

from brapkg import reads
from brapkg.reports import fingerprint, made

# The folder of what reports left that failed.
FAILED = "failed"


def of(report: str, inputs: dict[str, str], before: made.Made | None, output: Path) -> list[str]:
    """Why the report of this name is made: what failed, is missing or changed since; empty where it is unchanged.

    Parameters
    ----------
    report : its name
    inputs : what it would be made from, by name, with their hashes
    before : what its page was made from, None where there is none
    output : the folder of the pages
    """
    failed = ["failed last time"] if (output / FAILED / f"{report}.txt").exists() else []
    if before is None:
        return failed or ["never made"]
    damage = made.outputs_whole(output, before)
    return [*failed, *([damage] if damage else []), *_changes(before.inputs, inputs)]


def _changes(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """What changed, in words: "notebook changed", "data changed: trend (own)"."""
    changed = [name for name in {**now, **before} if before.get(name) != now.get(name)]
    data, libraries, others = [], [], []
    for name in changed:
        kind, _, rest = name.partition(" ")
        if kind == "data":
            table, _, scope = rest.partition(" ")
            data.append(f"{table} ({scope}{': a national comparison' if scope in reads.NATIONAL else ''})")
        elif kind == "library":
            libraries.append(rest)
        elif kind == "record":
            record, _, language = rest.partition(" ")
            others.append(f"{record} ({language}) changed")
        else:
            others.append(f"{name} changed")
    if data:
        others.append(f"data changed: {', '.join(data)}")
    if libraries:
        others.append(f"libraries changed: {', '.join(_with_version(name) for name in libraries)}")
    return others


def _with_version(library: str) -> str:
    return f"{library} (now {fingerprint.versions().get(library, 'not used')})"
