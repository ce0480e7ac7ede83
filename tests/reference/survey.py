"""Checks of the cases of weighted surveys (folder 07)."""

import re

import pandas as pd

from brapkg.stats import survey
from reference.cases import NotOffered, checks

# xlogit is the logit interval by another road (they differ by 1e-11).
INTERVALS = {"logit": "logit", "xlogit": "logit", "asin": "asin", "beta": "beta", "mean": "mean"}


def drawn(data: pd.DataFrame, name: str) -> survey.Design:
    """The designs of the cases: "weighted", "strat" and "strat_fpc"."""
    parts = {"weighted": [], "strat": ["stratum"], "strat_fpc": ["stratum", "population"]}
    if name not in parts:
        raise NotOffered(f"unknown design {name}")
    columns = {"stratum": data["region"], "population": data["fpc"]}
    return survey.design(data["weight"], **{part: columns[part] for part in parts[name]})


@checks("survey_proportion")
def proportion(case):
    data, expected = case.table(), case.expected
    values, design = data[case.given["variable"]], drawn(data, case.given["design"])
    row = survey.proportion(values, design).iloc[0]
    for name, column in {"proportion": "value", "se": "se", "deff": "deff", "df": "df"}.items():
        case.close(row[column], expected[name])
    total = survey.mean(values, design, total=True).iloc[0]
    case.close([total["value"], total["se"]], [expected["total"], expected["total_se"]])
    for name, method in INTERVALS.items():
        row = survey.proportion(values, design, method=method).iloc[0]
        case.close([row["lower"], row["upper"]], [expected[f"{name}_lower"], expected[f"{name}_upper"]])


@checks("survey_domain")
def domain(case):
    data, expected = case.table(), case.expected
    by = next(name for name in expected if name in data)
    variable = case.given.get("variable", case.call.split("~")[1].split(",")[0])
    table = survey.proportion(data[variable], drawn(data, case.given["design"]), by=data[by])
    table = table.loc[expected[by]]
    columns = {"proportion": "value", "lower": "lower", "upper": "upper", "se": "se", "deff": "deff"}
    for name, column in columns.items():
        case.close(table[column], expected[name])


@checks("survey_deff")
def kish(case):
    data, expected = case.table(), case.expected
    row = survey.effective_size(data["weight"]).iloc[0]
    case.close(row[["n", "value", "deff"]], [expected[name] for name in ("n", "n_eff", "deff_kish")])
    for name in data:
        if f"by_{name}" in expected:
            wanted = pd.Series(expected[f"by_{name}"])
            case.close(survey.effective_size(data["weight"], by=data[name])["value"].loc[wanted.index], wanted)


@checks("survey_difference")
def difference(case):
    data, expected = case.table(), case.expected
    design = drawn(data, case.given["design"])
    pair = re.search(r"difference (\w+)-(\w+)", case.definition).groups()
    (by,) = (name for name in data if set(pair) <= set(data[name]))
    row = survey.difference(data[case.given.get("variable", "unsafe")], design, by=data[by], pair=pair).iloc[0]
    case.close(row[["value", "t", "p_value"]], [expected[name] for name in ("diff", "t", "p")])


@checks("survey_calibration")
def calibration(case):
    data, expected = case.table(), case.expected
    # The case calibrates the design that has weights alone.
    base = survey.design(data["weight"])
    totals = {name: pd.Series(values) for name, values in case.given.items() if isinstance(values, dict)}
    raked = survey.rake(base, data[list(totals)], totals)
    case.close(raked.weight[:10], expected["first10_weights"])
    first = next(iter(totals))
    post = survey.rake(base, data[[first]], {first: totals[first]})
    for design, name in ((raked, "raked"), (post, "post")):
        row = survey.proportion(data[case.given.get("variable", "unsafe")], design).iloc[0]
        case.close(row[["value", "se"]], [expected[name], expected[f"{name}_se"]])


@checks("survey_published")
def published(case):
    stratified, clustered = (case.table(name) for name in case.given["csv"])
    expected = case.expected
    design = survey.design(stratified["pw"], stratum=stratified["stype"], population=stratified["fpc"])
    row = survey.mean(stratified["api00"], design).iloc[0]
    case.close(row[["value", "se", "deff"]], [expected[f"api00_{name}"] for name in ("mean", "se", "deff")])
    wide = survey.proportion(stratified["sch.wide"] == "Yes", design).iloc[0]
    design = survey.design(clustered["pw"], cluster=clustered["dnum"], population=clustered["fpc"])
    ell0 = survey.proportion(clustered["ell"] == 0, design).iloc[0]
    for row, name in ((wide, "schwide"), (ell0, "ell0")):
        names = [name, f"{name}_logit_lower", f"{name}_logit_upper"]
        case.close(row[["value", "lower", "upper"]], [expected[each] for each in names])
