"""What people fill in beside the figures: the registers of measures and structure, and the plans.

Which of their rows reach which report, and every fault in them. A row with a fault is left out; it
stops no report.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from brapkg import areas, paths
from brapkg.reports.slices import short

if TYPE_CHECKING:
    from brapkg.reports.plan import Report


def inputs(report: Report) -> dict[str, str]:
    """The rows that a report shows, by the register's name, each with a short hash."""
    if report.kind == "evaluation":
        return _measure(report)
    if isinstance(report.about, areas.Area):
        return _structure(report.about) | _plan(report)
    return {}


def problems(kinds: set[str]) -> list[str]:
    """Every fault in what the reports of these kinds are made from."""
    found: list[str] = []
    if "evaluation" in kinds:
        from brapkg.effects import register

        found += register.read().problems
    if kinds & {"national", "region", "municipality"}:
        from brapkg import structure

        found += structure.read().problems
    if kinds & {"region", "municipality"}:
        from brapkg.plans import filed

        found += filed.read().problems
    return found


def _measure(report: Report) -> dict[str, str]:
    """An evaluation's row of the register, and the study of its method."""
    from brapkg.effects import register

    known = register.read()
    one = known.measure(report.about.code)
    # Another measure may make an area unfit for comparison.
    beside = [other for other in known.measures if other.outcome == one.outcome and not other.placebo]
    rows = [asdict(measure) | {"line": 0} for measure in (one, *beside)]  # a row before it changes nothing
    studies = sorted((paths.CLONE / "data" / "raw").glob("*_study.csv"))
    return {
        "register": short(rows),
        "study": short({path.name: short(path.read_bytes()) for path in studies}),
    }


def _structure(area: areas.Area) -> dict[str, str]:
    """The entries of the municipalities that an area's page tells of."""
    from brapkg import structure

    entries = structure.read().entries
    shown = [entries[code] for code in sorted(entries) if area.kind == "nation" or area.code in (code, code[:2])]
    return {"structure": short(repr([(entry.duties, entry.origin, entry.note) for entry in shown]))}


def _plan(report: Report) -> dict[str, str]:
    """The plan that was filed for an area before its report."""
    from brapkg.plans import filed

    return {"plan": short(repr(filed.read().plan(report.about.code, report.period)))}
