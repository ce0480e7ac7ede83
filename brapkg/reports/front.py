"""The front page of a folder of reports: written when what it lists has changed."""

from __future__ import annotations

import contextlib
from pathlib import Path

from brapkg import areas, files, store
from brapkg.errors import DataError
from brapkg.reports import fingerprint, links, plan
from brapkg.reports.place import unwritable
from brapkg.reports.plan import name_of
from brapkg.reports.reasons import FAILED
from brapkg.reports.slices import short

# Remembers what a front page was made from, beside the records of the pages.
MEMORY = "runs/front-{language}.txt"


def prepare() -> None:
    """Load what a front page needs, and work out its map, so that ``write`` has little left to do."""
    from brapkg.pages import maps, site  # noqa: F401

    maps.counties()


def write(output: Path, *, period: int | None, language: str) -> Path:
    """Write the front page: areas with a page of this period are links, and other pages follow them.

    Parameters
    ----------
    output : the folder of the pages
    period : of the areas' pages; the latest that a county has a page of where it is None
    language : of the pages that it leads to

    Returns
    -------
    Path of the front page; it is not touched where nothing on it has changed

    Raises
    ------
    DataError
        It cannot be written; the old one is still there.
    """
    period = period or _latest(output, language)
    preliminary = store.periods()[period] == "preliminary"
    shelves = _shelves(output, language)
    there = {path.stem for path in output.glob("*.html")}
    listed = [_entry(output, county, period, language, there) for county in areas.counties()]
    nation = _address("national", "00", period, language, there)
    what = short(
        [
            listed,
            nation,
            shelves,
            period,
            preliminary,
            fingerprint.package(),
            fingerprint.chosen(),
            fingerprint.templates(),
            fingerprint.records(language),
        ]
    )
    index, memory = output / links.home(language), output / MEMORY.format(language=language)
    with contextlib.suppress(OSError):
        if index.exists() and memory.read_text() == what:
            return index
    from brapkg.pages import site  # draws a map, and so loads much

    text = site.front_page(
        (site.Entry(**entry) for entry in listed),
        language=language,
        period=str(period),
        preliminary=preliminary,
        shelves=shelves,
        nation=nation,
    )
    try:
        files.write(index, text)
        files.write(memory, what)
    except OSError as error:
        raise unwritable(output, error) from None
    return index


def _latest(output: Path, language: str) -> int:
    """The latest year that a county has a page of, or could have."""
    periods = sorted(store.periods(), reverse=True)
    if not periods:
        raise DataError("No year has figures for every municipality. Run `brapkg build` on whole years.")
    codes = [county.code for county in areas.counties()]
    there = (
        period
        for period in periods
        if any((output / f"{name_of('region', code, period, language)}.html").exists() for code in codes)
    )
    return next(there, periods[0])


def _shelves(output: Path, language: str) -> dict[str, list[tuple[str, str]]]:
    """Label and address of the pages that are about no county, by where they stand."""
    found: dict[str, list[tuple[str, str]]] = {}
    for kind, shelf in plan.SHELVES.items():
        pages = [
            (topic.label(language), f"{name_of(kind, topic.code, None, language)}.html") for topic in plan.topics(kind)
        ]
        found.setdefault(shelf, []).extend(page for page in pages if (output / page[1]).exists())
    return found


def _entry(output: Path, county: areas.Area, period: int, language: str, there: set[str]) -> dict:
    report = name_of("region", county.code, period, language)
    return {
        "code": county.code,
        "name": county.label(language),
        "href": _address("region", county.code, period, language, there),
        "municipalities": [
            (place.short, _address("municipality", place.code, period, language, there))
            for place in areas.municipalities(county.code)
        ],
        "failed": (output / FAILED / f"{report}.txt").exists(),
    }


def _address(kind: str, code: str, period: int, language: str, there: set[str]) -> str | None:
    """Address of an area's page; None where there is none."""
    report = name_of(kind, code, period, language)
    return f"{report}.html" if report in there else None
