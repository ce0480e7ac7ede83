"""Joinpoints and breaks: known turns are found, places are the best of all, intervals cover."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from brapkg.stats.thin import TooThin
from brapkg.stats.time.breaks import _argmax_limits, mean_breaks
from brapkg.stats.time.joinpoint import joinpoint

YEARS = np.arange(2004, 2026)
POPULATION = np.linspace(15_800, 16_400, 22)
RNG = np.random.default_rng(61)


def bent(*changes_from: tuple[int, float], times: float = 1.0) -> np.ndarray:
    """Whole counts that follow these annual changes, each from its year, without other noise."""
    change = np.ones(22)
    for year, ratio in changes_from:
        change[YEARS > year] = ratio
    return np.round(times * 0.01 * POPULATION * np.cumprod(change))


def test_two_turns_without_noise_come_back():
    found = joinpoint(bent((2004, 1.05), (2010, 0.9), (2017, 1.02), times=1e8), POPULATION, YEARS)
    assert found.models["joinpoints"][found.models["chosen"]].tolist() == [(2010, 2017)]
    assert found.segments["value"].tolist() == pytest.approx([1.05, 0.9, 1.02], rel=1e-6)
    assert found.segments[["first", "last"]].to_numpy().tolist() == [[2004, 2010], [2010, 2017], [2017, 2025]]
    average = np.exp((6 * np.log(1.05) + 7 * np.log(0.9) + 8 * np.log(1.02)) / 21)
    assert found.average["value"].tolist() == pytest.approx([average], rel=1e-6)
    assert found.segments["years"].tolist() == [6, 7, 9]


def test_no_turn_is_chosen_for_a_straight_line_and_it_is_the_poisson_trend():
    found = joinpoint(bent((2004, 0.97)), POPULATION, YEARS, levels=(0.95, 0.8))
    assert found.models["number"][found.models["chosen"]].tolist() == [0]
    design = sm.add_constant(YEARS - 2014.0)
    model = sm.GLM(bent((2004, 0.97)), design, family=sm.families.Poisson(), offset=np.log(POPULATION))
    fit = model.fit(tol=1e-12)
    assert found.segments.loc[0, ["value", "lower", "upper"]].tolist() == pytest.approx(
        np.exp([fit.params[1], *fit.conf_int()[1]]).tolist(), rel=1e-7
    )
    assert found.average["value"].tolist() == found.segments["value"].tolist()
    assert found.segments["level"].tolist() == [0.95, 0.8]
    assert (found.segments["upper"] - found.segments["lower"]).is_monotonic_decreasing
    assert found.models["deviance"][0] == pytest.approx(fit.deviance)
    assert found.models["bic"][0] == pytest.approx(-2 * fit.llf + 2 * np.log(22))


def test_the_places_are_the_best_of_all_and_two_years_apart():
    counts = RNG.poisson(bent((2004, 1.06), (2013, 0.9)))
    found = joinpoint(counts, POPULATION, YEARS)
    deviance = {}
    for places in combinations(range(2006, 2024), 2):
        hinges = [np.maximum(YEARS - place, 0) for place in places]
        design = np.column_stack([np.ones(22), YEARS - 2004, *hinges]).astype(float)
        model = sm.GLM(counts, design, family=sm.families.Poisson(), offset=np.log(POPULATION))
        if places[1] - places[0] >= 2:
            deviance[places] = model.fit(tol=1e-10).deviance
    best = min(deviance, key=deviance.get)
    assert found.models["joinpoints"].tolist()[2] == best
    assert found.models["deviance"].tolist()[2] == pytest.approx(deviance[best])
    assert found.profile["year"].tolist() == list(range(2006, 2024))
    assert found.profile["deviance"].min() == found.models["deviance"].tolist()[1]
    assert found.segments["events"].sum() == counts.sum() == found.average["events"][0]


def test_a_given_number_is_kept():
    counts = RNG.poisson(bent((2004, 0.97)))
    for number in (0, 1, 2):
        found = joinpoint(counts, POPULATION, YEARS, number=number)
        assert (len(found.models), len(found.segments)) == (1, number + 1)
        assert found.profile.empty == (number != 1)


def test_turns_are_seldom_seen_where_there_are_none_and_often_where_there_are():
    def chosen(mean) -> list[int]:
        tables = [joinpoint(RNG.poisson(mean), POPULATION, YEARS).models for _ in range(25)]
        return [int(table["number"][table["chosen"]].iloc[0]) for table in tables]

    assert np.mean(np.array(chosen(bent((2004, 0.98)))) > 0) <= 0.2
    assert np.mean(np.array(chosen(bent((2004, 1.08), (2014, 0.92), times=2))) > 0) >= 0.9


def test_argmax_quantiles_are_those_of_the_paper():
    # Bai (1997): 11 at 95 per cent and 7 (7.687 unrounded) at 90 per cent when both sides are alike.
    assert _argmax_limits(1.0, 0.95) == pytest.approx((-11.033, 11.033), abs=2e-3)
    assert _argmax_limits(1.0, 0.90) == pytest.approx((-7.687, 7.687), abs=2e-3)


def test_argmax_quantiles_are_those_of_random_walks():
    # Unequal sides: a fine walk on either side, drift -1/2, scales 1 and 1.5.
    rng, fine, walks = np.random.default_rng(62), 20, 4000
    steps = rng.normal(-0.5 / fine, np.sqrt(1 / fine), (walks, 60 * fine))
    left = np.cumsum(steps, axis=1)
    right = np.cumsum(rng.normal(-0.5 / fine, 1.5 * np.sqrt(1 / fine), (walks, 120 * fine)), axis=1)
    highest = np.stack([left.max(axis=1), right.max(axis=1)])
    place = np.where(highest[1] > highest[0], right.argmax(axis=1), -left.argmax(axis=1)) / fine
    expected = np.quantile(place, [0.05, 0.95])
    assert _argmax_limits(1.5, 0.9) == pytest.approx(tuple(expected), rel=0.12)


def test_steps_are_found_with_their_means():
    values = np.repeat([10.0, 30.0, 20.0], 10) + RNG.normal(0, 1, 30)
    found = mean_breaks(values, range(1990, 2020))
    assert found.breaks["value"].tolist() == [1999, 2009] and found.breaks["position"].tolist() == [10, 20]
    assert found.breaks["before"].tolist() == pytest.approx([values[:10].mean(), values[10:20].mean()])
    assert found.breaks["after"].tolist() == pytest.approx([values[10:20].mean(), values[20:].mean()])
    assert (found.breaks["lower"] <= found.breaks["value"]).all()
    assert (found.breaks["value"] <= found.breaks["upper"]).all()


def test_places_are_the_best_of_all():
    x = RNG.normal(size=24).cumsum()
    found = mean_breaks(x, range(24), share=0.13).models  # 3 values at least

    def rss(places) -> float:
        return sum(((part - part.mean()) ** 2).sum() for part in np.split(x, places))

    for number in (0, 1, 2, 3):
        tried = [rss(p) for p in combinations(range(1, 24), number) if (np.diff([0, *p, 24]) >= 3).all()]
        assert found["rss"][number] == pytest.approx(min(tried))
    # Normal likelihood with one mean per segment and a variance.
    likelihood = stats.norm.logpdf(x, x.mean(), np.sqrt(found["rss"][0] / 24)).sum()
    assert found["bic"][0] == pytest.approx(-2 * likelihood + 2 * np.log(24))


def test_no_break_in_noise_and_an_empty_table():
    counts = [int(mean_breaks(RNG.normal(size=40), range(40)).models["chosen"].argmax()) for _ in range(60)]
    assert np.mean(counts) <= 0.15
    none = mean_breaks(np.tile([1.0, -1.0], 10), range(20))
    assert none.breaks.empty and "missing" in none.breaks


def test_the_interval_of_a_break_covers():
    tables = [mean_breaks(np.r_[RNG.normal(0, 1, 40), RNG.normal(1.5, 2, 40)], range(80)).breaks for _ in range(80)]
    found = pd.concat([table for table in tables if len(table) == 1])
    assert len(found) > 50
    # Less than 95 per cent with so few values, as the notes say.
    assert 0.8 <= ((found["lower_position"] <= 40) & (40 <= found["upper_position"])).mean() <= 1


def test_a_level_shift_and_unit_do_not_move_the_breaks():
    x = np.repeat([3.0, 5.0], 12) + RNG.normal(0, 0.5, 24)
    one, other = mean_breaks(x, range(24)), mean_breaks(1e6 + 7 * x, range(24))
    names = ["position", "lower_position", "upper_position"]
    pd.testing.assert_frame_equal(one.breaks[names], other.breaks[names])


def test_an_interval_that_cannot_be_made_says_so():
    found = mean_breaks(np.repeat([1.0, 2.0], 10), range(20)).breaks
    assert found["position"].tolist() == [10] and found["missing"].tolist() == ["alike"]
    assert found[["lower", "upper"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: joinpoint([9] * 6, [1] * 6, range(6)), r"joinpoint: found 6 years and 54 events; needs 7"),
        (lambda: joinpoint([0] * 9, [1] * 9, range(9)), r"joinpoint: found 9 years and 0 events"),
        (lambda: joinpoint([0] * 8 + [99], [1] * 9, range(9), number=0), r"joinpoint: .*did not settle"),
        (lambda: mean_breaks(range(9), range(9)), r"mean_breaks: found 9 values; needs 10"),
        (lambda: mean_breaks(range(10), range(10), share=0.1), r"share of 0.1 is 1; needs 2"),
        (lambda: mean_breaks([4] * 20, range(20)), r"mean_breaks: found 20 values, all 4"),
    ],
)
def test_thin_series_are_refused_with_the_reason(call, message):
    with pytest.raises(TooThin, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: joinpoint([1.5] * 9, [1] * 9, range(9)), r"counts: .*whole numbers"),
        (lambda: joinpoint([-1] * 9, [1] * 9, range(9)), r"counts: .*must be >= 0"),
        (lambda: joinpoint([1] * 9, [0] * 9, range(9)), r"population: .*must be > 0"),
        (lambda: joinpoint([1] * 9, [1] * 9, range(8)), r"lengths differ .*years 8"),
        (lambda: joinpoint([1] * 3, [1] * 3, [1, 3, 4]), r"years: 1 of 3 .*3 at position 1.*must follow"),
        (lambda: joinpoint([1] * 3, [1] * 3, [3, 2, 1]), r"years: 2 of 3 .*sort"),
        (lambda: joinpoint([1] * 3, [1] * 3, [1.5, 2.5, 3.5]), r"years: .*whole numbers"),
        (
            lambda: joinpoint(pd.Series([1] * 9), pd.Series([1] * 9, list("abcdefghi")), range(9)),
            r"index of population",
        ),
        (lambda: joinpoint([1] * 9, [1] * 9, range(9), number=3), r"number: found 3; must be None or"),
        (lambda: joinpoint([1] * 9, [1] * 9, range(9), number=True), r"number: found True"),
        (lambda: joinpoint(range(9), [1] * 9, range(9), levels=(0,)), r"level: found 0"),
        (lambda: mean_breaks(range(12), range(12), share=0.5), r"share: found 0.5"),
        (lambda: mean_breaks(range(12), list(range(11)) + [5]), r"years: 1 of 12 .*5 at position 11"),
        (lambda: mean_breaks([np.inf] * 12, range(12)), r"values: .*finite"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
