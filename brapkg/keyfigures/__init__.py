"""Key figures: what a county's page rests on, as flat rows that programs read and runs are compared by.

Rows hold ids and plain numbers, so that they are the same in every language of the page. What a page
does not tell, because a count is kept back, is not told here either. A notebook carries them under a
mime type of its own, so that a runner needs no knowledge of what the notebook shows.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a run with nothing to do reads this module's fields alone, and loads no tables
    import pandas as pd
    from nbformat import NotebookNode

    from brapkg.profile import County

# What a row holds: area, what is told of it, the number with its interval and base, and how it came about.
FIELDS = (
    "area",
    "name",
    "period",
    "offence",
    "figure",
    "value",
    "lower",
    "upper",
    "level",
    "unit",
    "count",
    "population",
    "method",
    "status",
    "missing",
    "source",
)
# What makes a row the same figure in two runs.
KEY = ("area", "period", "offence", "figure")
NUMBERS = ("value", "lower", "upper", "level", "count", "population")
TEXTS = tuple(field for field in FIELDS if field not in (*NUMBERS, "period"))
# The CSV's last column: which reports rest on the row.
REPORTS = "reports"
# The store's columns that rows are made of.
COLUMNS = {*FIELDS, "year", "model", "months", "first_year", "group", "edition", "members"} - {"name"}
# Two machines may differ in a number's last digits; ten of them tell any figure here.
DIGITS = 10
WITHHELD = "withheld"
LEVEL = 0.95
BRA = "Brå, SCB; own calculations"
GROUPS = "Brå, SCB, SKR; own calculations"


def of_county(county: County) -> list[dict]:
    """The figures that a county's page rests on.

    Parameters
    ----------
    county : the county and year, as from ``profile.county``

    Returns
    -------
    list of dict
        One for each area (the county, then its municipalities), offence and figure, with the keys in
        ``FIELDS``: ids and texts as str, ``period`` as int, numbers as int or float, None where there is none.
        ``missing`` says why there is no value: "few", "withheld" or another word of the store's
        schemas, else "". Ratios are 1 where nothing differs; ``level`` is that of the interval, a share.
    """
    from brapkg.catalogue import TOTAL
    from brapkg.profile import FUNNEL_OFFENCE

    tables = {
        "rate": _rates(county, TOTAL),
        "ratio_to_nation": _of_county(county, "comparison", unit="ratio"),
        "ratio_to_same_kind": _of_county(county, "standardised", unit="ratio", source=GROUPS),
        "change_from_year_before": _of_county(county, "change", unit="ratio"),
        **_trends(county),
        "ratio_to_group": _peers(county),
        "place": _places(county, (TOTAL, FUNNEL_OFFENCE)),
        "coverage": _coverage(county, TOTAL),
        "published_rate": _published(county, TOTAL),
    }
    names = {county.code: county.area.short, **county.members}
    common = {"level": LEVEL, "status": county.status, "missing": "", "source": BRA}
    offences = list(county.level.index)
    rows = [
        _figure(figure, common | told, names[told["area"]])
        for figure, found in tables.items()
        for told in found
        if told["offence"] in offences
    ]
    # The county, then its municipalities; offences as in the catalogue, figures as above.
    return sorted(rows, key=lambda row: (len(row["area"]), row["area"], offences.index(row["offence"])))


def read(book: NotebookNode) -> list[dict]:
    """The key figures that an executed notebook carries.

    Parameters
    ----------
    book : an executed notebook, as nbformat reads it

    Returns
    -------
    list of dict with the keys in ``FIELDS``; empty where the notebook carries none

    Raises
    ------
    ValueError
        An output under the mime type holds anything else; the message says which cell's.
    """
    from brapkg.blocks import FIGURES

    found: list[dict] = []
    for number, cell in enumerate(book.cells, start=1):
        for output in cell.get("outputs", ()):
            content = output.get("data", {}).get(FIGURES)
            if content is None:
                continue
            rows = from_lines(content)
            if wrong := problem(rows):
                raise ValueError(f"cell {number}: the key figures {wrong}")
            found += rows
    return found


def to_lines(rows: Sequence[dict]) -> str:
    """Key figures as a notebook carries them: a line of JSON with the names of the fields, and one for each row."""
    lines = [list(FIELDS), *([row[field] for field in FIELDS] for row in rows)]
    return "\n".join(json.dumps(line, ensure_ascii=False, allow_nan=False, separators=(",", ":")) for line in lines)


def from_lines(content: object) -> object:
    """What ``to_lines`` wrote; what is none of it comes back as it can be read, for ``problem`` to tell."""
    text = "".join(content) if isinstance(content, list) else content  # nbformat may keep a text as its lines
    try:
        names, *rows = map(json.loads, text.split("\n"))
        return [dict(zip(FIELDS, row, strict=True)) for row in rows] if names == list(FIELDS) else content
    except (AttributeError, TypeError, ValueError):
        return content


def to_csv(figures: dict[tuple, list[str]]) -> bytes:
    """Key figures as CSV (RFC 4180): UTF-8, comma, decimal point, nothing where there is no number.

    Parameters
    ----------
    figures : the names of the reports that rest on a row, by the row's values in the order of ``FIELDS``
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*FIELDS, REPORTS])
    key = [FIELDS.index(name) for name in KEY]
    for row in sorted(figures, key=lambda row: [row[place] for place in key]):
        writer.writerow([*row, " ".join(sorted(figures[row]))])
    return text.getvalue().encode()


def from_csv(content: bytes) -> dict[str, dict[tuple, dict]]:
    """What ``to_csv`` wrote, by the report's name and the row's ``KEY``; numbers as float or None, all else as text."""
    found: dict[str, dict[tuple, dict]] = {}
    for row in csv.DictReader(io.StringIO(content.decode(), newline="")):
        names = row.pop(REPORTS).split()
        row |= {name: float(row[name]) if row[name] else None for name in NUMBERS}
        for name in names:
            found.setdefault(name, {})[tuple(row[part] for part in KEY)] = row
    return found


def problem(content: object) -> str:
    """What is wrong with something that should be key figures; empty text where nothing is."""
    if not isinstance(content, list):
        return f"are no list but {type(content).__name__}"
    for number, row in enumerate(content, start=1):
        if not isinstance(row, dict) or set(row) != set(FIELDS):
            return f"must hold exactly {', '.join(FIELDS)}; row {number} does not"
        wrong = [field for field in TEXTS if not isinstance(row[field], str)]
        wrong += [field for field in NUMBERS if not (row[field] is None or _is_number(row[field]))]
        wrong += ["period"] if type(row["period"]) is not int else []
        if wrong:
            return f"hold in row {number} {wrong[0]} = {row[wrong[0]]!r:.60}, which is of the wrong kind"
    return ""


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


# --- the rows ------------------------------------------------------------------------------------


def _figure(figure: str, told: dict, name: str) -> dict:
    """A row of the store as a key figure."""
    count = told.get("count")
    missing = WITHHELD if isinstance(count, float) and math.isnan(count) else told["missing"]
    value, lower, upper = (None if missing else _number(told[limit]) for limit in ("value", "lower", "upper"))
    if value is None and not missing:
        missing = "not_applicable"
    return {
        "area": told["area"],
        "name": name,
        "period": told["year"],
        "offence": told["offence"],
        "figure": figure,
        "value": value,
        "lower": lower,
        "upper": upper,
        "level": None if lower is None else told["level"],
        "unit": told["unit"],
        "count": _number(count),
        "population": _number(told.get("population")),
        # A method can tell a count ("exact": below 10; "found 3.29 events a month"), so it goes with the value.
        "method": "" if missing else told["method"],
        "status": told["status"],
        "missing": missing,
        "source": told["source"],
    }


def _number(value: float | None) -> int | float | None:
    """A number that JSON holds, in ten digits: whole numbers without a point, NaN as None."""
    if value is None or not math.isfinite(value):
        return None
    rounded = float(f"{value:.{DIGITS}g}")
    return int(rounded) if rounded.is_integer() else rounded


def _records(table: pd.DataFrame, **told: object) -> list[dict]:
    """A table's rows as dicts, each with ``told``; columns that no row needs only cost time."""
    names = [name for name in table if name in COLUMNS]
    columns = [table[name].tolist() for name in names]
    return [dict(zip(names, row, strict=True)) | told for row in zip(*columns, strict=True)]


def _of_county(county: County, name: str, **told: object) -> list[dict]:
    """The county's own rows of a table as a page may tell them, with its residents."""
    residents = county.level["population"].max()
    table = county.tables.rows(name, area=county.code, year=county.period)
    return _records(table, **({"population": residents} | told))


def _rates(county: County, total: str) -> list[dict]:
    """Every offence group of the county, and all offences of its municipalities."""
    own = county.tables.rows("rates", area=county.code, year=county.period)
    places = county.tables.rows("rates", county=county.code, offence=total, year=county.period)
    return [row for part in (own, places) for row in _records(part, unit="per 100 000 residents")]


def _trends(county: County) -> dict[str, list[dict]]:
    """The trend that the page tells, and the one without a step where the series has a break."""
    found: dict[str, list[dict]] = {"trend_a_year": [], "trend_a_year_without_step": []}
    rows = _records(county.trend.reset_index(), unit="ratio a year")
    stepped = {row["offence"] for row in rows if row["model"] == "step"}
    for row in rows:
        second = row["model"] == "smooth" and row["offence"] in stepped
        step = ", a step at the break" if row["model"] == "step" else ""
        method = f"{row['method']}, {row['months']} months{step}"
        found["trend_a_year_without_step" if second else "trend_a_year"].append(row | {"method": method})
    return found


def _peers(county: County) -> list[dict]:
    """Each municipality against its group, over as many years as it takes."""
    rows = [row for id in county.level.index for row in _records(county.peers(id), unit="ratio", source=GROUPS)]
    for row in rows:
        first = int(row["first_year"])
        years = str(first) if first == row["year"] else f"{first}–{row['year']}"
        row["method"] += f", {years}, group {row['group']} of {row['edition']}"
    return rows


def _places(county: County, offences: tuple[str, str]) -> list[dict]:
    """Between which places the county lies, by the first of the offences, and each municipality, by both."""
    own = county.tables.rows("ranks", area=county.code, year=county.period)
    parts = [own[own["offence"] == offences[0]], *(county.places(offence) for offence in offences)]
    rows = [row for part in parts for row in _records(part)]
    return [row | {"unit": f"place of {row['members']}, 1 = lowest"} for row in rows]


def _coverage(county: County, total: str) -> list[dict]:
    """The county's sum over its official total: counts that are known, so that there is no interval."""
    from brapkg import store

    known = county.coverage
    if known is None:
        return []
    status = store.periods().get(int(known["year"]), "final")  # the official totals have years of their own
    told = {"value": known["share"], "lower": None, "upper": None, "unit": "share of the official total"}
    year = {
        "area": county.code,
        "year": int(known["year"]),
        "count": known["count"],
        "offence": total,
        "status": status,
    }
    return [told | year | {"method": f"count / {int(known['official'])}"}]


def _published(county: County, total: str) -> list[dict]:
    """Rates of a later year that are published without counts."""
    return _records(
        county.newer_rates.rename(columns={"rate": "value"}),
        offence=total,
        unit="per 100 000 residents",
        method="as published; interval from the count that it implies",
        status="final",
        source="Kolada N07540 (Brå, SCB)",
    )
