"""Season: known parts come back, and months with gaps or out of order are refused by name."""

import numpy as np
import pandas as pd
import pytest

from brapkg.stats.thin import TooThin
from brapkg.stats.time.season import decompose, monthly, stl

SEASON = np.array([-6, -5, -4, -2, 2, 5, 6, 6, 4, 4, -5, -5.0])
RNG = np.random.default_rng(51)


def by_month(values, start="2018-01") -> pd.Series:
    return pd.Series(values, index=pd.period_range(start, periods=len(values), freq="M"), dtype=float)


LINE = by_month(30 + 0.5 * np.arange(72) + np.tile(SEASON, 6))


def test_stl_gives_a_level_and_a_season_back_and_a_line_nearly():
    for robust in (False, True):
        table = stl(LINE - 0.5 * np.arange(72), robust=robust)
        np.testing.assert_allclose(table["season"], np.tile(SEASON, 6), atol=1e-9)
        np.testing.assert_allclose(table["trend"], 30, atol=1e-9)
        # Within a year a line looks a little like a season.
        table = stl(LINE, robust=robust)
        np.testing.assert_allclose(table["season"], np.tile(SEASON, 6), atol=0.5)
        np.testing.assert_allclose(table["trend"], 30 + 0.5 * np.arange(72), atol=0.5)
    assert set(table["method"]) == {"stl, window periodic, robust"}
    assert table.index.equals(LINE.index)


def test_decompose_gives_a_line_and_a_season_back():
    table = decompose(LINE)
    np.testing.assert_allclose(table["season"], np.tile(SEASON, 6), atol=1e-12)
    inner = table.iloc[6:-6]
    np.testing.assert_allclose(inner["trend"], (30 + 0.5 * np.arange(72))[6:-6], atol=1e-12)
    assert table["trend"].isna().sum() == table["remainder"].isna().sum() == 12


def test_decompose_by_hand():
    # The mean over twelve months, the two outermost by half.
    values = by_month(RNG.poisson(30, 36))
    weights = np.r_[0.5, np.ones(11), 0.5] / 12
    table = decompose(values)
    assert table["trend"].iloc[6] == pytest.approx(weights @ values.iloc[:13])
    loose = values - table["trend"]
    means = loose.groupby(values.index.month).mean()
    np.testing.assert_allclose(table["season"].iloc[:12], means - means.mean(), atol=1e-12)


@pytest.mark.parametrize("seasonal", ["periodic", 7, 13])
def test_parts_add_up(seasonal):
    values = by_month(RNG.poisson(30, 60), "2019-05")
    table = stl(values, seasonal=seasonal)
    np.testing.assert_allclose(table["trend"] + table["season"] + table["remainder"], values, rtol=1e-12)
    changes = table["season"].groupby(values.index.month).std().max()
    assert changes < 1e-9 if seasonal == "periodic" else changes > 0.1


def test_robust_leaves_an_outlier_in_the_remainder():
    noisy = LINE + RNG.normal(0, 0.5, 72)
    struck = noisy.copy()
    struck["2021-03"] += 200
    shift = {
        robust: stl(struck, robust=robust)["trend"] - stl(noisy, robust=robust)["trend"] for robust in (True, False)
    }
    assert shift[False].abs().max() > 10 > 1 > shift[True].abs().max()


def test_two_whole_years_are_enough_and_the_start_does_not_matter():
    values = LINE.iloc[:24]
    assert len(stl(values)) == len(decompose(values)) == 24
    later = pd.Series(values.to_numpy(), index=values.index + 5)
    np.testing.assert_array_equal(stl(values)["season"], stl(later)["season"])


def test_months_may_be_texts_or_timestamps():
    for index in (LINE.index.astype(str), LINE.index.to_timestamp()):
        pd.testing.assert_frame_equal(stl(pd.Series(LINE.to_numpy(), index=index)), stl(LINE))


def test_the_input_is_left_alone():
    values = pd.Series(np.arange(30), index=pd.period_range("2018-01", periods=30, freq="M").astype(str))
    monthly(values)
    assert values.index[0] == "2018-01"


@pytest.mark.parametrize("call", [stl, decompose])
def test_thin_series_are_refused_with_the_reason(call):
    with pytest.raises(TooThin, match=rf"{call.__name__}: found 23 months; needs 24"):
        call(LINE.iloc[:23])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stl(LINE.drop(pd.Period("2019-06", "M"))), r"found 2019-07 after 2019-05 \(1 such places\)"),
        (lambda: decompose(pd.concat([LINE.iloc[:30], LINE.iloc[29:]])), r"found 2020-06 after 2020-06"),
        (lambda: stl(LINE.iloc[::-1]), r"found 2023-11 after 2023-12 \(71 such places\).*sort"),
        (lambda: stl(LINE.to_numpy()), r"values: found no months"),
        (lambda: stl(LINE.reset_index(drop=True)), r"values: found no months"),
        (lambda: stl(pd.Series(range(24), index=[f"area {i}" for i in range(24)])), r"index is not of months"),
        (lambda: stl(LINE.where(LINE > 30)), r"values: .*must be finite"),
        (lambda: stl(LINE, seasonal=8), r'seasonal: found 8; must be "periodic" or an odd'),
        (lambda: stl(LINE, seasonal=5), r"seasonal: found 5"),
        (lambda: stl(LINE, seasonal=True), r"seasonal: found True"),
        (lambda: stl(LINE, seasonal="always"), r"seasonal: found 'always'"),
        (lambda: stl(LINE, robust="yes"), r"robust: found 'yes'"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
