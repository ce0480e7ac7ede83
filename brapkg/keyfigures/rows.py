"""The key figures of counties, municipalities and the nation, from their profiles."""

from __future__ import annotations

import math

import pandas as pd

from brapkg import areas, store
from brapkg.catalogue import TOTAL
from brapkg.keyfigures import BRA, DIGITS, FIELDS, GROUPS, LEVEL, WITHHELD
from brapkg.profile import FUNNEL_OFFENCE, NATION, County, Municipality, Nation
from brapkg.shown import records

# The store's columns that rows are made of.
COLUMNS = {*FIELDS, "year", "model", "months", "first_year", "group", "edition", "members"} - {"name"}

SIMILAR = "Brå, SCB, Kolada; own calculations"


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
    return _rows(tables, names, county.status, list(county.level.index))


def of_municipality(municipality: Municipality) -> list[dict]:
    """The figures that a municipality's page rests on.

    Parameters
    ----------
    municipality : the municipality and year, as from ``profile.municipality``

    Returns
    -------
    list of dict
        As ``of_county``. Figures of pooled years tell the years in their method.
    """
    here = municipality
    against = {
        f"ratio_to_{reference}": _pooled(here.against(reference), "ratio", source)
        for reference, source in {"nation": BRA, "county": BRA, "similar": SIMILAR, "neighbours": BRA}.items()
    }
    tables = {
        "pooled_rate": _pooled(here.pooled, "per 100 000 residents and year"),
        **against,
        "ratio_to_group": _of_group(here.peers.reset_index()),
        "ratio_with_neighbours": _pooled(here.joint, "ratio", GROUPS),
        "change_from_year_before": _records(here.change.reset_index(), unit="ratio"),
    }
    return _rows(tables, {here.code: here.area.short}, here.status, list(here.pooled.index))


def of_nation(nation: Nation) -> list[dict]:
    """The figures that the national page rests on: of the nation, and of its parts against it.

    Parameters
    ----------
    nation : the country and year, as from ``profile.nation``

    Returns
    -------
    list of dict
        As ``of_county``, figure by figure. The parts are counties, police regions and SKR's groups.
    """
    rows = [_national(nation, "rate", id, row, "per 100 000 residents") for id, row in nation.level_rows.items()]
    for offence, models in nation.trend_rows.items():
        for model, row in models.items():
            rows.append(_national(nation, _trend_figure(model, models), offence, row, "ratio a year"))
    for offence in nation.level.index:
        for found in (nation.counties(offence), nation.police_regions(offence), nation.groups(offence)):
            rows += [_national(nation, "ratio_to_nation", offence, row, "ratio") for row in records(found)]
    return rows + [_national(nation, "coverage", TOTAL, row, row["unit"]) for row in _coverage(nation, TOTAL)]


def _national(nation: Nation, figure: str, offence: str, row: dict, unit: str) -> dict:
    """A row of the nation, or of the part of it that the row names."""
    area = areas.get(row.get("area", NATION))
    told = {"method": ""} | row | {"area": area.code, "year": nation.period, "offence": offence, "unit": unit}
    missing = "few" if math.isnan(told["value"]) else ""
    source = GROUPS if area.kind == "group" else BRA
    about = {"level": LEVEL, "status": nation.status, "missing": missing, "source": source}
    return _figure(figure, told | about, area.short)


def _rows(tables: dict[str, list[dict]], names: dict[str, str], status: str, offences: list[str]) -> list[dict]:
    """The rows of all figures: the larger area first, offences as in the catalogue, figures as given."""
    common = {"level": LEVEL, "status": status, "missing": "", "source": BRA}
    rows = [
        _figure(figure, common | told, names[told["area"]])
        for figure, found in tables.items()
        for told in found
        if told["offence"] in offences
    ]
    return sorted(rows, key=lambda row: (len(row["area"]), row["area"], offences.index(row["offence"])))


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
    for models in county.trend_rows.values():
        for model, row in models.items():
            step = ", a step at the break" if model == "step" else ""
            told = {"unit": "ratio a year", "method": f"{row['method']}, {row['months']} months{step}"}
            found[_trend_figure(model, models)].append(row | told)
    return found


def _trend_figure(model: str, models: dict[str, dict]) -> str:
    """The trend that the page tells is the one with a step, where the series has a break."""
    return "trend_a_year_without_step" if model == "smooth" and "step" in models else "trend_a_year"


def _peers(county: County) -> list[dict]:
    """Each municipality against its group, over as many years as it takes."""
    return [row for id in county.level.index for row in _of_group(county.peers(id))]


def _of_group(peers: pd.DataFrame) -> list[dict]:
    rows = _records(peers, unit="ratio", source=GROUPS)
    return [
        row | {"method": f"{row['method']}, {_years(row)}, group {row['group']} of {row['edition']}"} for row in rows
    ]


def _pooled(table: pd.DataFrame, unit: str, source: str = BRA) -> list[dict]:
    """Rows by offence, of several years together."""
    rows = _records(table.reset_index(), unit=unit, source=source)
    return [row | {"method": f"{row.get('method') or 'rate'}, {_years(row)}"} for row in rows]


def _years(row: dict) -> str:
    first = int(row["first_year"])
    return str(first) if first == row["year"] else f"{first}–{row['year']}"


def _places(county: County, offences: tuple[str, str]) -> list[dict]:
    """Between which places the county lies, by the first of the offences, and each municipality, by both."""
    own = county.tables.rows("ranks", area=county.code, year=county.period)
    parts = [own[own["offence"] == offences[0]], *(county.places(offence) for offence in offences)]
    rows = [row for part in parts for row in _records(part)]
    return [
        row | {"unit": f"place of {row['members']}, 1 = lowest", "method": f"{row['method']}, {_years(row)}"}
        for row in rows
    ]


def _coverage(profile: County | Nation, total: str) -> list[dict]:
    """The municipalities' sum over its official total: counts that are known, so that there is no interval."""
    known = profile.coverage
    if known is None:
        return []
    status = store.periods().get(int(known["year"]), "final")  # the official totals have years of their own
    told = {"value": known["share"], "lower": None, "upper": None, "unit": "share of the official total"}
    year = {
        "area": profile.code,
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
