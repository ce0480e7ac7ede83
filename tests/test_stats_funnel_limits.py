"""Funnel limits: by hand, against the distributions they come from, and against each other."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from brapkg.stats.funnel_limits import (
    additive_limits,
    binomial_limits,
    event_limits,
    funnel_limits,
    poisson_limits,
    proportion_limits,
)
from brapkg.stats.significance import significance


def test_normal_limits_by_hand():
    # 1 -/+ 1.96 * sqrt(4 / 100) for phi 4.
    lower, upper = funnel_limits(100, 0.95, 4)
    assert (lower[0], upper[0]) == pytest.approx((1 - 0.391992797, 1 + 0.391992797), rel=1e-8)
    assert funnel_limits(50, 0.95, 0.3) == funnel_limits(50, 0.95)


def test_additive_limits_by_hand():
    # sqrt(1/100 + 0.03) = 0.2.
    lower, upper = additive_limits(100, 0.95, 0.03)
    assert (np.log(lower[0]), np.log(upper[0])) == pytest.approx((-0.3919927969, 0.3919927969))


def test_limits_are_not_negative_unless_asked():
    assert funnel_limits(1, 0.998)[0][0] == 0
    assert poisson_limits(1, 0.998)[0][0] == 0
    # R qpois/ppois, expected 1, p 0.001: -0.997281718171541.
    assert poisson_limits(1, 0.998, clip=False)[0][0] == pytest.approx(-0.997281718171541)
    assert binomial_limits(10, 0.23, 0.998)[0][0] == 0
    # R qbinom/pbinom, n 10, p 0.23.
    low, high = binomial_limits(10, 0.23, 0.998, clip=False)
    assert (low[0], high[0]) == pytest.approx((-0.09863512541083012, 0.6583562976389571))
    low, high = proportion_limits(1, 0.8, 0.998)
    assert (low[0], high[0]) == (0, 1)


def test_binomial_limits_near_the_poisson_ones_for_rare_cases():
    total, target = 10**7, 2e-5
    binomial = np.ravel(binomial_limits(total, target, 0.95)) / target
    assert binomial == pytest.approx(np.ravel(poisson_limits(total * target, 0.95)), rel=1e-4)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 10**6), st.floats(0.5, 0.999))
def test_event_limits_have_the_tail_they_say(events, level):
    # An independent statement of the limit: the Poisson tail at the expected count is (1 - level) / 2.
    tail = (1 - level) / 2
    lower, upper = (events / limit[0] for limit in event_limits(events, level))
    assert stats.poisson.cdf(events, lower) == pytest.approx(tail, rel=1e-6)
    assert stats.poisson.sf(events - 1, upper) == pytest.approx(tail, rel=1e-6)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 10**5), st.floats(0.01, 0.99), st.floats(0.5, 0.999))
def test_wilson_interval_of_the_limit_touches_the_target(total, target, level):
    z = stats.norm.isf((1 - level) / 2)
    for limit, sign in zip(proportion_limits(total, target, level), (1, -1), strict=True):
        p = limit[0]
        if 0 < p < 1:
            root = np.sqrt(p * (1 - p) / total + z**2 / (4 * total**2))
            touched = (p + z**2 / (2 * total) + sign * z * root) / (1 + z**2 / total)
            assert touched == pytest.approx(target, rel=1e-9)


@settings(deadline=None, max_examples=60)
@given(st.floats(0.1, 1e6), st.floats(0.5, 0.999), st.floats(0.5, 0.999), st.floats(1, 20))
def test_limits_widen_with_level_and_dispersion(expected, one, other, phi):
    low, high = sorted([one, other])
    for inner, outer in (
        (funnel_limits(expected, low), funnel_limits(expected, high, phi)),
        (additive_limits(expected, low), additive_limits(expected, high, phi - 1)),
    ):
        assert outer[0][0] <= inner[0][0] <= 1 <= inner[1][0] <= outer[1][0]
    inner, outer = poisson_limits(expected, low), poisson_limits(expected, high)
    assert outer[0][0] <= inner[0][0] + 1e-9 and inner[1][0] <= outer[1][0] + 1e-9


def test_significance_by_the_poisson_tail():
    # P(X >= 20 | 10) = 0.0035, P(X >= 22 | 10) = 0.0007, P(X <= 2 | 10) = 0.0028, P(X = 0 | 7) = 0.0009.
    observed = pd.Series([20, 22, 2, 0, 11], index=list("abcde"))
    table = significance(observed, [10, 10, 10, 7, 10])
    assert list(table["outside"]) == ["above_95", "above_998", "below_95", "below_998", ""]
    assert list(table.index) == list("abcde") and (table["target"] == 1).all()


def test_significance_of_a_rate_is_that_of_its_expected_count():
    observed, population = np.array([30, 5, 40, 100]), np.array([1000, 1500, 2500, 5000])
    rate = significance(observed, population, statistic="rate")
    ratio = significance(observed, population * 175 / 10_000)
    assert list(rate["outside"]) == list(ratio["outside"]) == ["above_95", "below_998", "", ""]
    assert rate["target"].iloc[0] == 0.0175
    given_target = significance(observed, population, statistic="rate", target=0.1)
    assert list(given_target["outside"]) == ["below_998"] * 4


def test_significance_of_proportions():
    # Around 0.5 with 100 cases the limits are 0.402 and 0.598, 0.3455 and 0.6545.
    table = significance([40, 41, 60, 66], 100, statistic="proportion", target=0.5)
    assert list(table["outside"]) == ["below_95", "", "above_95", "above_998"]


def test_significance_by_chance_alone_is_as_rare_as_it_says():
    rng = np.random.default_rng(3)
    outside = significance(rng.poisson(200, 40_000), 200)["outside"]
    assert (outside != "").mean() == pytest.approx(0.05, abs=0.008)
    assert outside.isin(["above_998", "below_998"]).mean() == pytest.approx(0.002, abs=0.001)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: funnel_limits(0, 0.95), r"expected_grid: .*must be > 0"),
        (lambda: funnel_limits(1, 0.95, 0), r"phi: .*must be > 0"),
        (lambda: additive_limits(1, 0.95, -0.1), r"tau2: .*must be >= 0"),
        (lambda: poisson_limits([-2], 0.95), r"expected: .*must be > 0"),
        (lambda: binomial_limits([1.5], 0.5, 0.95), r"total: .*whole"),
        (lambda: binomial_limits([10], 1, 0.95), r"target: found 1; must be above 0 and below 1"),
        (lambda: proportion_limits([0], 0.5, 0.95), r"total: .*must be > 0"),
        (lambda: proportion_limits([1], 0.5, 1), r"level: found 1"),
        (lambda: event_limits([0], 0.95), r"events: .*must be > 0"),
        (lambda: event_limits([0.5], 0.95), r"events: .*whole"),
        (lambda: significance([-1], [1]), r"count: .*must be >= 0"),
        (lambda: significance([1], [0]), r"base: .*must be > 0"),
        (lambda: significance([2], [1], statistic="proportion", target=0.5), r"count: .*at most base"),
        (lambda: significance([1], [1], statistic="odds"), r"statistic: found 'odds'"),
        (lambda: significance([0, 0], [1, 1], statistic="rate"), r"no event in any area"),
        (lambda: significance([1], [1], target=0), r"target: .*must be > 0"),
        (lambda: significance([1, 2], [1, 2, 3]), r"lengths differ"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
