"""Power: the table for small municipalities, and simulations of the very tests that are meant."""

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brapkg.stats.effect.power import detectable_change, power
from brapkg.stats.effect.power_trend import detectable_trend
from brapkg.stats.effect.ratios import poisson_z, relative_effect
from brapkg.stats.thin import TooThin


def of(table, direction):
    return table.loc[table["direction"] == direction, "value"].to_numpy()


def test_what_16_000_inhabitants_can_show():
    # Rates of 10, 50, ... 3000 per 100 000 in one year; per cent rounded up, as no less is seen.
    table = detectable_change(16_000 * np.array([10, 50, 100, 300, 1000, 3000]) / 100_000)
    fall = of(table, "fall")
    assert np.isnan(fall[0]) and list(np.ceil(fall[1:])) == [92, 75, 50, 29, 18]
    assert list(table[table["direction"] == "fall"]["missing"]) == ["undetectable", "", "", "", "", ""]


def test_by_hand():
    # sqrt(16) - 2.801585 / sqrt(2) = 2.018980, squared 4.076281: a fall of 74.52 per cent.
    assert of(detectable_change(16), "fall")[0] == pytest.approx(74.5232, abs=1e-3)
    assert of(detectable_change(16), "rise")[0] == pytest.approx(123.5787, abs=1e-3)


@pytest.mark.parametrize("before", [48, 160])
@pytest.mark.parametrize("direction", ["fall", "rise"])
@pytest.mark.parametrize("years", [1, 4])
def test_the_square_root_test_sees_it_four_times_in_five(before, direction, years):
    # `years` years of past, one after; `before` events a year.
    table = detectable_change(before * years, exposure_before=years)
    ratio = 1 + of(table, direction)[0] / 100 * (1 if direction == "rise" else -1)
    rng = np.random.default_rng(1)
    past, now = rng.poisson(before * years, 40_000) / years, rng.poisson(before * ratio, 40_000)
    seen = (poisson_z(now, past, past_periods=years)["p_value"] < 0.05).mean()
    assert seen == pytest.approx(0.8, abs=0.02)
    assert power(before * years, ratio, exposure_before=years)["value"].iloc[0] == pytest.approx(0.8, abs=1e-6)


@pytest.mark.parametrize("direction", ["fall", "rise"])
def test_the_ratio_test_sees_it_four_times_in_five(direction):
    table = detectable_change(120, comparison_before=400, comparison_after=300)
    ratio = 1 + of(table, direction)[0] / 100 * (1 if direction == "rise" else -1)
    rng = np.random.default_rng(2)
    counts = rng.poisson([120, 90 * ratio, 400, 300], (40_000, 4)).T
    assert (relative_effect(*counts)["p_value"] < 0.05).mean() == pytest.approx(0.8, abs=0.02)
    one = power(120, ratio, comparison_before=400, comparison_after=300).iloc[0]
    assert one["value"] == pytest.approx(0.8, abs=1e-6) and one["expected"] == 90


def test_overdispersed_counts_need_a_larger_fall():
    rng = np.random.default_rng(3)
    phi, mean = 3, 200
    ratio = 1 - of(detectable_change(mean, phi=phi), "fall")[0] / 100

    def draw(m):
        return rng.negative_binomial(m / (phi - 1), 1 / phi, 40_000)  # mean m, variance phi m

    z = poisson_z(draw(mean * ratio), draw(mean))["value"] / np.sqrt(phi)
    assert (np.abs(z) > 1.959964).mean() == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(("count", "years"), [(100, 10), (40, 6), (400, 15)])
def test_the_trend_test_sees_it_four_times_in_five(count, years):
    from scipy import stats

    from brapkg.stats.poisson import fit

    change = of(detectable_trend(count, years), "rise")[0] / 100
    x = np.arange(years) - (years - 1) / 2
    mean = np.exp(np.log1p(change) * x)
    mean *= count * years / mean.sum()
    y = np.random.default_rng(4).poisson(mean, (4000, years)).astype(float)
    fits = fit(y, np.column_stack([np.ones(years), x]), np.ones_like(y))
    # The chance is for a dispersion that is estimated, not floored: the test of the noncentral t.
    t = fits.coefficients[:, 1] / np.sqrt(fits.covariance[:, 1, 1] * fits.dispersion)
    assert (np.abs(t) > stats.t.isf(0.025, years - 2)).mean() == pytest.approx(0.8, abs=0.03)


def test_trend_is_the_same_both_ways_on_the_log_scale():
    table = detectable_trend([20, 200], 10)
    fall, rise = of(table, "fall") / 100, of(table, "rise") / 100
    assert (1 - fall) * (1 + rise) == pytest.approx([1, 1])
    assert fall[0] > fall[1]


def test_where_nothing_can_be_seen():
    table = detectable_change(3, comparison_before=1000)
    assert np.isnan(of(table, "fall")[0]) and of(table, "rise")[0] > 100
    tiny = detectable_trend(0.2, 3)
    assert tiny["value"].isna().all() and (tiny["missing"] == "undetectable").all()


def test_no_effect_is_seen_as_often_as_chance_allows():
    assert power(50, 1, levels=(0.95, 0.99))["value"].to_numpy() == pytest.approx([0.05, 0.01])


def test_a_large_comparison_area_comes_near_to_none():
    # With a known comparison the ratio test has the chance of the area's own two counts alone.
    alone = power(2000, 0.9)["value"].iloc[0]
    assert power(2000, 0.9, comparison_before=1e9)["value"].iloc[0] == pytest.approx(alone, abs=0.01)
    assert power(2000, 0.9, comparison_before=2000)["value"].iloc[0] < alone - 0.1


@settings(deadline=None, max_examples=60)
@given(st.floats(1, 1e5), st.floats(1, 20), st.floats(0.5, 0.95), st.booleans())
def test_more_events_and_less_spread_show_smaller_effects(count, phi, wanted, compared):
    other = {"comparison_before": 3 * count} if compared else {}
    more = {"comparison_before": 6 * count} if compared else {}
    base = of(detectable_change(count, phi=phi, power=wanted, **other), "rise")[0]
    assert of(detectable_change(2 * count, phi=phi, power=wanted, **more), "rise")[0] < base
    assert of(detectable_change(count, phi=phi + 1, power=wanted, **other), "rise")[0] > base
    fall = of(detectable_change(count, phi=phi, power=wanted, **other), "fall")[0]
    if not np.isnan(fall):
        assert 0 < fall < 100
        seen = power(count, 1 - fall / 100, phi=phi, **other)["value"].iloc[0]
        assert seen == pytest.approx(wanted, abs=5e-3)  # the far tail is left out of the one, not of the other


def test_a_country_at_once():
    start = time.perf_counter()
    detectable_change(np.linspace(1, 5000, 290), comparison_before=1e5, levels=(0.95, 0.998))
    detectable_trend(np.linspace(1, 5000, 290), 10)
    assert time.perf_counter() - start < 1


def test_index_is_kept():
    before = pd.Series([10, 20], index=["a", "b"])
    assert list(detectable_change(before).index) == ["a", "b"] * 2
    assert list(power(before, 0.5).index) == ["a", "b"]
    assert list(detectable_trend(before, 5).index) == ["a", "b"] * 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: detectable_change(0), r"before: .*must be > 0"),
        (lambda: detectable_change([1, 2], phi=[1, 2, 3]), r"lengths differ"),
        (lambda: detectable_change(1, exposure_after=0), r"exposure_after: .*must be > 0"),
        (lambda: detectable_change(1, phi=-1), r"phi: .*must be > 0"),
        (lambda: detectable_change(1, power=1), r"power: found 1"),
        (lambda: detectable_change(1, power=0.01), r"power: found 0.01; must be above half"),
        (lambda: detectable_change(1, comparison_after=3), r"comparison_before: found None"),
        (lambda: detectable_change(1, levels=(2,)), r"level: found 2"),
        (lambda: power(1, 0), r"ratio: .*must be > 0"),
        (lambda: power(np.nan, 1), r"before: .*finite"),
        (
            lambda: power(pd.Series([1], index=["a"]), pd.Series([1], index=["b"])),
            r"index of ratio differs",
        ),
        (lambda: detectable_trend(-1, 10), r"count: .*must be > 0"),
        (lambda: detectable_trend(10, 10, power=0.04), r"power: found 0.04; must be above 1 - level"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_too_few_years():
    with pytest.raises(TooThin, match="years: found 2; detectable_trend needs at least 3"):
        detectable_trend(10, 2)
    with pytest.raises(ValueError, match="years: found 4.5; must be a whole number"):
        detectable_trend(10, 4.5)
