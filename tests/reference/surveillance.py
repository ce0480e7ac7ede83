"""Checks of the cases of signals in series (folder 04, R's surveillance)."""

from __future__ import annotations

import re

import numpy as np

from brapkg.stats.time import charts
from brapkg.stats.time.farrington import farrington as classic
from brapkg.stats.time.farrington_flexible import farrington_flexible as flexible
from reference.cases import NotOffered, checks


def judged(case):
    """The series up to the last time point judged, and how many are judged."""
    given = case.given
    counts = case.table()["count"].to_numpy(float)[: given["range_last"]]
    return counts, given["range_last"] - given["range_first"] + 1


def option(case, pattern: str, default):
    """A number in the case's own definition, such as ``b=4``."""
    found = re.search(rf"(?<![\w.]){pattern}\s*=?\s*(\d*\.?\d+)", f"{case.definition}, {case.call}")
    return type(default)(found.group(1)) if found else default


def same(case, table, *, withheld) -> None:
    """Upper limits and alarms; a withheld limit is NaN here and `withheld` in the case."""
    expected = case.expected
    upper = [np.nan if value is None else value for value in expected["upperbound"]]
    case.close(table["upper"].fillna(withheld), upper)
    assert list(table["signal"]) == [bool(alarm) for alarm in expected["alarm"]], case.id


@checks("farrington")
def farrington(case):
    counts, last = judged(case)
    table = classic(
        counts,
        period=52,
        years=option(case, "b", 4),
        window=option(case, "w", 3),
        levels=(1 - option(case, "alpha", 0.01) / 2,),
        last=last,
    )
    same(case, table, withheld=0.0)


@checks("farrington_flexible")
def farrington_flexible(case):
    counts, last = judged(case)
    threshold = re.search(r"thresholdMethod=(\w+)", case.definition).group(1)
    options = {
        "period": 52,
        "years": option(case, "b", 4),
        "window": option(case, "w", 3),
        "seasons": option(case, "noPeriods", 10),
        "gap": option(case, "pastWeeksNotIncluded", 26),
        "weight_above": option(case, "weightsThreshold", 2.58),
        "trend_p": option(case, "pThresholdTrend", 1.0),
        "levels": (1 - option(case, "alpha", 0.01),),
        "threshold": {"nbPlugin": "nb"}.get(threshold, threshold),
        "error": "working",
        "last": last,
    }
    table = flexible(counts, **options)
    same(case, table, withheld=np.nan)
    expected = case.expected
    case.close(table["value"], expected["expected"])
    case.close(table["dispersion"], expected["phi"])
    assert list(table["trend"]) == [bool(kept) for kept in expected["trend"]], case.id
    # The other program gives p-values and means also where it withholds the limit.
    shown = flexible(counts, **options, few=(0, 1))
    case.close(shown["p_value"], expected["pvalue"])
    if threshold == "nbPlugin":
        case.close(shown["value"], expected["mu0Vector"])


@checks("ears")
def ears(case):
    counts, last = judged(case)
    method = re.match(r"C\d", case.definition).group()
    if method == "C3":
        raise NotOffered("C3: its program and its documentation disagree")
    table = charts.ears(
        counts,
        period=52,
        method=method,
        baseline=option(case, "baseline", 7),
        levels=(1 - case.given["alpha"],),
        last=last,
    )
    same(case, table, withheld=np.nan)


@checks("cusum")
def cusum(case):
    counts, last = judged(case)
    options = {"period": 52, "last": last, "reference": case.given["k"], "decision": case.given["h"]}
    table = charts.cusum(counts, **options)
    same(case, table, withheld=np.nan)
    case.close(table["statistic"], case.expected["statistic"])
    case.close(table["value"], np.full(last, case.expected["m"]))


@checks("rki_bayes")
def bayes(case):
    # The RKI limit is not offered: a table of Poisson limits for the rounded mean, nothing that
    # Bayes does not do better. The numbers of Bayes are all asserted.
    counts, last = judged(case)
    found = re.search(r"bayes b=(\d+) w=(\d+) actY=T alpha=(0?\.\d+)", case.definition)
    years, window, alpha = int(found.group(1)), int(found.group(2)), float(found.group(3))
    table = charts.bayes(counts, period=52, years=years, window=window, levels=(1 - alpha,), last=last)
    case.close(table["upper"], case.expected["bayes_upper"])
    assert list(table["signal"]) == [bool(alarm) for alarm in case.expected["bayes_alarm"]], case.id
