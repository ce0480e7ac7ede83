"""Ratios: both directions say the same, agree with the regression, and cover."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brapkg.stats.effect.ratios import poisson_z, relative_effect


def test_by_hand_in_both_directions():
    # a 12, b 5, c 30, d 28: 12 * 28 / (5 * 30) = 2.24; variance 1/12 + 1/5 + 1/30 + 1/28.
    res, rirr = (relative_effect(12, 5, 30, 28, method=method).iloc[0] for method in ("res", "rirr"))
    assert (res["value"], rirr["value"]) == pytest.approx((2.24, 1 / 2.24))
    assert res["se"] ** 2 == pytest.approx(1 / 12 + 1 / 5 + 1 / 30 + 1 / 28)
    assert (res["lower"], res["upper"]) == pytest.approx((1 / rirr["upper"], 1 / rirr["lower"]))
    assert (res["good"], rirr["good"]) == ("above 1", "below 1")
    assert res["change"] == rirr["change"] == pytest.approx(-55.3571428571)
    # Farrington et al. (2007), by R: 0.699778 to 7.170270.
    assert (res["lower"], res["upper"]) == pytest.approx((0.699778263484401, 7.17027130139182))


def test_is_the_interaction_of_the_saturated_regression():
    import statsmodels.api as sm

    treated, post = np.array([1, 1, 0, 0]), np.array([0, 1, 0, 1])
    design = np.column_stack([np.ones(4), treated, post, treated * post])
    fitted = sm.GLM([40, 25, 110, 130], design, family=sm.families.Poisson()).fit()
    row = relative_effect(40, 25, 110, 130).iloc[0]
    assert np.log(row["value"]) == pytest.approx(fitted.params[3])
    assert row["se"] == pytest.approx(fitted.bse[3], rel=1e-6)
    assert row["p_value"] == pytest.approx(fitted.pvalues[3], rel=1e-5)


def test_overdispersion_widens_but_never_narrows():
    plain, wide, narrow = (relative_effect(12, 5, 30, 28, phi=phi)["se"].iloc[0] for phi in (1, 9, 0.1))
    assert wide == pytest.approx(3 * plain) and narrow == plain


def test_a_count_of_zero_withholds_the_row_alone():
    table = relative_effect([10, 10], [0, 5], 20, 20)
    assert list(table["missing"]) == ["none", ""]
    assert table.iloc[0][["value", "lower", "upper", "p_value", "change"]].isna().all()
    assert table.iloc[1]["value"] == 0.5


def test_interval_covers():
    rng = np.random.default_rng(4)
    counts = rng.poisson(np.array([60, 30, 200, 220]), (5000, 4)).T
    table = relative_effect(*counts)
    truth = (30 / 60) / (220 / 200)
    assert ((table["lower"] <= truth) & (truth <= table["upper"])).mean() == pytest.approx(0.95, abs=0.01)


def test_score_by_hand():
    # 2 (5 - 4) = 2 where 16 is known, 2 / sqrt(2) where it was counted, 2 / sqrt(1.25) for the mean of 4.
    for periods, wanted in ((np.inf, 2), (1, np.sqrt(2)), (4, 2 / np.sqrt(1.25))):
        assert poisson_z(25, 16, past_periods=periods)["value"].iloc[0] == pytest.approx(wanted)
    three = 0.9973002039367398  # z = 3
    row = poisson_z(25, 16, past_periods=np.inf, levels=(three,)).iloc[0]
    assert (row["band_lower"], row["band_upper"]) == pytest.approx((6.25, 30.25))
    assert poisson_z(0, 1, levels=(0.998,))["band_lower"].iloc[0] == 0


def test_one_counted_past_does_not_cry_wolf():
    rng = np.random.default_rng(5)
    past, current = rng.poisson(16, (2, 40_000))
    wrong = np.mean(np.abs(poisson_z(current, past, past_periods=np.inf)["value"]) >= 2)
    right = np.mean(np.abs(poisson_z(current, past)["value"]) >= 2)
    assert wrong == pytest.approx(0.167, abs=0.008)  # the trap: one in six
    assert right == pytest.approx(0.0455, abs=0.01)


def test_no_events_then_or_now():
    table = poisson_z([0, 4], [0, 0])
    assert np.isnan(table["value"].iloc[0]) and list(table["missing"]) == ["none", ""]
    assert table["value"].iloc[1] == pytest.approx(4 / np.sqrt(2))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 10_000), min_size=4, max_size=4), st.floats(0.5, 0.999))
def test_limits_hold_the_value_and_p_agrees(counts, level):
    row = relative_effect(*counts, levels=(level,)).iloc[0]
    assert row["lower"] <= row["value"] <= row["upper"]
    if abs(row["p_value"] - (1 - level)) > 1e-9:
        assert (row["p_value"] < 1 - level) == (not row["lower"] <= 1 <= row["upper"])


def test_index_is_kept():
    before = pd.Series([10, 20], index=["a", "b"])
    assert list(relative_effect(before, 5, 10, 10, levels=(0.9, 0.95)).index) == ["a", "b"] * 2
    assert list(poisson_z(before, 5).index) == ["a", "b"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: relative_effect(-1, 1, 1, 1), r"before: .*must be >= 0"),
        (lambda: relative_effect(1, 1, 1, 1.5), r"comparison_after: .*whole"),
        (lambda: relative_effect([1, 2], [1, 2, 3], 1, 1), r"lengths differ"),
        (lambda: relative_effect(1, 1, 1, 1, phi=-1), r"phi: .*must be > 0"),
        (lambda: relative_effect(1, 1, 1, 1, method="or"), r"method: found 'or'; must be one of rirr, res"),
        (lambda: relative_effect(1, 1, 1, 1, levels=(0,)), r"level: found 0"),
        (
            lambda: relative_effect(pd.Series([1], index=["a"]), pd.Series([1], index=["b"]), 1, 1),
            r"index of after differs",
        ),
        (lambda: poisson_z(1.5, 1), r"current: .*whole"),
        (lambda: poisson_z(1, -1), r"past: .*must be >= 0"),
        (lambda: poisson_z(1, 1, past_periods=0.5), r"past_periods: found 0.5; must be at least 1"),
        (lambda: poisson_z(1, 1, past_periods=np.nan), r"past_periods: found nan"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
