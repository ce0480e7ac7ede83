"""How much single years may vary: limits by hand, and how often they hold when nothing changes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from brapkg.stats import spread
from brapkg.stats.spread import year_bands


def test_without_swings_the_limits_are_those_of_the_binomial_given_the_sum():
    found = year_bands([5, 28, 13, 20], [1, 1, 1, 1])
    assert found["lower"].tolist() == [stats.binom.ppf(0.025, 66, 0.25)] * 4
    assert found["upper"].tolist() == [stats.binom.ppf(0.975, 66, 0.25)] * 4
    assert found["outside"].tolist() == ["below", "above", "", ""]
    law = stats.binom(66, 0.25)
    lower, upper = found.loc[0, ["lower", "upper"]].astype(float)
    assert found.loc[0, "chance"] == pytest.approx(law.cdf(lower - 1) + law.sf(upper), rel=1e-9)


def test_what_is_expected_follows_the_exposure():
    found = year_bands([10, 20, 30], [1000, 2000, 3000])
    assert found["value"].tolist() == pytest.approx([10, 20, 30])
    assert (found["outside"] == "").all()


def test_years_without_any_offence_lie_within():
    found = year_bands([0, 0, 0, 0], [1, 1, 1, 1], wobble=0.1)
    assert found[["value", "lower", "upper", "chance"]].eq(0).all(axis=None) and (found["outside"] == "").all()


def test_a_single_year_has_nothing_to_be_set_against():
    (row,) = year_bands([7], [1000]).to_dict("records")
    assert (
        row["missing"] == "few" and row["outside"] == "" and np.isnan([row["value"], row["lower"], row["upper"]]).all()
    )


def test_more_swing_makes_wider_bands():
    narrow, broad = (year_bands([900, 1000, 1100, 1000], [1] * 4, wobble=sd) for sd in (0.02, 0.1))
    assert (broad["lower"] < narrow["lower"]).all() and (broad["upper"] > narrow["upper"]).all()


def test_large_sums_go_over_to_the_beta_distribution_without_a_step(monkeypatch):
    counts, persons = [2400, 2500, 2450, 2600], [1.0, 1.0, 1.1, 1.1]
    exact = year_bands(counts, persons, wobble=0.05)
    monkeypatch.setattr(spread, "MANY", 1000)
    near = year_bands(counts, persons, wobble=0.05)
    np.testing.assert_allclose(near[["lower", "upper"]], exact[["lower", "upper"]], atol=2)
    np.testing.assert_allclose(near["chance"], exact["chance"], atol=0.002)


def test_with_swings_the_limits_are_those_of_a_beta_binomial_of_the_same_variance():
    counts, sd = [111, 161, 193, 204], 0.1
    found = year_bands(counts, [1, 1, 1, 1], wobble=sd)
    total, p = 669, 0.25
    variance = total * p * (1 - p) + (sd * total * p) ** 2 * ((1 - p) ** 2 + 3 * p**2)
    inflation = variance / (total * p * (1 - p))
    size = (total - inflation) / (inflation - 1)
    law = stats.betabinom(total, p * size, (1 - p) * size)
    assert law.var() == pytest.approx(variance, rel=1e-9)
    assert found["lower"].tolist() == [law.ppf(0.025)] * 4 and found["upper"].tolist() == [law.ppf(0.975)] * 4


@pytest.mark.parametrize(("mean", "wobble"), [(2.0, 0.1), (16.5, 0.1), (167.0, 0.12), (5000.0, 0.05)])
@pytest.mark.parametrize("years", [2, 4])
def test_when_nothing_changes_no_more_years_lie_outside_than_is_told(mean, wobble, years):
    rng = np.random.default_rng(20261123)
    swings = rng.gamma(1 / wobble**2, wobble**2, (600, years))
    counts = rng.poisson(mean * swings)
    found = [year_bands(row, np.ones(years), wobble=wobble) for row in counts]
    outside = np.mean([(one["outside"] != "").mean() for one in found])
    told = np.mean([one["chance"].mean() for one in found])
    # The years of a series are tied together; an allowance of three standard errors.
    allowed = 3 * np.sqrt(0.05 / 600)
    assert outside == pytest.approx(told, abs=allowed) and told <= 0.05
    assert outside > 0.02 or mean < 10


def test_a_new_year_lies_outside_more_often_than_one_of_the_own_mean():
    # Why the band is no forecast: the years that made it lie nearer to their own mean.
    rng = np.random.default_rng(7)
    counts = rng.poisson(167 * rng.gamma(100, 0.01, (400, 5)))
    bands = [year_bands(row[:4], np.ones(4), wobble=0.1).iloc[0] for row in counts]
    beyond = [not band["lower"] <= row[4] <= band["upper"] for band, row in zip(bands, counts, strict=True)]
    assert np.mean(beyond) > 0.08


def test_several_series_at_once_are_each_judged_by_itself():
    rng = np.random.default_rng(7)
    lengths, means, swings = [4, 1, 5, 3, 4], [0, 3, 40, 900, 30_000], [0.1, 0.1, 0.0, 0.2, 0.05]
    parts = [(rng.poisson(m, k), rng.uniform(900, 1100, k)) for m, k in zip(means, lengths, strict=True)]
    alone = [year_bands(*part, wobble=sd) for part, sd in zip(parts, swings, strict=True)]
    # Mixed up, so that nothing rests on years of a series standing together.
    order = rng.permutation(sum(lengths))
    counts, persons = (np.concatenate(column)[order] for column in zip(*parts, strict=True))
    series, sds = (np.repeat(np.array(values), lengths)[order] for values in (list("abcde"), swings))
    found = year_bands(counts, persons, series=series, wobble=sds)
    pd.testing.assert_frame_equal(found, pd.concat(alone, ignore_index=True).loc[order].reset_index(drop=True))


@pytest.mark.parametrize(
    ("counts", "exposures", "options", "told"),
    [
        ([1, -1], [1, 1], {}, "counts: 1 of 2"),
        ([1, 1.5], [1, 1], {}, "counts: .*whole"),
        ([1, 1], [1, 0], {}, "exposures: .*> 0"),
        ([1, np.nan], [1, 1], {}, "counts: .*finite"),
        ([1, 1], [1, 1], {"wobble": -0.1}, "wobble: .*>= 0"),
        ([1, 1], [1, 1], {"level": 1.0}, "level: found 1"),
        ([1, 1, 1], [1, 1], {}, "lengths differ"),
        ([1, 1], [1, 1], {"wobble": [0.1, 0.1, 0.1]}, "lengths differ"),
        ([1, 1], [1, 1], {"series": ["a"]}, "series: found 1"),
        ([1, 1], [1, 1], {"series": ["a", None]}, "series: 1 of 2"),
    ],
)
def test_bad_input_is_refused_by_name(counts, exposures, options, told):
    with pytest.raises(ValueError, match=told):
        year_bands(counts, exposures, **options)
