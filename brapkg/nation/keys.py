"""Key figures of the national page: the rows it rests on, for programs."""

from __future__ import annotations

import math

import pandas as pd

from brapkg import areas, catalogue
from brapkg.keyfigures import BRA, DIGITS, FIELDS, GROUPS, LEVEL
from brapkg.profile.of_nation import Nation
from brapkg.shown import records

RATE, RATIO, YEARLY = "per 100 000 residents", "ratio", "ratio a year"


def of_nation(nation: Nation) -> list[dict]:
    """The nation's rates, trends and coverage, and its counties, police regions and groups against it.

    Returns
    -------
    list of dict with the keys in ``keyfigures.FIELDS``, as ``keyfigures.of_county``
    """
    rows = [_figure(nation, "rate", "00", row, RATE, offence=id) for id, row in nation.level_rows.items()]
    for offence, models in nation.trend_rows.items():
        for model, row in models.items():
            second = model == "smooth" and "step" in models
            name = "trend_a_year_without_step" if second else "trend_a_year"
            rows.append(_figure(nation, name, "00", row, YEARLY, offence=offence))
    for offence in nation.level.index:
        for found in (nation.counties(offence), nation.police_regions(offence), nation.groups(offence)):
            rows += [
                _figure(nation, "ratio_to_nation", row["area"], row, RATIO, offence=offence) for row in records(found)
            ]
    if nation.official_rate:
        told = {"value": nation.coverage["share"], "lower": math.nan, "upper": math.nan} | {"verdict": "level"}
        told |= {"count": nation.coverage["count"], "method": f"count / {int(nation.coverage['official'])}"}
        rows.append(_figure(nation, "coverage", "00", told, "share of the official total", offence=catalogue.TOTAL))
    return rows


def _figure(nation: Nation, figure: str, area: str, told: dict, unit: str, *, offence: str) -> dict:
    value = _number(told["value"])
    withheld = "count" in told and pd.isna(told["count"])
    lower, upper = (None if value is None else _number(told[limit]) for limit in ("lower", "upper"))
    missing = "" if value is not None else "withheld" if withheld else "few"
    source = GROUPS if areas.get(area).kind == "group" else BRA
    row = {
        "area": area,
        "name": areas.get(area).short,
        "period": nation.period,
        "offence": offence,
        "figure": figure,
        "value": value,
        "lower": lower,
        "upper": upper,
        "level": None if lower is None else LEVEL,
        "unit": unit,
        "count": _number(told.get("count")),
        "population": _number(told.get("population")),
        "method": "" if missing else str(told.get("method", "") or ""),
        "status": nation.status,
        "missing": missing,
        "source": source,
    }
    return {field: row[field] for field in FIELDS}


def _number(value: float | None) -> int | float | None:
    """A number that JSON holds, in ten digits: whole numbers without a point, NaN as None."""
    if value is None or not math.isfinite(value):
        return None
    rounded = float(f"{value:.{DIGITS}g}")
    return int(rounded) if rounded.is_integer() else rounded
