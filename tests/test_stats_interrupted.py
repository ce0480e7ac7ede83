"""Interrupted series: the published Sicily result's form, simulations, and series that do not hold."""

import numpy as np
import pandas as pd
import pytest

from brapkg.stats.effect.interrupted import deviance_test, interrupted_series
from brapkg.stats.thin import TooThin


def series(n=72, start=40, step=0.0, slope=0.0, trend=0.003, season=0.2, mean=120, spread=0.0, rho=0.0, seed=1):
    rng = np.random.default_rng(seed)
    t = np.arange(n)
    noise = np.zeros(n)
    for i in range(1, n):
        noise[i] = rho * noise[i - 1] + spread * rng.normal()
    month = t % 12 + 1
    log = trend * t + step * (t >= start) + slope * np.maximum(t - start + 1, 0)
    log = log + season * np.sin(2 * np.pi * month / 12) + noise
    exposure = rng.uniform(0.9, 1.1, n)
    return rng.poisson(mean * exposure * np.exp(log)), exposure, start, month


def run(y, exposure, start, months=None, **options):
    return interrupted_series(y, exposure, start, months=months, **options)


def step_of(found):
    return found.effects.set_index("term").loc["step"]


def test_step_by_hand():
    # No trend to find (each half is symmetric about its middle): the step is the ratio of the means.
    y = [10, 12, 12, 10, 20, 24, 24, 20]
    found = run(y, np.ones(8), 4, slope=True)
    flat = found.coefficients["estimate"]
    assert flat[["trend", "slope change"]].to_numpy() == pytest.approx([0, 0], abs=1e-10)
    assert step_of(found)["value"] == pytest.approx(2)
    assert found.avoided["value"].iloc[0] == pytest.approx(44 - 88)
    assert found.avoided["expected"].iloc[0] == pytest.approx(44)
    assert (found.periods_before, found.periods_after, found.df) == (4, 4, 4)


def test_exposure_is_an_offset():
    y, exposure, start, _ = series()
    one, ten = run(y, exposure, start), run(y, 10 * exposure, start)
    shift = ten.coefficients["estimate"] - one.coefficients["estimate"]
    assert shift.to_numpy() == pytest.approx([-np.log(10), 0, 0], abs=1e-9)


def test_step_and_slope_are_found():
    given = series(n=120, start=60, step=-0.3, slope=0.004, trend=0.002, mean=2000)
    found = run(*given, harmonics=1, slope=True)
    estimate = found.coefficients["estimate"]
    wanted = {"step": -0.3, "slope change": 0.004, "trend": 0.002, "sin 1": 0.2, "cos 1": 0}
    for term, value in wanted.items():
        assert abs(estimate[term] - value) < 4 * found.coefficients.loc[term, "se"], term
    assert list(found.effects["term"]) == ["step", "slope change", "trend"]


def coverage(how, fit, runs=70):
    inside = 0
    for seed in range(runs):
        row = step_of(run(*series(step=-0.2, seed=seed, **how), **fit))
        inside += row["lower"] <= np.exp(-0.2) <= row["upper"]
    return inside / runs


def test_quasi_poisson_covers_where_poisson_does_not():
    how = {"spread": 0.15}
    quasi = coverage(how=how, fit={"harmonics": 1})
    poisson = coverage(how=how, fit={"harmonics": 1, "error": "poisson"})
    assert 0.87 <= quasi and poisson < quasi - 0.1


def test_newey_west_helps_where_neighbours_move_together():
    how = {"n": 150, "start": 75, "spread": 0.1, "rho": 0.6, "season": 0}
    quasi, robust = (
        coverage(how=how, fit={"error": error, "lags": lags})
        for error, lags in (("quasi-poisson", None), ("newey-west", 8))
    )
    assert quasi < 0.85 and robust > quasi + 0.04
    given = series(step=-0.2, seed=1, mean=5000, **how)
    assert run(*given).autocorrelation[1] > 0.3


def test_events_avoided_and_their_interval():
    truth, inside = 48 * 120 * (1 - np.exp(-0.2)), 0
    for seed in range(80):
        y, exposure, start, month = series(n=96, start=48, season=0, trend=0.0, step=-0.2, seed=seed)
        row = run(y, np.ones(96), start, error="poisson").avoided.iloc[0]
        inside += row["lower"] <= truth <= row["upper"]
        assert row["observed"] == y[48:].sum()
    assert 0.88 <= inside / 80 <= 1


def test_delta_interval_agrees_with_simulation_from_the_coefficients():
    given = series(n=96, start=60, step=-0.2, mean=400)
    found = run(*given, harmonics=1, slope=True)
    row = found.avoided.iloc[0]
    half = (row["upper"] - row["lower"]) / 2
    # A parametric bootstrap of the whole fit (dispersion about 1 here).
    y, exposure, start, month = given
    truth = (
        400
        * exposure
        * np.exp(0.003 * np.arange(96) - 0.2 * (np.arange(96) >= 60) + 0.2 * np.sin(2 * np.pi * month / 12))
    )
    rng = np.random.default_rng(0)
    values = [
        run(rng.poisson(truth), exposure, start, month, harmonics=1, slope=True).avoided["value"].iloc[0]
        for _ in range(120)
    ]
    assert half / 1.98 == pytest.approx(np.std(values), rel=0.2)


def test_dispersion_below_one_is_floored_and_said():
    y = np.round(100 * np.exp(0.002 * np.arange(60)))
    floored, free = (run(y, np.ones(60), 30, floor=floor) for floor in (True, False))
    assert floored.dispersion < 1 and floored.method == "quasi-poisson, dispersion floored at 1"
    assert (floored.coefficients["se"] > free.coefficients["se"]).all() and free.method == "quasi-poisson"


def test_t_is_wider_than_z():
    given = series(n=24, start=12)
    wide, narrow = step_of(run(*given)), step_of(run(*given, normal=True))
    assert wide["upper"] > narrow["upper"] and wide["p_value"] > narrow["p_value"]


def test_deviance_test_tells_a_slope_from_none():
    p = []
    for seed in range(60):
        given = series(seed=seed, spread=0.05)
        p.append(deviance_test(run(*given, harmonics=1), run(*given, harmonics=1, slope=True))[1])
    assert 0 < np.mean(np.array(p) < 0.1) <= 0.22
    given = series(slope=0.03, seed=1)
    assert deviance_test(run(*given, harmonics=1), run(*given, harmonics=1, slope=True))[1] < 1e-6


def test_levels_and_quarters():
    y, exposure, start, _ = series(n=40, start=20)
    found = run(y, exposure, start, np.arange(40) % 4 + 1, harmonics=1, cycle=4, levels=(0.9, 0.998))
    assert list(found.effects["level"]) == [0.9, 0.9, 0.998, 0.998] and len(found.avoided) == 2
    assert "newey-west, 3 lags" == run(y, exposure, start, error="newey-west").method


GOOD = series()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: run(-GOOD[0], *GOOD[1:]), r"counts: .*must be >= 0"),
        (lambda: run(GOOD[0] + 0.5, *GOOD[1:]), r"counts: .*whole"),
        (lambda: run(GOOD[0], 0 * GOOD[1], 40), r"exposure: .*must be > 0"),
        (lambda: run(GOOD[0], GOOD[1][1:], 40), r"lengths differ \(counts 72, exposure 71\)"),
        (lambda: run(*GOOD[:2], 0), r"start: found 0"),
        (lambda: run(*GOOD[:2], 72), r"start: found 72"),
        (lambda: run(*GOOD[:2], 40.5), r"start: found 40.5"),
        (lambda: run(*GOOD[:3], harmonics=2), r"months: found None; must be given for harmonics"),
        (lambda: run(*GOOD, harmonics=6), r"harmonics: found 6; must be a whole number from 0 to 5"),
        (lambda: run(*GOOD[:3], GOOD[3][::-1], harmonics=1), r"months: .*each must follow the one before"),
        (lambda: run(*GOOD[:3], np.delete(np.append(GOOD[3], 1), 5)), r"months: .*-?7 at position 5.*fill its gaps"),
        (lambda: run(*GOOD[:3], GOOD[3] + 1), r"months: .*must be whole, from 1 to 12"),
        (lambda: run(*GOOD[:3], GOOD[3][1:]), r"lengths differ \(counts 72, months 71\)"),
        (lambda: run(*GOOD, error="hac"), r"error: found 'hac'"),
        (lambda: run(*GOOD, lags=3), r"lags: found 3; .*only with error 'newey-west'"),
        (lambda: run(*GOOD, error="newey-west", lags=-1), r"lags: found -1"),
        (lambda: run(*GOOD, levels=(1.5,)), r"level: found 1.5"),
        (
            lambda: interrupted_series(pd.Series(GOOD[0]), pd.Series(GOOD[1], index=np.arange(72) + 1), 40),
            r"index of exposure differs",
        ),
        (lambda: deviance_test(run(*GOOD), run(*GOOD)), r"simpler: must be a model of the same series"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: run(*GOOD[:2], 2), r"found 2 periods before .* needs 3"),
        (lambda: run(*GOOD[:2], 70), r"2 from it on; interrupted_series needs 3"),
        (
            lambda: run(*(x[:9] for x in GOOD[:2]), 4, GOOD[3][:9], harmonics=2),
            r"found 9 periods and 7 parameters; interrupted_series needs 10 periods",
        ),
        (lambda: run(GOOD[0] * (np.arange(72) < 40), *GOOD[1:]), r"found no event from the start"),
        (lambda: run(GOOD[0] * (np.arange(72) >= 40), *GOOD[1:]), r"found no event before the start"),
    ],
)
def test_thin_series_are_refused(call, message):
    with pytest.raises(TooThin, match=message):
        call()
