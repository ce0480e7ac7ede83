"""Checks of the cases of many tests and ranks (folder 09)."""

import re

from brapkg.stats import multiplicity, ranks
from reference.cases import checks


@checks("p_adjust")
def adjust(case):
    p, expected = case.given["p"], dict(case.expected)
    found = {}
    for name in [name for name in expected if not name.startswith("n_")]:
        table = multiplicity.adjust(p, method=name.lower())
        case.close(table["value"], expected[name])
        found[name.lower()] = table["value"]
    for name in [name for name in expected if name.startswith("n_reject_")]:
        word, *level = name.removeprefix("n_reject_").split("_")
        level = float("0." + (level[0] if level else "05"))
        (method,) = [method for method in found if method.startswith(word)]
        assert (found[method] <= level).sum() == expected[name]


@checks("comparison_interval")
def comparison(case):
    error, expected = case.given["se"], case.expected
    table = multiplicity.comparison_interval([0] * len(error), error)
    case.close(table["multiplier"].iloc[0], expected["multiplier_mean"])
    case.close(table["upper"], [expected["multiplier_mean"] * one for one in error])
    equal = multiplicity.comparison_interval([0, 0, 0], 1)
    case.close(equal["multiplier"].iloc[0], expected["multiplier_equal_se"])


@checks("rank_uncertainty")
def rank(case):
    given, expected = case.given, case.expected
    if "count" not in given:
        (a1, a2), (b1, b2) = given["a"], given["b"]
        case.close(ranks.chance_higher(a2, b2, a1, b1), expected["p_theta1_less_theta2"])
        case.close(1 - ranks.chance_higher(a1, b1, a2, b2), expected["p_theta1_less_theta2"])
        return
    size = len(given["count"])
    (worst,) = [name for name in expected if name.startswith("prob_worst")]
    options = {"shape": given["prior_shape"], "worst": int(re.search(r"\d+", worst)[0]) / size}
    columns = {
        "expected_rank": "value",
        "rank_lower": "lower",
        "rank_upper": "upper",
        "rank_median": "median",
        "prob_rank_1": "chance_lowest",
        f"prob_rank_{size}": "chance_highest",
        worst: "chance_worst",
    }
    assert set(columns) == set(expected)
    table = ranks.ranks(given["count"], given["population"], method="exact", **options)
    for name, column in columns.items():
        case.close(table[column], expected[name])
    if "Monte Carlo" not in case.note:
        return
    # The note's rule for draws: 0.005 on chances, 0.02 on the expected rank, 1 on whole ranks.
    drawn = ranks.ranks(given["count"], given["population"], method="draws", draws=200_000, **options)
    for name, column in columns.items():
        away = 0.02 if column == "value" else 1 if name.startswith("rank_") else 0.005
        case.close(drawn[column], expected[name], rtol=0, atol=away)
