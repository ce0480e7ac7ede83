"""Concentration: hand values, few events do not pass for concentration, bad input is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brapkg.stats.concentration import gini, hoover, lorenz, weighted_gini
from brapkg.stats.thin import TooThin
from brapkg.stats.top_shares import places_holding, top_share


def value(count, method="sparse-corrected"):
    return gini(count, method=method, draws=100)["value"].iloc[0]


def mean_difference(x, weight):
    """Gini as half the relative mean difference: the definition, pair by pair."""
    x, weight = np.asarray(x, float), np.asarray(weight, float)
    pairs = np.abs(x[:, None] - x) * weight[:, None] * weight
    return pairs.sum() / (2 * weight.sum() * (weight * x).sum())


def test_lorenz_by_hand():
    curve = lorenz([3, 0, 1])
    assert list(curve["base_share"]) == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert list(curve["event_share"]) == pytest.approx([0, 0, 1 / 4, 1])
    # Rates 0.3 and 0.1: the second area comes first.
    curve = lorenz([3, 1], [10, 10])
    assert list(curve["event_share"]) == pytest.approx([0, 1 / 4, 1])
    curve = lorenz([3, 2], [10, 30])
    assert list(curve["base_share"]) == pytest.approx([0, 3 / 4, 1])
    assert list(curve["event_share"]) == pytest.approx([0, 2 / 5, 1])


def test_gini_by_hand():
    # 0, 1, 3: 2 * (1*0 + 2*1 + 3*3) / (3 * 4) - 4/3 = 1/2.
    assert value([3, 0, 1], "raw") == pytest.approx(1 / 2)
    assert value([3, 0, 1], "corrected") == pytest.approx(3 / 4)
    # As many events as places or more: the sparse forms are the ordinary ones.
    assert value([3, 0, 1], "sparse") == pytest.approx(1 / 2)
    assert value([3, 0, 1], "sparse-corrected") == pytest.approx(3 / 4)


def test_sparse_gini_agrees_with_the_authors_program():
    # Bernasco and Steenbeek's formula in their R package, 200 places with 37 events.
    count = np.zeros(200, dtype=int)
    count[:20] = [1, 1, 1, 2, 2, 3, 5, 1, 1, 1, 1, 1, 4, 6, 1, 1, 1, 2, 1, 1]
    expected = (0.93527027027027, 0.650109569028488, 0.668168168168168)
    assert [value(count, m) for m in ("raw", "sparse", "sparse-corrected")] == pytest.approx(expected, rel=1e-10)


def test_few_events_spread_evenly_are_not_concentration():
    count = np.r_[np.ones(10, int), np.zeros(990, int)]
    assert value(count, "raw") == pytest.approx(0.99)  # 1 - C / n, by arithmetic alone
    assert value(count) == pytest.approx(0, abs=1e-9)
    top = top_share(count, [0.01]).iloc[0]
    assert top["value"] == 1 and top["even"] == 1
    held = places_holding(count, [0.5]).iloc[0]
    assert held["value"] == held["even"] == 0.005


def test_all_in_one_place_is_one():
    count = np.r_[50, np.zeros(99, int)]
    assert value(count) == pytest.approx(1) and value(count, "corrected") == pytest.approx(1)
    assert hoover(count) == pytest.approx(0.99)


COUNTS = st.lists(st.integers(0, 60), min_size=2, max_size=40).filter(lambda x: sum(x) >= 2)


@settings(deadline=None, max_examples=60)
@given(COUNTS)
def test_gini_is_the_mean_difference_and_within_bounds(count):
    assert value(count, "raw") == pytest.approx(mean_difference(count, np.ones(len(count))), abs=1e-12)
    assert -1e-12 <= value(count) <= 1 + 1e-12
    assert value(count, "sparse") <= value(count, "raw") + 1e-12
    curve = lorenz(count)
    assert 1 - 2 * np.trapezoid(curve["event_share"], curve["base_share"]) == pytest.approx(value(count, "raw"))
    assert hoover(count) == pytest.approx((curve["base_share"] - curve["event_share"]).max())


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 1000)), min_size=2, max_size=30), st.randoms())
def test_weighted_gini_is_the_mean_difference_of_rates(areas, random):
    count, population = np.array(areas).T
    if count.sum() < 2:
        return
    found = weighted_gini(count, population, draws=100)["value"].iloc[0]
    assert found == pytest.approx(mean_difference(count / population, population), abs=1e-12)
    order = random.sample(range(len(areas)), len(areas))
    assert weighted_gini(count[order], population[order], draws=100)["value"].iloc[0] == pytest.approx(found, abs=1e-12)
    assert hoover(count, population) <= found + 1e-12


def test_equal_populations_give_the_plain_gini():
    count = [5, 0, 3, 9, 1]
    assert weighted_gini(count, [7] * 5)["value"].iloc[0] == pytest.approx(value(count, "raw"))


def test_top_share_by_hand():
    count = [0, 5, 1, 3, 1, 0, 0, 0, 0, 0]
    table = top_share(count, [0.1, 0.11, 0.3, 1])
    assert list(table["value"]) == pytest.approx([0.5, 0.8, 0.9, 1])
    assert list(table["places"]) == [1, 2, 3, 10]
    assert list(table["even"]) == pytest.approx([0.1, 0.2, 0.3, 1])
    held = places_holding(count, [0.5, 0.51, 0.9, 1])
    assert list(held["places"]) == [1, 2, 3, 4]
    assert list(held["value"]) == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert list(held["even"]) == pytest.approx([0.5, 0.6, 0.9, 1])


def test_binary_fractions_do_not_add_a_place():
    assert 0.07 * 100 > 7
    assert top_share(np.ones(100, int), [0.07])["places"].iloc[0] == 7
    assert places_holding(np.ones(100, int), [0.07])["places"].iloc[0] == 7


@settings(deadline=None, max_examples=60)
@given(COUNTS, st.floats(0.001, 1))
def test_top_places_hold_no_less_than_an_even_spread(count, share):
    top, held = top_share(count, [share]).iloc[0], places_holding(count, [share]).iloc[0]
    assert top["value"] >= top["even"] - 1e-12
    assert held["value"] <= held["even"] + 1e-12
    assert held["events"] >= share * sum(count) * (1 - 1e-9)


def test_interval_is_nested_and_near_its_level():
    rng = np.random.default_rng(3)

    def draw():
        return rng.poisson(rng.gamma(0.5, 2, 200))

    table = gini(draw(), levels=(0.95, 0.5))
    wide, narrow = table["upper"] - table["lower"]
    assert wide > narrow > 0 and list(table["level"]) == [0.95, 0.5]
    truth = np.mean([value(draw()) for _ in range(800)])
    inside = [((row := gini(draw()).iloc[0])["lower"] <= truth <= row["upper"]) for _ in range(200)]
    assert 0.88 <= np.mean(inside) <= 0.99


def test_same_seed_same_interval():
    count = np.arange(30)
    pd.testing.assert_frame_equal(gini(count), gini(count))
    assert gini(count, seed=2)["lower"].iloc[0] != gini(count)["lower"].iloc[0]


def test_interval_is_drawn_in_parts_without_a_trace():
    # 15 000 areas go beyond one part of the bootstrap.
    rng = np.random.default_rng(1)
    population = rng.integers(100, 1000, 15_000)
    count = rng.poisson(population / 50)
    row = weighted_gini(count, population, draws=200).iloc[0]
    assert row["lower"] < row["value"] < row["upper"] and row["upper"] - row["lower"] < 0.02


def test_interval_is_withheld_with_few_places_in_use():
    row = gini(np.r_[np.full(9, 5), np.zeros(100, int)]).iloc[0]
    assert row["missing"] == "few" and np.isnan(row["lower"]) and np.isnan(row["upper"]) and row["value"] > 0
    row = gini(np.r_[np.full(10, 5), np.zeros(100, int)]).iloc[0]
    assert row["missing"] == "" and row["lower"] < row["upper"]
    assert (row["events"], row["places"], row["method"]) == (50, 110, "sparse-corrected")


def keyed(values):
    return pd.Series(values, index=["a", "b"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gini([1, -1]), r"count: 1 of 2 .*-1 at position 1"),
        (lambda: gini(keyed([1, 0.5])), r"count: 1 of 2 .*0.5 at 'b'.*whole"),
        (lambda: gini([1, np.nan]), r"count: .*finite"),
        (lambda: gini([1, 2], method="theil"), r"method: found 'theil'; must be one of sparse-corrected"),
        (lambda: gini([1, 2], levels=(1,)), r"level: found 1"),
        (lambda: gini([1, 2], draws=10), r"draws: found 10; must be a whole number, at least 100"),
        (lambda: weighted_gini([1, 2], [1, 0]), r"population: 1 of 2 .*must be > 0"),
        (lambda: weighted_gini([1, 2], [5]), r"lengths differ \(count 2, population 1\)"),
        (lambda: weighted_gini(keyed([1, 2]), pd.Series([1, 2], index=["b", "a"])), r"index of population differs"),
        (lambda: hoover([1, 2], [1, np.inf]), r"population: .*finite"),
        (lambda: top_share([1, 2], [0]), r"shares: .*must be > 0"),
        (lambda: top_share([1, 2], [1.5]), r"shares: .*must be at most 1"),
        (lambda: places_holding([1, 2], []), r"shares: found none"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gini([0, 1, 0]), r"Gini: found 3 places and 1 events; needs 2 places and 2 events"),
        (lambda: gini([5]), r"Gini: found 1 places"),
        (lambda: weighted_gini([0, 0], [1, 1]), r"weighted Gini: .*0 events"),
        (lambda: lorenz([0, 0]), r"Lorenz curve: .*needs 2 places and 1 event$"),
        (lambda: hoover([0, 0]), r"Hoover index"),
        (lambda: top_share([0, 0]), r"top share"),
        (lambda: places_holding([]), r"places holding: found 0 places"),
    ],
)
def test_too_thin_is_said(call, message):
    with pytest.raises(TooThin, match=message):
        call()
