"""Bias among pooled studies: other roads to the same numbers, what selection does, few studies."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from brapkg.stats.pooling import pool
from brapkg.stats.pooling_bias import begg, egger, fail_safe_n, trim_and_fill
from brapkg.stats.thin import TooThin


def made(seed, k=30, select=False):
    """Studies of one effect 0.2; with `select` only those that found something are kept."""
    rng = np.random.default_rng(seed)
    y, v = [], []
    while len(y) < k:
        error = rng.uniform(0.05, 0.6)
        effect = rng.normal(0.2, error)
        if not select or effect / error > 1.2 or rng.random() < 0.1:
            y.append(effect)
            v.append(error**2)
    return np.array(y), np.array(v)


def test_egger_is_the_weighted_regression():
    y, v = made(1)
    fit = sm.WLS(y, sm.add_constant(np.sqrt(v)), weights=1 / v).fit()
    table = egger(y, v, levels=(0.95, 0.8))
    row = table.iloc[0]
    assert [row["value"], row["statistic"], row["p_value"]] == pytest.approx(
        [fit.params[1], fit.tvalues[1], fit.pvalues[1]]
    )
    assert [row["lower"], row["upper"]] == pytest.approx(fit.conf_int()[1])
    assert row["df"] == 28 and table["lower"].iloc[1] > row["lower"]


def test_selection_is_found_and_its_absence_is_not():
    honest = [egger(*made(seed))["p_value"].iloc[0] < 0.05 for seed in range(200)]
    chosen = [egger(*made(seed, select=True))["p_value"].iloc[0] < 0.05 for seed in range(100)]
    assert np.mean(honest) < 0.1 < 0.5 < np.mean(chosen)
    assert np.mean([begg(*made(seed))["p_value"].iloc[0] < 0.05 for seed in range(100)]) < 0.12
    assert np.mean([begg(*made(seed, select=True))["p_value"].iloc[0] < 0.05 for seed in range(100)]) > 0.4


def test_trim_and_fill_moves_back_what_selection_moved():
    options = {"method": "DL", "test": "z"}
    before = np.mean([pool(*made(seed, select=True), **options)["value"].iloc[0] for seed in range(60)])
    after = np.mean([trim_and_fill(*made(seed, select=True), **options)["value"].iloc[0] for seed in range(60)])
    assert before > after > 0.2 - 0.02


def test_trim_and_fill_by_hand():
    # Pairs around 0 and three small studies far to the right. Ranks to the right of the mean:
    # 3, 5, 7, 8, 9; L0 = (4 * 32 - 9 * 10) / 17 = 2.2, so two are missing on the left.
    y = np.array([0, 0, 1, -1, 2, -2, 5, 6, 7.0])
    v = np.array([0.01, 0.01, 0.5, 0.5, 0.6, 0.6, 4, 4, 4.0])
    row = trim_and_fill(y, v, method="FE", test="z").iloc[0]
    assert row["filled"] == 2 and row["side"] == "left" and row["k"] == 11
    centre = 1.25 / (200 + 4 + 2 / 0.6 + 0.25)  # of the seven kept
    mirrored = 2 * centre - 6, 2 * centre - 7
    assert row["value"] == pytest.approx((18 + sum(mirrored)) / 4 / (200 + 4 + 2 / 0.6 + 5 / 4))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_mirror_image_has_the_mirror_result(seed):
    y, v = made(seed, k=12)
    left, right = (trim_and_fill(sign * y, v).iloc[0] for sign in (1, -1))
    assert left["value"] == pytest.approx(-right["value"], abs=1e-9) and left["filled"] == right["filled"]
    assert {left["side"], right["side"]} == {"left", "right"}
    assert left["lower"] == pytest.approx(-right["upper"], abs=1e-9)
    assert egger(y, v)["value"].iloc[0] == pytest.approx(-egger(-y, v)["value"].iloc[0])


def test_symmetric_funnel_is_left_alone():
    y, v = np.array([0, 0.2, -0.2, 0.5, -0.5, 1, -1]), np.array([0.01, 0.02, 0.02, 0.1, 0.1, 0.4, 0.4])
    row = trim_and_fill(y, v).iloc[0]
    assert row["filled"] == 0 and row["value"] == pytest.approx(pool(y, v)["value"].iloc[0], abs=1e-12)


def test_begg_by_hand():
    # Effects in step with variance: all pairs but those at the mean agree; here tau is 1.
    row = begg([0, 1, 2, 4, 8], [1, 2, 3, 4, 5], minimum=5).iloc[0]
    assert row["value"] == pytest.approx(1) and row["p_value"] == pytest.approx(2 / 120)  # 2 of 5! orders


def test_fail_safe_number_by_hand():
    # Nine studies with z = 2: (18 / 1.6449)^2 - 9 = 110.75.
    y, v = np.full(9, 2.0), np.ones(9)
    row = fail_safe_n(y, v).iloc[0]
    assert row["value"] == 111 and row["p_value"] == pytest.approx(9.866e-10, rel=1e-3)  # normal tail beyond 6
    # Equal weights: the same with the two-sided 1.96: (18 / 1.96)^2 - 9 = 75.3.
    assert fail_safe_n(y, v, method="rosenberg")["value"].iloc[0] == 76
    assert fail_safe_n([0.1, -0.1], [1, 1])["value"].iloc[0] == 0


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_that_many_nothings_undo_the_significance(seed):
    y, v = made(seed, k=8)
    more = int(fail_safe_n(y, v)["value"].iloc[0])
    z = (y / np.sqrt(v)).sum()
    assert abs(z) / np.sqrt(8 + more) <= 1.6449
    assert more == 0 or abs(z) / np.sqrt(8 + more - 1) > 1.6448


def test_withheld_below_ten_studies_unless_asked():
    y, v = made(3, k=9)
    for test in (egger, begg):
        row = test(y, v).iloc[0]
        assert row["missing"] == "few" and np.isnan(row["value"]) and np.isnan(row["p_value"]) and row["k"] == 9
        row = test(y, v, minimum=9).iloc[0]
        assert row["missing"] == "" and 0 <= row["p_value"] <= 1
    assert egger(y, v)[["lower", "upper", "statistic"]].isna().all(axis=None)


def keyed(values, keys="abc"):
    return pd.Series(values, index=list(keys))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: egger([1, 2, 3], [1, 2, -1]), r"variance: 1 of 3 .*-1 at position 2"),
        (lambda: egger(keyed([1, 2, 3]), keyed([1, 2, 3], "cba")), r"index of variance differs"),
        (lambda: begg([1, 2, 3], [1, 2]), r"lengths differ \(estimate 3, variance 2\)"),
        (lambda: fail_safe_n([1, 2], [1, 1], method="orwin"), r"method: found 'orwin'"),
        (lambda: fail_safe_n([1, 2], [1, 1], alpha=5), r"alpha: found 5; must be above 0 and below 0.5"),
        (lambda: fail_safe_n([1, 2], [1, 1], alpha=0.5), r"alpha: found 0.5"),
        (lambda: trim_and_fill([1, 2, 3], [1, 2, 3], method="XX"), r"method: found 'XX'"),
        (lambda: trim_and_fill([1, 2, 3], [1, 2, 3], levels=(0,)), r"level: found 0"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: egger([1, 2], [1, 2]), r"Egger's test: found 2 studies; needs 3"),
        (lambda: egger([1, 2, 3], [1, 1, 1]), r"Egger's test: all 3 studies have the same variance"),
        (lambda: begg([1, 2, 3], [2, 2, 2]), r"Begg's test: all 3 studies"),
        (lambda: trim_and_fill([1, 2, 3], [2, 2, 2]), r"trim and fill: all 3"),
        (lambda: fail_safe_n([1], [2]), r"fail-safe N: found 1 studies; needs 2"),
    ],
)
def test_too_thin_is_said(call, message):
    with pytest.raises(TooThin, match=message):
        call()
