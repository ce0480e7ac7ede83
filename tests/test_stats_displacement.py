"""Displacement: the paper's example, arithmetic by hand, and no verdict where there is none."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brapkg.stats.effect.displacement import wdd, wdd_harm, wdq

NEARBY = {
    "nearby_before": 178,
    "nearby_after": 157,
    "nearby_comparison_before": 150,
    "nearby_comparison_after": 140,
}


def total(table):
    return table[table["part"] == "total"].iloc[0]


def test_the_papers_example():
    # Wheeler and Ratcliffe (2018): -118, variance 1568, z -2.98, 95 per cent interval -196 to -40.
    row = total(wdd(207, 110, 308, 318, **NEARBY))
    assert (row["value"], row["se"] ** 2) == pytest.approx((-118, 1568))
    assert (round(row["z"], 2), round(row["lower"]), round(row["upper"])) == (-2.98, -196, -40)
    assert row["p_value"] == pytest.approx(2 * row["p_fall"])


def test_parts_and_levels_by_hand():
    table = wdd(20, 10, 20, 20, nearby_before=30, nearby_after=20, nearby_comparison_before=30,
                nearby_comparison_after=30, levels=(0.95, 0.998))  # fmt: skip
    assert list(table["part"]) == ["local", "nearby", "total"] * 2
    assert list(table["value"]) == [-10, -10, -20] * 2
    assert list(table["se"] ** 2) == pytest.approx([70, 110, 180] * 2)
    assert table["upper"].iloc[5] > table["upper"].iloc[2]


def test_weights_divide_counts_and_variances():
    row = total(wdd(80, 20, 100, 50, time_weights=(2, 1)))  # 20 - 40 - (50 - 50); 80/4 + 20 + 100/4 + 50
    assert (row["value"], row["se"] ** 2) == pytest.approx((-20, 115))
    row = total(wdd(80, 20, 100, 50, area_weights=(2, 5, 1, 1)))  # -60/2 + 50/5; 100/4 + 150/25
    assert (row["value"], row["se"] ** 2) == pytest.approx((-20, 31))


def test_overdispersion_widens_but_never_narrows():
    plain, wide, narrow = (total(wdd(207, 110, 308, 318, phi=phi))["se"] for phi in (1, 4, 0.25))
    assert wide == pytest.approx(2 * plain) and narrow == plain


def test_no_events_say_nothing_of_chance():
    row = total(wdd(0, 0, 0, 0))
    assert row["missing"] == "none" and row["value"] == 0
    assert row[["lower", "upper", "z", "p_value", "p_fall"]].isna().all()


def test_harm_by_hand():
    # Differences -10 and +5 (variances 70 and 25), weights 2 and 10.
    table = wdd_harm([20, 5], [10, 10], [20, 5], [20, 5], [2, 10])
    row = total(table)
    assert len(table) == 3 and row["before"] == 25
    assert (row["value"], row["se"] ** 2) == pytest.approx((-20 + 50, 4 * 70 + 100 * 25))


def test_interval_covers_what_was_put_in():
    rng = np.random.default_rng(3)
    means = np.array([60, 40, 80, 80, 50, 55, 50, 50])
    counts = rng.poisson(means, (4000, 8)).T
    table = wdd(*counts[:4], **dict(zip(NEARBY, counts[4:], strict=True)))
    table = table[table["part"] == "total"]
    assert ((table["lower"] <= -15) & (table["upper"] >= -15)).mean() == pytest.approx(0.95, abs=0.012)


def test_quotient_by_hand():
    row = wdq(207, 110, 178, 157, 308, 318).iloc[0]
    success, buffer = 110 / 318 - 207 / 308, 157 / 318 - 178 / 308
    assert row["value"] == pytest.approx(buffer / success)
    assert row["total_net_effect"] == pytest.approx((207 + 178) * 318 / 308 - 110 - 157)
    assert (row["gross_effect"], row["missing"]) == (97, "")


def test_quotient_is_withheld_where_nothing_was_won():
    table = wdq([100, 100, 10], [100, 120, 5], [10, 10, 9], [10, 5, 9], [50, 50, 0], [50, 50, 4])
    assert table["value"].isna().all()
    assert list(table["missing"]) == ["no success", "no success", "no comparison"]
    assert list(table["gross_effect"]) == [0, -20, 5]
    assert list(table["success"].isna()) == [False, False, True]


COUNTS = st.lists(st.integers(0, 5000), min_size=8, max_size=8)


@settings(deadline=None, max_examples=60)
@given(COUNTS)
def test_turning_time_around_turns_the_sign(c):
    near = list(NEARBY)
    ahead = total(wdd(*c[:4], **dict(zip(near, c[4:], strict=True))))
    turned = [c[i] for i in (1, 0, 3, 2, 5, 4, 7, 6)]
    back = total(wdd(*turned[:4], **dict(zip(near, turned[4:], strict=True))))
    assert (ahead["value"], ahead["se"]) == (-back["value"], back["se"])


def test_index_is_kept_and_scalars_spread():
    before = pd.Series([10, 20], index=["a", "b"])
    table = wdd(before, before, 30, 30)
    assert list(table.index) == ["a", "b"] * 3 and (table["comparison_before"] == 30).all()
    assert list(wdq(before, before, 1, 1, 1, 1).index) == ["a", "b"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wdd(-1, 1, 1, 1), r"before: 1 of 1 .*must be >= 0"),
        (lambda: wdd(1, 1.5, 1, 1), r"after: .*whole"),
        (lambda: wdd([1, 2], 1, [1, 2, 3], 1), r"lengths differ"),
        (lambda: wdd(1, 1, 1, 1, nearby_after=np.nan), r"nearby_after: .*finite"),
        (lambda: wdd(1, 1, 1, 1, area_weights=(1, 2)), r"area_weights: found 2 weights; must be 4"),
        (lambda: wdd(1, 1, 1, 1, time_weights=(1, 0)), r"time_weights: .*must be > 0"),
        (lambda: wdd(1, 1, 1, 1, phi=0), r"phi: .*must be > 0"),
        (lambda: wdd(1, 1, 1, 1, levels=(1,)), r"level: found 1"),
        (
            lambda: wdd(pd.Series([1, 2], index=["a", "b"]), pd.Series([1, 2], index=["b", "a"]), 1, 1),
            r"index of after differs from index of before .*'b' against 'a'",
        ),
        (lambda: wdd_harm([1, 2], [1, 2], [1, 2], [1, 2], [0, 0]), r"weights: found only 0"),
        (lambda: wdd_harm([1, 2], [1, 2], [1, 2], [1, 2], [1, -2]), r"weights: .*must be >= 0"),
        (lambda: wdd_harm([1, 2], [1, 2], [1, 2], [1, 2], [1, 2, 3]), r"lengths differ"),
        (lambda: wdq(1, 1, 1, 1, 1, 0.5), r"comparison_after: .*whole"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
