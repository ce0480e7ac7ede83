"""Farrington's methods: by hand, as other programs fit, against simulation, and hostile input."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from brapkg.stats.thin import TooThin
from brapkg.stats.time import farrington as engine
from brapkg.stats.time.farrington import farrington
from brapkg.stats.time.farrington_flexible import farrington_flexible, season_of

RNG = np.random.default_rng(11)
MONTHS = pd.period_range("2012-01", periods=60, freq="M")
STEADY = RNG.poisson(30, 60).astype(float)
BOTH = pytest.mark.parametrize("method", [farrington, farrington_flexible])


def test_a_flat_baseline_by_hand():
    # All 30: mean 30, dispersion floored at 1, and the variance of the log mean is 1 / (9 * 30).
    counts = np.full(48, 30.0)
    counts[-1] = 60
    row = farrington(counts, last=1, trend=False).iloc[0]
    tau = 1 / 30 + 1 / 270
    assert row["value"] == pytest.approx(30) and row["dispersion"] == 1
    assert row["upper"] == pytest.approx(30 * (1 + 2 / 3 * stats.norm.ppf(0.995) * np.sqrt(tau)) ** 1.5)
    assert row["p_value"] == pytest.approx(stats.norm.sf((2 ** (2 / 3) - 1) / (2 / 3 * np.sqrt(tau))))
    assert row["signal"] and row["missing"] == "" and row["position"] == 47


def test_a_high_month_of_the_past_is_weighted_down_by_hand():
    # Nine counts of 30 but one of 90: the first fit has mean 330 / 9, and leverages 1 / 9.
    base = np.r_[np.full(8, 30.0), 90.0]
    mean = 330 / 9
    phi = ((base - mean) ** 2 / mean).sum() / 8
    residual = 1.5 * (90 ** (2 / 3) - mean ** (2 / 3)) / mean ** (1 / 6) / np.sqrt(phi * 8 / 9)
    weight = np.r_[np.ones(8), residual**-2]
    assert residual > 1
    counts = np.full(48, 30.0)
    counts[24] = 90  # in the window around position 23, two years before the last
    row = farrington(counts, last=1, trend=False).iloc[0]
    assert row["value"] == pytest.approx((weight * base).sum() / weight.sum(), rel=1e-4)
    assert row["value"] < mean
    counts[[24, 25]] = 30, 90  # one month further on it is outside
    assert farrington(counts, last=1, trend=False)["value"].iloc[0] == pytest.approx(30)


def test_fit_agrees_with_statsmodels():
    import statsmodels.api as sm

    rng = np.random.default_rng(3)
    y = rng.poisson(8, (3, 36)).astype(float)
    design = np.column_stack([np.ones(36), np.arange(36) - 36, np.arange(36) % 12 < 3])
    exposure = rng.uniform(50, 100, (3, 36))
    weight = rng.uniform(0.2, 1, (3, 36))
    coefficients, mean, covariance, _ = engine.fit(y, design, np.log(exposure), weight)
    for s in range(3):
        family = sm.families.Poisson()
        model = sm.GLM(y[s], design, family=family, offset=np.log(exposure[s]), var_weights=weight[s])
        found = model.fit(tol=1e-12)
        np.testing.assert_allclose(coefficients[s], found.params, rtol=1e-6)
        np.testing.assert_allclose(mean[s], found.mu, rtol=1e-6)
        np.testing.assert_allclose(covariance[s], found.cov_params(scale=1), rtol=1e-4)


def test_fit_does_not_end_in_an_error_where_a_season_is_empty():
    rng = np.random.default_rng(4)
    y = rng.poisson(0.3, (500, 36)).astype(float)
    design = np.column_stack([np.ones(36), np.arange(36) - 36, (np.arange(36)[:, None] % 12 == np.arange(1, 12))])
    with np.errstate(all="ignore"):
        coefficients, *_ = engine.fit(y, design, np.zeros_like(y), np.ones_like(y))
    assert coefficients.shape == (500, 13)


def test_seasons_are_the_window_and_equal_parts_of_the_rest():
    # Weeks, window 3: seven in season 0, then nine seasons of five.
    week = season_of(np.arange(-3, 49), 52, 3, 10)
    assert list(np.bincount(week)) == [7] + [5] * 9 and (week[:7] == 0).all()
    assert (np.diff(week) >= 0).all()
    assert (season_of(np.arange(-55, -3), 52, 3, 10) == week).all()
    # Months: with window 0 and twelve seasons each month is its own.
    assert sorted(season_of(np.arange(-12, 0), 12, 0, 12)) == list(range(12))
    assert set(season_of(np.arange(-36, 0), 12, 1, 1)) == {0, 1}


def test_one_season_uses_the_same_counts_as_the_classic_method():
    options = {"window": 1, "levels": (0.99,), "weight_above": 2.58, "last": 5}
    classic = farrington(STEADY, **options, trend=False)
    flexible = farrington_flexible(STEADY, **options, seasons=1, gap=1, trend_p=0)
    np.testing.assert_allclose(flexible["upper"], classic["upper"])
    np.testing.assert_allclose(flexible["p_value"], classic["p_value"])


def test_nb_is_the_negative_binomial_around_the_forecast():
    counts = np.random.default_rng(5).negative_binomial(10, 0.25, 60).astype(float)
    row = farrington_flexible(counts, threshold="nb", last=1).iloc[0]
    phi, mean = row["dispersion"], row["value"]
    assert phi > 1
    predicted = stats.nbinom(mean / (phi - 1), 1 / phi)
    assert predicted.var() == pytest.approx(phi * mean)
    assert row["upper"] == predicted.ppf(0.99)
    assert row["p_value"] == pytest.approx(predicted.sf(row["count"] - 1))
    # Poisson where the dispersion is floored at 1.
    even = np.full(60, 20.0)
    assert farrington_flexible(even, threshold="nb", last=1)["upper"].iloc[0] == stats.poisson.ppf(0.99, 20)


def test_the_error_of_the_other_program_makes_a_forecast_too_sure():
    # At means far above 1 relative residuals are tiny, so its variance of the forecast nearly vanishes.
    counts = np.random.default_rng(6).poisson(400, 60)
    paper, other = (farrington_flexible(counts, error=error, last=12)["upper"] for error in ("pearson", "working"))
    assert (other < paper).all()


@pytest.mark.parametrize("threshold", ["delta", "nb", "muan"])
def test_a_signal_is_a_count_above_the_limit_and_a_small_p_value(threshold):
    counts = np.random.default_rng(7).poisson(20, 200).astype(float)
    counts[::9] += 15
    table = farrington_flexible(counts, threshold=threshold, last=120, levels=(0.95,))
    assert table["signal"].any() and not table["signal"].all()
    assert (table["signal"] == (table["count"] > table["upper"])).all()
    if threshold != "muan":  # there the p-value depends on the level
        assert (table["signal"] == (table["p_value"] < 0.05 + 1e-12)).all()


def test_a_trend_is_followed_and_not_believed_above_all_that_was_seen():
    falling = np.round(200 * np.exp(-0.02 * np.arange(60)))
    row = farrington_flexible(falling, last=1).iloc[0]
    assert row["trend"] and row["value"] == pytest.approx(200 * np.exp(-0.02 * 59), rel=0.02)
    assert not farrington_flexible(falling, last=1, trend_p=0)["trend"].iloc[0]
    assert farrington(falling, last=1)["trend"].iloc[0]
    assert not farrington(falling, last=1, years=2)["trend"].iloc[0]
    assert not farrington_flexible(falling[::-1].copy(), last=1)["trend"].iloc[0]


@BOTH
def test_exposure_is_an_offset(method):
    persons = np.full(60, 1000.0)
    persons[-1] = 3000
    plain, scaled = method(STEADY, last=1), method(STEADY, exposure=persons, last=1)
    assert scaled["value"].iloc[0] == pytest.approx(3 * plain["value"].iloc[0])
    for column in ("value", "upper", "p_value"):
        np.testing.assert_allclose(method(STEADY, exposure=7.0 * np.ones(60))[column], method(STEADY)[column])


@BOTH
def test_keys_are_kept_and_later_counts_do_not_matter(method):
    table = method(pd.Series(STEADY, index=MONTHS))
    assert list(table.index) == list(MONTHS[-12:]) and list(table["position"]) == list(range(48, 60))
    assert (table["lower"] == 0).all() and (table["level"] == (0.995 if method is farrington else 0.99)).all()
    changed = STEADY.copy()
    changed[50:] += 100
    np.testing.assert_array_equal(method(changed)["upper"][:2], table["upper"][:2])
    for index in (MONTHS.strftime("%Y-%m"), MONTHS.to_timestamp(), np.arange(100, 160)):
        method(pd.Series(STEADY, index=index))
    weeks = pd.date_range("2010-01-04", periods=300, freq="7D")
    method(pd.Series(RNG.poisson(5, 300), index=weeks), period=52, window=3)


@BOTH
def test_too_few_recent_events_are_withheld(method):
    counts = np.zeros(60)
    counts[:44] = 3
    table = method(counts, last=8)
    assert (table["missing"] == "few").sum() == 8 and not table["signal"].any()
    assert table[["value", "lower", "upper", "p_value"]].isna().all(axis=None)
    assert (method(counts, last=8, few=(0, 1))["missing"] == "").all()


@BOTH
def test_a_baseline_without_events_is_withheld(method):
    counts = np.zeros(72)
    counts[:3] = 5
    counts[-1] = 50
    row = method(counts, last=1, years=3).iloc[0]
    assert row["missing"] == "few" and not row["signal"]


def test_false_signals_and_power():
    rng = np.random.default_rng(12)
    counts = rng.poisson(20, 36 + 1 + 12 * 60)
    table = farrington_flexible(counts, last=12 * 60)
    assert 0.001 < table["signal"].mean() < 0.025
    twice = rng.poisson(40, len(table))
    assert 0.5 < (twice > table["upper"]).mean() < 0.95


@BOTH
def test_too_thin_is_refused_by_name(method):
    with pytest.raises(TooThin, match=r"farrington.*found 36 time points before the first judged; needs 37"):
        method(STEADY[:48], last=12)
    assert len(method(STEADY[:48], last=11)) == 11
    assert len(method(STEADY[:48], years=2)) == 12
    assert len(method(STEADY[:48], window=0, **({"trend": False} if method is farrington else {}))) == 12
    with pytest.raises(TooThin, match="no event before the first"):
        method(np.zeros(60))
    with pytest.raises(TooThin, match="found 1 baseline counts"):
        method(STEADY, years=1, window=0, **({} if method is farrington else {"seasons": 1}))


def keyed(labels) -> pd.Series:
    return pd.Series(STEADY[: len(labels)], index=labels)


@BOTH
@pytest.mark.parametrize(
    ("counts", "options", "message"),
    [
        (-STEADY, {}, r"counts: .*must be >= 0"),
        (STEADY + 0.5, {}, r"counts: .*must be whole numbers"),
        (np.r_[STEADY[:-1], np.nan], {}, r"counts: 1 of 60 .*nan at position 59.*finite"),
        (STEADY, {"exposure": np.zeros(60)}, r"exposure: .*must be > 0"),
        (STEADY, {"exposure": np.ones(59)}, r"lengths differ \(counts 60, exposure 59\)"),
        (keyed(MONTHS), {"exposure": pd.Series(np.ones(60), index=MONTHS + 1)}, r"index of exposure differs"),
        (keyed(MONTHS.delete(7)), {}, r"key Period\('2012-09', 'M'\) follows Period\('2012-07', 'M'\)"),
        (keyed(MONTHS[::-1]), {}, r"must be in order"),
        (keyed(MONTHS.delete(5).strftime("%Y-%m")), {}, r"key '2012-07' follows '2012-05'"),
        (keyed(np.r_[0:30, 31:61]), {}, r"follows 29|follows np.int64\(29\)"),
        (keyed([f"area {i}" for i in range(60)]), {}, r"keys such as 'area 0' have no order"),
        (keyed(MONTHS.strftime("%Y-%m")), {"period": 52}, r"have no order that can be checked"),
        (keyed(MONTHS.to_timestamp()), {"period": 52}, r"must be in order"),
        (STEADY, {"period": 4}, r"period: found 4; must be 12"),
        (STEADY, {"years": 0}, r"years: found 0"),
        (STEADY, {"window": 6}, r"window: found 6"),
        (STEADY, {"window": 1.5}, r"window: found 1.5"),
        (STEADY, {"last": 0}, r"last: found 0"),
        (STEADY, {"last": 61}, r"last: found 61; must be at most the 60"),
        (STEADY, {"levels": (1,)}, r"level: found 1"),
        (STEADY, {"weight_above": 0}, r"weight_above: .*must be > 0"),
        (STEADY, {"few": (-1, 4)}, r"few: .*must be >= 0"),
        (STEADY, {"few": (5, 0)}, r"few: found 0"),
    ],
)
def test_bad_input_is_refused(method, counts, options, message):
    with pytest.raises(ValueError, match=message):
        method(counts, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seasons": 11}, r"seasons: found 11; must be at most 10"),
        ({"seasons": 0}, r"seasons: found 0"),
        ({"gap": 11}, r"gap: found 11; must be less than"),
        ({"threshold": "normal"}, r"threshold: found 'normal'"),
        ({"error": "robust"}, r"error: found 'robust'"),
        ({"trend_p": 2}, r"trend_p: found 2"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        farrington_flexible(STEADY, **options)
