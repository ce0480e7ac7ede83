"""From raw to tidy: the figures as they were published, in one form, checked against each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from brapkg import areas, catalogue, context
from brapkg.errors import DataError
from brapkg.sources import bra, databasfil, shipped, snapshot

NATION = "00"
YEAR_KEY = ["area", "offence", "year"]
CODES = {"area": "str", "offence": "str", "status": "str"}


@dataclass
class Tidy:
    """The tidy tables by name, what became of the exports' rows, and the files they came from.

    ``notices`` are sentences on what the exports in ``data/raw/bra`` leave out.
    """

    tables: dict[str, pd.DataFrame]
    account: bra.Account
    sources: list[dict] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def read(raw: Path) -> Tidy:
    """Read everything in ``data/raw``: the shipped tables, Brå's exports in ``bra/``, fetched context and surveys.

    Raises
    ------
    DataError
        With every problem: a table missing or not as its sidecar says, an export that is none,
        an export that contradicts a shipped table.
    """
    problems: list[str] = []
    shipped_tables, sources = _shipped(raw, problems)
    exported, account, files = _exports(raw / "bra", problems)
    beside, fetched = _context(raw, problems)
    if problems:
        raise DataError(problems)

    months = exported[exported["month"] > 0]
    years = pd.concat([shipped.by_year(months), exported[exported["month"] == databasfil.WHOLE_YEAR]])
    known_years = shipped_tables["offences_municipality_year"]
    known_months = shipped_tables["offences_county_month"]
    new_months = pd.concat([months[months["area"].str.len() == 4], shipped.by_county_and_month(months)])
    years = _merge(known_years, years[years["area"].str.len() == 4], YEAR_KEY, problems)
    months = _merge(known_months, new_months, [*YEAR_KEY, "month"], problems)
    if problems:
        raise DataError(problems)
    tables = {
        "areas": _areas(),
        "population": _with_sums(shipped_tables["population"], ["year"], "residents"),
        "offences_year": _with_sums(years, ["offence", "year"], "count"),
        "offences_month": months,
        "official_totals": shipped_tables["official_totals"],
        "reported_offences_rate": shipped_tables["reported_offences_2025"],
    }
    tables["coverage"] = coverage(tables["offences_year"], tables["official_totals"])
    return Tidy(tables | beside, account, [*sources, *fetched, *files], notices(exported, set(known_years["year"])))


def notices(exported: pd.DataFrame, known_years: set[int]) -> list[str]:
    """What the exports leave out: municipalities of a month or year, months of a year.

    Parameters
    ----------
    exported : DataFrame as from ``bra.read_exports``.
    known_years : years that the shipped table holds; they lack nothing for want of a month.
    """
    everyone = len(areas.municipalities())
    cells = exported[exported["area"].str.len() == 4].groupby(["year", "month", "offence"])
    fewest = cells["area"].nunique().groupby(["year", "month"]).min().reset_index(name="found")
    told = [
        f"{_when(year, months.tolist())} in data/raw/bra: {found} of {everyone} municipalities. "
        "Counties that lack one get no sum."
        for (year, found), months in fewest[fewest["found"] < everyone].groupby(["year", "found"])["month"]
    ]
    for year, months in fewest.groupby("year")["month"]:
        if databasfil.WHOLE_YEAR not in set(months) and len(months) < 12 and year not in known_years:
            told.append(f"{year} in data/raw/bra: {len(months)} of 12 months. The year gets no sum.")
    return told


def _when(year: int, months: list[int]) -> str:
    if months == [databasfil.WHOLE_YEAR]:
        return str(year)
    first, last = (f"{year}-{month:02d}" for month in (months[0], months[-1]))
    return first if first == last else f"{first} to {last} ({len(months)} months)"


def _shipped(raw: Path, problems: list[str]) -> tuple[dict[str, pd.DataFrame], list[dict]]:
    """The tables that come with the project, once their sidecars have been verified."""
    tables, sources = {}, []
    for name in shipped.TABLES:
        path = raw / f"{name}.csv"
        try:
            record = snapshot.verify(path)
        except DataError as error:
            problems += error.problems
            continue
        tables[name] = pd.read_csv(path, dtype=CODES, keep_default_na=False)
        sources.append({"title": record["title"], "path": f"raw/{path.name}", "sha256": record["sha256"]})
    return tables, sources


def _exports(folder: Path, problems: list[str]) -> tuple[pd.DataFrame, bra.Account, list[dict]]:
    """The user's exports, what became of their rows, and the files."""
    paths = sorted(folder.glob("*.txt"))
    problems += [
        f"{path}: is no .txt export of Brå; only those are read from data/raw/bra. Move it away."
        for path in sorted(folder.glob("*"))
        if path not in paths and not path.name.startswith(".") and path.name != "README.md"
    ]
    try:
        exported, account = bra.read_exports(paths)
    except DataError as error:
        problems += error.problems
        exported, account = bra.read_exports([])
    return exported, account, [{"title": path.name, "path": f"raw/bra/{path.name}"} for path in paths]


def _context(raw: Path, problems: list[str]) -> tuple[dict[str, pd.DataFrame], list[dict]]:
    """Living conditions and surveys where they have been fetched (empty tables where not), and the files."""
    try:
        return context.read(raw)
    except DataError as error:
        problems += error.problems
        return {}, []


def _merge(known: pd.DataFrame, new: pd.DataFrame, key: list[str], problems: list[str]) -> pd.DataFrame:
    """Known and new figures together; final ones replace preliminary ones, others must agree."""
    columns = [*key, "count", "status"]
    both = pd.concat([known[columns], new[columns]], ignore_index=True)
    both = both.drop_duplicates(columns).sort_values("status", kind="stable")
    final = both[both["status"] == "final"].set_index(key).index
    replaced = (both["status"] == "preliminary") & both.set_index(key).index.isin(final)
    both = both[~replaced]
    clash = both[both.duplicated(key, keep=False)]
    problems += [_contradiction(group) for _, group in clash.groupby(key)]
    return both


def _contradiction(group: pd.DataFrame) -> str:
    first = group.iloc[0]
    by_month = "month" in group
    when = _when(first["year"], [first["month"] if by_month else databasfil.WHOLE_YEAR])
    table = "offences_county_month.csv" if by_month else "offences_municipality_year.csv"
    found = " and ".join(str(count) for count in group["count"])
    return (
        f"{areas.get(first['area']).name}, {catalogue.offence(first['offence']).sv}, {when}: data/raw/{table} "
        f"and the exports in data/raw/bra give {found}, both {first['status']}. Move the export away, or "
        "compute the table anew from newer exports with `brapkg snapshot`."
    )


def _with_sums(municipal: pd.DataFrame, by: list[str], value: str) -> pd.DataFrame:
    """Municipalities, and their sums for counties and the nation where none of them is missing."""
    sums = []
    for kind in ("county", "nation"):
        area = municipal["area"].str[:2] if kind == "county" else pd.Series(NATION, municipal.index)
        grouped = municipal.assign(area=area).groupby(["area", *by])
        told = {value: (value, "sum"), "members": (value, "size")}
        if "status" in municipal:
            told["status"] = ("status", "max")
        table = grouped.agg(**told).reset_index()
        size = {c.code: len(areas.municipalities(c.code)) for c in areas.counties()}
        size[NATION] = len(areas.municipalities())
        sums.append(table[table["members"] == table["area"].map(size)].drop(columns="members"))
    return pd.concat([municipal, *sums], ignore_index=True)


def coverage(years: pd.DataFrame, official: pd.DataFrame) -> pd.DataFrame:
    """The municipalities' sum as a share of the official total, by area and year.

    Counties and the nation from their own sums; police regions from those of their counties.
    """
    total = years[years["offence"] == catalogue.TOTAL]
    counties = total[total["area"].str.len() == 2]
    region = {county.code: county.police_region for county in areas.counties()}
    regions = counties.assign(area=counties["area"].map(region)).dropna(subset=["area"])
    regions = regions.groupby(["area", "year"], as_index=False)["count"].sum()
    sums = pd.concat([counties[["area", "year", "count"]], regions])
    known = official[official["offence"] == catalogue.TOTAL].rename(columns={"count": "official"})
    table = sums.merge(known[["area", "year", "official"]], on=["area", "year"])
    return table.assign(share=table["count"] / table["official"])


def _areas() -> pd.DataFrame:
    rows = [
        {
            "area": area.code,
            "name": area.name,
            "kind": area.kind,
            "county": area.county,
            "police_region": area.police_region if area.kind != "police_region" else area.code,
            "skr_2017": area.group_2017,
            "skr_2023": area.group_2023,
        }
        for area in areas.all_areas().values()
        if area.kind != "group"
    ]
    return pd.DataFrame(rows)
