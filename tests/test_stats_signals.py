"""Signals in many series, and the simple charts: by hand, by simulation, and hostile input."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from brapkg.stats.thin import TooThin
from brapkg.stats.time.charts import bayes, cusum, ears
from brapkg.stats.time.signals import signals

MONTHS = [f"{year}-{month:02}" for year in range(2013, 2017) for month in range(1, 13)]
TIME = np.arange(48)


def draw(rng, mean: float, series: int, *, dispersion: float = 1.0, growth: float = 0.0, season: float = 0.3):
    """Counts with a season of its own for each series and a common trend; no signals."""
    start = rng.uniform(0, 12, (series, 1))
    means = mean * np.exp(season * np.cos(2 * np.pi * (TIME - start) / 12) + growth * (TIME - 24) / 12)
    if dispersion == 1:
        return rng.poisson(means)
    return rng.negative_binomial(means / (dispersion - 1), 1 / dispersion)


def test_a_flat_series_by_hand():
    # 36 months of 100: the expected count is 100, dispersion floored at 1. Variance of the log mean
    # of a month, in a regression on month and trend: 1/300 + (distance in time)^2 / sum of squares.
    row = signals(np.full((1, 48), 100), None, MONTHS).iloc[0]
    squares = 100 * 12 * 2 * 12**2  # years -1, 0, 1 about the month's own mean
    tau = 1 / 100 + 1 / 300 + 24**2 / squares
    assert row["value"] == pytest.approx(100) and row["dispersion"] == 1
    assert row["upper"] == pytest.approx(100 * (1 + 2 / 3 * stats.t.ppf(0.99, 23) * np.sqrt(tau)) ** 1.5)


def test_agrees_with_statsmodels():
    import statsmodels.api as sm

    rng = np.random.default_rng(1)
    counts, persons = draw(rng, 50, 3, dispersion=3), rng.uniform(100, 200, (3, 48))
    table = signals(counts, persons, MONTHS, weight_above=1e9)
    design = np.column_stack([np.ones(48), TIME, TIME[:, None] % 12 == np.arange(11)])
    for s in range(3):
        model = sm.GLM(counts[s, :36], design[:36], family=sm.families.Poisson(), offset=np.log(persons[s, :36]))
        found = model.fit(scale="X2", tol=1e-12)
        expected = found.predict(design[36:], offset=np.log(persons[s, 36:]))
        own = table[table["series"] == s]
        np.testing.assert_allclose(own["value"], expected, rtol=1e-5)
        np.testing.assert_allclose(own["dispersion"], max(1, found.scale), rtol=1e-4)


@pytest.mark.parametrize("growth", [-0.1, 0.0, 0.1])
def test_false_signals_of_poisson_counts(growth):
    table = signals(draw(np.random.default_rng(2), 40, 800, growth=growth), None, MONTHS)
    assert (table["missing"] == "").mean() > 0.99
    assert 0.003 < table["signal"].mean() < 0.011
    assert (table["p_value"] < 0.001).mean() < 0.001


def test_false_signals_of_uneven_counts_are_more_than_nominal_but_few():
    table = signals(draw(np.random.default_rng(3), 40, 800, dispersion=3), None, MONTHS)
    assert 0.008 < table["signal"].mean() < 0.025
    assert (table["p_value"] < 0.0001).mean() < 0.0015


def test_low_p_values_are_spread_evenly_without_signals():
    p_value = signals(draw(np.random.default_rng(4), 200, 800), None, MONTHS)["p_value"]
    for at in (0.1, 0.25, 0.5):
        assert (p_value < at).mean() == pytest.approx(at, rel=0.25)


@pytest.mark.parametrize(("mean", "low", "high"), [(20, 0.5, 0.8), (100, 0.98, 1.0)])
def test_a_doubling_is_found(mean, low, high):
    rng = np.random.default_rng(5)
    counts = draw(rng, mean, 500)
    table = signals(counts, None, MONTHS)
    twice = rng.poisson(2 * table["value"])
    assert low <= (twice > table["upper"]).mean() <= high


def test_a_month_that_stands_out_is_found_and_does_not_hide_the_next():
    counts = np.full((2, 48), 100)
    counts[1, 40:44] = 200
    table = signals(counts, None, MONTHS)
    found = table[table["signal"]]
    assert list(found["series"]) == [1] * 4 and list(found["month"]) == MONTHS[40:44]
    np.testing.assert_array_equal(table["upper"][:12], table["upper"][12:])


def test_only_the_earlier_years_count_and_at_most_so_many():
    rng = np.random.default_rng(6)
    counts = rng.poisson(50, (4, 60))
    months = pd.period_range("2012-01", periods=60, freq="M")
    table = signals(counts, None, months)
    pd.testing.assert_frame_equal(
        table.drop(columns="position"), signals(counts[:, 12:], None, months[12:]).drop(columns="position")
    )
    assert not np.allclose(table["value"], signals(counts, None, months, years=4)["value"])


def test_thin_series_are_withheld_with_the_reason():
    rng = np.random.default_rng(7)
    seldom = rng.poisson(1, 48)
    rests = np.where(TIME % 12 == 6, 0, 20)  # nothing ever in July
    table = signals(np.array([np.zeros(48), seldom, rests, np.full(48, 20)]), None, MONTHS)
    thin = table[table["missing"] == "thin"]
    assert list(thin.groupby("series").size()) == [12, 12, 1] and set(thin["series"]) == {0, 1, 2}
    assert thin[["value", "lower", "upper", "p_value", "dispersion"]].isna().all(axis=None)
    assert not thin["signal"].any() and (thin["count"] >= 0).all()
    assert thin[thin["series"] == 2]["month"].tolist() == ["2016-07"]
    assert table[table["missing"] == ""].notna().all(axis=None)
    assert (signals(np.full((1, 34), 50), None, MONTHS[:34])["missing"] == "thin").all()
    assert (signals(np.full((1, 36), 50), None, MONTHS[:36])["missing"] == "").all()


def test_series_do_not_touch_each_other():
    counts = draw(np.random.default_rng(8), 12, 30, dispersion=2)
    together = signals(counts, None, MONTHS)
    alone = pd.concat([signals(counts[[s]], None, MONTHS).assign(series=s) for s in range(30)], ignore_index=True)
    pd.testing.assert_frame_equal(together, alone)


def test_sparse_series_never_end_in_an_error():
    counts = np.random.default_rng(9).poisson(np.random.default_rng(9).exponential(1, (2000, 1)), (2000, 48))
    table = signals(counts, None, MONTHS, minimum=0)
    shown = table[table["missing"] == ""]
    assert len(shown) and np.isfinite(shown[["value", "upper", "p_value"]]).all(axis=None)
    assert (shown["value"] >= 1).all()


def test_names_months_and_person_days():
    counts = pd.DataFrame(np.full((2, 48), 31.0), index=["Ale", "Bollebygd"], columns=MONTHS)
    table = signals(counts, counts * 100, MONTHS, last=2)
    assert list(table["series"]) == ["Ale", "Ale", "Bollebygd", "Bollebygd"]
    assert list(table["month"]) == MONTHS[-2:] * 2 and list(table["position"]) == [46, 47] * 2
    assert (table["level"] == 0.99).all() and (table["method"] != "").all() and list(table.index) == [0, 1, 2, 3]
    # The unit of the exposure does not matter; more person-days let one expect more.
    pd.testing.assert_frame_equal(table, signals(counts, counts * 7, MONTHS, last=2))
    days = np.full((2, 48), 100.0)
    days[:, 47] = 200
    assert signals(counts, days, MONTHS, last=1)["value"].iloc[0] == pytest.approx(62)
    periods = pd.PeriodIndex(MONTHS, freq="M")
    assert list(signals(counts.to_numpy(), None, periods, last=2)["month"].dt.month) == [11, 12] * 2
    numbers = signals(counts.to_numpy(), None, [int(month[-2:]) for month in MONTHS], last=2)
    np.testing.assert_array_equal(numbers["upper"], signals(counts, None, MONTHS, last=2)["upper"])
    assert len(signals(np.empty((0, 48)), None, MONTHS)) == 0


GOOD = np.full((2, 48), 20.0)
GAPPY = [*MONTHS[:5], *MONTHS[6:], "2017-01"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: signals(-GOOD, None, MONTHS), r"counts: .*must be >= 0"),
        (lambda: signals(GOOD + 0.5, None, MONTHS), r"counts: .*whole numbers"),
        (lambda: signals(pd.DataFrame(-GOOD, index=["a", "b"]), None, MONTHS), r"counts: .* at 'a', 0"),
        (lambda: signals(GOOD[0], None, MONTHS), r"counts: found 1 dimensions"),
        (lambda: signals(GOOD, 0 * GOOD, MONTHS), r"exposure: .*must be > 0"),
        (lambda: signals(GOOD, GOOD[:1], MONTHS), r"shapes differ"),
        (lambda: signals(GOOD, None, MONTHS[1:]), r"shapes differ .*months 47"),
        (lambda: signals(GOOD, None, GAPPY), r"key '2013-07' follows '2013-05'"),
        (lambda: signals(GOOD, None, MONTHS[::-1]), r"months: key '2016-11' follows '2016-12'"),
        (lambda: signals(GOOD, None, [1, 2, 4] * 16), r"months: .*each must follow the one before"),
        (lambda: signals(GOOD, None, list(range(48))), r"months: .*must be whole, from 1 to 12"),
        (lambda: signals(GOOD, None, [f"month {i}" for i in range(48)]), r"have no order that can be checked"),
        (lambda: signals(pd.DataFrame(GOOD, columns=MONTHS[::-1]), None, MONTHS), r"counts: its columns are not"),
        (
            lambda: signals(pd.DataFrame(GOOD, index=["a", "b"]), pd.DataFrame(GOOD, index=["b", "a"]), MONTHS),
            r"index of exposure differs",
        ),
        (lambda: signals(GOOD, None, MONTHS, last=49), r"last: found 49"),
        (lambda: signals(GOOD, None, MONTHS, years=1), r"years: found 1"),
        (lambda: signals(GOOD, None, MONTHS, minimum=-1), r"minimum: .*must be >= 0"),
        (lambda: signals(GOOD, None, MONTHS, levels=0), r"level: found 0"),
        (lambda: signals(GOOD, None, MONTHS, weight_above=-1), r"weight_above: .*must be > 0"),
        (lambda: ears([1] * 20, method="C3"), r"method: found 'C3'; must be one of C1, C2"),
        (lambda: ears([1] * 20, baseline=1), r"baseline: found 1"),
        (lambda: ears([1, -1] * 10), r"counts: .*must be >= 0"),
        (lambda: cusum([1] * 20, reference=0), r"reference: .*must be > 0"),
        (lambda: cusum([1] * 20, decision=-1), r"decision: .*must be > 0"),
        (lambda: cusum([1] * 20, mean=0), r"mean: .*must be > 0"),
        (lambda: cusum(pd.Series([1] * 3, index=["2016-01", "2016-03", "2016-04"]), last=1), r"'2016-03' follows"),
        (lambda: bayes([1.5] * 60), r"counts: .*whole"),
        (lambda: bayes([1] * 60, window=6), r"window: found 6"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ears([1] * 18), r"EARS C1: found 6 .*needs 7"),
        (lambda: ears([1] * 20, method="C2"), r"EARS C2: found 8 .*needs 9"),
        (lambda: cusum([1] * 12), r"CUSUM: found 0"),
        (lambda: cusum([0] * 20), r"CUSUM: found no event"),
        (lambda: bayes([1] * 36), r"Bayes: found 24 .*needs 25"),
    ],
)
def test_too_thin_is_refused_by_name(call, message):
    with pytest.raises(TooThin, match=message):
        call()


def test_ears_by_hand():
    # Mean 4 and standard deviation of 1 to 7 is sqrt(14 * 2 / 6); C2 looks past the two latest.
    counts = [1, 2, 3, 4, 5, 6, 7, 50, 60, 9]
    limit = 4 + stats.norm.ppf(0.999) * np.sqrt(28 / 6)
    first = ears(counts[:8], last=1).iloc[0]
    assert (first["value"], first["upper"]) == (4, pytest.approx(limit)) and first["signal"]
    second = ears(counts, last=1, method="C2").iloc[0]
    assert second["upper"] == pytest.approx(limit) and not second["signal"]
    assert second["p_value"] == pytest.approx(stats.norm.sf(5 / np.sqrt(28 / 6)))
    flat = ears([3] * 7 + [4], last=1).iloc[0]
    assert flat["upper"] == 3 and flat["signal"] and np.isnan(flat["p_value"])


def test_cusum_by_hand_with_and_without_reset():
    # Mean 4: counts 10, 8, 4 are 3, 2, 0 standardised; k = 1, h = 2.5.
    options = {"last": 3, "reference": 1, "decision": 2.5}
    table = cusum([4] * 8 + [10, 8, 4], **options)
    assert list(table["statistic"]) == [2, 3, 2] and list(table["signal"]) == [False, True, False]
    assert list(table["upper"]) == [11, 7, 5] and (table["value"] == 4).all()
    stays = cusum([4] * 8 + [12, 8, 8], **options)
    again = cusum([4] * 8 + [12, 8, 8], **options, reset=True)
    assert list(stays["statistic"]) == [3, 4, 5] and list(stays["signal"]) == [True, True, True]
    assert list(again["statistic"]) == [3, 1, 2] and list(again["signal"]) == [True, False, False]
    assert list(cusum([4] * 3, mean=4, last=3)["statistic"]) == [0, 0, 0]


def test_cusum_upper_is_the_lowest_count_that_gives_a_signal():
    rng = np.random.default_rng(10)
    counts = np.r_[rng.poisson(6, 60), rng.poisson(9, 60)]
    table = cusum(counts, last=60)
    assert (table["signal"] == (table["count"] >= table["upper"])).all() and table["signal"].any()


def test_bayes_by_hand():
    # Two years of three months and one month before: 7 counts of 2, shape 14.5.
    row = bayes([2] * 60, last=1).iloc[0]
    assert row["value"] == pytest.approx(14.5 / 7)
    predicted = stats.nbinom(14.5, 7 / 8)
    assert row["upper"] == predicted.ppf(0.95) and row["p_value"] == pytest.approx(predicted.sf(1))


def test_keys_of_a_series_are_kept():
    counts = pd.Series([4] * 48, index=MONTHS)
    for table in (ears(counts), cusum(counts), bayes(counts)):
        assert list(table.index) == MONTHS[-12:]
        columns = ["position", "count", "value", "lower", "upper", "level", "method", "p_value"]
        assert list(table.columns)[:8] == columns and list(table.columns)[-2:] == ["signal", "missing"]
