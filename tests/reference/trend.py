"""Checks of the cases of counts over time (folder 04): trends, season, breaks."""

import numpy as np
import pandas as pd
from scipy import stats

from brapkg.stats.time import breaks, rank_trend, season
from brapkg.stats.time import joinpoint as joinpoints
from brapkg.stats.time.annual import annual_trend
from reference.cases import NotOffered, checks

FAMILY = {
    "apc_poisson": "poisson",
    "apc_quasipoisson": "quasi-poisson",
    "apc_negbin": "negative-binomial",
    "apc_ols": "log-linear",
}


@checks(*FAMILY)
def annual(case):
    table, family, expected = case.table(), FAMILY[case.method], case.expected
    given = (table[case.given["count"]], table["population"], table["year"])
    row = annual_trend(*given, family=family, floor=False).iloc[0]
    names = {"apc": row["value"], "lower": row["lower"], "upper": row["upper"]}
    found = {name: 100 * (value - 1) for name, value in names.items()}
    found |= {"beta": np.log(row["value"]), "se": row["se"], "theta": 1 / row["alpha"] if row["alpha"] else None}
    found |= {name: row[name] for name in ("alpha", "pearson", "deviance", "dispersion", "df", "loglik")} | {
        "p": row["p_value"]
    }
    for side, sign in (("lower_z", -1), ("upper_z", 1)):
        found[side] = 100 * np.expm1(found["beta"] + sign * stats.norm.isf(0.025) * found["se"])
    for name in found.keys() & expected.keys():
        case.close(found[name], expected[name])
    if "profile_apc_lower" in expected:
        row = annual_trend(*given, family=family, interval="profile").iloc[0]
        wanted = [1 + expected[f"profile_apc_{side}"] / 100 for side in ("lower", "upper")]
        # The note's own tolerance, on the ratios: the other program interpolates its profile.
        case.close(row[["lower", "upper"]], wanted, rtol=1e-5)


@checks("mann_kendall_sen")
def mann_kendall(case):
    values, expected = case.given["values"], case.expected
    row = rank_trend.mann_kendall(values, np.arange(len(values))).iloc[0]
    names = {"S": "s", "varS": "variance", "tau": "tau", "z": "z", "p": "p_value"}
    names |= {"sen_slope": "value", "sen_lower95": "lower", "sen_upper95": "upper"}
    for name, column in names.items():
        case.close(row[column], expected[name])
    # Single precision in the other program. Its p is exact for ten values or fewer without ties.
    case.close(row["tau"], expected["kendall_tau"], rtol=1e-6)
    if len(values) > 10 or len(set(values)) < len(values):
        case.close(row["p_value"], expected["kendall_p_exact_or_normal"], rtol=1e-5)


@checks("seasonal_mann_kendall")
def seasonal_mann_kendall(case):
    expected = case.expected
    row = rank_trend.seasonal_mann_kendall(months(case)).iloc[0]
    for name, column in {"S": "s", "varS": "variance", "z": "z", "p": "p_value"}.items():
        case.close(row[column], expected[name])
    case.close(row["tau"], expected["kendall_tau"], rtol=1e-6)
    # The other program leaves out the continuity correction.
    plain = 2 * stats.norm.sf(abs(row["s"]) / np.sqrt(row["variance"]))
    case.close(plain, expected["kendall_p"], rtol=1e-5)


@checks("pettitt")
def pettitt(case):
    years, values = case.table().iloc[:, 0], case.table().iloc[:, 1]
    found = rank_trend.pettitt(values, years).iloc[0]
    case.close([found["position"], found["u"], found["p_value"]], [case.expected[name] for name in ("K", "U", "p")])
    assert found["value"] == years[found["position"] - 1]


@checks("stl")
def stl(case):
    expected, robust = case.expected, "robust=TRUE" in case.call
    if robust and len(case.table()) % 2 == 0:
        # Its partial sort is given the two middle places in falling order, and misses one of them.
        raise NotOffered("robust, even length: R weighs by a value that is not the median; here it is")
    window = "periodic" if "periodic" in case.call else expected["win"]["s"]
    table = season.stl(months(case), seasonal=window, robust=robust)
    for name, column in {"seasonal": "season", "trend": "trend", "remainder": "remainder"}.items():
        if name in expected:
            case.close(table[column], expected[name])


@checks("decompose")
def decompose(case):
    table = season.decompose(months(case))
    first = case.table()["month"][0]
    case.close(np.roll(table["season"].iloc[:12], first - 1), case.expected["figure"])
    case.close(table["trend"], case.expected["trend"])


@checks("breakpoints")
def breakpoints(case):
    table, expected = case.table(), case.expected
    found = breaks.mean_breaks(table.iloc[:, 1], table.iloc[:, 0])
    case.close(found.models["rss"], expected["rss_by_m"])
    case.close(found.models["bic"], expected["bic"])
    chosen = found.models[found.models["chosen"]].iloc[0]
    assert chosen["breaks"] == expected["n_breaks"]
    case.close(chosen["rss"], expected["RSS"])
    if not expected["n_breaks"]:
        assert found.breaks.empty
        return
    case.close(found.breaks["position"], np.atleast_1d(expected["break_index"]))
    case.close(found.breaks["value"], np.atleast_1d(expected["break_year"]))
    limits = found.breaks[["lower_position", "position", "upper_position"]]
    case.close(limits, np.reshape(expected["ci_index"], limits.shape))


@checks("joinpoint")
def joinpoint(case):
    table, expected = case.table(), case.expected
    if "deviance0" not in expected:
        return one_joinpoint(case)
    found = joinpoints.joinpoint(table["count"], table["population"], table["year"])
    case.close(found.models["deviance"], [expected["deviance0"], min(expected["deviance1"]), expected["deviance2"]])
    case.close(found.models["bic"], expected["bic"])
    assert found.models["joinpoints"].tolist()[1:] == [(expected["best1"],), tuple(expected["best2"])]
    assert found.models["number"][found.models["chosen"]].tolist() == [expected["chosen"]]
    case.close(found.profile["year"], expected["grid"])
    case.close(found.profile["deviance"], expected["deviance1"])
    for name, column in {"apc": "value", "apc_lower": "lower", "apc_upper": "upper"}.items():
        case.close(100 * (found.segments[column] - 1), expected[name])
    case.close(100 * (found.average["value"][0] - 1), expected["aapc"])


def one_joinpoint(case):
    table, expected = case.table(), case.expected
    count = case.given.get("count") or next(name for name in table if name not in ("year", "population"))
    found = joinpoints.joinpoint(table[count], table["population"], table["year"], number=1)
    case.close(found.profile["year"], case.given["grid"])
    case.close(found.profile["deviance"], expected["deviance"])
    assert found.models["joinpoints"].iloc[-1] == (expected["best_year"],)
    case.close(100 * (found.segments["value"] - 1), [expected["apc1"], expected["apc2"]])


def months(case) -> pd.Series:
    """The counts of a case by month."""
    table = case.table()
    keys = pd.PeriodIndex.from_fields(year=table["year"], month=table["month"], freq="M")
    return pd.Series(table["count"].to_numpy(), index=keys)
