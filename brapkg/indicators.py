"""Indicators for the whole country at once: rates, comparisons, funnels, trends, year wheels.

Computed when the store is built, so that a report reads its slice and draws. Each function takes
tidy tables and returns one table of ``records/schemas.toml``. The rules that decide (thresholds,
pooling, editions) are the constants below; the methods are ``brapkg.stats``.
"""

from __future__ import annotations

import calendar

import numpy as np
import pandas as pd

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


def _sd(wobble: pd.DataFrame, kind: str, offence: str) -> float:
    """The variation between years; none where it could not be estimated."""
    return wobble.set_index(["kind", "offence"])["sd"].fillna(0.0).get((kind, offence), 0.0)


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
    nation = known[known["area"] == NATION].set_index(["offence", "year"])
    parts = []
    for (offence, year), part in known[known["area"].str.len() == 2].groupby(["offence", "year"]):
        counties = part[part["area"] != NATION].set_index("area")
        if (offence, year) not in nation.index:
            continue
        whole = nation.loc[(offence, year)]
        ratio = comparison.part_of_whole(
            counties["count"],
            counties["population"],
            whole["count"],
            whole["population"],
            wobble=_sd(wobble, "county", offence),
            levels=LEVELS,
        )
        parts.append(_wide(ratio).assign(offence=offence, year=year).reset_index())
    return _with_verdict(pd.concat(parts, ignore_index=True))


def change_table(rated: pd.DataFrame, wobble: pd.DataFrame) -> pd.DataFrame:
    """Each year against the one before; withheld where either count is below 20."""
    known = rated[rated["missing"] == ""]
    before = known.assign(year=known["year"] + 1)
    pairs = before.merge(known, on=["area", "offence", "year"], suffixes=("_before", ""))
    kind = np.select(
        [pairs["area"] == NATION, pairs["area"].str.len() == 2], ["nation", "county"], "municipality"
    )
    parts = []
    for (which, offence), part in pairs.groupby([kind, "offence"]):
        ratio = comparison.change(
            part["count_before"],
            part["population_before"],
            part["count"],
            part["population"],
            wobble=0.0 if which == "nation" else _sd(wobble, which, offence),
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


def peer_table(rated: pd.DataFrame, wobble: pd.DataFrame) -> pd.DataFrame:
    """Each municipality against its SKR group, small ones with several years together."""
    known = rated[(rated["missing"] == "") & (rated["area"].str.len() == 4)]
    parts = {}
    for year in sorted(known["year"].unique()):
        edition = edition_for(year)
        group = {m.code: getattr(m, f"group_{edition}") for m in areas.municipalities()}
        window = known[known["year"].between(year - MOST_YEARS + 1, year)]
        pooled = _pooled(window.assign(group=window["area"].map(group)), year)
        for (name, offence), part in pooled.groupby(["group", "offence"]):
            sd = _sd(wobble, "municipality", offence)
            parts[offence, year, name, edition] = _against_group(part.reset_index(drop=True), sd)
    keys = ["offence", "year", "group", "edition"]
    return _with_verdict(pd.concat(parts, names=keys).reset_index(keys).reset_index(drop=True))


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


def _against_group(part: pd.DataFrame, sd: float) -> pd.DataFrame:
    """Shrunken ratios for one group and offence; plain ones where the group has few members."""
    possible = part["expected"] > 0
    part = part[possible].reset_index(drop=True)
    keep = part[["area", "first_year"]]
    if len(part) >= ENOUGH_MEMBERS:
        nu, alpha = shrinkage.poisson_gamma(part["count"], part["expected"])
        weight = shrinkage.discount(part["expected"], sd, part["years"])
        wide = _wide(
            shrinkage.shrink(part["count"], part["expected"], nu, alpha, discount=weight, levels=LEVELS)
        ).rename(columns={"observed": "count"})
        few = wide["count"] < FEW
        wide["missing"] = np.where(few, "few", "")
        wide.loc[few, ["value", "lower", "upper", "lower_998", "upper_998"]] = np.nan
    else:
        total = part["count"].sum()
        ratio = comparison.part_of_whole(
            part["count"], part["expected"], total, part["expected"].sum(), wobble=sd, levels=LEVELS
        )
        wide = _wide(ratio).rename(columns={"population": "expected"})
        wide = wide.assign(raw=wide["value"], weight=1.0)
    return keep.join(wide)


def funnel_table(rated: pd.DataFrame) -> pd.DataFrame:
    """All municipalities against the nation's rate, with limits widened by their own spread."""
    known = rated[(rated["missing"] == "") & (rated["area"].str.len() == 4)]
    parts = []
    for (_, _), part in known.groupby(["offence", "year"]):
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
    known = population[population["area"] == area].set_index("year")["residents"]
    ends = [(known.loc[y - 1], known.loc[y]) for y in years]
    middle = (np.asarray(months) - 0.5) / 12
    residents = np.array([a + (b - a) * share for (a, b), share in zip(ends, middle, strict=True)])
    days = np.array([calendar.monthrange(y, m)[1] for y, m in zip(years, months, strict=True)])
    return residents * days


def trend_tables(months: pd.DataFrame, population: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Trends, their lines and the year wheels of the counties, up to the end of each year."""
    found: dict[str, dict] = {"trend": {}, "trend_line": {}, "season": {}}
    counties = months[months["area"].str.len() == 2]
    series = pd.concat([counties, _nation_months(counties)])
    for (area, offence), part in series.groupby(["area", "offence"]):
        part = part.sort_values(["year", "month"])[["year", "month", "count"]]
        try:
            exposure = monthly_exposure(population, area, part["year"], part["month"])
        except KeyError:  # no population for one of the years: no trend can be told
            continue
        for year in part["year"].unique()[1:]:
            upto = (part["year"] <= year).to_numpy()
            for name, rows in _trends(part[upto], exposure[upto], offence).items():
                found[name][area, offence, year] = rows
    keys = ["area", "offence", "year"]
    tables = {name: pd.concat(parts, names=keys).reset_index(keys) for name, parts in found.items()}
    return {name: _with_verdict(t) if "lower_998" in t else t for name, t in tables.items()}


def _nation_months(counties: pd.DataFrame) -> pd.DataFrame:
    groups = counties.groupby(["offence", "year", "month"], as_index=False)
    sums = groups.agg(count=("count", "sum"), status=("status", "max"), members=("area", "size"))
    whole = sums[sums["members"] == len(areas.counties())].drop(columns="members")
    return whole.assign(area=NATION)


def _trends(part: pd.DataFrame, exposure: np.ndarray, offence: str) -> dict[str, pd.DataFrame]:
    """Both models for one series; the line and the year wheel from the one with the step."""
    step = _step(part, offence)
    models = {"smooth": None} if step is None else {"step": step, "smooth": None}
    rows, tables = [], {}
    for model, at in models.items():
        told = {"model": model, "months": len(part)}
        try:
            fit = trend.monthly_trend(part["count"], exposure, part["month"], step=at)
        except trend.TooThin as reason:
            rows.append({**told, "missing": "few", "method": str(reason)})
            continue
        annual = fit.annual_change.set_index("level")[["value", "lower", "upper"]]
        broad = annual.loc[LEVELS[1]]
        rows.append(
            {
                **told,
                **annual.loc[LEVELS[0]],
                "lower_998": broad["lower"],
                "upper_998": broad["upper"],
                "dispersion": fit.dispersion,
                "method": fit.method,
                "missing": "",
            }
        )
        if not tables:
            tables["season"] = fit.season
            tables["trend_line"] = _per_month(fit.line)
    return {"trend": pd.DataFrame(rows), **tables}


def _step(part: pd.DataFrame, offence: str) -> int | None:
    """Position of the first month after a break in the series that lies inside it."""
    for known in catalogue.breaks():
        after = (part["year"] * 12 + part["month"] >= known.year * 12 + known.month).to_numpy()
        if known.concerns(offence) and after.any() and not after.all():
            return int(after.argmax())
    return None


def _per_month(line: pd.DataFrame) -> pd.DataFrame:
    """From offences per person-day to offences per 100 000 residents and average month."""
    scale = PER * 365.25 / 12
    return line.assign(**line[["value", "lower", "upper"]] * scale)
