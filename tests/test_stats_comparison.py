"""Comparisons: recovered by simulation (seeds fixed), by hand, and refused when wrong."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brapkg.stats.comparison import (
    between_year_sd,
    change,
    part_of_whole,
    verdict,
)


def simulated_years(wobble: float, seed: int, areas: int = 290, years: int = 6) -> np.ndarray:
    rng = np.random.default_rng(seed)
    size = np.exp(rng.normal(6, 1, size=(areas, 1)))
    national = np.exp(rng.normal(0, 0.1, size=years))
    noise = np.exp(rng.normal(0, wobble, size=(areas, years)))
    return rng.poisson(size * national * noise)


@pytest.mark.parametrize("wobble", [0.05, 0.1, 0.2])
def test_wobble_is_recovered(wobble):
    found = np.mean([between_year_sd(simulated_years(wobble, seed)) for seed in range(20)])
    assert found == pytest.approx(wobble, rel=0.05)


def test_pure_chance_has_no_wobble():
    found = [between_year_sd(simulated_years(0.0, seed)) for seed in range(20)]
    assert np.median(found) < 0.01
    # tau2 has a standard error of about 2.5e-4 here, so 3 of them make a wobble of 0.027.
    assert max(found) < 0.03


def test_wobble_of_equal_years_is_exactly_zero():
    assert between_year_sd(np.full((5, 4), 100)) == 0


def test_wobble_does_not_depend_on_order_and_leaves_small_areas_out():
    counts = simulated_years(0.1, seed=1)
    rng = np.random.default_rng(2)
    shuffled = rng.permutation(rng.permutation(counts, axis=0), axis=1)
    with_small = np.vstack([counts, np.full((3, 6), 9)])
    usable = counts[(counts >= 10).all(axis=1)]
    for other in (shuffled, with_small, usable, pd.DataFrame(counts)):
        assert between_year_sd(other) == pytest.approx(between_year_sd(counts), rel=1e-10)


def test_part_of_whole_by_hand():
    # 40 of 1 000 events on 2 of 100 persons: ratio 2; variance 1/40 - 1/1000 = 0.024.
    table = part_of_whole([40], [2], 1000, 100, levels=(0.95,))
    factor = np.exp(1.959963984540054 * np.sqrt(0.024))
    row = table.iloc[0]
    assert row["value"] == 2
    assert (row["lower"], row["upper"]) == pytest.approx((2 / factor, 2 * factor), rel=1e-12)
    assert row["missing"] == ""


def test_part_of_whole_covers_as_it_says():
    # A part of 30 per cent: without the minus the interval would cover 98 per cent or more.
    rng = np.random.default_rng(3)
    part, rest = rng.poisson(300, 40_000), rng.poisson(700, 40_000)
    table = part_of_whole(part, 0.3, part + rest, 1.0, levels=(0.95,))
    covered = ((table["lower"] <= 1) & (table["upper"] >= 1)).mean()
    assert covered == pytest.approx(0.95, abs=0.005)


def test_the_whole_against_itself_is_one_without_width():
    row = part_of_whole([500], [100], 500, 100).iloc[0]
    assert (row["value"], row["lower"], row["upper"]) == (1, 1, 1)


def test_part_of_whole_too_few_keeps_the_value_only():
    table = part_of_whole(pd.Series([9, 0, 10], index=list("abc")), [10, 10, 10], 100, 100)
    assert list(table.index) == list("abcabc")
    assert list(table["missing"]) == ["few", "few", "", "few", "few", ""]
    assert list(table["value"].iloc[:3]) == pytest.approx([0.9, 0, 1.0])
    limits_given = table[["lower", "upper"]].notna().all(axis=1)
    assert list(limits_given) == [False, False, True] * 2


@settings(deadline=None, max_examples=60)
@given(st.integers(10, 10**5), st.integers(0, 10**6), st.floats(0, 0.3), st.floats(0, 0.3))
def test_part_of_whole_holds_its_value_and_widens(part, rest, one, other):
    small, large = sorted([one, other])
    narrow = part_of_whole([part], [1], part + rest, 10, wobble=small)
    wide = part_of_whole([part], [1], part + rest, 10, wobble=large)
    assert (narrow["lower"] <= narrow["value"]).all()
    assert (narrow["value"] <= narrow["upper"]).all()
    assert (wide["lower"] <= narrow["lower"]).all()  # more wobble, wider
    assert narrow["upper"].iloc[0] <= narrow["upper"].iloc[1]  # higher level, wider


def test_change_by_hand():
    # From 100 to 50 events with the same population: ratio 0.5; variance 1/100 + 1/50 + 2*0.1^2.
    row = change([100], [10], [50], [10], wobble=0.1).iloc[0]
    factor = np.exp(1.959963984540054 * np.sqrt(0.05))
    assert row["value"] == 0.5
    assert (row["lower"], row["upper"]) == pytest.approx((0.5 / factor, 0.5 * factor), rel=1e-12)


def test_each_row_has_its_own_wobble():
    wobbles = [0.0, 0.1, 0.3]
    for compare in (lambda w, i: part_of_whole([40, 50, 60][i], [4, 5, 7][i], [90, 80, 70][i], 10, wobble=w),
                    lambda w, i: change([40, 50, 60][i], 3, [30, 20, 25][i], 4, wobble=w)):  # fmt: skip
        together = compare(wobbles, slice(None))
        for row, wobble in enumerate(wobbles):
            alone = compare(wobble, slice(row, row + 1)).reset_index(drop=True)
            pd.testing.assert_frame_equal(together.loc[row].reset_index(drop=True), alone)


def test_change_covers_as_it_says_with_wobble():
    rng = np.random.default_rng(4)
    before, after = rng.poisson(400 * np.exp(rng.normal(0, 0.08, size=(2, 40_000))))
    table = change(before, 1, after, 1, wobble=0.08, levels=(0.95,))
    covered = ((table["lower"] <= 1) & (table["upper"] >= 1)).mean()
    assert covered == pytest.approx(0.95, abs=0.005)


def test_change_is_withheld_when_either_count_is_small():
    table = change([19, 20, 20, 0], 1, [20, 19, 20, 0], 1, levels=(0.95,))
    assert list(table["missing"]) == ["few", "few", "", "few"]
    assert list(table[["value", "lower", "upper"]].isna().all(axis=1)) == [True, True, False, True]


@settings(deadline=None, max_examples=60)
@given(st.integers(20, 10**5), st.integers(20, 10**5), st.integers(1, 99), st.integers(1, 99))
def test_change_turns_around(before, after, n0, n1):
    there = change([before], [n0], [after], [n1], wobble=0.05)
    back = change([after], [n1], [before], [n0], wobble=0.05)
    np.testing.assert_allclose(there["value"], 1 / back["value"])
    np.testing.assert_allclose(there["lower"], 1 / back["upper"])


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        ((0.97, 1.03, 0.96, 1.04), "level"),
        ((1.01, 1.04, 1.005, 1.045), "level"),  # beyond chance, yet of no consequence
        ((0.95, 1.05, 0.90, 1.10), "level"),  # the edge belongs to level
        ((1.02, 1.30, 1.01, 1.40), "clearly_higher"),
        ((0.70, 0.90, 0.60, 0.99), "clearly_lower"),
        ((1.02, 1.30, 0.99, 1.40), "probably_higher"),
        ((0.70, 0.94, 0.60, 1.00), "probably_lower"),
        ((0.80, 1.20, 0.70, 1.30), "unclear"),
        ((1.00, 1.20, 0.90, 1.30), "unclear"),
        ((np.nan, np.nan, np.nan, np.nan), "few"),
        ((0.97, 1.03, 0.96, np.nan), "few"),
    ],
)
def test_verdict(limits, word):
    assert list(verdict(*limits)) == [word]


def test_verdict_takes_the_limits_of_a_table():
    table = part_of_whole([5, 400, 100, 1000], 100, 10_000, 1000, wobble=0.02)
    at95, at998 = (table[table["level"] == level] for level in (0.95, 0.998))
    words = verdict(at95["lower"], at95["upper"], at998["lower"], at998["upper"])
    assert list(words) == ["few", "clearly_lower", "clearly_lower", "unclear"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: between_year_sd([1, 2]), r"counts: found 1 dimensions; must have 2"),
        (lambda: between_year_sd([[20, 20]] * 2), r"found 2 areas .*at least 3 areas and 2 years"),
        (lambda: between_year_sd([[20]] * 5), r"and 1 years"),
        (lambda: between_year_sd([[20, 5]] * 5), r"found 0 areas .*\(of 5\)"),
        (lambda: between_year_sd([[20, -5]] * 3), r"counts: 3 of 6 .*-5 at position 0, 1"),
        (lambda: part_of_whole([-1], 1, 9, 9), r"count: 1 of 1"),
        (lambda: part_of_whole([10], 1, 9, 9), r"count: .*at most total_count"),
        (lambda: part_of_whole([1], 10, 9, 9), r"population: .*at most total_population"),
        (lambda: part_of_whole([0], 1, 0, 9), r"total_count: .*must be > 0"),
        (lambda: part_of_whole([1], 1, 9, 9, wobble=-0.1), r"wobble: .*must be >= 0"),
        (lambda: part_of_whole([1, 1, 1], 1, 9, 9, wobble=[0.1, 0.2]), r"wobble 2\)"),
        (lambda: part_of_whole([1], 1, 9, 9, levels=(2,)), r"level: found 2"),
        (lambda: change([1], [0], [1], [1]), r"population_before: .*must be > 0"),
        (lambda: change([1], [1], [np.inf], [1]), r"count_after: .*finite"),
        (lambda: change([1], [1], [1], [1], minimum=0), r"minimum: .*must be > 0"),
        (lambda: verdict(2, 1, 0, 3), r"lower_95: .*at most upper_95"),
        (lambda: verdict(0.9, 1.1, 0.95, 1.2), r"lower_998: .*at most lower_95"),
        (lambda: verdict(0.9, 1.1, 0.8, 1.05), r"upper_998: .*at least upper_95"),
        (lambda: verdict(1, 1, 1, 1, tolerance=1), r"tolerance: found 1"),
        (lambda: verdict([1, 1], [1, 1, 1], 1, 1), r"lengths differ"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
