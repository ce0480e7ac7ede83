"""Indicators for the whole country at once: rates, comparisons, funnels, trends, year wheels.

Computed when the store is built, so that a report reads its slice and draws. Each function takes
tidy tables and returns one table of ``records/schemas.toml``. The rules that decide (thresholds,
pooling, editions) are the constants below; the methods are ``brapkg.stats``.
"""

from __future__ import annotations

import calendar

import numpy as np
import pandas as pd
from pandas.api.typing import DataFrameGroupBy

from brapkg import areas, catalogue
from brapkg.stats import comparison, funnel, rates, shrinkage, trend

PER = 100_000
LEVELS = (0.95, 0.998)
NATION = "00"

# Below this count a percentage change says more about the counts than about the change.
MINIMUM_FOR_CHANGE = 20
# Below this count only the count itself is told.
FEW = comparison.FEW
# A municipality's years are added together until this many offences are expected.
ENOUGH_EXPECTED = 20
MOST_YEARS = 4
# With fewer members a group cannot tell how much its members differ: no shrinkage.
ENOUGH_MEMBERS = 10
# From this year on SKR's groups of 2023 are used.
EDITION_2023_FROM = 2023


def compute(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Every indicator table from the tidy tables ``population``, ``offences_year``, ``offences_month``."""
    rated = rate_table(tables["offences_year"], tables["population"])
    wobble = wobble_table(tables["offences_year"])
    lines = trend_tables(tables["offences_month"], tables["population"])
    return {
        "rates": rated,
        "wobble": wobble,
        "comparison": comparison_table(rated, wobble),
        "change": change_table(rated, wobble),
        "peers": peer_table(rated, wobble),
        "funnel": funnel_table(rated),
        **lines,
    }


# --- level ---------------------------------------------------------------------------------------


def denominators(population: pd.DataFrame) -> pd.DataFrame:
    """Brå's own denominators by area, year and status.

    A final year's is the mean of the residents on 31 December of the year before and of the year;
    a preliminary year's is those of the year before (the others are not known yet).
    """
    before = population.assign(year=population["year"] + 1)
    final = before.merge(population, on=["area", "year"], suffixes=("_before", ""))
    final["population"] = (final["residents_before"] + final["residents"]) / 2
    preliminary = before.rename(columns={"residents": "population"})
    parts = [final.assign(status="final"), preliminary.assign(status="preliminary")]
    return pd.concat(parts)[["area", "year", "status", "population"]]


def rate_table(years: pd.DataFrame, population: pd.DataFrame) -> pd.DataFrame:
    """Rates per 100 000 with 95 % intervals: exact below 10 offences, Byar from 10 on."""
    table = years.merge(denominators(population), on=["area", "year", "status"], how="left")
    known = table["population"].notna()
    rated = rates.rate(table.loc[known, "count"], table.loc[known, "population"], multiplier=PER)
    columns = ["value", "lower", "upper", "level", "method"]
    table = table.join(rated[columns])
    table["missing"] = np.where(known, "", "no_population")
    return table.fillna({"level": 0.95, "method": ""})


def wobble_table(years: pd.DataFrame) -> pd.DataFrame:
    """How much an area's year moves beyond chance, by kind of area and offence."""
    rows = []
    for kind, digits in (("county", 2), ("municipality", 4)):
        mine = years[(years["area"].str.len() == digits) & (years["area"] != NATION)]
        for offence, part in mine.groupby("offence"):
            counts = part.pivot(index="area", columns="year", values="count").dropna()
            try:
                sd = comparison.between_year_sd(counts)
            except ValueError:  # too few areas or years: no variation can be told from chance
                sd = np.nan
            rows.append({"kind": kind, "offence": offence, "sd": sd, "method": "moments of log ratios"})
    return pd.DataFrame(rows)


def _sds(wobble: pd.DataFrame, kind: str) -> dict[str, float]:
    """The variation between years by offence; none where it could not be estimated."""
    mine = wobble[wobble["kind"] == kind]
    return mine.set_index("offence")["sd"].fillna(0.0).to_dict()


def _wide(long: pd.DataFrame) -> pd.DataFrame:
    """One row per area from one block of rows per level."""
    narrow, broad = (long[long["level"] == level] for level in LEVELS)
    wide = narrow.drop(columns="level")
    return wide.assign(lower_998=broad["lower"], upper_998=broad["upper"])


def _with_verdict(table: pd.DataFrame) -> pd.DataFrame:
    limits = (table[name] for name in ("lower", "upper", "lower_998", "upper_998"))
    return table.assign(verdict=comparison.verdict(*limits))


def comparison_table(rated: pd.DataFrame, wobble: pd.DataFrame) -> pd.DataFrame:
    """Each county against the nation, its own part of it included."""
    known = rated[rated["missing"] == ""]
    nation = known[(known["area"] == NATION) & (known["count"] > 0)]
    counties = known[(known["area"].str.len() == 2) & (known["area"] != NATION)]
    key = ["offence", "year"]
    pairs = counties.merge(nation[[*key, "count", "population"]], on=key, suffixes=("", "_nation"))
    sd = _sds(wobble, "county")
    parts = []
    for offence, part in pairs.groupby("offence"):
        ratio = comparison.part_of_whole(
            part["count"],
            part["population"],
            part["count_nation"],
            part["population_nation"],
            wobble=sd[offence],
            levels=LEVELS,
        )
        parts.append(part[["area", "offence", "year"]].join(_wide(ratio)))
    return _with_verdict(pd.concat(parts, ignore_index=True))


def change_table(rated: pd.DataFrame, wobble: pd.DataFrame) -> pd.DataFrame:
    """Each year against the one before; withheld where either count is below 20."""
    known = rated[rated["missing"] == ""]
    before = known.assign(year=known["year"] + 1)
    pairs = before.merge(known, on=["area", "offence", "year"], suffixes=("_before", ""))
    kind = np.select(
        [pairs["area"] == NATION, pairs["area"].str.len() == 2], ["nation", "county"], "municipality"
    )
    # The nation's variation cannot be told from that of a single series.
    sd = {which: _sds(wobble, which) for which in ("county", "municipality")} | {"nation": {}}
    parts = []
    for (which, offence), part in pairs.groupby([kind, "offence"]):
        ratio = comparison.change(
            part["count_before"],
            part["population_before"],
            part["count"],
            part["population"],
            wobble=sd[which].get(offence, 0.0),
            minimum=MINIMUM_FOR_CHANGE,
            levels=LEVELS,
        )
        limits = _wide(ratio)[["value", "lower", "upper", "lower_998", "upper_998", "method", "missing"]]
        parts.append(part[["area", "offence", "year", "count_before", "count"]].join(limits))
    return _with_verdict(pd.concat(parts, ignore_index=True))


# --- municipalities ------------------------------------------------------------------------------


def edition_for(year: int) -> int:
    """Which edition of SKR's groups belongs to a year's figures."""
    return 2023 if year >= EDITION_2023_FROM else 2017


def _whole_country(rated: pd.DataFrame) -> pd.DataFrame:
    """Municipalities' rates, of the offences and years that every municipality has and some offence.

    A user's exports may hold a few municipalities only: they are no measure of group or nation.
    """
    known = rated[(rated["missing"] == "") & (rated["area"].str.len() == 4)]
    cells = known.groupby(["offence", "year"])
    everyone = cells["area"].transform("size") == len(areas.municipalities())
    return known[everyone & (cells["count"].transform("sum") > 0)]


def peer_table(rated: pd.DataFrame, wobble: pd.DataFrame) -> pd.DataFrame:
    """Each municipality against its SKR group, small ones with several years together."""
    known = _whole_country(rated)
    parts = []
    for year in sorted(known["year"].unique()):
        edition = edition_for(year)
        group = {m.code: getattr(m, f"group_{edition}") for m in areas.municipalities()}
        window = known[known["year"].between(year - MOST_YEARS + 1, year)]
        pooled = _pooled(window.assign(group=window["area"].map(group)), year)
        parts.append(pooled.assign(year=year, edition=edition))
    pooled = pd.concat(parts, ignore_index=True)
    pooled = pooled.assign(sd=pooled["offence"].map(_sds(wobble, "municipality")))
    # Without a single offence in the group there is nothing to compare with.
    pooled = pooled[(pooled["expected"] > 0) & (_in_group(pooled)["count"].transform("sum") > 0)]
    many = _in_group(pooled)["area"].transform("size") >= ENOUGH_MEMBERS
    parts = [make(part) for make, part in ((_shrunken, pooled[many]), (_plain, pooled[~many])) if len(part)]
    keys = ["area", "offence", "year", "group", "edition", "first_year"]
    return _with_verdict(pooled[keys].join(pd.concat(parts)))


def _in_group(pooled: pd.DataFrame) -> DataFrameGroupBy:
    return pooled.groupby(["offence", "year", "group"])


def _pooled(window: pd.DataFrame, last: int) -> pd.DataFrame:
    """Add years together, latest first, until ``ENOUGH_EXPECTED`` offences are expected.

    The number of years depends on the population and the group's rate, never on the municipality's
    own count: choosing by the outcome would bias it.
    """
    sums = window.groupby(["group", "offence", "year"])[["count", "population"]].transform("sum")
    expected = window["population"] * sums["count"] / sums["population"]
    window = window.assign(expected=expected).sort_values("year", ascending=False)
    groups = window.groupby(["area", "offence"])
    # A year is needed as long as the later years do not expect enough by themselves.
    later = groups["expected"].cumsum() - window["expected"]
    used = window[(later < ENOUGH_EXPECTED) & (last - window["year"] == groups.cumcount())]
    return used.groupby(["group", "area", "offence"], as_index=False).agg(
        count=("count", "sum"),
        population=("population", "sum"),
        expected=("expected", "sum"),
        first_year=("year", "min"),
        years=("year", "size"),
    )


def _shrunken(pooled: pd.DataFrame) -> pd.DataFrame:
    """Ratios shrunken towards the group, from what each group tells of how its members differ."""
    groups = _in_group(pooled)
    fits = [shrinkage.poisson_gamma(part["count"], part["expected"]) for _, part in groups]
    number = groups.ngroup()
    pooled = pooled.assign(**pd.DataFrame(fits, columns=["nu", "alpha"]).loc[number].set_index(pooled.index))
    # All groups at once, but for those whose members are equal: they get the mean of their own.
    batch = number.where(np.isinf(pooled["nu"]), -1)
    parts = []
    for _, part in pooled.groupby(batch):
        weight = shrinkage.discount(part["expected"], part["sd"], part["years"])
        ratio = shrinkage.shrink(
            part["count"], part["expected"], part["nu"], part["alpha"], discount=weight, levels=LEVELS
        )
        parts.append(_wide(ratio))
    wide = pd.concat(parts).rename(columns={"observed": "count"})
    few = wide["count"] < FEW
    limits = ["value", "lower", "upper", "lower_998", "upper_998"]
    return wide.assign(missing=np.where(few, "few", ""), **wide[limits].mask(few))


def _plain(pooled: pd.DataFrame) -> pd.DataFrame:
    """Plain ratios, where the group has too few members to tell how much they differ."""
    totals = _in_group(pooled)[["count", "expected"]].transform("sum")
    parts = []
    for _, part in pooled.groupby("offence"):
        whole = totals.loc[part.index]
        ratio = comparison.part_of_whole(
            part["count"],
            part["expected"],
            whole["count"],
            whole["expected"],
            wobble=part["sd"].iloc[0],
            levels=LEVELS,
        )
        parts.append(_wide(ratio))
    wide = pd.concat(parts).rename(columns={"population": "expected"})
    return wide.assign(raw=wide["value"], weight=1.0)


def funnel_table(rated: pd.DataFrame) -> pd.DataFrame:
    """All municipalities against the nation's rate, with limits widened by their own spread."""
    known = _whole_country(rated)
    parts = []
    for _, part in known.groupby(["offence", "year"]):
        rate = part["count"].sum() / part["population"].sum()
        placed = funnel.funnel(part["count"], part["population"] * rate, levels=LEVELS)
        columns = ["expected", "value", "z_adjusted", "phi", "outside"]
        parts.append(part[["area", "offence", "year", "count", "population"]].join(placed[columns]))
    return pd.concat(parts, ignore_index=True).assign(method="funnel, multiplicative overdispersion")


# --- time ----------------------------------------------------------------------------------------


def monthly_exposure(population: pd.DataFrame, area: str, years, months) -> np.ndarray:
    """Person-days of each month: residents between two 31 Decembers in a straight line, times days.

    Raises ``KeyError`` when a year-end is missing.
    """
    mine = population[population["area"] == area]
    exposure = _person_days(mine, years, months).loc[area].to_numpy()
    if np.isnan(exposure).any():
        raise KeyError(f"{area}: the residents of a year-end are missing")
    return exposure


def _person_days(population: pd.DataFrame, years, months) -> pd.DataFrame:
    """Person-days by area (rows) and month (columns); NaN where a year-end is missing."""
    years, months = np.asarray(years), np.asarray(months)
    ends = population.pivot(index="area", columns="year", values="residents")
    before, after = (ends.reindex(columns=years + shift).to_numpy() for shift in (-1, 0))
    days = [calendar.monthrange(y, m)[1] for y, m in zip(years, months, strict=True)]
    residents = before + (after - before) * (months - 0.5) / 12
    return pd.DataFrame(residents * days, index=ends.index)


def trend_tables(months: pd.DataFrame, population: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Trends, their lines and the year wheels of the counties, up to the end of each year.

    A trend is told from the months without a gap, in counts or residents, that a year ends with.
    """
    counties = months[months["area"].str.len() == 2]
    series = pd.concat([counties, _nation_months(counties)])
    series["at"] = series["year"] * 12 + series["month"] - 1
    at = np.arange(series["at"].min(), series["at"].max() + 1)
    wide = series.pivot(index=["area", "offence"], columns="at", values="count").reindex(columns=at)
    exposure = _person_days(population, at // 12, at % 12 + 1).reindex(wide.index.get_level_values("area"))
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
    tables = {name: pd.concat(parts, ignore_index=True) for name, parts in found.items()}
    return {name: _with_verdict(t) if "lower_998" in t else t for name, t in tables.items()}


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
        fit = trend.monthly_trends(counts, exposure, month, step=at)
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
    for known in catalogue.breaks():
        position = known.year * 12 + known.month - 1 - at[0]
        if known.concerns(offence) and 0 < position < at.size:
            return int(position)
    return None


def _per_month(line: pd.DataFrame) -> pd.DataFrame:
    """From offences per person-day to offences per 100 000 residents and average month."""
    scale = PER * 365.25 / 12
    return line.assign(**line[["value", "lower", "upper"]] * scale)
