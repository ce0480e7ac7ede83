"""Funnel: chance gives what chance must, outliers show, order does not matter."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from brapkg.stats.funnel import additive_variance, count_ratio_funnel, dispersion, funnel, winsorise


def test_winsorise_by_hand():
    # Type 7: for 0, 1, ..., 10 the 10 and 90 per cent quantiles are 1 and 9.
    assert list(winsorise(np.arange(11))) == [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9]


def test_dispersion_by_hand():
    # z = -1, 0, 1 on expected 4: mean square 2/3 without winsorising.
    assert dispersion([2, 4, 6], [4, 4, 4], share=0) == pytest.approx(2 / 3)


def test_dispersion_below_one_does_not_narrow():
    table = funnel(np.full(20, 100), np.full(20, 100))
    assert (table["phi"] == 0).all() and (table["z_adjusted"] == table["z"]).all()


def test_pure_chance_over_290_areas():
    # About 14.5 of 290 outside 95 per cent limits and 0.58 outside 99.8 per cent.
    rng = np.random.default_rng(5)
    expected = np.exp(rng.normal(5, 1, 290))
    outside = [funnel(rng.poisson(expected), expected)["outside"] for _ in range(100)]
    any_side = np.mean([(one != "").sum() for one in outside])
    far = np.mean([one.isin(["above_998", "below_998"]).sum() for one in outside])
    assert any_side == pytest.approx(14.5, abs=1.5)
    assert far == pytest.approx(0.58, abs=0.3)


def test_outliers_are_named_by_the_widest_limit_passed():
    expected = np.full(40, 100.0)
    observed = 100 + 10 * stats.norm.ppf((np.arange(40) + 0.5) / 40)  # a perfect normal spread
    observed[[0, 1, 38, 39]] = [50, 77, 123, 150]
    outside = funnel(observed, expected, levels=(0.998, 0.95))["outside"]
    assert list(outside[[0, 1, 38, 39]]) == ["below_998", "below_95", "above_95", "above_998"]
    assert (outside[4:36] == "").all()
    at_90 = funnel(observed, expected, levels=(0.9,))["outside"]
    assert set(at_90) == {"", "above_90", "below_90"}


def test_additive_variance_by_hand():
    # Scores 2 and -2 on expected 100: (8 - (2 - 1)) / (200 - 100) = 0.07.
    observed = 100 * np.exp([0.2, -0.2])
    assert additive_variance(observed, [100, 100], share=0) == pytest.approx(0.07)


def test_additive_variance_finds_the_spread():
    rng = np.random.default_rng(6)
    expected = np.exp(rng.normal(6, 0.5, 2000))
    observed = rng.poisson(expected * np.exp(rng.normal(0, 0.3, 2000)))
    assert additive_variance(observed, expected, share=0) == pytest.approx(0.09, rel=0.1)
    assert 0 < additive_variance(observed, expected) < 0.09  # what leaving out does
    assert additive_variance(np.full(9, 50), np.full(9, 50)) == 0


def test_additive_funnel_by_hand():
    # Log ratios 0.2 and -0.2 on expected 100: tau2 0.07, so z = 0.2 / sqrt(0.01 + 0.07).
    table = funnel(100 * np.exp([0.2, -0.2]), [100, 100], share=0, overdispersion="additive")
    assert list(table["z"]) == pytest.approx([2, -2])
    assert list(table["z_adjusted"]) == pytest.approx([0.2 / np.sqrt(0.08), -0.2 / np.sqrt(0.08)])
    assert (table["phi"].iloc[0], table["tau2"].iloc[0]) == pytest.approx((4, 0.07))
    assert set(table["method"]) == {"overdispersion additive"}


def test_additive_funnel_keeps_large_areas_in():
    # True relative spread 0.2 in areas of all sizes: the multiplicative funnel closes in on the large.
    rng = np.random.default_rng(7)
    expected = np.exp(rng.uniform(3, 9, 3000))
    observed = rng.poisson(expected * np.exp(rng.normal(0, 0.2, 3000)))
    large = expected > np.quantile(expected, 0.9)
    out = {
        kind: (funnel(observed, expected, share=0, overdispersion=kind)["outside"] != "")[large].mean()
        for kind in ("additive", "multiplicative", "none")
    }
    assert out["additive"] == pytest.approx(0.05, abs=0.03)
    assert out["multiplicative"] > 0.2
    assert out["none"] > 0.7


def test_without_overdispersion_the_scores_stand():
    table = funnel([200, 50, 100], [100, 100, 100], overdispersion="none")
    assert list(table["z_adjusted"]) == list(table["z"]) == [10, -5, 0]
    assert list(table["outside"]) == ["above_998", "below_998", ""]


def test_count_ratio_by_hand():
    # Targets 40/40 = 1; log(10.5 / 30.5) over the root of 10/10.5^2 + 30/30.5^2.
    table = count_ratio_funnel([10, 30], [30, 10], share=0)
    z = np.log(10.5 / 30.5) / np.sqrt(10 / 10.5**2 + 30 / 30.5**2)
    assert list(table["z"]) == pytest.approx([z, -z])
    weight = 1 / (10 / 10.5**2 + 30 / 30.5**2)
    assert table["tau2"].iloc[0] == pytest.approx((2 * z**2 - 1) / weight)  # sum w - sum w^2 / sum w = w
    assert table["phi"].iloc[0] == pytest.approx(z**2)


def test_count_ratio_takes_areas_without_events():
    table = count_ratio_funnel(pd.Series([0, 0, 9, 50], index=list("abcd")), [0, 5, 11, 45])
    assert list(table.index) == list("abcd")
    assert np.isfinite(table[["value", "z", "z_adjusted"]]).all(axis=None)
    assert table["value"].iloc[0] == 1


AREAS = st.lists(st.tuples(st.integers(0, 10_000), st.floats(0.1, 10_000)), min_size=1, max_size=40)


@settings(deadline=None, max_examples=60)
@given(AREAS, st.randoms())
def test_order_does_not_matter(areas, random):
    order = list(range(len(areas)))
    random.shuffle(order)
    observed, expected = np.array(areas).T
    straight = funnel(observed, expected).iloc[order].reset_index(drop=True)
    shuffled = funnel(observed[order], expected[order])
    pd.testing.assert_frame_equal(straight, shuffled)


def test_index_is_kept():
    observed = pd.Series([10, 20], index=["a", "b"])
    assert list(funnel(observed, [15.0, 15.0]).index) == ["a", "b"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: funnel([1, -1], [1, 1]), r"count: 1 of 2 .*-1 at position 1"),
        (lambda: funnel([1, 1], [1, 0]), r"expected: 1 of 2 .*must be > 0"),
        (lambda: funnel([1, 1], [1, 1, 1]), r"lengths differ"),
        (lambda: funnel([1], [1], levels=(0,)), r"level: found 0"),
        (lambda: funnel([], []), r"z: found 0 values"),
        (lambda: dispersion([1], [1], share=0.5), r"share: found 0.5"),
        (lambda: winsorise([np.nan]), r"z: .*finite"),
        (lambda: additive_variance([0, 1], [1, 1]), r"count: .*must be > 0 on the log scale"),
        (lambda: additive_variance([1], [1]), r"found 1 areas"),
        (lambda: funnel([0, 1], [1, 1], overdispersion="additive"), r"count: 1 of 2 .*use multiplicative"),
        (lambda: funnel([1], [1], overdispersion="random"), r"overdispersion: found 'random'"),
        (lambda: funnel([1], [1], share=-0.1), r"share: found -0.1"),
        (lambda: count_ratio_funnel([1, -1], [1, 1]), r"count1: .*-1 at position 1"),
        (lambda: count_ratio_funnel([1, 1], [0, 0]), r"with 2 and 0 events"),
        (lambda: count_ratio_funnel([1], [1]), r"found 1 areas"),
        (lambda: count_ratio_funnel(pd.Series([1, 2], index=["a", "b"]), pd.Series([1, 2], index=["b", "a"])), "align"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
