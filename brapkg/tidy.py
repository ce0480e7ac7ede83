"""From raw to tidy: the figures as they were published, in one form, checked against each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from brapkg import areas, catalogue
from brapkg.errors import DataError
from brapkg.sources import bra, shipped, snapshot

NATION = "00"
CODES = {"area": "str", "offence": "str", "status": "str"}


@dataclass
class Tidy:
    """The tidy tables by name, what became of the exports' rows, and the files they came from."""

    tables: dict[str, pd.DataFrame]
    account: bra.Account
    sources: list[dict] = field(default_factory=list)


def read(raw: Path) -> Tidy:
    """Read everything in ``data/raw``: the shipped tables, and Brå's exports in ``bra/``.

    Raises
    ------
    DataError
        With every problem: a table missing or not as its sidecar says, an export that is none,
        an export that contradicts a shipped table.
    """
    shipped_tables, sources = _shipped(raw)
    exports = sorted((raw / "bra").glob("*.txt"))
    strange = [
        f"{path}: is no .txt export of Brå; only those are read from data/raw/bra. Move it away."
        for path in sorted((raw / "bra").glob("*"))
        if path.suffix != ".txt" and not path.name.startswith(".") and path.name != "README.md"
    ]
    if strange:
        raise DataError(strange)
    exported, account = bra.read_exports(exports)
    sources += [{"title": path.name, "path": f"raw/bra/{path.name}"} for path in exports]

    months = exported[exported["month"] > 0]
    years = pd.concat([shipped.by_year(months), exported[exported["month"] == bra.WHOLE_YEAR]])
    known_years = shipped_tables["offences_municipality_year"]
    known_months = shipped_tables["offences_county_month"]
    new_months = pd.concat([months[months["area"].str.len() == 4], shipped.by_county_and_month(months)])
    years = _merge(known_years, years[years["area"].str.len() == 4], ["area", "offence", "year"])
    month_key = ["area", "offence", "year", "month"]
    tables = {
        "areas": _areas(),
        "population": _with_sums(shipped_tables["population"], ["year"], "residents"),
        "offences_year": _with_sums(years, ["offence", "year"], "count"),
        "offences_month": _merge(known_months, new_months, month_key),
        "official_totals": shipped_tables["official_totals"],
        "reported_offences_rate": shipped_tables["reported_offences_2025"],
    }
    tables["coverage"] = coverage(tables["offences_year"], tables["official_totals"])
    return Tidy(tables, account, sources)


def _shipped(raw: Path) -> tuple[dict[str, pd.DataFrame], list[dict]]:
    """The tables that come with the project, once their sidecars have been verified."""
    tables, sources, problems = {}, [], []
    for name in shipped.TABLES:
        path = raw / f"{name}.csv"
        try:
            record = snapshot.verify(path)
        except DataError as error:
            problems += error.problems
            continue
        tables[name] = pd.read_csv(path, dtype=CODES, keep_default_na=False)
        sources.append({"title": record["title"], "path": f"raw/{path.name}", "sha256": record["sha256"]})
    if problems:
        raise DataError(problems)
    return tables, sources


def _merge(known: pd.DataFrame, new: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Known and new figures together; final ones replace preliminary ones, others must agree."""
    columns = [*key, "count", "status"]
    both = pd.concat([known[columns], new[columns]], ignore_index=True)
    both = both.drop_duplicates(columns).sort_values("status", kind="stable")
    final = both[both["status"] == "final"].set_index(key).index
    replaced = (both["status"] == "preliminary") & both.set_index(key).index.isin(final)
    both = both[~replaced]
    clash = both[both.duplicated(key, keep=False)]
    if len(clash):
        raise DataError([_contradiction(group) for _, group in clash.groupby(key)])
    return both


def _contradiction(group: pd.DataFrame) -> str:
    first = group.iloc[0]
    where = f"{areas.get(first['area']).name}, {catalogue.offence(first['offence']).sv}, {first['year']}"
    found = " and ".join(str(count) for count in group["count"])
    return (
        f"{where}: the exports in data/raw/bra and the table in data/raw give {found}, both "
        f"{first['status']}. Keep the newer export, or rebuild the table with `brapkg snapshot`."
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
