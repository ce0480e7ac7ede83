"""Trend: a series made from a known model gives the model back, and thin series are refused."""

import numpy as np
import pandas as pd
import pytest

from brapkg.stats.thin import TooThin
from brapkg.stats.time.monthly import MonthlyTrend, monthly_trend, monthly_trends

# statsmodels warns when a series without noise is fitted exactly, which is the point here.
pytestmark = pytest.mark.filterwarnings("ignore:Perfect separation or prediction")

MONTHS = np.tile(np.arange(1, 13), 6)
SEASON = np.exp(0.3 * np.cos(2 * np.pi * np.arange(12) / 12))
EXPOSURE = np.linspace(450_000, 500_000, 72)


def whole(mean: np.ndarray, times: float = 1.0) -> np.ndarray:
    """Whole counts of a mean; a large multiple leaves no noise from rounding."""
    return np.round(times * mean)


def model(change: float = 1.0, step: float = 1.0, rate: float = 5e-4) -> np.ndarray:
    """Mean counts, without noise, of 72 months; the step comes at month 40."""
    position = np.arange(72)
    trend = change ** ((position - position.mean()) / 12)
    return rate * EXPOSURE * trend * SEASON[MONTHS - 1] * np.where(position >= 40, step, 1.0)


def test_a_series_without_noise_gives_its_model_back():
    fit = monthly_trend(whole(model(change=1.07, step=1.5), 1e9), EXPOSURE, MONTHS, step=40)
    assert isinstance(fit, MonthlyTrend)
    assert fit.annual_change["value"].to_numpy() == pytest.approx([1.07, 1.07], rel=1e-8)
    assert fit.step_change["value"].to_numpy() == pytest.approx([1.5, 1.5], rel=1e-8)
    assert fit.season["value"].to_numpy() == pytest.approx(SEASON, rel=1e-8)
    line = 5e5 * 1.07 ** ((np.arange(72) - 35.5) / 12) * np.where(np.arange(72) >= 40, 1.5, 1)
    assert fit.line["value"].to_numpy() == pytest.approx(line, rel=1e-8)
    assert (fit.df, fit.dispersion) == (72 - 14, 1.0)
    assert fit.method == "quasi-poisson, dispersion floored at 1"


def test_tables_are_whole_and_ordered():
    counts = np.random.default_rng(11).poisson(model(change=0.95))
    fit = monthly_trend(counts, EXPOSURE, MONTHS)
    assert fit.step_change is None
    assert list(fit.annual_change["level"]) == [0.95, 0.998]
    assert list(fit.season["month"]) == list(range(1, 13))
    assert np.prod(fit.season["value"]) == pytest.approx(1)
    wide, narrow = fit.season[["lower_998", "upper_998"]], fit.season[["lower", "upper"]]
    assert (wide["lower_998"] < narrow["lower"]).all()
    assert (wide["upper_998"] > narrow["upper"]).all()
    assert list(fit.line["position"]) == list(range(72))
    assert fit.line["value"].between(fit.line["lower"], fit.line["upper"]).all()


def test_last_month_is_treated_as_the_others():
    # Shifting the season by six months must shift the table and nothing else.
    counts = np.random.default_rng(12).poisson(model())
    shifted = (MONTHS + 5) % 12 + 1
    one = monthly_trend(counts, EXPOSURE, MONTHS).season
    other = monthly_trend(counts, EXPOSURE, shifted).season
    columns = ["value", "lower", "upper", "lower_998", "upper_998"]
    np.testing.assert_allclose(one[columns], np.roll(other[columns], -6, axis=0), rtol=1e-8)


def test_intervals_cover_with_overdispersion():
    rng = np.random.default_rng(13)
    covered = 0
    for _ in range(200):
        noise = rng.gamma(20, 1 / 20, 72)  # dispersion about 1 + 240/20 = 13
        fit = monthly_trend(rng.poisson(model(1.05) * noise), EXPOSURE, MONTHS)
        row = fit.annual_change.iloc[0]
        covered += row["lower"] <= 1.05 <= row["upper"]
    assert 0.90 <= covered / 200 <= 0.99


def test_exposure_unit_changes_the_line_only():
    counts = np.random.default_rng(14).poisson(model())
    one, other = (monthly_trend(counts, EXPOSURE / unit, MONTHS) for unit in (1, 1000))
    np.testing.assert_allclose(other.line["value"], 1000 * one.line["value"], rtol=1e-8)
    pd.testing.assert_frame_equal(other.annual_change, one.annual_change, rtol=1e-8)


@pytest.mark.parametrize(
    ("counts", "options", "message"),
    [
        (np.full(23, 50), {}, "found 23 months"),
        (np.full(72, 9), {}, "found 9 events a month on average; needs 10"),
        (np.full(72, 50), {"minimum": 60}, "found 50 events a month on average; needs 60"),
        (np.where(MONTHS == 7, 0, 50), {}, "no event at all in month 7"),
        (np.where(np.arange(72) < 20, 0, 50), {"step": 20}, "one side of the break"),
    ],
)
def test_thin_series_are_refused_with_the_reason(counts, options, message):
    size = len(counts)
    with pytest.raises(TooThin, match=message):
        monthly_trend(counts, EXPOSURE[:size], MONTHS[:size], **options)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: monthly_trend(-c, EXPOSURE, MONTHS), r"counts: 72 of 72"),
        (lambda c: monthly_trend(c + 0.5, EXPOSURE, MONTHS), r"counts: 72 of 72 .*whole numbers"),
        (lambda c: monthly_trends([c + 0.5], [EXPOSURE], MONTHS), r"counts: 72 of 72 .*whole numbers"),
        (lambda c: monthly_trend(pd.Series(c), pd.Series(EXPOSURE, index=MONTHS), MONTHS), r"index of exposure"),
        (lambda c: monthly_trend(c, 0 * EXPOSURE, MONTHS), r"exposure: .*must be > 0"),
        (lambda c: monthly_trend(c, EXPOSURE[:9], MONTHS), r"lengths differ .*exposure 9"),
        (lambda c: monthly_trend(c, EXPOSURE, MONTHS + 1), r"months: 6 of 72 .*13 .*must be whole, from 1 to 12"),
        (lambda c: monthly_trend(c, EXPOSURE, np.ones(72)), r"months: 71 of 72 .*must follow"),
        (lambda c: monthly_trend(c, EXPOSURE, MONTHS, step=0), r"step: found 0"),
        (lambda c: monthly_trend(c, EXPOSURE, MONTHS, step=72), r"step: found 72; .*1 to 71"),
        (lambda c: monthly_trend(c, EXPOSURE, MONTHS, step=2.5), r"step: found 2.5"),
        (lambda c: monthly_trend(c, EXPOSURE, MONTHS, minimum=-1), r"minimum: .*must be >= 0"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(whole(model()))


def test_months_out_of_order_are_found():
    months = MONTHS.copy()
    months[[10, 11]] = months[[11, 10]]
    with pytest.raises(ValueError, match=r"months: 3 of 72 .*12 at position 10"):
        monthly_trend(whole(model()), EXPOSURE, months)
