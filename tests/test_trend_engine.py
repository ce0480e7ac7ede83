"""The regressions of many series at once are those of statsmodels, one by one."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from brapkg.stats.time import monthly as trend

N = 48
MONTHS = np.arange(N) % 12 + 1
POSITION = np.arange(N)
CONTRASTS = np.vstack([np.eye(11), -np.ones(11)])
RNG = np.random.default_rng(20)
EXPOSURE = np.exp(RNG.normal(16, 0.05, (30, N)))
# From ten offences a month to a hundred thousand, with much and with little dispersion.
MEANS = np.geomspace(12, 1e5, 30)[:, np.newaxis] * np.exp(0.2 * np.cos(POSITION / 6 * np.pi))
COUNTS = RNG.poisson(MEANS * RNG.gamma(20, 1 / 20, (30, N))).astype(float)


def by_statsmodels(counts, exposure, step):
    """Value, limits at both levels and dispersion of the annual change, by statsmodels' GLM."""
    columns = [np.ones(N), (POSITION - POSITION.mean()) / 12, CONTRASTS[MONTHS - 1]]
    columns += [] if step is None else [POSITION >= step]
    design = np.column_stack(columns).astype(float)
    model = sm.GLM(counts, design, family=sm.families.Poisson(), offset=np.log(exposure))
    fit = model.fit(tol=1e-13, tol_criterion="params", maxiter=100)
    dispersion = max(1.0, fit.pearson_chi2 / fit.df_resid)
    error = np.sqrt(fit.cov_params()[1, 1] * dispersion)
    half, broad = stats.t.isf([0.025, 0.001], fit.df_resid) * error
    return [*np.exp(fit.params[1] + np.array([0, -half, half, -broad, broad])), dispersion]


@pytest.mark.parametrize("step", [None, 24])
def test_many_series_at_once_equal_statsmodels_one_by_one(step):
    found = trend.monthly_trends(COUNTS, EXPOSURE, MONTHS, step=step).annual_change
    columns = ["value", "lower", "upper", "lower_998", "upper_998", "dispersion"]
    expected = [by_statsmodels(*series, step) for series in zip(COUNTS, EXPOSURE, strict=True)]
    np.testing.assert_allclose(found[columns], expected, rtol=1e-9)


@pytest.mark.parametrize("step", [None, 24])
def test_season_and_line_equal_predictions_by_statsmodels(step):
    found = trend.monthly_trends(COUNTS, EXPOSURE, MONTHS, step=step)
    fitted = found.line["value"].to_numpy() * found.season["value"].to_numpy().reshape(30, 12)[:, MONTHS - 1].ravel()
    columns = [np.ones(N), POSITION, *(MONTHS == m for m in range(2, 13))]
    design = np.column_stack([*columns, *([] if step is None else [POSITION >= step])]).astype(float)
    for row, (counts, exposure) in enumerate(zip(COUNTS, EXPOSURE, strict=True)):
        # Another coding of the same model: the fitted rates must agree.
        model = sm.GLM(counts, design, family=sm.families.Poisson(), offset=np.log(exposure))
        expected = model.fit(tol=1e-13, tol_criterion="params", maxiter=100).fittedvalues / exposure
        np.testing.assert_allclose(fitted.reshape(30, N)[row], expected, rtol=1e-9)


def test_a_series_alone_is_as_it_is_among_others():
    found = trend.monthly_trends(COUNTS, EXPOSURE, MONTHS, step=24)
    alone = trend.monthly_trend(COUNTS[7], EXPOSURE[7], MONTHS, step=24)
    mine = found.season[found.season["series"] == 7].drop(columns="series")
    np.testing.assert_allclose(alone.season, mine, rtol=1e-12)
    mine = found.step_change.loc[7, ["value", "lower_998", "upper_998"]].tolist()
    row = alone.step_change.loc[1, ["value", "lower", "upper", "level"]]
    assert row.tolist() == pytest.approx([*mine, 0.998], rel=1e-12)


def test_very_large_counts_settle():
    # Rounding in the deviance of such counts is larger than a millionth of a millionth.
    fit = trend.monthly_trend(COUNTS[-1] * 1e6, EXPOSURE[-1], MONTHS, step=24)
    plain = trend.monthly_trend(COUNTS[-1], EXPOSURE[-1], MONTHS, step=24)
    assert fit.annual_change["value"].tolist() == pytest.approx(plain.annual_change["value"].tolist(), rel=1e-9)


def test_thin_series_get_their_reason_and_leave_the_others_alone():
    counts = COUNTS[:4].copy()
    counts[1] = 0
    counts[2, MONTHS == 3] = 0
    found = trend.monthly_trends(counts, EXPOSURE[:4], MONTHS)
    assert found.reasons[0] == found.reasons[3] == ""
    assert found.reasons[1].startswith("found 0 events a month") and "month 3 " in found.reasons[2]
    assert found.annual_change["series"].tolist() == [0, 3]
    expected = trend.monthly_trends(counts[[0, 3]], EXPOSURE[[0, 3]], MONTHS).annual_change["value"]
    np.testing.assert_allclose(found.annual_change["value"], expected, rtol=1e-12)


def test_a_series_without_a_maximum_is_told_from_those_that_have_one():
    # Nothing for three years, then something every month: the trend has no upper end.
    counts = COUNTS[:3].copy()
    counts[1] = np.where(POSITION < 36, 0, 900)
    found = trend.monthly_trends(counts, EXPOSURE[:3], MONTHS)
    assert [bool(reason) for reason in found.reasons] == [False, True, False]
    assert "did not settle" in found.reasons[1]
    with pytest.raises(trend.TooThin, match="did not settle"):
        trend.monthly_trend(counts[1], EXPOSURE[1], MONTHS)


def test_no_series_at_all_gives_empty_tables():
    found = trend.monthly_trends(np.zeros((2, N)), EXPOSURE[:2], MONTHS)
    assert found.annual_change.empty and found.season.empty and len(found.reasons) == 2


@pytest.mark.parametrize(
    ("counts", "exposure", "message"),
    [
        (COUNTS[0], EXPOSURE, "counts: found 1 dimensions; must have 2"),
        (COUNTS[:2], EXPOSURE, "lengths differ"),
        (COUNTS[:, 1:], EXPOSURE, r"lengths differ \(counts 47, exposure 48, months 48\)"),
        (COUNTS, 0 * EXPOSURE, "exposure: 1440 of 1440 .*must be > 0"),
    ],
)
def test_bad_input_is_refused(counts, exposure, message):
    with pytest.raises(ValueError, match=message):
        trend.monthly_trends(counts, exposure, MONTHS)
