"""Checks of the cases of the effect of measures (folder 06), but for synthetic controls."""

import re

import numpy as np
from scipy import stats

from brapkg.stats.effect import displacement, ratios
from brapkg.stats.effect.did import difference_in_differences, event_study
from brapkg.stats.effect.interrupted import deviance_test, interrupted_series
from reference.cases import NotOffered, checks

AREAS = {"": "treated", "comparison_": "control", "nearby_": "disp_treated", "nearby_comparison_": "disp_control"}


def pairs(given):
    """Counts before and after of each area, under our names; an area that is not given is left out."""
    found = {}
    for prefix, name in AREAS.items():
        if name in given:
            values = given[name]
            both = np.array(list(values.values())).T if isinstance(values, dict) else values
            found[f"{prefix}before"], found[f"{prefix}after"] = both
    return found


@checks("wdd")
def wdd(case):
    given, options = case.given, {}
    if "time_weights" in given:
        options["time_weights"] = given["time_weights"]
    if "area_weights" in given:
        control, treated, near_control, near_treated = given["area_weights"]
        options["area_weights"] = (treated, control, near_treated, near_control)
    rows = displacement.wdd(**pairs(given), **options, levels=(1 - given["alpha"],)).set_index("part")
    for part, name in (("local", "Local"), ("nearby", "Displace"), ("total", "Total")):
        case.close(rows.loc[part, ["value", "se"]], [case.expected[f"Est_{name}"], case.expected[f"SE_{name}"]])
    names = {"Z": "z", "LowCI": "lower", "HighCI": "upper", "p_one_sided": "p_fall"}
    for name in names.keys() & case.expected.keys():
        case.close(rows.loc["total", names[name]], case.expected[name])


@checks("wdd_harm")
def wdd_harm(case):
    given = case.given
    rows = displacement.wdd_harm(**pairs(given), weights=given["weights"], levels=(1 - given["alpha"],))
    names = {"HarmEst": "value", "SE_HarmEst": "se", "Z": "z", "LowCI": "lower", "HighCI": "upper"}
    total = rows.set_index("part").loc["total"]
    for name, value in case.expected.items():
        case.close(total[names[name]], value)


@checks("wdq")
def wdq(case):
    given = (case.given[name] for name in ("Rb", "Ra", "Db", "Da", "Cb", "Ca"))
    row = displacement.wdq(*given).iloc[0]
    names = {"wdq": "value", "tne": "total_net_effect"}
    for name, value in case.expected.items():
        case.close(row[names.get(name, name)], value)


@checks("relative_effect_size")
def relative_effect_size(case):
    given = [case.given[name] for name in "abcd"]

    def row(method, phi=1.0):
        return ratios.relative_effect(*given, phi=phi, method=method).iloc[0]

    res, rirr, expected = row("res"), row("rirr"), case.expected
    found = {"OR": res["value"], "log": np.log(res["value"]), "se": res["se"], "var": res["se"] ** 2}
    found |= {name: res[name] for name in ("lower", "upper", "z")} | {"p": res["p_value"]}
    found |= {"rirr": rirr["value"], "rirr_lower": rirr["lower"], "rirr_upper": rirr["upper"]}
    found["pct_change"] = rirr["change"]
    for name, value in expected.items():
        spread = re.fullmatch(r"phi([\d.]+)", name)
        if not spread:
            case.close(found[name], value)
            continue
        wide = row("res", float(spread[1]))
        for name, number in value.items():
            case.close(wide["p_value" if name == "p" else name], number)


@checks("poisson_z")
def poisson_z(case):
    case.close(
        ratios.poisson_z(case.given["current"], case.given["past"], past_periods=np.inf)["value"], case.expected["z"]
    )
    for name, band in case.expected.items():
        if words := re.fullmatch(r"band_mean([\d.]+)_z([\d.]+)", name):
            mean, z = map(float, words.groups())
            level = 1 - 2 * stats.norm.sf(z)
            row = ratios.poisson_z(0, mean, past_periods=np.inf, levels=(level,)).iloc[0]
            case.close(row[["band_lower", "band_upper"]], band)


def sicily(case, columns=("smokban", "time"), **options):
    table = case.table()
    step, time = columns
    if not (table[time] == np.arange(1, len(table) + 1)).all():
        raise NotOffered("time that does not run from 1 by 1")
    words = re.search(r"log\((\w+)\)", case.definition)
    exposure = table[words[1] if words else "stdpop"]
    if options.get("harmonics"):
        options["months"] = table["month"]
    return interrupted_series(table["aces"], exposure, int((table[step] == 0).sum()), normal=True, **options)


@checks("its")
def its(case):
    expected = case.expected
    if "names" not in expected:
        return its_extras(case)
    names = expected["names"]
    waves = sum("harm" in name for name in names)
    slope = [name for name in names if ":" in name]
    error = "poisson" if expected["dispersion"] == 1 else "quasi-poisson"
    found = sicily(case, (names[1], names[2]), error=error, harmonics=waves // 2, slope=bool(slope), floor=False)
    if slope and int(re.search(r"- (\d+)\)", slope[0])[1]) != found.periods_before:
        raise NotOffered("slope change counted from another period than the last before the start")
    case.close(found.coefficients, np.column_stack([expected["coef"], expected["se"]]))
    step = found.effects.set_index("term").loc["step"]
    case.close(step[["value", "lower", "upper"]], [expected[name] for name in ("rr_smokban", "lower", "upper")])
    case.close(found.deviance, expected["deviance"])
    if error != "poisson":
        case.close(found.dispersion, expected["dispersion"])


def its_extras(case):
    expected = case.expected
    # The cases' models 3 and 4: two harmonics, without and with a change of slope.
    level, both = (sicily(case, harmonics=2, floor=False, slope=slope) for slope in (False, True))
    case.close(np.exp(12 * level.coefficients.loc["trend", "estimate"]), expected["annual_trend"])
    case.close(deviance_test(level, both), [expected["F"], expected["p"]])
    case.close(level.autocorrelation[: len(expected["acf"])], expected["acf"])
    case.close(level.avoided["value"], [expected["cf_events_avoided"]])
    lags = int(re.search(r"lag=(\d+)", case.call)[1])
    robust = sicily(case, harmonics=2, error="newey-west", lags=lags)
    case.close(robust.coefficients.loc["step", "se"], expected["nw_se_smokban"])


@checks("did")
def did(case):
    table, expected = case.table(), case.expected
    start = table.loc[table["post"] == 1, "year"].min()
    given = (table["count"], table["population"], table["area"], table["year"], table["treated"], start)
    if "rel" in expected:
        found = event_study(*given, error="poisson").effects
        case.close(found["relative"], [int(name) for name in expected["rel"]])
        case.close(found[["estimate", "se"]], np.column_stack([expected["beta"], expected["se"]]))
        return
    model = "rate" if "se_ols" in expected else "poisson"
    names = {"se_model": "poisson", "se_quasi": "quasi-poisson", "se_ols": "ols"}
    names |= {"se_cluster": "cluster", "se_cluster_hc1": "cluster"}
    for name in names.keys() & expected.keys():
        row = difference_in_differences(*given, model=model, error=names[name], floor=False).iloc[0]
        case.close(row[["estimate", "se"]].astype(float), [expected["beta"], expected[name]])
        for other in ("dispersion", "deviance"):
            if other in expected:
                case.close(row[other], expected[other])
        if "irr" in expected:
            case.close(row["value"], expected["irr"])
    if "se_cluster_hc0" in expected:
        # What is offered holds the correction for few areas; without it the error is HC0.
        row = difference_in_differences(*given, model=model).iloc[0]
        rows, groups = len(table), row["areas"]
        correction = groups / (groups - 1) * (rows - 1) / (rows - groups - row["periods"])
        case.close(row["se"] / np.sqrt(correction), expected["se_cluster_hc0"])
