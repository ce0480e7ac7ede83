"""Shrinkage: the weights printed elsewhere, the ends where nothing may break, and recovery."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from brapkg.stats.marshall import marshall
from brapkg.stats.shrinkage import discount, poisson_gamma, shrink


@pytest.mark.parametrize(("expected", "weight"), [(1.6, 0.13), (8, 0.42), (16, 0.59), (48, 0.81), (160, 0.94)])
def test_weight_on_own_data(expected, weight):
    # Between-area coefficient of variation 0.30, so nu = alpha = 1 / 0.09: table for 16 000
    # inhabitants in the methods note.
    table = shrink([expected], [expected], 1 / 0.09, 1 / 0.09)
    assert round(table["weight"].iloc[0], 2) == weight


def test_posterior_by_hand():
    # Prior gamma(2, 4), 3 events on 1 expected: gamma(5, 5), mean 1; raw ratio 3.
    row = shrink([3], [1], 2, 4, levels=(0.95,)).iloc[0]
    assert (row["raw"], row["value"], row["weight"]) == (3, 1, 0.2)
    limits = stats.chi2.ppf([0.025, 0.975], 10) / 10  # gamma(5, 5) is chi-square(10) / 10
    assert (row["lower"], row["upper"]) == pytest.approx(tuple(limits), rel=1e-12)


def test_discount_by_hand():
    # Wobble 0.1 on 100 expected: the count has twice the Poisson variance, so it counts half.
    assert discount(100, 0.1)[0] == pytest.approx(0.5)
    assert discount(400, 0.1, years=4)[0] == pytest.approx(0.5)
    assert discount(100, 0)[0] == 1


def test_discount_matches_the_variance():
    rng = np.random.default_rng(7)
    counts = rng.poisson(200 * (1 + 0.15 * rng.standard_normal(400_000)))
    assert 200 / counts.var() == pytest.approx(discount(200, 0.15)[0], rel=0.02)


@pytest.mark.parametrize("method", ["moments", "likelihood"])
def test_prior_is_recovered(method):
    rng = np.random.default_rng(8)
    expected = np.exp(rng.normal(4, 1, 4000))
    observed = rng.poisson(expected * rng.gamma(10, 1 / 8, 4000))
    nu, alpha = poisson_gamma(observed, expected, method)
    assert (nu, alpha) == pytest.approx((10, 8), rel=0.1)


def test_intervals_cover_the_true_ratios():
    rng = np.random.default_rng(9)
    expected = np.exp(rng.normal(3, 1, 20_000))
    true = rng.gamma(10, 1 / 10, 20_000)
    table = shrink(rng.poisson(expected * true), expected, 10, 10, levels=(0.95,))
    covered = ((table["lower"] <= true) & (true <= table["upper"])).mean()
    assert covered == pytest.approx(0.95, abs=0.005)


@pytest.mark.parametrize("method", ["moments", "likelihood"])
def test_underdispersed_areas_are_all_equal(method):
    observed, expected = np.array([10, 21, 39, 10]), np.array([10.0, 20, 40, 10])
    nu, alpha = poisson_gamma(observed, expected, method)
    assert (nu, alpha) == (np.inf, np.inf)
    table = shrink(observed, expected, nu, alpha)
    assert (table[["value", "lower", "upper"]] == 1.0).all(axis=None)
    assert (table["weight"] == 0).all() and set(table["method"]) == {"all areas equal"}


@pytest.mark.parametrize("method", ["moments", "likelihood"])
def test_exactly_equal_areas(method):
    assert poisson_gamma([10, 10, 10], [5, 5, 5], method) == (np.inf, np.inf)


def test_one_area_at_zero_is_shrunk_not_lost():
    observed, expected = [0, 30, 12, 90, 3], [2.0, 20, 15, 60, 9]
    for method in ("moments", "likelihood"):
        table = shrink(observed, expected, *poisson_gamma(observed, expected, method))
        assert 0 < table["lower"].iloc[0] < table["value"].iloc[0]


def test_marshall_by_hand():
    # Two areas, n = 100 each, 10 and 30 events: b = 0.2, s2 = 0.01, a = 0.01 - 0.2/100 = 0.008,
    # weight 0.008 / (0.008 + 0.002) = 0.8, estimates 0.12 and 0.28.
    table = marshall([10, 30], [100, 100])
    assert list(table["value"]) == pytest.approx([0.12, 0.28])
    assert table["weight"].iloc[0] == pytest.approx(0.8)
    assert table["prior_variance"].iloc[0] == pytest.approx(0.008)


def test_marshall_weighs_by_population():
    # n = 100 and 300, 10 and 90 events: b = 0.25, s2 = 0.0075, a = 0.0075 - 0.25/200 = 0.00625;
    # weights 0.00625 / (0.00625 + 0.25/n) = 5/7 and 15/17.
    table = marshall([10, 90], [100, 300])
    assert list(table["weight"]) == pytest.approx([5 / 7, 15 / 17])
    assert list(table["value"]) == pytest.approx([0.25 - 0.15 * 5 / 7, 0.25 + 0.05 * 15 / 17])


def test_marshall_without_events_or_spread():
    assert (marshall([0, 0, 0], [10, 20, 30])["value"] == 0).all()
    assert (marshall([5, 10], [50, 100])["value"] == 0.1).all()


NEIGHBOURS = {"a": ["b"], "b": ["a", "c"], "c": ["b"], "d": []}


def areas(values) -> pd.Series:
    return pd.Series(values, index=list("abcd"))


def test_local_marshall_is_the_global_one_in_each_window():
    observed, population = areas([10, 30, 5, 7]), areas([100, 100, 200, 50])
    table = marshall(observed, population, neighbours=NEIGHBOURS)
    for key, window in {"a": ["a", "b"], "b": ["a", "b", "c"], "c": ["b", "c"]}.items():
        own = marshall(observed[window], population[window])
        for column in ("value", "weight", "prior_mean", "prior_variance"):
            assert table.loc[key, column] == pytest.approx(own.loc[key, column], rel=1e-12)
    # An island has nothing to lean on but itself.
    assert (table.loc["d", "value"], table.loc["d", "weight"]) == (7 / 50, 0)


def test_local_marshall_goes_by_key_and_counts_a_neighbour_once():
    observed, population = areas([10, 30, 5, 7]), areas([100, 100, 200, 50])
    straight = marshall(observed, population, neighbours=NEIGHBOURS)
    order = list("dbac")
    # Another order, the area named among its own neighbours, and a neighbour named twice.
    messy = {"c": ["b", "b"], "d": ["d"], "a": {"a", "b"}, "b": ("c", "a")}
    turned = marshall(observed[order], population[order], neighbours=messy)
    pd.testing.assert_frame_equal(turned.loc[straight.index], straight)


def test_window_without_events_is_withheld():
    table = marshall(areas([0, 0, 0, 0]), areas([10, 10, 10, 10]), neighbours=NEIGHBOURS)
    assert table["value"].isna().all() and set(table["missing"]) == {"none"}
    table = marshall(areas([0, 0, 5, 9]), areas([10, 10, 10, 10]), neighbours=NEIGHBOURS)
    assert list(table["missing"]) == ["none", "", "", ""] and list(table["value"].isna()) == [True, False, False, False]


def test_neighbours_by_position_where_arrays_are_given():
    table = marshall([10, 30], [100, 100], neighbours={0: [1], 1: [0]})
    assert list(table["value"]) == pytest.approx([0.12, 0.28])


def test_binomial_marshall_by_hand():
    # As above but b (1 - b) = 0.16: a = (0.01 - 0.0016) / (1 - 1/100), noise (0.16 - a) / 100.
    a = 0.0084 / 0.99
    table = marshall([10, 30], [100, 100], family="binomial")
    assert table["prior_variance"].iloc[0] == pytest.approx(a)
    assert table["weight"].iloc[0] == pytest.approx(a / (a + (0.16 - a) / 100))


def test_binomial_variance_is_recovered():
    rng = np.random.default_rng(11)
    total = rng.integers(50, 400, 20_000)
    observed = rng.binomial(total, rng.beta(12, 8, 20_000))  # variance 0.24 / 21
    assert marshall(observed, total, family="binomial")["prior_variance"].iloc[0] == pytest.approx(0.24 / 21, rel=0.03)


AREAS = st.lists(st.tuples(st.integers(0, 3000), st.floats(0.5, 3000)), min_size=2, max_size=30).filter(
    lambda areas: sum(o for o, _ in areas) > 0
)


@settings(deadline=None, max_examples=60)
@given(AREAS, st.sampled_from(["moments", "likelihood"]))
def test_never_nan_and_between_own_and_common(areas, method):
    observed, expected = np.array(areas).T
    try:
        nu, alpha = poisson_gamma(observed, expected, method)
    except ValueError as error:
        assert "too widely" in str(error)
        return
    table = shrink(observed, expected, nu, alpha, levels=(0.95,))
    assert table.notna().all(axis=None)
    assert (table["lower"] <= table["value"] + 1e-12).all() or nu < 1
    if np.isfinite(nu):
        low = np.minimum(table["raw"], nu / alpha)
        high = np.maximum(table["raw"], nu / alpha)
        assert (table["value"] >= low * (1 - 1e-9)).all()
        assert (table["value"] <= high * (1 + 1e-9)).all()


@settings(deadline=None, max_examples=60)
@given(AREAS, st.randoms())
def test_order_does_not_matter(areas, random):
    order = list(range(len(areas)))
    random.shuffle(order)
    observed, expected = np.array(areas).T
    straight = marshall(observed, expected).iloc[order].reset_index(drop=True)
    # Both divide by sums over the areas, whose last digits hang on the order.
    pd.testing.assert_frame_equal(straight, marshall(observed[order], expected[order]), rtol=1e-7, atol=1e-9)


def test_order_does_not_matter_for_the_prior():
    rng = np.random.default_rng(10)
    expected = np.exp(rng.normal(3, 1, 100))
    observed = rng.poisson(expected * rng.gamma(6, 1 / 6, 100))
    order = rng.permutation(100)
    for method in ("moments", "likelihood"):
        one = poisson_gamma(observed, expected, method)
        other = poisson_gamma(observed[order], expected[order], method)
        assert one == pytest.approx(other, rel=1e-7)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 500), st.floats(0.1, 500), st.floats(0.01, 1), st.floats(0.01, 1))
def test_less_weight_pulls_closer_to_the_prior(observed, expected, one, other):
    small, large = sorted([one, other])
    near, far = (shrink([observed], [expected], 5, 5, discount=k)["value"].iloc[0] for k in (small, large))
    assert abs(near - 1) <= abs(far - 1) + 1e-12


def test_discount_per_area_and_index():
    observed = pd.Series([5, 50], index=["small", "large"])
    table = shrink(observed, [5.0, 50.0], 4, 4, discount=[1, 0.5])
    assert list(table.index) == ["small", "large"] * 2
    assert list(table["weight"].iloc[:2]) == pytest.approx([5 / 9, 25 / 29])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: marshall([-1], [1]), r"count: 1 of 1"),
        (lambda: marshall([1], [0]), r"population: .*must be > 0"),
        (lambda: marshall([], []), r"found 0 areas"),
        (lambda: marshall([1], [1], family="normal"), r"family: found 'normal'"),
        (lambda: marshall([2], [1], family="binomial"), r"count: .*at most population"),
        (lambda: marshall(areas([1] * 4), [9] * 4, neighbours={"a": []}), r"3 of 4 areas are lacking \(first 'b'\)"),
        (lambda: marshall(areas([1] * 4), [9] * 4, neighbours=NEIGHBOURS | {"c": ["x"]}), r"first 'x', of 'c'"),
        (
            lambda: marshall(pd.Series([1, 1], index=["a", "a"]), [9, 9], neighbours={"a": []}),
            r"'a' is there more than",
        ),
        (lambda: poisson_gamma([1], [1]), r"found 1 areas"),
        (lambda: poisson_gamma([0, 0], [1, 1]), r"and 0 events"),
        (lambda: poisson_gamma([1, 2], [1, 1], "bayes"), r"method: found 'bayes'"),
        (lambda: poisson_gamma([1.5, 2], [1, 1], "likelihood"), r"count: .*whole"),
        (lambda: poisson_gamma([1, np.nan], [1, 1]), r"count: .*finite"),
        (lambda: shrink([1], [1], 0, 1), r"nu: .*must be > 0"),
        (lambda: shrink([1], [1], np.inf, 1), r"nu: .*finite"),
        (lambda: shrink([1], [1], 1, 1, discount=0), r"discount: .*must be > 0"),
        (lambda: shrink([1], [1], 1, 1, discount=1.5), r"discount: .*<= 1"),
        (lambda: shrink([1], [1], 1, 1, discount=[1, 1]), r"discount: found 2 values"),
        (lambda: shrink([1], [1], 1, 1, levels=(1.5,)), r"level: found 1.5"),
        (lambda: discount(0, 0.1), r"expected: .*must be > 0"),
        (lambda: discount(1, -0.1), r"wobble: .*must be >= 0"),
        (lambda: discount(1, 0.1, years=0), r"years: .*must be > 0"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("name", ["discount", "nu", "alpha"])
def test_priors_and_weights_are_never_joined_by_position(name):
    count = pd.Series([5, 50], index=["a", "b"])
    given = {"nu": 4.0, "alpha": 4.0, "discount": 1.0} | {name: pd.Series([0.5, 0.6], index=["b", "a"])}
    with pytest.raises(ValueError, match=f"index of {name} differs from index of count .*'b' against 'a'"):
        shrink(count, [5.0, 50.0], **given)
