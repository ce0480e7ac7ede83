"""Checks of the cases of funnels (folder 02)."""

import re

import numpy as np

from brapkg.stats import funnel, funnel_limits, rates
from brapkg.stats import significance as judged
from reference.cases import checks

LEVELS = {"2": 0.95, "3": 0.998}
WORDS = {"": "Not significant"}
for level, tail in ((0.95, "0.025"), (0.998, "0.001")):
    digits = str(level)[2:]
    WORDS |= {f"above_{digits}": f"High ({tail})", f"below_{digits}": f"Low ({tail})"}


def sided(data, part):
    """Yield (level, side, column) of the columns for 2 and 3 standard deviations that hold `part`."""
    for name in data.columns:
        found = re.match(r"(lower|upper)_?([23])s", name.lower())
        if found and part in name.lower():
            yield LEVELS[found[2]], ("lower", "upper").index(found[1]), name


def levels_of(names, prefix):
    """Yield (level, name of the lower, name of the upper) of the wanted limits such as od_ll95."""
    for name in names:
        found = re.fullmatch(prefix + r"ll(\d+)", name)
        if found:
            yield float("0." + found[1]), name, name.replace("ll", "ul")


def tails(case):
    """Yield (level, name of the lower, name of the upper) of the wanted quantiles such as p0.025."""
    for low in (p for p in case.given["p"] if p < 0.5):
        yield 1 - 2 * low, f"p{low:g}", f"p{1 - low:g}"


def numerator_and_base(data):
    """Numerator and what it is divided by: PHE's files hold them under three pairs of names."""
    names = ("numerator", "denominator"), ("obs", "expected"), ("count", "pop")
    first, second = next(pair for pair in names if set(pair) <= set(data.columns))
    return data[first].astype(float), data[second].astype(float)


@checks("funnel_limits_proportion")
def proportion(case):
    given = case.given
    if "target" in given:
        for level, low, high in tails(case):
            limits = funnel_limits.binomial_limits(given["n"], given["target"], level, clip=False)
            case.close(limits, [case.expected[low], case.expected[high]])
        return
    cases, total = numerator_and_base(case.table(encoding="utf-8-sig"))
    wanted = case.table(case.expected["csv"], encoding="utf-8-sig").rename(columns=str.lower)
    target = cases.sum() / total.sum()
    per = 10 ** round(np.log10(wanted["baseline"].iloc[0] / target))
    case.close(per * target, wanted["baseline"].unique())
    columns = list(sided(wanted, "limit"))
    assert len(columns) == 4
    for level, side, name in columns:
        limits = funnel_limits.proportion_limits(wanted["population"], target, level)
        case.close(per * limits[side], wanted[name])


@checks("funnel_limits_ratio")
def ratio(case):
    given, expected = case.given, case.expected
    if "csv" in given:
        by_events(case, 1.0)
    elif "p" in given:
        for level, low, high in tails(case):
            limits = funnel_limits.poisson_limits(given["expected"], level, clip=False)
            case.close(limits, [expected[low], expected[high]])
    else:
        base = np.array(given["expected"])
        for level, low, high in levels_of(expected, ""):
            lower, upper = rates.poisson_interval(base, level, "exact")
            case.close([lower / base, upper / base], [expected[low], expected[high]])
            if "published_" + low in expected:  # printed with 7 figures
                printed = [expected["published_" + low], expected["published_" + high]]
                case.close([lower / base, upper / base], printed, rtol=1e-6)


@checks("funnel_limits_rate")
def rate(case):
    events, population = numerator_and_base(case.table(encoding="utf-8-sig"))
    per = float(re.search(r"multiplier=([\de+.]+)", case.call)[1])
    years = float(re.search(r"years_of_data=(\d+)", case.call)[1])
    whole = events.sum() / population.sum()
    wanted = case.table(case.expected["csv"])
    case.close(per * whole, wanted["baseline"].unique())
    by_events(case, per * whole, lambda events, limit: events / (whole * limit) / years)


def by_events(case, whole, base=lambda events, limit: events / limit):
    """Limits by events as ratios times `whole`, and the expected count or population at each."""
    wanted = case.table(case.expected["csv"])
    events = wanted.iloc[:, 0]
    count = "ratio_type='count'" in case.call
    per = 100 if "ratio_type='isr'" in case.call else whole
    for level, side, name in sided(wanted, ""):
        limit = funnel_limits.event_limits(events, level)[side]
        if name.endswith("_limit"):
            case.close(per * limit - count, wanted[name])
        else:
            case.close(base(events, limit), wanted[name])
    assert len(list(sided(wanted, ""))) == 8


@checks("funnel_significance")
def significance(case):
    tables = dict(zip(("proportion", "ratio", "rate"), case.given["csv"], strict=True))
    for statistic, name in tables.items():
        observed, base = numerator_and_base(case.table(name, encoding="utf-8-sig"))
        found = judged.significance(observed, base, statistic=statistic)["outside"].map(WORDS)
        wanted = next(value for key, value in case.expected.items() if key.endswith(statistic))
        assert list(found) == wanted


@checks("funnel_overdispersion_additive")
def additive(case):
    data, expected = case.table(), case.expected
    share = float(case.given.get("trim_by") or re.search(r"trim_by=(0?\.\d+)", case.call)[1])
    if "data_type='RC'" in case.call:
        # The source's limits use 1 / (2 sqrt(count2)), which is not the error of its own scores:
        # a limit over one of two counts is not offered.
        table = funnel.count_ratio_funnel(data["observed"], data["expected"], share=share)
    else:
        table = funnel.funnel(data["observed"], data["expected"], share=share, overdispersion="additive")
        assert "SHMI" in case.call
        case.close(funnel.additive_variance(data["observed"], data["expected"], share), expected["tau2"])
        for level, low, high in levels_of(expected, "od_"):
            limits = funnel_limits.additive_limits(data["expected"], level, expected["tau2"])
            # The source writes z with 7 figures.
            case.close(limits, [expected[low], expected[high]], rtol=1e-6)
        for level, low, high in levels_of(expected, ""):
            lower, upper = rates.poisson_interval(data["expected"], level, "exact")
            case.close([lower / data["expected"], upper / data["expected"]], [expected[low], expected[high]])
    for name, column in {"phi": "phi", "tau2": "tau2", "uz": "z"}.items():
        case.close(table[column], np.broadcast_to(expected[name], len(table)))
    if "outlier" in expected:
        assert list((table["outside"] != "").astype(int)) == expected["outlier"]


@checks("funnel_overdispersion_multiplicative")
def multiplicative(case):
    data, expected = case.table(), case.expected
    observed, base, share = data["observed"], data["expected"], case.given["winsor"]
    table = funnel.funnel(observed, base, share=share)
    phi = funnel.dispersion(observed, base, share)
    case.close(phi, expected["phi"])
    case.close(table["phi"], [expected["phi"]] * len(table))
    case.close(funnel.dispersion(observed, base, 0), expected["phi_unwinsorised"])
    case.close(table["z"], expected["z"])
    case.close(table["z_adjusted"], expected["z_adjusted"])
    case.close(funnel.winsorise(table["z"], share), expected["z_winsorised"])
    for level, low, high in levels_of(expected, ""):
        limits = funnel_limits.funnel_limits(base, level, phi, clip=False)
        case.close(limits, [expected[low], expected[high]])
