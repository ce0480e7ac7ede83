"""Which pages a report's page leads to: nation, county, municipality and neighbours, as far as there are any."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from brapkg import areas, wording
from brapkg.pages.links import Link, Links

if TYPE_CHECKING:
    from brapkg.reports.plan import Report

# The kind of report that is about each kind of area.
KIND_OF = {"nation": "national", "county": "region", "municipality": "municipality"}


def home(language: str) -> str:
    """Address of the front page: ``index.html`` in Swedish, ``index-en.html`` in English."""
    return "index.html" if language == "sv" else f"index-{language}.html"


def between(reports: Sequence[Report], output: Path) -> dict[Report, Links]:
    """The links of each report's page, to pages of the same run and those that lie in the folder already.

    Parameters
    ----------
    reports : what is made in one run
    output : folder of the pages; it need not exist
    """
    there = {report.name for report in reports} | {path.stem for path in output.glob("*.html")}
    return {report: _of(report, there) for report in reports}


def _of(report: Report, there: Collection[str]) -> Links:
    at = home(report.language)
    if not isinstance(report.about, areas.Area):
        return Links(at, (_shelf(report, at),))
    nation, knowledge = areas.get("00"), _knowledge(report, there)
    area = report.about
    if area.kind == "nation":
        return Links(at, (), _known(report, there, counties=areas.counties()) + knowledge)
    if area.kind == "county":
        onward = _known(report, there, municipalities=areas.municipalities(area.code))
        return Links(at, (_link(report, nation, there),), onward + knowledge)
    up = (_link(report, nation, there), _link(report, areas.get(area.county), there))
    return Links(at, up, _known(report, there, neighbours=[areas.get(code) for code in area.neighbours]) + knowledge)


def _known(report: Report, there: Collection[str], **groups: Sequence[areas.Area]) -> tuple:
    """Groups of areas of which any has a page, in the order of their names."""
    found = []
    for name, members in groups.items():
        links = [
            _link(report, area, there) for area in sorted(members, key=lambda one: wording.swedish_order(one.name))
        ]
        if any(link.href for link in links):
            found.append((name, tuple(links)))
    return tuple(found)


def _link(report: Report, area: areas.Area, there: Collection[str]) -> Link:
    from brapkg.reports.plan import name_of

    name = name_of(KIND_OF[area.kind], area.code, report.period, report.language)
    return Link(area.label(report.language), f"{name}.html" if name in there else "")


def _knowledge(report: Report, there: Collection[str]) -> tuple:
    """The map of the knowledge base, where it has been made."""
    from brapkg.reports.plan import name_of, topics

    [topic] = topics("knowledge")
    name = name_of("knowledge", topic.code, None, report.language)
    return (("knowledge", (Link(topic.label(report.language), f"{name}.html"),)),) if name in there else ()


def _shelf(report: Report, at: str) -> Link:
    """Where on the front page a page that is about no area is found."""
    from brapkg.reports.plan import SHELVES

    shelf = SHELVES[report.kind]
    return Link(wording.frame_texts()[f"shelf_{shelf}"][report.language], f"{at}#{shelf}")
