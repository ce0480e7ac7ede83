"""The municipalities against their references: nation, county, similar municipalities, neighbours.

The years are those that ``municipal.windows`` puts together. The nation and the county hold the
municipality itself; the others do not.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from brapkg import areas
from brapkg.indicators.common import LEVELS, NATION, sds, swings, wide, with_verdict
from brapkg.indicators.municipal import edition_for, groups, latest_years, whole_country, with_expected
from brapkg.settings import settings
from brapkg.stats.reference import to_reference

INSIDE = {"nation": True, "county": True, "similar": False, "neighbours": False}
NUMBERS = ["value", "lower", "upper", "lower_998", "upper_998"]
JOINT_METHOD = "indirect standardisation by municipality group, log ratio"


def against_table(
    rated: pd.DataFrame, windowed: pd.DataFrame, wobble: pd.DataFrame, withheld: pd.DataFrame
) -> pd.DataFrame:
    """Each municipality's pooled rate as a ratio of each reference's rate in the same years.

    Where a reference's sum would tell a count that is kept back, it is left out ("few").
    """
    codes = [m.code for m in areas.municipalities()]
    cells = whole_country(rated).pivot(index="area", columns=["year", "offence"], values=["count", "population"])
    cells = cells.reindex(codes).sort_index(axis=1)
    windowed = windowed.assign(place=pd.Index(codes).get_indexer(windowed["area"]))
    whose = {reference: _members(reference, codes) for reference in INSIDE}
    parts = []
    for (first, last), rows in windowed.groupby(["first_year", "year"]):
        offences = sorted(rows["offence"].unique())
        sums = {
            name: sum(cells[name, year].reindex(columns=offences) for year in range(first, last + 1))
            for name in ("count", "population")
        }
        sums["swing"] = _swings(wobble, sums["population"] / (last - first + 1))
        back = withheld[(withheld["month"] == 0) & withheld["year"].between(first, last)]
        parts += [_to(reference, rows, sums, whose[reference], back) for reference in INSIDE]
    return with_verdict(pd.concat(parts, ignore_index=True))


def _swings(wobble: pd.DataFrame, residents: pd.DataFrame) -> pd.DataFrame:
    """The variation between years by municipality (rows) and offence (columns)."""
    columns = {offence: swings(wobble, [offence] * len(residents), residents[offence]) for offence in residents}
    return pd.DataFrame(columns, index=residents.index)


def _members(reference: str, codes: list[str]) -> np.ndarray:
    """Which municipalities (columns) belong to the reference of each (rows), itself never counted."""

    if reference == "nation":
        return ~np.eye(len(codes), dtype=bool)
    if reference == "county":
        county = np.array([code[:2] for code in codes])
        return (county[:, None] == county) & ~np.eye(len(codes), dtype=bool)
    mine = [getattr(areas.get(code), reference) for code in codes]
    return np.array([[code in theirs for code in codes] for theirs in mine])


def _to(
    reference: str, rows: pd.DataFrame, sums: dict[str, pd.DataFrame], members: np.ndarray, back: pd.DataFrame
) -> pd.DataFrame:
    """The rows of one window against one kind of reference."""
    # Each municipality swings by itself, as much as others of its size: a reference of one large and
    # some small ones swings nearly as much as one alone, and a part of a whole swings with it.
    inside = INSIDE[reference]
    at = rows["place"].to_numpy(), sums["count"].columns.get_indexer(rows["offence"])
    persons = sums["population"].to_numpy()
    own = members + np.eye(len(members)) if inside else members.astype(float)
    count, population = ((own @ sums[name].to_numpy())[at] for name in ("count", "population"))
    swinging = sums["swing"].to_numpy()
    others = (members @ (swinging * persons) ** 2)[at] / np.where(population > 0, population, 1) ** 2
    number = members.sum(axis=1)[at[0]]

    told = rows[["area", "offence", "year", "first_year", "count"]].assign(reference=reference, members=number)
    there = number > 0
    compared = rows[there]
    own_part = (1 - compared["population"] / population[there]) ** 2 if inside else 1.0
    swing = (swinging[at][there] ** 2 * own_part + others[there]) / compared["years"]
    ratio = wide(
        to_reference(
            compared["count"],
            compared["population"],
            count[there],
            population[there],
            inside=inside,
            swing=swing,
            levels=LEVELS,
        )
    ).drop(columns="count")
    told = told.join(ratio).fillna({"method": "", "missing": "not_applicable"})
    kept = _kept_back(reference, rows, sums["count"], members, back)
    told.loc[kept, ["expected", *NUMBERS]] = np.nan
    told.loc[kept & (told["missing"] == ""), "missing"] = "few"
    return told


def _kept_back(
    reference: str, rows: pd.DataFrame, cells: pd.DataFrame, members: np.ndarray, back: pd.DataFrame
) -> np.ndarray:
    """Whether the reference's sum of these years holds a count that no page shows."""
    if back.empty:
        return np.zeros(len(rows), bool)
    hidden = set(zip(back["area"], back["offence"], strict=True))
    if reference in ("nation", "county"):
        whole = rows["area"].str[:2] if reference == "county" else [NATION] * len(rows)
        return np.array([key in hidden for key in zip(whole, rows["offence"], strict=True)], bool)
    held = np.array([[(area, offence) in hidden for offence in cells.columns] for area in cells.index])
    return (members @ held.astype(int) > 0)[rows["place"].to_numpy(), cells.columns.get_indexer(rows["offence"])]


def joint_table(rated: pd.DataFrame, wobble: pd.DataFrame, withheld: pd.DataFrame) -> pd.DataFrame:
    """Each municipality and its neighbours together against what they would have at their groups' rates.

    As many years together as it takes until enough offences are expected in all of them together.
    """
    known = whole_country(rated)
    pairs = pd.DataFrame(
        [(m.code, code) for m in areas.municipalities() if m.neighbours for code in (m.code, *m.neighbours)],
        columns=["cluster", "area"],
    )
    back = pd.MultiIndex.from_frame(withheld.loc[withheld["month"] == 0, ["area", "offence", "year"]])
    known = known.assign(back=pd.MultiIndex.from_frame(known[["area", "offence", "year"]]).isin(back))
    parts = []
    for year in sorted(known["year"].unique()):
        window = known[known["year"].between(year - settings().small.most_years + 1, year)]
        window = with_expected(window.assign(group=window["area"].map(groups(year))))
        window = window.assign(sd=swings(wobble, window["offence"], window["population"]))
        parts.append(_joined(window, pairs, year).assign(year=year, edition=edition_for(year)))
    joint = pd.concat(parts, ignore_index=True)
    # Without a single offence in the groups there is nothing to compare with.
    joint = joint[joint["expected"] > 0]
    swing = np.maximum(
        joint["offence"].map(sds(wobble)) ** 2,
        joint["squares"],
    )
    ratio = to_reference(
        joint["count"],
        joint["expected"],
        joint["country"],
        joint["country"],
        inside=True,
        swing=swing / joint["years"],
        levels=LEVELS,
    )
    keys = ["area", "offence", "year", "first_year", "edition", "members", "population"]
    told = joint[keys].join(wide(ratio)).assign(method=JOINT_METHOD)
    told["count"] = told["count"].astype(float)
    kept = joint["back"].to_numpy(bool)
    told.loc[kept, ["count", "expected", *NUMBERS]] = np.nan
    told.loc[kept, "missing"] = "few"
    lonely = [_lonely(m.code, told) for m in areas.municipalities() if not m.neighbours]
    return with_verdict(pd.concat([told, *lonely], ignore_index=True))


def _joined(window: pd.DataFrame, pairs: pd.DataFrame, last: int) -> pd.DataFrame:
    """The clusters' years put together, with the country's count of the same years."""
    country = window.groupby(["offence", "year"], as_index=False)["count"].sum()
    window = window[["area", "offence", "year", "count", "population", "expected", "sd", "back"]]
    members = pairs.merge(window, on="area").drop(columns="area").rename(columns={"cluster": "area"})
    members["squared"] = (members["expected"] * members["sd"]) ** 2
    years = members.groupby(["area", "offence", "year"], as_index=False).agg(
        count=("count", "sum"),
        population=("population", "sum"),
        expected=("expected", "sum"),
        squared=("squared", "sum"),
        members=("count", "size"),
        back=("back", "any"),
    )
    used = latest_years(years, last).merge(country, on=["offence", "year"], suffixes=("", "_country"))
    joint = used.groupby(["area", "offence"], as_index=False).agg(
        count=("count", "sum"),
        population=("population", "sum"),
        expected=("expected", "sum"),
        squares=("squared", "sum"),
        members=("members", "max"),
        country=("count_country", "sum"),
        first_year=("year", "min"),
        years=("year", "size"),
        back=("back", "any"),
    )
    # The years' squared sums over the square of all years' sum, times their number: the mean of the years.
    return joint.assign(squares=joint["squares"] * joint["years"] / joint["expected"].where(joint["expected"] > 0) ** 2)


def _lonely(code: str, joint: pd.DataFrame) -> pd.DataFrame:
    """A municipality without neighbours: a row for each offence and year that says so."""
    keys = joint.drop_duplicates(["offence", "year"])[["offence", "year", "edition"]]
    return keys.assign(area=code, first_year=keys["year"], members=1, method="", missing="not_applicable")
