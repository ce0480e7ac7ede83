"""Rates: values made elsewhere, properties that must hold, and input that must be refused."""

from fractions import Fraction
from math import floor

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from brapkg.stats.rates import poisson_interval, proportion, proportion_interval, published_rate, rate

METHODS = ["exact", "byar", "exact-below-10"]
COUNTS = st.integers(0, 1_000_000)
LEVELS = st.floats(0.5, 0.999)


def test_exact_interval_of_no_events_is_minus_log_of_the_tail():
    # By hand: P(0 | mu) = 0.025 gives mu = -ln 0.025 = 3.688879 (also R 4.5.0 poisson.test).
    lower, upper = poisson_interval(0)
    assert lower[0] == 0
    assert upper[0] == pytest.approx(-np.log(0.025), rel=1e-12)


def test_exact_interval_of_16_events():
    # Relative to the count 0.57-1.62: table for small municipalities, chi-square limits.
    lower, upper = poisson_interval(16, method="exact")
    assert (round(lower[0] / 16, 2), round(upper[0] / 16, 2)) == (0.57, 1.62)


def test_byar_of_10_events_at_998():
    # PHEindicatormethods, published test data: 2.916318374695686 and 24.193724927880535.
    lower, upper = poisson_interval(10, level=0.998, method="byar")
    assert lower[0] == pytest.approx(2.916318374695686, rel=1e-12)
    assert upper[0] == pytest.approx(24.193724927880535, rel=1e-12)


def test_byar_is_floored_at_zero():
    # The published test data leave this limit empty: the formula falls below 0.
    assert poisson_interval(1, level=0.998, method="byar")[0][0] == 0


@pytest.mark.parametrize("level", [0.9, 0.95, 0.998])
def test_exact_interval_is_the_chi_square_interval(level):
    rng = np.random.default_rng(1)
    counts = np.concatenate([np.arange(2000), rng.integers(0, 1_000_001, 5000), [1_000_000, 5, 5, 0.5, 7.25]])
    tail = (1 - level) / 2
    lower, upper = poisson_interval(counts, level, "exact")
    some = counts > 0
    assert (lower[~some] == 0).all() and (~some).any()
    np.testing.assert_allclose(lower[some], stats.chi2.ppf(tail, 2 * counts[some]) / 2, rtol=1e-11)
    np.testing.assert_allclose(upper, stats.chi2.isf(tail, 2 * counts + 2) / 2, rtol=1e-11)


def test_the_two_formulas_called_byar_differ():
    # R epitools::pois.byar(c(1, 10)): 0.09069458-4.66207302 and 5.13375332-17.74048211.
    lower, upper = poisson_interval([1, 10], method="byar-midpoint")
    assert lower == pytest.approx([0.09069458270524385, 5.133753316012886], rel=1e-12)
    assert upper == pytest.approx([4.662073017326946, 17.74048211536658], rel=1e-12)
    wide = poisson_interval([1, 10], method="byar")
    assert (wide[0] < lower).all() and (upper < wide[1]).all()
    assert poisson_interval(0, method="byar-midpoint")[0][0] == 0


@pytest.mark.parametrize("mean", [0.5, 3.0, 40.0])
def test_exact_interval_covers_what_it_promises(mean):
    counts = np.arange(200)
    chance = stats.poisson.pmf(counts, mean)
    covers = {}
    for method in ("exact", "byar-midpoint"):
        lower, upper = poisson_interval(counts, method=method)
        covers[method] = chance[(lower <= mean) & (mean <= upper)].sum()
    assert covers["exact"] >= 0.95 > 0.9 < covers["byar-midpoint"] <= covers["exact"]


def test_method_changes_at_ten():
    table = rate([9, 10], 1000)
    assert list(table["method"]) == ["exact", "byar"]
    assert table["lower"].iloc[0] == pytest.approx(100 * poisson_interval(9, method="exact")[0][0])
    assert table["lower"].iloc[1] == pytest.approx(100 * poisson_interval(10, method="byar")[0][0])


def test_rate_is_long_with_one_block_per_level_and_keeps_the_index():
    count = pd.Series([3, 40], index=["north", "south"])
    table = rate(count, pd.Series([1000, 20_000], index=count.index), levels=(0.998, 0.95))
    assert list(table.index) == ["north", "south"] * 2
    assert list(table["level"]) == [0.998, 0.998, 0.95, 0.95]
    assert list(table["value"]) == [300, 200, 300, 200]
    assert list(table.columns) == [
        "count", "population", "value", "lower", "upper", "level", "method", "missing",
    ]  # fmt: skip


@pytest.mark.parametrize("function", [rate, proportion])
def test_a_row_below_the_minimum_is_withheld_with_the_reason(function):
    table = function(pd.Series([0, 4, 5, 6], index=list("abcd")), 100, minimum=5, levels=(0.95, 0.998))
    assert list(table["missing"]) == ["few", "few", "", ""] * 2
    withheld = table["missing"] == "few"
    assert table.loc[withheld, ["value", "lower", "upper"]].isna().all(axis=None)
    assert table.loc[~withheld, ["value", "lower", "upper"]].notna().all(axis=None)
    assert list(table.loc["b", "count"]) == [4, 4]
    assert (function([0, 1], 10)["missing"] == "").all()


def test_proportion_is_long_and_keeps_the_index():
    total = pd.Series([10, 20], index=["north", "south"])
    table = proportion([1, 5], total, multiplier=100, levels=(0.9, 0.95), method="exact")
    assert list(table.columns) == [
        "count", "total", "value", "lower", "upper", "level", "method", "missing",
    ]  # fmt: skip
    assert list(table.index) == ["north", "south"] * 2
    assert list(table["value"]) == [10, 25, 10, 25]
    assert set(table["method"]) == {"exact"}
    at_95 = table[table["level"] == 0.95][["lower", "upper"]].T
    np.testing.assert_allclose(at_95, 100 * np.array(proportion_interval([1, 5], total, method="exact")))


@settings(deadline=None, max_examples=60)
@given(COUNTS, LEVELS, st.sampled_from(METHODS))
def test_interval_holds_its_estimate(count, level, method):
    lower, upper = poisson_interval(count, level, method)
    assert 0 <= lower[0] <= count < upper[0]


@settings(deadline=None, max_examples=60)
@given(COUNTS, LEVELS, LEVELS, st.sampled_from(METHODS))
def test_a_higher_level_is_never_narrower(count, one, other, method):
    narrow, wide = (poisson_interval(count, x, method) for x in sorted([one, other]))
    assert wide[0][0] <= narrow[0][0] and narrow[1][0] <= wide[1][0]


@settings(deadline=None, max_examples=60)
@given(COUNTS, st.integers(1, 10**7), st.floats(1e-3, 1e6))
def test_rate_scales_with_the_multiplier(count, population, multiplier):
    one, many = (rate(count, population, multiplier=m) for m in (1, multiplier))
    for column in ("value", "lower", "upper"):
        np.testing.assert_allclose(many[column], multiplier * one[column], rtol=1e-12)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(COUNTS, st.integers(1, 10**7)), min_size=1, max_size=20), st.randoms())
def test_rows_do_not_know_of_each_other(rows, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    count, population = np.array(rows).T
    straight, shuffled = rate(count, population), rate(count[order], population[order])
    expected = straight.iloc[order].reset_index(drop=True)
    pd.testing.assert_frame_equal(shuffled, expected)


@pytest.mark.parametrize(
    ("count", "population", "printed"),
    [
        (1, 200_000, 1),  # exactly 0.5: half up
        (3, 200_000, 2),  # exactly 1.5
        (1, 200_000.5, 0),  # a hair under the tie
        (1, 199_999.5, 1),
        (0, 5, 0),
    ],
)
def test_published_rate_at_ties(count, population, printed):
    assert published_rate([count], [population])[0] == printed


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2_000_000), st.integers(1, 25_000_000))
def test_published_rate_is_exact(count, doubled):
    exact = floor(Fraction(100_000 * count * 2, doubled) + Fraction(1, 2))
    assert published_rate(count, doubled / 2)[0] == exact


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 8))
def test_published_rate_rounds_every_tie_up(whole, half_share):
    # count / population * 100 000 = whole + 1/2 when population = 200 000 and count = 2 whole + 1.
    count = (2 * whole + 1) * half_share
    assert published_rate(count, 200_000 * half_share)[0] == whole + 1


def test_wilson_and_exact_proportion():
    # R 4.5.0 prop.test(1, 10, correct=FALSE) and binom.test(1, 10).
    assert np.ravel(proportion_interval(1, 10)) == pytest.approx([0.01787621309507289, 0.4041500267952384], rel=1e-10)
    assert np.ravel(proportion_interval(1, 10, method="exact")) == pytest.approx(
        [0.002528578544461786, 0.4450161170281954], rel=1e-10
    )


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 500), st.integers(0, 500), LEVELS, st.sampled_from(["wilson", "exact"]))
def test_proportion_interval_holds_its_estimate(some, others, level, method):
    total = some + others
    if total == 0:
        return
    lower, upper = proportion_interval(some, total, level, method)
    assert 0 <= lower[0] <= some / total + 1e-12
    assert some / total - 1e-12 <= upper[0] <= 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rate([1, -1, 2, -3], 10), r"count: 2 of 4 .*-1 at position 1, -3 at position 3"),
        (lambda: rate([1] * 9, [0] * 9), r"population: 9 of 9 .*position 4, \.\.\.\); must be > 0"),
        (lambda: rate([1, np.nan], 10), r"count: 1 of 2 .*nan at position 1.*finite"),
        (lambda: rate([1], [np.inf]), r"population: 1 of 1 .*finite"),
        (lambda: rate([1, None], 10), r"count: 1 of 2 .*finite"),
        (lambda: rate(pd.Series([1, pd.NA], dtype="Int64"), 10), r"count: .*finite|not numbers"),
        (lambda: rate(["many"], 10), r"count: not numbers"),
        (lambda: rate([[1]], 10), r"count: found 2 dimensions"),
        (lambda: rate([1, 2], [1, 2, 3]), r"lengths differ \(count 2, population 3\)"),
        (lambda: rate([1], [1], levels=()), r"levels: found none"),
        (lambda: rate([1], [1], levels=(95,)), r"level: found 95"),
        (lambda: rate([1], [1], multiplier=0), r"multiplier: .*must be > 0"),
        (lambda: rate([1], [1], method="wald"), r"method: found 'wald'; must be one of exact"),
        (
            lambda: rate(pd.Series([1, 2], index=[0, 1]), pd.Series([1, 2], index=[1, 0])),
            r"index of population differs",
        ),
        (lambda: rate([1], [1], minimum=-1), r"minimum: .*must be >= 0"),
        (lambda: poisson_interval(-1), r"count: 1 of 1"),
        (lambda: poisson_interval(1, level=1), r"level: found 1"),
        (lambda: published_rate([1.5], [10]), r"count: .*whole numbers"),
        (lambda: published_rate([1], [10.25]), r"population: .*multiple of 0.5"),
        (lambda: published_rate([1], [0]), r"population: .*must be > 0"),
        (lambda: published_rate([1e14], [1]), r"count: .*at most"),
        (lambda: proportion_interval(5, 4), r"count: .*at most the total"),
        (lambda: proportion(pd.Series([5, 1], index=["a", "b"]), 4), r"count: .*5 at 'a'.*at most the total"),
        (lambda: proportion([1, -1], 4), r"count: .*-1 at position 1"),
        (lambda: proportion([1], [2], multiplier=-1), r"multiplier: .*must be > 0"),
        (lambda: proportion([1], [2], method="wald"), r"method: found 'wald'; must be one of wilson, exact"),
        (lambda: proportion([1], [2], levels=()), r"levels: found none"),
        (lambda: proportion([1, 2], [3, 4, 5]), r"lengths differ"),
        (lambda: proportion_interval(0, 0), r"total: .*must be > 0"),
        (lambda: proportion_interval(1, 4, method="wald"), r"method: found 'wald'"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_no_rows_give_no_rows():
    assert rate([], []).empty
    assert proportion([], []).empty
