"""The four designs: what the statistics' own functions say of the same counts, many at once as one by one, and zeros."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from brapkg.effects.estimators import DESIGNS, FLOOR, Window, estimate, estimates
from brapkg.stats.effect.displacement import wdd
from brapkg.stats.effect.interrupted import interrupted_series
from brapkg.stats.effect.ratios import relative_effect
from brapkg.stats.effect.synthetic import synthetic_control

NUMBERS = ["value", "variance", "fixed", "aside", "swing", "events", "expected", "before"]


def made(n: int = 1, lengths=(12, 0, 12), mean: float = 20, seed: int = 1, **changed) -> Window:
    """Windows of Poisson counts, with nearby areas and donors."""
    rng = np.random.default_rng(seed)
    months, shape = sum(lengths), (n, sum(lengths))
    given = {
        "treated": rng.poisson(mean, shape),
        "exposure": rng.uniform(0.9, 1.1, shape) * 1e6,
        "comparison": rng.poisson(5 * mean, shape),
        "comparison_exposure": rng.uniform(0.9, 1.1, shape) * 5e6,
        "nearby": rng.poisson(3 * mean, shape),
        "nearby_exposure": rng.uniform(0.9, 1.1, shape) * 3e6,
        "donors": rng.poisson(mean, (n, 6, months)),
        "donors_exposure": rng.uniform(0.9, 1.1, (n, 6, months)) * 1e6,
    }
    if n == 1:
        given = {name: values[0] for name, values in given.items()}
    return Window(**given | dict(zip(("before", "run_in", "after"), lengths, strict=True)) | changed)


def flat(**changed) -> Window:
    """A window in which every month of an area has the same exposure."""
    size = dict(exposure=1e6, comparison_exposure=5e6, nearby_exposure=3e6)
    return made(**{name: np.full(24, one) for name, one in size.items()}, **changed)


def halves(values) -> tuple[int, int]:
    return int(values[:12].sum()), int(values[12:].sum())


# --- what other functions say --------------------------------------------------------------------


def test_the_comparison_is_the_relative_incident_rate_ratio():
    window = flat()
    found = estimate("comparison", window)
    row = relative_effect(*halves(window.treated), *halves(window.comparison)).iloc[0]
    assert np.exp(found.value) == pytest.approx(row["value"])
    assert np.sqrt(found.variance) == pytest.approx(row["se"])
    assert found.variance - found.fixed == pytest.approx(1 / found.events)


def test_the_comparison_counts_exposure():
    """By hand: 30 to 20 events while person-days double, the comparison level per person-day."""
    window = Window(
        treated=[30, 0, 0, 20, 0, 0],
        exposure=[1, 1, 1, 2, 2, 2],
        comparison=[50, 50, 0, 0, 150, 50],
        comparison_exposure=[10, 10, 10, 20, 20, 20],
        before=3,
        run_in=0,
        after=3,
    )
    found = estimate("comparison", window)
    assert found.expected == pytest.approx(60) and np.exp(found.value) == pytest.approx(20 / 60)


@pytest.mark.parametrize("lengths", [(12, 0, 12), (12, 0, 6), (14, 3, 7)])
def test_the_interrupted_series_is_the_poisson_step_with_a_yearly_wave(lengths):
    import statsmodels.api as sm

    before, run_in, after = lengths
    window = made(lengths=lengths)
    place = np.r_[:before, before + run_in : sum(lengths)]
    wave = 2 * np.pi * place / 12
    design = np.column_stack([np.ones(before + after), place >= before, np.sin(wave), np.cos(wave)]).astype(float)
    family = sm.families.Poisson()
    told = sm.GLM(window.treated[place], design, family=family, exposure=window.exposure[place]).fit()
    found = estimate("interrupted", window)
    assert found.value == pytest.approx(told.params[1]) and found.variance == pytest.approx(told.bse[1] ** 2)
    assert found.expected == pytest.approx(found.events / np.exp(told.params[1]))


def test_a_trend_would_leave_the_interrupted_series_blind():
    """Why it has none: with a year before and a year after, a step beside a trend is twice as unsure."""
    window = made(mean=50)
    counts, months = window.treated.astype(int), np.arange(24) % 12 + 1
    model = interrupted_series(counts, window.exposure, 12, months=months, harmonics=1, error="poisson")
    told = model.coefficients.loc["step", "se"]
    assert told > 1.8 * np.sqrt(estimate("interrupted", window).variance)


def test_the_displacement_without_nearby_areas_is_the_weighted_displacement_difference():
    window = replace(flat(), nearby=None, nearby_exposure=None)
    found = estimate("displacement", window)
    row = wdd(*halves(window.treated), *halves(window.comparison), area_weights=(1, 5, 1, 1)).iloc[0]
    assert found.value * found.expected == pytest.approx(row["value"])
    assert np.sqrt(found.variance) * found.expected == pytest.approx(row["se"])
    assert not found.nearby and found.aside == 0 and found.swing == 1


def test_the_displacement_with_nearby_areas_is_the_total_difference():
    window = flat()
    found = estimate("displacement", window)
    names = ("nearby_before", "nearby_after", "nearby_comparison_before", "nearby_comparison_after")
    counts = dict(zip(names, (*halves(window.nearby), *halves(window.comparison)), strict=True))
    areas = (1, 5, 1, 5 / 3)
    row = wdd(*halves(window.treated), *halves(window.comparison), **counts, area_weights=areas).iloc[-1]
    assert row["part"] == "total" and found.value * found.expected == pytest.approx(row["value"])
    # One comparison serves twice: its chance does not average out as that of two would.
    assert np.sqrt(found.variance) * found.expected > row["se"]
    assert found.nearby and found.swing > 1
    alone = estimate("displacement", replace(window, nearby=None, nearby_exposure=None))
    assert found.fixed == pytest.approx(alone.fixed) and found.variance == pytest.approx(alone.variance + found.aside)


def test_the_synthetic_control_has_the_weights_of_the_full_method():
    window = made(donors_exposure=np.full((6, 24), 1e6), exposure=np.full(24, 1e6))
    outcome = pd.DataFrame(np.vstack([window.treated, window.donors]).T / 1e6)
    weights = synthetic_control(outcome, 0, 11, placebos=False, worst_fit=9).weights.to_numpy()
    mixture = weights @ window.donors
    expected = window.treated[:12].sum() * mixture[12:].sum() / mixture[:12].sum()
    found = estimate("synthetic", window)
    assert found.expected == pytest.approx(expected) and found.value == pytest.approx(np.log(found.events / expected))


@pytest.mark.parametrize("design", DESIGNS)
def test_an_effect_that_was_laid_on_is_found(design):
    window = made(mean=4000)
    treated = window.treated.copy()
    treated[12:] *= 0.7
    found = estimate(design, replace(window, treated=treated, nearby=None, nearby_exposure=None))
    assert (found.value if design == "displacement" else np.expm1(found.value)) == pytest.approx(-0.3, abs=0.03)


@pytest.mark.parametrize("design", DESIGNS)
def test_the_variance_is_that_of_poisson_counts(design):
    """Over 3 000 windows in which nothing happened."""
    rng = np.random.default_rng(2)
    window = made(3000, mean=30)
    level = {name: np.full_like(getattr(window, name), 1e6) for name in ("exposure", "donors_exposure")}
    level |= {"comparison_exposure": np.full((3000, 24), 5e6), "nearby_exposure": np.full((3000, 24), 3e6)}
    window = replace(window, **level, treated=rng.poisson(30, (3000, 24)))
    found = estimates(design, window)
    # The synthetic control's weights follow the noise of the area before, which the variance leaves out.
    assert found["value"].var() == pytest.approx(found["variance"].mean(), rel=0.35 if design == "synthetic" else 0.08)
    assert found["value"].mean() == pytest.approx(0, abs=0.01)


# --- many at once, zeros, and hostile windows ----------------------------------------------------


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("lengths", [(12, 0, 12), (12, 2, 6)])
def test_many_at_once_are_as_one_by_one(design, lengths):
    windows = made(7, lengths, mean=2.5)
    arrays = [name for name, values in vars(windows).items() if isinstance(values, np.ndarray)]
    together = estimates(design, windows)
    for i, row in together.iterrows():
        one = estimate(design, replace(windows, **{name: getattr(windows, name)[i] for name in arrays}))
        assert one.missing == row["missing"]
        np.testing.assert_allclose([getattr(one, name) for name in NUMBERS], row[NUMBERS].astype(float), rtol=1e-7)


@pytest.mark.parametrize("design", DESIGNS)
def test_no_event_after_is_taken_as_a_half_and_none_before_is_too_few(design):
    window = made(mean=10)
    treated = window.treated.copy()
    treated[12:] = 0
    found = estimate(design, replace(window, treated=treated))
    assert found.missing == "" and found.events == 0 and np.isfinite([found.value, found.variance]).all()
    if design in ("comparison", "synthetic"):
        assert np.exp(found.value) == pytest.approx(0.5 / found.expected)
    treated = window.treated.copy()
    treated[:12] = 0
    found = estimate(design, replace(window, treated=treated))
    assert found.missing == "few" and np.isnan([found.value, found.variance]).all()


@pytest.mark.parametrize("design", DESIGNS)
def test_the_floor_is_in_events_before_and_in_events_expected(design):
    window = flat(treated=np.repeat([1.0, 9.0], [23, 1]), comparison=np.full(24, 100.0))
    window = replace(window, donors=np.full((3, 24), 50.0), donors_exposure=np.full((3, 24), 1e6))
    assert estimate(design, window).missing == "few"
    enough = replace(window, treated=np.full(24, FLOOR / 12))
    assert estimate(design, enough).missing == ""


def test_nothing_to_compare_with_is_said():
    window = made()
    nothing = replace(window, comparison=np.zeros(24))
    assert estimate("comparison", nothing).missing == estimate("displacement", nothing).missing == "no comparison"
    assert estimate("interrupted", nothing).missing == ""
    assert estimate("synthetic", replace(window, donors=None, donors_exposure=None)).missing == "no donors"
    assert estimate("synthetic", replace(window, donors=np.zeros((6, 24)))).missing == "no comparison"
    assert estimate("synthetic", replace(window, donors=window.donors[:1], donors_exposure=window.donors_exposure[:1]))


def test_a_whole_batch_of_nothing_has_no_value():
    nothing = made(4, mean=0)
    for design in DESIGNS:
        assert (estimates(design, nothing)["missing"] != "").all()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"after": 11}, "months must be"),
        ({"before": 2, "after": 22}, "before: found 2 months"),
        ({"run_in": -1, "after": 13}, "run_in: found -1"),
        ({"treated": np.full(24, -1.0)}, "treated: must be numbers of at least 0"),
        ({"exposure": np.zeros(24)}, "exposure: must be numbers above 0"),
        ({"comparison": np.full(24, np.nan)}, "comparison: must be numbers"),
        ({"comparison": np.ones(23)}, r"comparison: found the shape \(23,\)"),
        ({"nearby_exposure": None}, "nearby: must come with nearby_exposure"),
        ({"donors": np.ones((6, 20))}, "donors: found the shape"),
    ],
)
def test_a_window_that_cannot_be_is_refused_by_name(changed, told):
    with pytest.raises(ValueError, match=told):
        made(**changed)


def test_wrong_calls_are_refused():
    with pytest.raises(ValueError, match="must be one of comparison"):
        estimate("magic", made())
    with pytest.raises(ValueError, match="found 3 windows"):
        estimate("comparison", made(3))


def test_the_same_windows_give_the_same_bytes():
    for design in DESIGNS:
        first, second = (estimates(design, made(50, mean=5)) for _ in range(2))
        pd.testing.assert_frame_equal(first, second, check_exact=True)
