"""Calibration on placebos: known spreads are found, 5 per cent of nothing looks like something, and no more."""

from __future__ import annotations

import numpy as np
import pytest

from brapkg.stats.effect import calibration as cal
from brapkg.stats.thin import TooThin

SPREAD = cal.Spread(2.0, 0.03)


def made(seed: int, n: int = 4000, phi: float = 2.0, tau2: float = 0.03, degrees: int = cal.DEGREES):
    """Placebos whose scale is known: values, Poisson variances and swings."""
    rng = np.random.default_rng(seed)
    variance, swing = np.exp(rng.normal(-4, 1.2, n)), rng.choice([1.0, 3.0], n)
    chance = rng.standard_t(degrees, n) if degrees else rng.normal(size=n)
    return chance * np.sqrt(phi * variance + tau2 * swing), variance, swing


@pytest.mark.parametrize(("phi", "tau2"), [(2.0, 0.03), (1.0, 0.0), (6.0, 0.002)])
def test_a_known_spread_is_found(phi, tau2):
    value, variance, swing = made(1, 20_000, phi, tau2)
    found = cal.spread(value, variance, swing)
    assert found.phi == pytest.approx(phi, rel=0.08)
    assert found.tau2 == pytest.approx(tau2, rel=0.1, abs=4e-4)


def test_a_spread_is_where_the_likelihood_is_highest():
    from scipy import stats

    value, variance, swing = made(2, 400)

    def likelihood(phi, tau2):
        scale = np.sqrt(phi * variance + tau2 * swing)
        return (stats.t.logpdf(value / scale, cal.DEGREES) - np.log(scale)).sum()

    found = cal.spread(value, variance, swing)
    best = likelihood(found.phi, found.tau2)
    for phi, tau2 in ((1.02, 1), (0.98, 1), (1, 1.02), (1, 0.98)):
        assert likelihood(found.phi * phi, found.tau2 * tau2) < best


def test_one_wild_placebo_hardly_moves_the_spread():
    value, variance, swing = made(3, 300)
    plain = cal.spread(value, variance, swing)
    value[0] = 100.0
    wild = cal.spread(value, variance, swing)
    assert wild.scale(0.02, 1.0) == pytest.approx(plain.scale(0.02, 1.0), rel=0.05)


@pytest.mark.parametrize("degrees", [3, cal.DEGREES, 0])
def test_five_per_cent_of_fresh_placebos_cry_effect_whatever_their_tails(degrees):
    value, variance, swing = made(4, 4000, degrees=degrees)
    z = cal.standardised(value, variance, swing, np.arange(value.size) % 10)
    new, new_variance, new_swing = made(5, 20_000, degrees=degrees)
    fresh = new / cal.spread(value, variance, swing).scale(new_variance, new_swing)
    p = cal.p_values(fresh, z)
    assert (p <= 0.05).mean() == pytest.approx(0.05, abs=0.008)
    assert (p <= 0.01).mean() == pytest.approx(0.01, abs=0.004)
    assert ((p <= 0.05) == (np.abs(fresh) > cal.critical(z))).all()


def test_few_placebos_do_not_look_tamer_than_new_ones():
    """A spread that was fitted to 16 placebos and judged by them would cry effect too often."""
    alarms, naive = [], []
    for seed in range(150):
        value, variance, swing = made(seed, 16)
        fit = cal.spread(value, variance, swing)
        new, new_variance, new_swing = made(10_000 + seed, 40)
        fresh = new / fit.scale(new_variance, new_swing)
        alarms.append((cal.p_values(fresh, cal.standardised(value, variance, swing, np.arange(16))) <= 0.06).mean())
        naive.append((cal.p_values(fresh, value / fit.scale(variance, swing)) <= 0.06).mean())
    assert np.mean(alarms) == pytest.approx(1 / 17, abs=0.02) and np.mean(naive) > np.mean(alarms) + 0.005


def test_each_placebo_is_standardised_by_the_spread_of_the_other_folds():
    value, variance, swing = made(6, 60)
    fold = np.repeat(list("abc"), 20)
    found = cal.standardised(value, variance, swing, fold, 0.1)
    own = fold == "b"
    others = cal.spread(value[~own], variance[~own], swing[~own])
    np.testing.assert_allclose(found[own], value[own] / others.scale(variance[own], swing[own], 0.1), rtol=1e-6)


def test_a_p_value_is_a_share_with_the_estimate_counted_in():
    placebos = np.arange(1, 20.0) * np.where(np.arange(19) % 2, 1, -1)
    np.testing.assert_allclose(cal.p_values([0.0, 10, -10, 19, 99], placebos), [1, 11 / 20, 11 / 20, 2 / 20, 1 / 20])
    assert cal.critical(placebos, 0.95) == 19 and np.isinf(cal.critical(placebos, 0.99))


@pytest.mark.parametrize("scale", cal.SCALES)
def test_an_interval_leaves_out_nothing_just_when_the_test_says_so(scale):
    rng = np.random.default_rng(7)
    value = rng.uniform(-0.9, 1.5, 500)
    variance, swing, moved = rng.uniform(0.001, 0.05, 500), np.ones(500), rng.uniform(0, 0.02, 500)
    lower, upper = cal.interval(value, variance, swing, SPREAD, 1.9, scale=scale, moved=moved)
    outside = np.abs(value) > 1.9 * SPREAD.scale(variance, swing, moved)
    assert (((lower > 0) | (upper < 0)) == outside).all() and 0 < outside.sum() < 500
    assert (lower <= value).all() and (value <= upper).all()


def test_the_limits_of_a_share_are_the_effects_that_are_just_as_rare_as_asked():
    value, variance, moved = -0.4, 0.02, 0.004
    for limit in np.concatenate(cal.interval(value, variance, 1.0, SPREAD, 2.2, scale="share", moved=moved)):
        error = np.sqrt((SPREAD.phi * variance + SPREAD.tau2) * (1 + limit) ** 2 + moved)
        assert abs(value - limit) == pytest.approx(2.2 * error)
    lower, upper = cal.interval([-0.9, 3.0], [0.3, 0.3], 1.0, SPREAD, 2.5, scale="share", moved=[0.5, 0.01])
    assert lower[0] == -1 and np.isinf(upper).all()


@pytest.mark.parametrize("scale", cal.SCALES)
@pytest.mark.parametrize("expected", [40.0, 400.0])
def test_the_smallest_visible_change_is_seen_in_four_of_five(scale, expected):
    """Effects laid on simulated placebos event by event, and judged by other placebos of the same making."""
    rng = np.random.default_rng(8)
    spread = cal.Spread(1.0, 0.01)
    aside, swing = (0.5 / expected, 1.5) if scale == "difference" else (0.0, 1.0)
    variance = 2 / expected + aside

    def standardised(ratio, n):
        seen = rng.poisson(expected * np.exp(rng.normal(0, 0.1, n)) * ratio)
        w = np.maximum(seen, 0.5) / (expected * np.exp(rng.normal(0, np.sqrt(1 / expected), n)))
        beside = rng.normal(0, np.sqrt(aside + 0.01 * (swing - 1)), n)
        value = np.log(w) if scale == "log" else w - 1 + beside
        return value / spread.scale(variance, swing, cal.moved(w, expected, scale))

    placebos = standardised(1.0, 20_000)
    found = cal.detectable(expected, swing, spread, placebos, scale=scale, variance=variance, aside=aside)
    for sign, (change,) in zip((-1, 1), found, strict=True):
        power = (np.abs(standardised(1 + sign * change, 40_000)) > cal.critical(placebos)).mean()
        assert power == pytest.approx(0.8, abs=0.05)


def test_what_cannot_be_seen_has_no_smallest_change():
    rng = np.random.default_rng(9)
    wild = cal.Spread(3.0, 4.0)
    given = dict(scale="log", variance=[0.2, 0.02])
    fall, rise = cal.detectable([20.0, 200.0], 1.0, wild, rng.normal(size=500), **given)
    assert np.isnan(fall).all() and np.isnan(rise).all()
    fall, rise = cal.detectable([20.0, 200.0], 1.0, cal.Spread(1.0, 0.0), rng.normal(size=500), **given)
    assert (0 < fall).all() and (fall < 1).all() and fall[1] < fall[0] and rise[1] < rise[0]


def test_the_chance_of_an_effect_is_that_of_taking_events_away_one_by_one():
    rng = np.random.default_rng(10)
    left = rng.binomial(500, 0.6, 200_000)
    assert (left / 500).var() == pytest.approx(cal.moved(0.6, 500, "share"), rel=0.02)
    assert np.log(left / 500).var() == pytest.approx(cal.moved(0.6, 500, "log"), rel=0.03)
    assert cal.moved(1.0, 500, "log") == 0 and cal.moved(2.0, 100, "share") == pytest.approx(0.01)


def test_hostile_numbers_are_refused_by_name():
    value, variance, swing = made(11, 30)
    with pytest.raises(TooThin, match="found 9 placebos"):
        cal.spread(value[:9], variance[:9], swing[:9])
    with pytest.raises(TooThin, match="found 2 placebos"):
        cal.p_values(1.0, [1.0, 2.0, np.nan])
    for name, wrong in (("value", np.nan), ("variance", 0.0), ("swing", -1.0)):
        given = {"value": value.copy(), "variance": variance.copy(), "swing": swing.copy()}
        given[name][3] = wrong
        with pytest.raises(ValueError, match=name):
            cal.spread(**given)
    with pytest.raises(ValueError, match="lengths differ"):
        cal.spread(value, variance[:7], swing)
    with pytest.raises(ValueError, match="scale"):
        cal.interval(0.1, 0.1, 1.0, SPREAD, 2.0, scale="root")
    with pytest.raises(ValueError, match="power"):
        cal.detectable(30, 1.0, SPREAD, value, scale="log", variance=0.1, power=1.5)


def test_placebos_all_alike_or_all_nothing_have_a_spread():
    ones = np.ones(40)
    for value in (np.zeros(40), ones * 0.1):
        found = cal.spread(value, ones * 0.02, ones)
        assert np.isfinite([found.phi, found.tau2]).all() and found.scale(0.02, 1.0) > 0
        assert np.isfinite(cal.standardised(value, ones * 0.02, ones, np.arange(40))).all()
