"""The project's own compact tables: computed from the producers' files, by one command.

``brapkg snapshot FOLDER`` reads the producers' exports under FOLDER and writes the tables of
``data/raw`` with their sidecars. Anyone with the same exports gets the same bytes.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd

from brapkg import areas, catalogue
from brapkg.errors import DataError
from brapkg.sources import bra, databasfil, kolada, snapshot, table

RECORDS = Path(__file__).parents[1] / "records" / "tables.toml"
TABLES = (
    "municipalities",
    "offences_municipality_year",
    "offences_county_month",
    "official_totals",
    "population",
    "reported_offences_2025",
)
YEARS = (2011, 2019)
EXPORTS = "bra/sol_databasfil_2013_2016"
EXPORT_YEARS = range(2013, 2017)

# Kolada's groups of municipalities with like social and economic conditions.
SIMILAR = "Liknande kommuner socioekonomi, {}, 2024"

# Brå's list of 2021 names all but two municipalities in full.
FULL_NAMES = {"0180": "Stockholms kommun", "2080": "Falu kommun"}


def write_tables(source: Path, target: Path) -> list[Path]:
    """Compute every shipped table from the exports under ``source`` and write it to ``target``.

    Returns the tables' paths; raises ``DataError`` when a file is missing or wrong, before
    anything is written.
    """
    if not (source / EXPORTS).is_dir():
        raise DataError(
            f"{source}: has no folder {EXPORTS}. Name the folder that holds the producers' exports; "
            "CONTRIBUTING.md says which files it needs."
        )
    exports, _ = bra.read_exports((source / EXPORTS).glob("*.txt"))
    _all_months(exports, source / EXPORTS)
    made = (
        municipalities(source),
        by_year(exports),
        by_county_and_month(exports),
        official_totals(source),
        population(source),
        reported_offences(source),
    )
    tables = dict(zip(TABLES, made, strict=True))
    target.mkdir(parents=True, exist_ok=True)
    with RECORDS.open("rb") as file:
        records = tomllib.load(file)
    for name, computed in tables.items():
        snapshot.write(target / f"{name}.csv", computed, records[name])
    return [target / f"{name}.csv" for name in tables]


def _all_months(exports: pd.DataFrame, folder: Path) -> None:
    """Raise ``DataError`` naming the months that lack an export, or one of its cells."""
    cells = len(areas.municipalities()) * len(catalogue.offences("groups"))
    found = exports.groupby(["year", "month"]).size().to_dict()
    problems = [
        f"{folder}: {year}-{month:02d} has {found.get((year, month), 0)} of {cells} cells; every "
        "month's export of every municipality and offence group is needed."
        for year in EXPORT_YEARS
        for month in range(1, 13)
        if found.get((year, month), 0) != cells
    ]
    if problems:
        raise DataError(problems)


def by_year(months: pd.DataFrame) -> pd.DataFrame:
    """Sum twelve months to years: ``area, offence, year, count, status``.

    A year lacks a row where it lacks a month; it is preliminary as soon as one month is.
    """
    groups = months.groupby(["area", "offence", "year"], observed=True)
    years = groups.agg(count=("count", "sum"), status=("status", "max"), months=("month", "nunique"))
    return years[years["months"] == 12].drop(columns="months").reset_index()


def by_county_and_month(months: pd.DataFrame) -> pd.DataFrame:
    """Sum the municipalities of each county: ``area, offence, year, month, count, status``.

    A county lacks a month where one of its municipalities does: a sum must not hide a gap.
    """
    mine = months[months["area"].str.len() == 4]
    county = mine["area"].str[:2].rename("county")
    groups = mine.groupby([county, "offence", "year", "month"], observed=True)
    sums = groups.agg(count=("count", "sum"), status=("status", "max"), members=("area", "nunique"))
    size = {c.code: len(areas.municipalities(c.code)) for c in areas.counties()}
    whole = sums["members"].eq(sums.index.get_level_values("county").map(size))
    return sums[whole].drop(columns="members").rename_axis(index={"county": "area"}).reset_index()


def official_totals(source: Path) -> pd.DataFrame:
    """Brå's own totals: ``area, offence, year, count, status`` (the municipalities' checks)."""
    path = source / "bra/other/riket_2000_2016.csv"
    nation = table.read_csv(path, ["crime", "timepoint", "value"])
    ids = catalogue.names("nation")
    series = pd.DataFrame(
        {
            "area": "00",
            "offence": nation["crime"].str.strip().str.casefold().map(ids),
            "year": table.integers(path, nation["timepoint"].str[:4]),
            "count": table.integers(path, nation["value"]),
            "status": "final",
        }
    )
    # The export of 2000–2016 was made while 2016 was preliminary, as the other one says.
    series.loc[series["year"] == 2016, "status"] = "preliminary"
    path = source / "bra/other/lan_and_police_region_totals_2011_2016.csv"
    regions = table.read_csv(path, ["region", "ar", "antal"])
    regions = regions[regions["antal"] != databasfil.NOT_PUBLISHED]
    totals = pd.DataFrame(
        {
            "area": regions["region"].map(databasfil.area_code),
            "offence": catalogue.TOTAL,
            "year": table.integers(path, regions["ar"].str[:4]),
            "count": table.integers(path, regions["antal"]),
            "status": regions["ar"].str.endswith("prel.").map({True: "preliminary", False: "final"}),
        }
    )
    both = pd.concat([totals, series], ignore_index=True)
    if both.isna().any(axis=None):
        lost = int(both.isna().any(axis=1).sum())
        raise DataError(f"{source}: {lost} rows of the official totals name no known area or offence.")
    return both.sort_values(["offence", "area", "year"], ignore_index=True)


def population(source: Path) -> pd.DataFrame:
    """Residents on 31 December: ``area, year, residents`` (2020–2023 are missing)."""
    folder = source / "population"
    residents = "N01951_invanare"
    parts = [
        kolada.residents_by_name(folder / "kolada_invanare_1998_2019_tidy.csv", *YEARS),
        kolada.values_by_code(folder / "scb_population_2024.csv", "residents", ("kommun_kod", "population"), 2024),
        kolada.values_by_code(folder / "kolada_invanare_2025.csv", "residents", ("kommunkod", residents), "N01951_ar"),
    ]
    everyone = pd.concat(parts).astype({"residents": "int64"})
    return everyone.sort_values(["area", "year"], ignore_index=True)


def reported_offences(source: Path) -> pd.DataFrame:
    """Kolada's rates of reported offences (N07540): ``area, year, rate``."""
    path = source / "kolada" / "n07540_reported_offences_2025.csv"
    columns = ("kommunkod", "N07540_anmalda_brott_per_100k")
    return kolada.values_by_code(path, "rate", columns, "N07540_ar")


def municipalities(source: Path) -> pd.DataFrame:
    """The 290 municipalities: code, names, county, SKR groups, police region, neighbours, similar ones."""
    path = source / "classification" / "municipalities.csv"
    columns = ["municipality_code", "municipality_name", "county_code", "skr2023", "skr2017"]
    members = table.read_csv(path, columns)
    borders = table.read_csv(path.with_name("neighbours.csv"), ["skl_code", "neighbours"])
    borders = borders.set_index("skl_code")["neighbours"].to_dict()
    full = _full_names(source / "bra/other/kommun_totals_2021.csv", members)
    similar = _similar(path.with_name("kolada_similar_municipalities.csv"), members)
    code, county = members["municipality_code"], table.codes(path, members["county_code"], "county")
    return pd.DataFrame(
        {
            "code": code,
            "name": members["municipality_name"],
            "full_name": code.map(full),
            "county": county,
            "skr_2017": table.codes(path, members["skr2017"], "group"),
            "skr_2023": table.codes(path, members["skr2023"], "group"),
            "police_region": county.map(lambda c: areas.get(c).police_region),
            "neighbours": code.map(lambda c: " ".join(sorted(borders.get(c, "").split(",")))),
            "similar": code.map(similar),
        }
    ).sort_values("code", ignore_index=True)


def _similar(path: Path, members: pd.DataFrame) -> dict[str, str]:
    """The codes of the municipalities most like each one, by its code; every municipality has some.

    Raises ``DataError`` with every municipality without a group, group without a municipality, and
    member that is none or the municipality itself.
    """
    listed = table.read_csv(path, ["group_title", "member_id"])
    titles = dict(zip(members["municipality_name"].map(SIMILAR.format), members["municipality_code"], strict=True))
    groups = listed.groupby("group_title")["member_id"].agg(lambda codes: " ".join(sorted(set(codes))))
    known = set(members["municipality_code"])
    owner = listed["group_title"].map(titles)
    wrong = listed[owner.isna() | (listed["member_id"] == owner) | ~listed["member_id"].isin(known)]
    problems = [
        f'{path}, line {line + 2}: "{row.member_id}" cannot be like the municipality of "{row.group_title}".'
        for line, row in zip(wrong.index, wrong.itertuples(), strict=True)
    ]
    problems += [f'{path}: has no group "{title}" ({titles[title]}).' for title in titles if title not in groups]
    if problems:
        raise DataError(problems)
    return {titles[title]: codes for title, codes in groups.items()}


def _full_names(path: Path, members: pd.DataFrame) -> dict[str, str]:
    """Names in full ("Bjurholms kommun", "Ale kommun") by code; every municipality has one.

    Raises ``DataError`` with the municipalities that the list does not name.
    """
    listed = table.read_csv(path, ["name"], sep=";")["name"].str.strip().str.replace("–", "-")
    known, named, problems = set(listed), {}, []
    for code, name in zip(members["municipality_code"], members["municipality_name"], strict=True):
        found = sorted({f"{name} kommun", f"{name}s kommun"} & known)
        if code in FULL_NAMES or found:
            named[code] = FULL_NAMES.get(code) or found[0]
        else:
            problems.append(f'{path}: names neither "{name} kommun" nor "{name}s kommun" ({code}).')
    if problems:
        raise DataError(problems)
    return named
