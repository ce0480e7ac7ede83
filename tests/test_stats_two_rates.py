"""Two rates: values from R and from papers, both ways round, and how often a true null is rejected."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from brapkg.stats.two_rates import e_test, rate_ratio_exact


def test_exact_ratio_from_r():
    # R 4.5.0 poisson.test(c(10, 20), c(1000, 1500)).
    row = rate_ratio_exact(10, 1000, 20, 1500).iloc[0]
    assert row["value"] == pytest.approx(0.75)
    assert row["lower"] == pytest.approx(0.3135089475357494, rel=1e-6)
    assert row["upper"] == pytest.approx(1.678774566366306, rel=1e-6)
    assert row["p_value"] == pytest.approx(0.5769674596013762, rel=1e-6)


def test_exact_ratio_without_events():
    table = rate_ratio_exact([5, 0, 0], 10, [0, 5, 0], 10)
    assert list(table["value"].iloc[:2]) == [np.inf, 0]
    assert table["upper"].iloc[0] == np.inf and table["lower"].iloc[1] == 0
    assert np.isnan(table["value"].iloc[2])
    assert (table["lower"].iloc[2], table["upper"].iloc[2]) == (0, np.inf)
    assert list(table["missing"]) == ["", "", "none"]
    assert list(table.iloc[2][["p_value", "p_mid"]]) == [1, 1]


def test_levels_come_in_blocks_with_their_counts():
    x1 = pd.Series([10, 7], index=["a", "b"])
    table = rate_ratio_exact(x1, 1000, 20, 1500, levels=(0.95, 0.998))
    assert list(table.index) == ["a", "b", "a", "b"] and list(table["level"]) == [0.95, 0.95, 0.998, 0.998]
    assert list(table["x1"]) == [10, 7, 10, 7] and set(table["n2"]) == {1500}
    one = rate_ratio_exact(x1, 1000, 20, 1500, levels=(0.998,))
    pd.testing.assert_frame_equal(table.iloc[2:], one)
    assert (table["lower"].iloc[2:] < table["lower"].iloc[:2]).all()


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 300), st.integers(0, 300), st.floats(0.1, 1e6), st.floats(0.1, 1e6))
def test_exact_ratio_turns_around(x1, x2, n1, n2):
    there, back = rate_ratio_exact(x1, n1, x2, n2).iloc[0], rate_ratio_exact(x2, n2, x1, n1).iloc[0]
    assert there["p_value"] == pytest.approx(back["p_value"])
    assert there["p_mid"] == pytest.approx(back["p_mid"])
    if x1 and x2:
        assert there["lower"] == pytest.approx(1 / back["upper"])
        assert there["lower"] < there["value"] < there["upper"]


def test_mid_p_by_hand():
    # 3 against 0: chances 1/8, 3/8, 3/8, 1/8; the two ends are 0.25, less half of the one seen.
    row = rate_ratio_exact(3, 1, 0, 1).iloc[0]
    assert (row["p_value"], row["p_mid"]) == pytest.approx((0.25, 0.1875))


def test_e_test_from_the_paper():
    # Krishnamoorthy and Thomson's worked values, equal exposure: both forms alike.
    for form in ("score", "wald"):
        table = e_test([3, 6], 1, [0, 2], 1, form=form)
        assert list(table["p_value"]) == pytest.approx([0.0884, 0.1749], abs=5e-5)
        assert set(table["method"]) == {f"E-test, {form}"}


def test_forms_differ_when_exposures_do():
    # 12 in 3 years against 22 in 1.
    score, wald = (e_test(12, 3, 22, 1, form=form)["p_value"].iloc[0] for form in ("score", "wald"))
    assert score == pytest.approx(5.895019665120073e-07, rel=1e-8)
    assert wald == pytest.approx(0.0019258543337905684, rel=1e-8)


def test_no_difference_at_all_leaves_out_the_empty_outcome():
    # Every outcome but that of no event: 1 - exp(-9) for 6 in 2 and 3 in 1.
    table = e_test([6, 20, 3], [2, 1, 0.3], [3, 20, 1], [1, 1, 0.1])
    assert (table["statistic"] == 0).all()
    assert list(table["p_value"]) == pytest.approx([1 - np.exp(-9), 1 - np.exp(-40), 1 - np.exp(-4)], rel=1e-12)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 8), st.integers(0, 8), st.integers(1, 5), st.integers(1, 5), st.sampled_from(["score", "wald"]))
def test_e_test_with_exact_fractions(x1, x2, n1, n2, form):
    # Ties are decided in whole numbers here, by the definition.
    if x1 + x2 == 0:
        return

    def squared(a, b):
        difference = (Fraction(a, n1) - Fraction(b, n2)) ** 2
        variance = Fraction(a + b, n1 * n2) if form == "score" else Fraction(a, n1**2) + Fraction(b, n2**2)
        return difference / variance

    rate, seen = (x1 + x2) / (n1 + n2), squared(x1, x2)
    one, other = (stats.poisson.pmf(np.arange(60), rate * n) for n in (n1, n2))
    p = sum(one[a] * other[b] for a in range(60) for b in range(60) if a + b and squared(a, b) >= seen)
    assert e_test(x1, n1, x2, n2, form=form)["p_value"].iloc[0] == pytest.approx(p, rel=1e-6)


def test_e_test_without_events():
    row = e_test(pd.Series([0], index=["a"]), 5, 0, 9).loc["a"]
    assert np.isnan(row["value"]) and np.isnan(row["statistic"])
    assert (row["p_value"], row["missing"]) == (1, "none")


def test_true_null_is_rejected_as_often_as_said():
    # All outcomes of two groups with 6 and 12 expected events, weighed by their chance.
    x1, x2 = (grid.ravel() for grid in np.meshgrid(np.arange(22), np.arange(34), indexing="ij"))
    chance = stats.poisson.pmf(x1, 6) * stats.poisson.pmf(x2, 12)
    conditional = rate_ratio_exact(x1, 1, x2, 2)
    size = {name: chance[conditional[name] <= 0.05].sum() for name in ("p_value", "p_mid")}
    size["score"] = chance[e_test(x1, 1, x2, 2)["p_value"] <= 0.05].sum()
    assert size["p_value"] < 0.04 < size["score"] < 0.055
    assert size["p_value"] < size["p_mid"] < 0.06
    covered = (conditional["lower"] <= 1) & (conditional["upper"] >= 1)
    assert chance[covered].sum() > 0.95


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rate_ratio_exact(1.5, 1, 1, 1), r"x1: .*whole"),
        (lambda: rate_ratio_exact(1, 1, 1, -1), r"n2: .*must be > 0"),
        (lambda: rate_ratio_exact([1, 2], 1, [1, 2, 3], 1), r"lengths differ"),
        (lambda: rate_ratio_exact(1, 1, 1, 1, levels=()), r"levels: found none"),
        (lambda: rate_ratio_exact(1, 1, 1, 1, levels=(0.95, 2)), r"level: found 2"),
        (lambda: rate_ratio_exact(pd.Series([1], index=["a"]), 1, pd.Series([1], index=["b"]), 1), r"index of x2"),
        (lambda: e_test(1, 1, -1, 1), r"x2: .*must be >= 0"),
        (lambda: e_test(1, 0, 1, 1), r"n1: .*must be > 0"),
        (lambda: e_test(1, 1, 1, 1, form="log"), r"form: found 'log'"),
        (lambda: e_test([5, 9000], 1, [5, 9000], 1), r"x1 \+ x2: 1 of 2 .*at most 2000 events .*use rate_ratio_exact"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
