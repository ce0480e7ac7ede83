"""The front page: nation, counties and municipalities by name, a map, and what to know before reading.

It works without scripts: links, folds and the browser's own search in the page are enough for
21 counties and 290 municipalities.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from brapkg.pages import maps
from brapkg.pages.frame import environment, sender, style, texts
from brapkg.wording import swedish_order


@dataclass(frozen=True)
class Entry:
    """One county on the front page.

    Attributes
    ----------
    code : str
        Two digits, as SCB writes them ("20").
    name : str
        In the language of the page.
    href : str or None
        Address of the report, relative to the front page; None if this run made none.
    municipalities : sequence of (str, str or None)
        Names, in any order, and the addresses of their reports, None where there is none.
    failed : bool
        The run tried and failed; then ``href`` is not linked.
    """

    code: str
    name: str
    href: str | None
    municipalities: Sequence[tuple[str, str | None]]
    failed: bool = False

    @property
    def link(self) -> str | None:
        """The address to link to, if there is a page behind it."""
        return None if self.failed else self.href


def front_page(
    entries: Iterable[Entry],
    *,
    language: str = "sv",
    period: str,
    preliminary: bool,
    shelves: Mapping[str, Sequence[tuple[str, str]]] | None = None,
    nation: str | None = None,
) -> str:
    """Return ``index.html`` as a string; the same entries give the same bytes.

    Parameters
    ----------
    entries : iterable of Entry
        The 21 counties, in any order, those without a report included.
    language : {"sv", "en"}
    period : str
        Latest period of the reports ("2016").
    preliminary : bool
        Whether figures of that period may still change.
    shelves : mapping, optional
        Other pages, label and address, by "knowledge" or "evaluations"; an empty shelf is not shown.
    nation : str, optional
        Address of the nation's report.

    Raises
    ------
    ValueError
        A county is missing, unknown or given twice.
    UsageError
        The language is unknown.
    """
    words = texts(language)
    listed = sorted(entries, key=lambda entry: swedish_order(entry.name))
    by_code = _by_code(listed)
    status = words["status_preliminary" if preliminary else "status_final"]
    rows = [
        {
            "entry": entry,
            "count": _count(len(entry.municipalities), words),
            "note": words["failed_report" if entry.failed else "no_report"],
            "places": sorted(entry.municipalities, key=lambda place: swedish_order(place[0])),
        }
        for entry in listed
    ]
    places = [place for entry in listed for place in entry.municipalities if place[1]]
    country = maps.counties()
    return (
        environment()
        .get_template("front.html.j2")
        .render(
            t=words,
            language=language,
            style=style(words["front_title"]),
            status=status.format(period=period),
            rows=rows,
            nation=nation,
            everywhere=sorted(places, key=lambda place: swedish_order(place[0])),
            sender=sender(),
            gaps=any(entry.link is None for entry in listed),
            shelves={name: pages for name, pages in (shelves or {}).items() if pages},
            before=[Markup(words[f"before_{n}"]) for n in range(1, 5)],
            view_box=country.view_box,
            shapes=[(shape, by_code[shape.code]) for shape in country.shapes],
            line_height=maps.LINE,
        )
    )


def _by_code(entries: Sequence[Entry]) -> dict[str, Entry]:
    """Entries by county code; all 21 must be there, so that no county falls out unseen."""
    known = {shape.code for shape in maps.counties().shapes}
    codes = [entry.code for entry in entries]
    faults = {
        "missing": known - set(codes),
        "unknown": set(codes) - known,
        "given twice": {code for code in codes if codes.count(code) > 1},
    }
    found = [f"{fault}: {', '.join(sorted(c))}" for fault, c in faults.items() if c]
    if found:
        raise ValueError("the front page needs the 21 counties, each once; " + "; ".join(found))
    return {entry.code: entry for entry in entries}


def _count(number: int, words) -> str:
    if number == 1:
        return words["municipality_one"]
    return words["municipality_many"].format(number=number)
