"""Ranks: the integral against enumeration and draws, ties and zeros, and how sure an interval is."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special, stats

from brapkg.stats import rank_chances
from brapkg.stats.ranks import chance_higher, posterior, ranks
from brapkg.stats.shrinkage import poisson_gamma

CHANCES = ["chance_worst", "chance_highest", "chance_lowest"]


def country(per_person: float, areas: int = 290, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Counts and populations of areas of very different size, whose true rates differ."""
    rng = np.random.default_rng(seed)
    population = np.exp(rng.normal(9.7, 1, areas))
    return rng.poisson(population * per_person * rng.gamma(8, 1 / 8, areas)), population


def enumerated(shape, rate) -> np.ndarray:
    """Chance of each rank of each area, from all ways the others may lie below or above it."""
    size = len(shape)
    found = np.zeros((size, size))
    for i in range(size):
        others = np.arange(size) != i

        def chance(u, i=i, others=others, below=0):
            here = special.gammaincinv(shape[i], u) / rate[i]
            cdf = special.gammainc(shape[others], rate[others] * here)
            ways = (np.isin(np.arange(size - 1), way) for way in combinations(range(size - 1), below))
            return sum(np.where(way, cdf, 1 - cdf).prod() for way in ways)

        for below in range(size):
            found[i, below] = integrate.quad(lambda u, k=below, f=chance: f(u, below=k), 0, 1, epsabs=1e-10)[0]
    return found


@pytest.mark.parametrize("method", ["exact", "quadrature"])
def test_chances_against_enumeration(method):
    count, population = [0, 3, 12, 14, 900], [100.0, 300, 800, 1200, 60_000]
    table = ranks(count, population, method=method, worst=0.4, levels=(0.5,))
    chances = enumerated(*posterior(count, population))
    away = 1e-7 if method == "exact" else 1e-4
    assert list(table["chance_lowest"]) == pytest.approx(list(chances[:, 0]), abs=away)
    assert list(table["chance_highest"]) == pytest.approx(list(chances[:, 4]), abs=away)
    assert list(table["chance_worst"]) == pytest.approx(list(chances[:, 3:].sum(axis=1)), abs=away)
    assert list(table["value"]) == pytest.approx(list(chances @ np.arange(1, 6)), abs=away)
    for column, share in {"lower": 0.25, "median": 0.5, "upper": 0.75}.items():
        assert list(table[column]) == [int(np.argmax(row.cumsum() >= share)) + 1 for row in chances]


def test_two_areas_are_a_pair():
    table = ranks([10, 14], [1000, 1000], shape=2, rate=100)
    higher = chance_higher(16, 1100, 12, 1100)[0]
    assert list(table["chance_highest"]) == pytest.approx([1 - higher, higher], abs=1e-10)
    assert list(table["value"]) == pytest.approx([2 - higher, 1 + higher], abs=1e-10)


def test_pair_from_scipy():
    # scipy 1.17 beta cdf: gamma(12.5, 10000) is below gamma(30.5, 20000) with chance 0.7399634272902582.
    assert chance_higher(30.5, 20_000, 12.5, 10_000)[0] == pytest.approx(0.7399634272902582, rel=1e-10)
    assert chance_higher(7, 3, 7, 3)[0] == pytest.approx(0.5)


def test_pair_by_draws():
    rng = np.random.default_rng(2)
    share = (rng.gamma(3, 1 / 2, 400_000) > rng.gamma(5, 1 / 4, 400_000)).mean()
    assert chance_higher(3, 2, 5, 4)[0] == pytest.approx(share, abs=0.004)


@pytest.mark.parametrize("per_person", [1e-5, 1e-4, 1e-3, 1e-2, 0.2])
def test_expected_rank_is_the_sum_of_pairs(per_person):
    # 290 areas: from none but zeros and ones up to tens of thousands of events.
    count, population = country(per_person)
    a, b = posterior(count, population)
    pairs = chance_higher(*(np.repeat(x, 290) for x in (a, b)), *(np.tile(x, 290) for x in (a, b))).reshape(290, 290)
    table = ranks(count, population)
    assert set(table["method"]) == {"quadrature"}
    assert np.abs(table["value"] - (0.5 + pairs.sum(axis=1))).max() < 1e-3


@pytest.mark.parametrize("per_person", [1e-5, 1e-3, 0.05])
def test_quadrature_against_fine_nodes_and_draws(per_person):
    count, population = country(per_person)
    table = ranks(count, population)
    fine = ranks(count, population, method="exact")
    drawn = ranks(count, population, method="draws", draws=40_000)
    assert set(drawn["method"]) == {"40000 draws"}
    assert np.abs(table[CHANCES] - fine[CHANCES]).to_numpy().max() < 0.004
    assert np.abs(table[CHANCES] - drawn[CHANCES]).to_numpy().max() < 0.015
    assert np.abs(table["value"] - drawn["value"]).max() < 2.5
    for column in ("lower", "median", "upper"):
        assert np.abs(table[column] - fine[column]).max() <= 1
        assert np.abs(table[column] - drawn[column]).mean() < 2


def test_every_rank_is_given_once():
    count, population = country(1e-3)
    a, b = posterior(count, population)
    chances = rank_chances.integrate(a, b, *rank_chances.PANELS["quadrature"])
    assert chances.sum(axis=1) == pytest.approx(1)
    assert np.abs(chances.sum(axis=0) - 1).max() < 0.01
    assert ranks(count, population)["chance_worst"].sum() == pytest.approx(58, abs=0.05)  # a fifth of 290


def test_areas_alike_share_all_ranks():
    table = ranks([4, 4, 4, 4], [100, 100, 100, 100], levels=(0.5, 0.95))
    assert (table[["chance_highest", "chance_lowest"]] - 0.25).abs().to_numpy().max() < 1e-9
    assert table["value"].to_numpy() == pytest.approx(2.5)
    assert list(zip(table["lower"], table["median"], table["upper"], strict=True)) == [(1, 2, 3)] * 4 + [(1, 2, 4)] * 4


def test_areas_without_events_are_ranked_by_size():
    # None in 100 000 says more than none in 100.
    table = ranks([0, 0, 20], [100, 100_000, 50_000])
    assert table["value"].iloc[1] < table["value"].iloc[0]
    assert table[["value", *CHANCES]].notna().all(axis=None)
    nothing = ranks([0, 0, 0], [10, 10, 10], rate=1)
    assert nothing["value"].to_numpy() == pytest.approx(2)


@pytest.mark.parametrize("shape", [0.05, 0.5, 3])
def test_priors_of_any_shape(shape):
    count, population = country(1e-5, seed=4)
    options = {"shape": shape, "rate": shape * population.sum() / count.sum()}
    table = ranks(count, population, **options)
    drawn = ranks(count, population, method="draws", draws=20_000, **options)
    assert np.abs(table[CHANCES] - drawn[CHANCES]).to_numpy().max() < 0.02


def test_prior_of_the_shrinkage():
    count, population = country(1e-3)
    expected = population * count.sum() / population.sum()
    nu, alpha = poisson_gamma(count, expected)
    shrunken = ranks(count, expected, shape=nu, rate=alpha)
    own = ranks(count, expected)
    # Small areas are no longer first and last for being small.
    small = population < np.quantile(population, 0.1)
    assert shrunken["chance_highest"][small].sum() < own["chance_highest"][small].sum() / 2


def test_discounted_counts_are_less_sure():
    count, population = country(1e-3, areas=50)
    whole, half = ranks(count, population), ranks(count, population, discount=np.full(50, 0.25))
    assert (half["upper"] - half["lower"]).mean() > 1.2 * (whole["upper"] - whole["lower"]).mean()
    # A quarter of the weight is a quarter of the count and the population.
    a, b = posterior([8, 40], [100, 100], discount=[0.25, 1], rate=1)
    assert list(a) == [2.5, 40.5] and list(b) == [26, 101]


def test_areas_that_are_all_equal_cannot_be_ranked():
    table = ranks([10, 21, 39, 10, 20], [10, 20, 40, 10, 20], shape=np.inf, rate=np.inf)
    assert (table["value"] == 3).all() and set(table["method"]) == {"all areas equal"}
    assert table["chance_worst"].to_numpy() == pytest.approx(0.2)
    assert list(table["lower"]) == [1] * 5 and list(table["upper"]) == [5] * 5


def test_intervals_hold_the_true_rank():
    rng = np.random.default_rng(5)
    covered = []
    for _ in range(20):
        expected = np.exp(rng.normal(3, 1, 100))
        true = rng.gamma(6, 1 / 6, 100)
        table = ranks(rng.poisson(expected * true), expected, shape=6, rate=6)
        place = stats.rankdata(true)
        covered.append(((table["lower"] <= place) & (place <= table["upper"])).mean())
    # Whole ranks make the interval a little wider than it says.
    assert 0.945 < np.mean(covered) < 0.985


def test_draws_hang_on_the_seed_alone(monkeypatch):
    count, population = country(1e-3, areas=40)
    first = ranks(count, population, method="draws", draws=3300)
    monkeypatch.setattr(rank_chances.os, "cpu_count", lambda: 1)
    pd.testing.assert_frame_equal(ranks(count, population, method="draws", draws=3300), first)
    other = ranks(count, population, method="draws", draws=3300, seed=1)
    assert not other["value"].equals(first["value"])


def test_index_levels_and_one_area():
    count = pd.Series([3, 9], index=["a", "b"])
    table = ranks(count, pd.Series([10.0, 10.0], index=["a", "b"]), levels=(0.9, 0.5))
    assert list(table.index) == ["a", "b", "a", "b"]
    assert list(table["level"]) == [0.9, 0.9, 0.5, 0.5]
    assert list(table["method"]) == ["exact"] * 4
    only = ranks([5], [10]).iloc[0]
    assert (only["value"], only["lower"], only["upper"], only["chance_worst"]) == (1, 1, 1, 1)


AREAS = st.lists(st.tuples(st.integers(0, 50_000), st.floats(0.5, 50_000)), min_size=2, max_size=12).filter(
    lambda areas: sum(count for count, _ in areas) > 0
)


@settings(deadline=None, max_examples=40)
@given(AREAS, st.randoms())
def test_ranks_hold_together_in_any_order(areas, random):
    order = list(range(len(areas)))
    random.shuffle(order)
    count, population = np.array(areas).T
    table = ranks(count, population)
    assert table["value"].sum() == pytest.approx(len(areas) * (len(areas) + 1) / 2, rel=1e-6)
    assert ((table["lower"] <= table["median"]) & (table["median"] <= table["upper"])).all()
    assert table[CHANCES].ge(0).all(axis=None) and table[CHANCES].le(1 + 1e-9).all(axis=None)
    turned = ranks(count[order], population[order])
    straight = table.iloc[order].reset_index(drop=True)
    np.testing.assert_allclose(turned[["value", *CHANCES]], straight[["value", *CHANCES]], atol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ranks([1.5], [1]), r"count: .*whole"),
        (lambda: ranks([-1], [1]), r"count: .*must be >= 0"),
        (lambda: ranks([1], [0]), r"population: .*must be > 0"),
        (lambda: ranks([1, np.nan], [1, 1]), r"count: .*nan at position 1"),
        (lambda: ranks([1, 2], [1, 2, 3]), r"lengths differ"),
        (lambda: ranks(pd.Series([1, 2], index=list("ab")), pd.Series([1, 2], index=list("ba"))), r"align them by key"),
        (lambda: ranks([], []), r"found 0 areas"),
        (lambda: ranks([0, 0], [1, 1]), r"no event in any area; the prior's `rate` must"),
        (lambda: ranks([1], [1], shape=0), r"shape: .*must be > 0"),
        (lambda: ranks([1], [1], rate=-1), r"rate: .*must be > 0"),
        (lambda: ranks([1], [1], shape=np.inf, rate=1), r"shape: .*finite"),
        (lambda: ranks([1, 2], [1, 2], discount=[0.5, 1.5]), r"discount: 1 of 2 .*<= 1"),
        (lambda: ranks([1, 2], [1, 2], discount=[0.5] * 3), r"lengths differ .*discount 3"),
        (lambda: ranks([1], [1], levels=(0.95, 1)), r"level: found 1"),
        (lambda: ranks([1], [1], method="bootstrap"), r"method: found 'bootstrap'"),
        (lambda: ranks([1], [1], worst=0), r"worst: .*must be > 0"),
        (lambda: ranks([1], [1], worst=1.5), r"worst: .*<= 1"),
        (lambda: ranks([1], [1], method="draws", draws=0), r"draws: found 0; must be a whole number"),
        (lambda: chance_higher(0, 1, 1, 1), r"shape1: .*must be > 0"),
        (lambda: chance_higher([1, 1], 1, [1, 1, 1], 1), r"lengths differ"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
