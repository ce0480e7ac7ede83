"""Rounding: conventional, right on average, or with sums kept and small inner counts gone."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brapkg.stats.disclosure.rounding import round_at_random, round_small, round_to_base

PLACES = {"a1": "A", "a2": "A", "b1": "B", "A": "land", "B": "land"}
KINDS = {"x": "all", "y": "all"}


def table(counts, kinds=("x", "y")):
    keys = itertools.product(("a1", "a2", "b1"), kinds)
    return pd.DataFrame(
        [(*key, count) for key, count in zip(keys, counts, strict=True)], columns=["place", "kind", "n"]
    )


def test_halves_go_away_from_zero():
    assert list(round_to_base([0, 4, 5, 14, 15, 24, 25, 35], 10)) == [0, 0, 10, 10, 20, 20, 30, 40]
    assert list(round_to_base([0, 1, 2, 3, 4, 5], 3)) == [0, 0, 3, 3, 3, 6]
    assert round_to_base(10**15, 7) == 7 * round(10**15 / 7)


@given(st.lists(st.integers(0, 10**9), min_size=1), st.integers(2, 100))
def test_nearest_multiple(counts, base):
    rounded = round_to_base(counts, base)
    assert (rounded % base == 0).all() and (2 * np.abs(rounded - counts) <= base).all()


def test_random_rounding_is_right_on_average():
    counts = np.repeat([0, 1, 2, 3, 7], 40_000)
    told = round_at_random(pd.Series(counts), 5, seed=3)
    assert (told["value"] % 5 == 0).all() and (abs(told["value"] - counts) < 5).all()
    by = told.groupby("count")["value"]
    assert by.mean().to_numpy() == pytest.approx([0, 1, 2, 3, 7], abs=0.06)
    assert by.var().to_numpy() == pytest.approx([0, 4, 6, 6, 6], abs=0.15)  # r (b - r)
    assert (told.groupby("count")["variance"].first() == [0, 4, 6, 6, 6]).all()


def test_random_rounding_is_the_same_for_the_same_seed():
    counts = pd.Series(range(50), index=[f"k{n}" for n in range(50)])
    one, other = round_at_random(counts, seed=1), round_at_random(counts, seed=1)
    pd.testing.assert_frame_equal(one, other)
    assert list(one.index) == list(counts.index)
    assert (one["value"] != round_at_random(counts, seed=2)["value"]).any()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 12), min_size=6, max_size=6), st.sampled_from([3, 5]))
def test_small_counts_go_and_sums_hold(counts, base):
    cells = table(counts)
    told = round_small(cells, {"place": PLACES, "kind": KINDS}, count="n", base=base).set_index(["place", "kind"])
    for place, kind, count in cells.itertuples(index=False):
        value = told.loc[(place, kind), "value"]
        assert value in ((0, base) if 0 < count < base else (count,))
    value = told["value"].unstack()
    assert (value["all"] == value["x"] + value["y"]).all()
    assert (value.loc["A"] == value.loc["a1"] + value.loc["a2"]).all()
    assert (value.loc["land"] == value.loc["A"] + value.loc["B"]).all()
    assert (told["difference"] == told["value"] - told["n"]).all()


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 6), min_size=6, max_size=6))
def test_close_to_the_best_of_all_choices(counts):
    cells, base = table(counts), 3
    hierarchies = {"place": PLACES, "kind": KINDS}
    told = round_small(cells, hierarchies, count="n", base=base)
    small = [at for at, count in enumerate(counts) if 0 < count < base]
    best = np.inf
    for choice in itertools.product((0, base), repeat=len(small)):
        tried = np.zeros(6)
        tried[small] = np.array(choice) - np.array(counts)[small]
        x, y = tried.reshape(3, 2).T
        places = [np.array([*one, one[0] + one[1], one[2], one.sum()]) for one in (x, y)]
        best = min(best, sum((part**2).sum() for part in (*places, places[0] + places[1])))
    # A search by one and two changes: at most a little above the best of all.
    assert (told["difference"] ** 2).sum() <= best + 2 * base**2


def test_nothing_small_is_nothing_changed():
    told = round_small(table([0, 3, 4, 9, 0, 30]), {"place": PLACES, "kind": KINDS}, count="n")
    assert (told["difference"] == 0).all() and len(told) == 18


def test_all_small_keeps_the_total_near():
    told = round_small(table([1] * 6), {"place": PLACES, "kind": KINDS}, count="n").set_index(["place", "kind"])
    assert told.loc[("land", "all"), "value"] == 6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: round_to_base([1, -1]), r"count: 1 of 2 .*must be >= 0"),
        (lambda: round_to_base([1.5]), r"count: .*whole numbers"),
        (lambda: round_to_base([1e16]), r"at most 1e15"),
        (lambda: round_to_base([1], 1), r"base: found 1; must be a whole number, at least 2"),
        (lambda: round_at_random([1], 2.5), r"base: found 2.5"),
        (lambda: round_at_random([np.nan]), r"must be finite"),
        (lambda: round_small(table([1] * 6), {"place": PLACES, "kind": KINDS}, count="n", base=0), r"base: found 0"),
        (lambda: round_small(table([1] * 6), {"place": PLACES, "kind": {}}, count="n"), r"kind: 'x' has no parent"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
