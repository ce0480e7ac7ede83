"""Trend by ranks: by hand, against scipy, and in simulations; hostile months are refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from brapkg.stats.thin import TooThin
from brapkg.stats.time.rank_trend import mann_kendall, pettitt, seasonal_mann_kendall

RNG = np.random.default_rng(41)


def by_month(values, start="2019-01") -> pd.Series:
    return pd.Series(values, index=pd.period_range(start, periods=len(values), freq="M"))


def test_mann_kendall_by_hand():
    # 1 3 2 4 6: nine rises and one fall, so s is 8; variance 5 * 4 * 15 / 18; tau 8 / 10.
    row = mann_kendall([1, 3, 2, 4, 6], [1, 2, 3, 4, 5]).iloc[0]
    assert (row["s"], row["variance"], row["tau"]) == pytest.approx((8, 300 / 18, 0.8))
    assert row["z"] == pytest.approx(7 / np.sqrt(300 / 18))
    assert row["p_value"] == pytest.approx(2 * stats.norm.sf(7 / np.sqrt(300 / 18)))
    # Slopes in order: -1, .5, .5, 1, 1, 1.25, 2, 2, 2, 2. At 95 per cent the limits are the outermost.
    assert (row["value"], row["lower"], row["upper"]) == (1.125, -1, 2)
    assert (row["years"], row["missing"], row["method"]) == (5, "", "mann-kendall, sen")


def test_slope_and_limits_are_those_of_scipy_with_ties_and_gaps():
    values = RNG.poisson(np.linspace(4, 9, 20))
    years = np.cumsum(RNG.integers(1, 4, 20))
    table = mann_kendall(values, years, levels=(0.95, 0.8))
    for level, row in zip((0.95, 0.8), table.itertuples(), strict=True):
        expected = stats.theilslopes(values, years, level)
        assert (row.value, row.lower, row.upper) == pytest.approx(
            (expected.slope, expected.low_slope, expected.high_slope), rel=1e-12
        )
        assert row.tau == pytest.approx(stats.kendalltau(years, values).statistic)


def test_a_level_too_high_for_so_few_values_is_withheld():
    table = mann_kendall([1, 3, 2, 4, 6], range(5), levels=(0.95, 0.998))
    assert table["missing"].tolist() == ["", "few"]
    assert np.isnan(table[["lower", "upper"]].iloc[1]).all() and not np.isnan(table["value"].iloc[1])


def test_p_is_even_without_a_trend_and_small_with_one():
    years = np.arange(15)
    noise = [mann_kendall(RNG.normal(size=15), years)["p_value"][0] for _ in range(400)]
    assert np.mean(np.array(noise) < 0.05) == pytest.approx(0.05, abs=0.03)
    trend = [mann_kendall(RNG.normal(size=15) + years / 4, years)["p_value"][0] for _ in range(100)]
    assert np.mean(np.array(trend) < 0.05) > 0.9


def test_slope_interval_covers():
    years = np.arange(12)
    rows = [mann_kendall(2 * years + RNG.standard_t(2, 12), years).iloc[0] for _ in range(300)]
    assert 0.92 <= np.mean([row["lower"] <= 2 <= row["upper"] for row in rows]) <= 0.99


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(-50, 50), min_size=5, max_size=25).filter(lambda x: min(x) < max(x)))
def test_turning_time_around_turns_the_signs(values):
    one = mann_kendall(values, range(len(values))).iloc[0]
    other = mann_kendall(values[::-1], range(len(values))).iloc[0]
    assert (one["s"], one["p_value"], one["value"]) == pytest.approx((-other["s"], other["p_value"], -other["value"]))
    assert (one["lower"], one["upper"]) == pytest.approx((-other["upper"], -other["lower"]), nan_ok=True)


def test_seasonal_form_is_the_sum_over_the_months():
    values = by_month(RNG.poisson(20, 72))
    row = seasonal_mann_kendall(values).iloc[0]
    months = [mann_kendall(values[values.index.month == m], range(6)).iloc[0] for m in range(1, 13)]
    assert row["s"] == sum(month["s"] for month in months)
    assert row["variance"] == pytest.approx(sum(month["variance"] for month in months))
    assert row["z"] == pytest.approx((row["s"] - np.sign(row["s"])) / np.sqrt(row["variance"]))
    assert row["years"] == 6


def test_seasonal_form_is_blind_to_the_season_and_gives_the_slope_per_year():
    season = 100 * np.cos(np.arange(72) / 6 * np.pi)
    row = seasonal_mann_kendall(by_month(season + 3 * (np.arange(72) // 12))).iloc[0]
    assert (row["value"], row["lower"], row["upper"], row["tau"]) == pytest.approx((3, 3, 3, 1))


def test_seasonal_form_starts_in_any_month_and_takes_month_names_as_text():
    values = RNG.poisson(20, 60)
    texts = pd.Series(values, index=[f"{2019 + (i + 4) // 12}-{(i + 4) % 12 + 1:02d}" for i in range(60)])
    pd.testing.assert_frame_equal(seasonal_mann_kendall(texts), seasonal_mann_kendall(by_month(values, "2019-05")))


def test_pettitt_by_hand():
    # Ranks 1 2 3 | 4 5 6: after three, 2 * 6 - 3 * 7 = -9; p = 2 exp(-6 * 81 / (216 + 36)).
    row = pettitt([1, 2, 3, 11, 12, 13], [2001, 2002, 2003, 2004, 2005, 2006]).iloc[0]
    assert (row["value"], row["position"], row["u"]) == (2003, 3, 9)
    assert row["p_value"] == pytest.approx(2 * np.exp(-6 * 81 / 252))


def test_pettitt_finds_the_place_and_keeps_p_at_most_one():
    places = [pettitt(np.r_[RNG.normal(size=20), 2 + RNG.normal(size=20)], range(40))["position"][0] for _ in range(50)]
    assert np.median(places) == pytest.approx(20, abs=1)
    p = [pettitt(RNG.normal(size=30), range(30))["p_value"][0] for _ in range(300)]
    assert max(p) <= 1 and np.mean(np.array(p) < 0.05) <= 0.07


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mann_kendall([1, 2, 3, 4], range(4)), r"mann_kendall: found 4 values; needs 5"),
        (lambda: mann_kendall([7] * 6, range(6)), r"mann_kendall: found 6 values, all 7"),
        (lambda: pettitt([1, 2, 3, 4], range(4)), r"pettitt: found 4 values; needs 5"),
        (lambda: pettitt([7] * 6, range(6)), r"pettitt: found 6 values, all 7"),
        (lambda: seasonal_mann_kendall(by_month(range(47))), r"seasonal_mann_kendall: found 47 months; needs 48"),
        (lambda: seasonal_mann_kendall(by_month([5] * 48)), r"each month is alike in all years"),
    ],
)
def test_thin_series_are_refused_with_the_reason(call, message):
    with pytest.raises(TooThin, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mann_kendall(range(6), [1, 2, 3, 5, 4, 6]), r"years: 1 of 6 .*4 at position 4.*sort"),
        (lambda: mann_kendall(range(6), [1, 2, 3, 3, 4, 6]), r"years: 1 of 6 .*3 at position 3"),
        (lambda: mann_kendall(range(6), range(5)), r"lengths differ \(values 6, years 5\)"),
        (lambda: mann_kendall([1, 2, 3, 4, np.nan], range(5)), r"values: .*finite"),
        (lambda: mann_kendall(pd.Series(range(6)), pd.Series(range(6), index=list("abcdef"))), r"index of years"),
        (lambda: mann_kendall(range(6), range(6), levels=(2,)), r"level: found 2"),
        (lambda: pettitt(range(6), [1, 2, 3, 5, 4, 6]), r"years: 1 of 6 .*must increase"),
        (lambda: seasonal_mann_kendall(range(60)), r"values: found no months"),
        (lambda: seasonal_mann_kendall(by_month(range(60)).iloc[::-1]), r"months must follow each other"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
