"""The months: trends with and without a step at breaks in the series, and year wheels."""

from __future__ import annotations

import calendar
from collections.abc import Callable

import numpy as np
import pandas as pd

from brapkg import areas, catalogue
from brapkg.indicators.common import NATION, PER, with_verdict
from brapkg.stats.time import monthly


def monthly_exposure(population: pd.DataFrame, area: str, years, months) -> np.ndarray:
    """Person-days of each month: residents between two 31 Decembers in a straight line, times days.

    Raises ``KeyError`` when a year-end is missing.
    """
    ends = population[population["area"] == area].set_index("year")["residents"]
    exposure = _days_lived(lambda at: ends.reindex(at).to_numpy(), years, months)
    if np.isnan(exposure).any():
        raise KeyError(f"{area}: the residents of a year-end are missing")
    return exposure


def person_days(population: pd.DataFrame, years, months) -> pd.DataFrame:
    """Person-days by area (rows) and month (columns); NaN where a year-end is missing."""
    ends = population.pivot(index="area", columns="year", values="residents")
    return pd.DataFrame(_days_lived(lambda at: ends.reindex(columns=at).to_numpy(), years, months), index=ends.index)


def _days_lived(residents: Callable[[np.ndarray], np.ndarray], years, months) -> np.ndarray:
    """Person-days of months, from a function that gives the residents at the ends of years."""
    years, months = np.asarray(years), np.asarray(months)
    before, after = residents(years - 1), residents(years)
    days = [calendar.monthrange(y, m)[1] for y, m in zip(years.tolist(), months.tolist(), strict=True)]
    return (before + (after - before) * (months - 0.5) / 12) * days


def trend_tables(months: pd.DataFrame, population: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Trends, their lines and the year wheels, up to the end of each year.

    Of the counties, of the nation as their sum, and of the municipalities whose months are there. A
    trend is told from the months without a gap, in counts or residents, that a year ends with.
    """
    counties = months[months["area"].str.len() == 2]
    municipalities = months[months["area"].str.len() == 4]
    # Each kind by itself: what is there of municipalities changes no digit of the counties'.
    kinds = [series for series in (pd.concat([counties, _nation_months(counties)]), municipalities) if len(series)]
    found: dict[str, list] = {"trend": [], "trend_line": [], "season": []}
    for series in kinds:
        for name, parts in _by_year(series, population).items():
            found[name] += parts
    tables = {name: pd.concat(parts, ignore_index=True) for name, parts in found.items()}
    return {name: with_verdict(t) if "lower_998" in t else t for name, t in tables.items()}


def _by_year(series: pd.DataFrame, population: pd.DataFrame) -> dict[str, list[pd.DataFrame]]:
    """Parts of the three tables, for series of one kind of area."""
    series = series.assign(at=series["year"] * 12 + series["month"] - 1)
    at = np.arange(series["at"].min(), series["at"].max() + 1)
    wide = series.pivot(index=["area", "offence"], columns="at", values="count").reindex(columns=at)
    exposure = person_days(population, at // 12, at % 12 + 1).reindex(wide.index.get_level_values("area"))
    counts, exposure = wide.to_numpy(), exposure.to_numpy()
    known = ~np.isnan(counts) & ~np.isnan(exposure)

    found: dict[str, list] = {"trend": [], "trend_line": [], "season": []}
    for year in sorted(series["year"].unique()):
        for (first, end, step), rows in _alike(wide.index, known, at, year).items():
            part = slice(first, end)
            labels = wide.index[rows].to_frame(index=False).assign(year=year)
            tables = _trends(labels, counts[rows, part], exposure[rows, part], at[part] % 12 + 1, step)
            for name, table in tables.items():
                found[name].append(table)
    return found


def _nation_months(counties: pd.DataFrame) -> pd.DataFrame:
    groups = counties.groupby(["offence", "year", "month"], as_index=False)
    sums = groups.agg(count=("count", "sum"), status=("status", "max"), members=("area", "size"))
    whole = sums[sums["members"] == len(areas.counties())].drop(columns="members")
    return whole.assign(area=NATION)


def _alike(index: pd.MultiIndex, known: np.ndarray, at: np.ndarray, year: int) -> dict[tuple, list[int]]:
    """Rows of the series by what they share: first month, end and step of the trend to a year.

    Series without a month in the year, or that begin in it, are left out.
    """
    shared: dict[tuple, list[int]] = {}
    upto = known[:, at < (year + 1) * 12]
    for row, (_, offence) in enumerate(index):
        there = np.flatnonzero(upto[row])
        if not there.size or at[there[-1]] < year * 12:
            continue
        end = int(there[-1]) + 1
        gaps = np.flatnonzero(~upto[row, :end])
        first = int(gaps[-1]) + 1 if gaps.size else 0
        if at[first] < year * 12:
            shared.setdefault((first, end, _step(at[first:end], offence)), []).append(row)
    return shared


def _trends(
    labels: pd.DataFrame, counts: np.ndarray, exposure: np.ndarray, month: np.ndarray, step: int | None
) -> dict[str, pd.DataFrame]:
    """Both models for series alike; the line and the year wheel from the one with the step."""
    rows, lines, seasons = [], [], []
    told = np.zeros(len(labels), dtype=bool)
    for model, at in {"step": step, "smooth": None}.items():
        if model == "step" and step is None:
            continue
        fit = monthly.monthly_trends(counts, exposure, month, step=at)
        reason = pd.Series(fit.reasons)
        thin = labels[reason != ""].assign(method=reason[reason != ""], missing="few")
        table = _labelled(labels, fit.annual_change).assign(missing="")
        rows.append(pd.concat([table, thin]).assign(model=model, months=month.size))
        new = labels.index[(reason == "") & ~told]
        lines.append(_labelled(labels, fit.line[fit.line["series"].isin(new)]))
        seasons.append(_labelled(labels, fit.season[fit.season["series"].isin(new)]))
        told[new] = True
    lines = _per_month(pd.concat(lines))
    return {"trend": pd.concat(rows), "trend_line": lines, "season": pd.concat(seasons)}


def _labelled(labels: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Area, offence and year for the number of the series."""
    return labels.join(table.set_index("series"), how="right").reset_index(drop=True)


def _step(at: np.ndarray, offence: str) -> int | None:
    """Position of the first month after a break in the series that lies inside it.

    ``at`` counts months: year * 12 + month - 1.
    """
    places = (known.position(at) for known in catalogue.breaks() if known.concerns(offence))
    return next((place for place in places if place is not None), None)


def _per_month(line: pd.DataFrame) -> pd.DataFrame:
    """From offences per person-day to offences per 100 000 residents and average month."""
    scale = PER * 365.25 / 12
    return line.assign(**line[["value", "lower", "upper"]] * scale)
