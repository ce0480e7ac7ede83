"""Checks of the cases of rates, proportions and standardisation (folder 01)."""

import re

import numpy as np
import pandas as pd
import pytest

from brapkg.stats import rates, standardisation
from reference.cases import NotOffered, checks

LIMITS = ["value", "lower", "upper"]
PUBLISHED = {0.95: ["value", "lower95_0cl", "upper95_0cl"], 0.998: ["value", "lower99_8cl", "upper99_8cl"]}
COMPUTED = {0.95: ["value", "lower95", "upper95"], 0.998: ["value", "lower998", "upper998"]}


def at(table: pd.DataFrame, level: float) -> pd.DataFrame:
    return table[table["level"] == level]


def floored(values) -> np.ndarray:
    """The source withholds a lower limit below 0; the package says 0."""
    return np.nan_to_num(np.asarray(values, dtype=float))


def same_limits(case, table, expected) -> None:
    """Value and limits at each level that the case has."""
    for level, names in COMPUTED.items():
        for column, name in zip(LIMITS, names, strict=True):
            if name in expected:
                case.close(at(table, level)[column], np.atleast_1d(np.asarray(expected[name], dtype=float)))


@checks("poisson_exact_ci")
def garwood(case):
    limits = rates.poisson_interval(case.given["count"], case.given["confidence"], "exact")
    case.close(limits, [case.expected["lower"], case.expected["upper"]])


@checks("byar_ci")
def byar(case):
    limits = rates.poisson_interval(case.given["count"], case.given["confidence"], "byar")
    case.close(limits, [floored(case.expected["lower"]), case.expected["upper"]])


@checks("byar_ci_variant")
def byar_midpoint(case):
    limits = rates.poisson_interval(case.given["count"], case.given["confidence"], "byar-midpoint")
    case.close(limits, [case.expected["lower"], case.expected["upper"]])


@checks("crude_rate")
def crude_rate(case):
    data = case.table()
    if "csv_columns" in case.expected:
        return published_rows(case, data, rates.rate)
    method = "exact" if "poisson.test" in case.call else "exact-below-10"
    table = rates.rate(data["count"], data["pop"], levels=(0.95, 0.998), method=method)
    same_limits(case, table, case.expected)
    if "method95" in case.expected:
        assert list(at(table, 0.95)["method"]) == [word.lower().rstrip("s") for word in case.expected["method95"]]


def published_rows(case, data, function):
    given = data[["Numerator", "Denominator"]].notna().all(axis=1)
    assert given.any()
    for multiplier, part in data[given].groupby("multiplier"):
        table = function(part["Numerator"], part["Denominator"], multiplier=multiplier, levels=(0.95, 0.998))
        for level, names in PUBLISHED.items():
            case.close(at(table, level)[LIMITS], part[names])
    for row in data[~given].itertuples():  # the source leaves the row empty; the package refuses it
        with pytest.raises(ValueError, match="must be finite"):
            function(row.Numerator, row.Denominator)


@checks("byar_and_wilson")
def byar_and_wilson(case):
    for row in case.table().itertuples():
        level = float(row.confidence.rstrip("%")) / 100
        if row.method == "Byars":
            limits = rates.poisson_interval(row.x, level, "byar")
        else:
            limits = rates.proportion_interval(row.x, row.n, level)
        case.close(np.ravel(limits), [floored(row.lowercl), row.uppercl])


@checks("wilson", "clopper_pearson")
def proportion(case):
    if "csv" in case.given:
        return published_rows(case, case.table(), rates.proportion)
    method = "wilson" if case.method == "wilson" else "exact"
    table = rates.proportion(case.given["x"], case.given["n"], levels=(case.given["confidence"],), method=method)
    case.close(table[["lower", "upper"]].T, [case.expected["lower"], case.expected["upper"]])


def strata_of(data: pd.DataFrame) -> dict:
    """What every standardisation is given; the standard is the column that is nothing else."""
    # The source takes an empty count as no event; the package refuses it (see its own tests).
    data = data.rename(columns={"Age Band": "ageband"}).fillna({"count": 0})
    if "area" not in data:
        data = data.assign(area="only")
    known = ["area", "ageband", "count", "pop", "refcount", "refpop"]
    (standard,) = (name for name in data if name not in known and not re.fullmatch(r"f\d+", name))
    first = data.drop_duplicates("ageband").set_index("ageband")
    keys = {"area": data["area"], "stratum": data["ageband"]}
    return {"data": data, "first": first, "standard": first[standard], "keys": keys}


def direct(case, data, **options):
    part = strata_of(data)
    rows = part["data"]
    return standardisation.direct(
        rows["count"], rows["pop"], part["standard"], **part["keys"], levels=(0.95, 0.998), **options
    )


def frequencies(data: pd.DataFrame) -> pd.DataFrame:
    # An empty cell is nobody.
    return data.filter(regex=r"^f\d+$").fillna(0).rename(columns=lambda name: int(name[1:]))


@checks("dsr", "dsr_nonindependent")
def directly_standardised(case):
    data = case.table()
    if "csv" in case.expected:
        return published_dsr(case, data)
    if "Fay-Feuer" in case.definition:
        data = data[data["area"] == case.given["area"]]
        table = direct(case, data, method="fay-feuer", multiplier=1, minimum=0)
        expected = [case.expected[name] for name in ("adj.rate", "lci", "uci")]
        return case.close(at(table, 0.95)[LIMITS].iloc[0], expected)
    options = {"events": frequencies(data)} if case.method == "dsr_nonindependent" else {}
    table = direct(case, data, multiplier=case.given["multiplier"], **options)
    if "area" in case.expected:
        table = table.loc[case.expected["area"]]
    same_limits(case, table, case.expected)
    if "total_count" in case.expected:
        case.close(at(table, 0.95)["count"], case.expected["total_count"])


def published_dsr(case, data):
    """Rows of areas whose strata lie beside the case; others are known to be wrong there."""
    tables = [data]
    for path in sorted(case.folder.glob("*.csv")):
        other = case.table(path.name)
        if {"area", "ageband", "f1"} <= set(other):
            tables.append(other)
    checked = 0
    for row in case.table(case.expected["csv"]).to_dict("records"):
        for strata in tables:
            if row["area"] not in set(strata["area"]):
                continue
            part = strata[strata["area"] == row["area"]]
            options = {"events": frequencies(part)} if "non-independent" in row["method"] else {}
            multiplier = re.search(r"per (\d+)", row["statistic"])
            table = direct(case, part, multiplier=float(multiplier[1]) if multiplier else 1, **options)
            for level, names in PUBLISHED.items():
                case.close(at(table, level)[LIMITS].iloc[0], [row[name] for name in names])
            case.close(table["population"].iloc[0], row["total_pop"])
            checked += 1
    assert checked


def indirect(case, data, **options):
    part = strata_of(data)
    rows, first = part["data"], part["first"]
    return standardisation.indirect(
        rows["count"], rows["pop"], first["refcount"], first["refpop"], **part["keys"], levels=(0.95, 0.998), **options
    )


@checks("smr", "isr")
def indirectly_standardised(case):
    data = case.table()
    if "csv" in case.expected:
        return published_isr(case, data)
    if case.method == "smr":
        table = indirect(case, data)
    else:
        multiplier = re.search(r"\* ?(\S+)\s*$", case.definition)
        if not multiplier:
            raise NotOffered("the case does not say per how many")
        table = indirect(case, data, measure="rate", multiplier=float(multiplier[1]))
    table = table.loc[case.expected["area"]]
    same_limits(case, table, case.expected)
    one = at(table, 0.95)
    for name, column in {"observed": "count", "expected": "expected", "ref_rate": "reference_rate"}.items():
        if name in case.expected:
            case.close(one[column], case.expected[name])


def published_isr(case, data):
    checked = 0
    for row in case.table(case.expected["csv"]).to_dict("records"):
        part = data[data["area"] == row["area"]]
        if part.empty:
            continue  # strata with a gap that the table beside the case does not have
        measure, multiplier = re.search(r"standardised (rate|ratio) (?:per|x) (\d+)", row["statistic"]).groups()
        table = indirect(case, part, measure=measure, multiplier=float(multiplier))
        for level, names in PUBLISHED.items():
            found = at(table, level)
            case.close(found[LIMITS].iloc[0], [row[name] for name in names])
            assert found["method"].iloc[0] == row["method"].lower().rstrip("s")
        case.close(found["expected"].iloc[0], row["expected"])
        if measure == "rate":
            case.close(found["reference_rate"].iloc[0], row["ref_rate"])
        checked += 1
    assert checked
