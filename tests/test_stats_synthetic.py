"""Synthetic control: known mixtures are found, placebos rank, and a poor fit gives no effect."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brapkg.stats.effect.mixture import simplex_weights
from brapkg.stats.effect.synthetic import synthetic_control
from brapkg.stats.thin import TooThin


def country(areas=20, periods=24, last=15, effect=0.0, noise=0.3, seed=1):
    """Rates that follow three common factors; the first area is a mixture of three others."""
    rng = np.random.default_rng(seed)
    factors = 100 + np.cumsum(rng.normal(0, 3, (periods, 3)), axis=0)
    loads = rng.dirichlet(np.ones(3), areas)
    loads[0] = loads[1:4].mean(axis=0)
    y = factors @ loads.T + rng.normal(0, noise, (periods, areas))
    y[last + 1 :, 0] += effect
    return pd.DataFrame(y, columns=[f"a{i}" for i in range(areas)]).rename_axis("year"), "a0", last


def test_weights_by_hand():
    # The point of the segment from (0, 0) to (4, 0) next to (1, 3) is (1, 0); beyond the end it is the end.
    donors = np.array([[0.0, 4.0], [0.0, 0.0]])
    assert simplex_weights([1, 3], donors) == pytest.approx([0.75, 0.25])
    assert simplex_weights([9, 3], donors) == pytest.approx([0, 1])
    assert simplex_weights([4, 0], donors) == pytest.approx([0, 1])  # a donor itself


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(2, 25), st.sampled_from([1e-4, 1.0, 1e5]))
def test_weights_are_the_least_on_the_simplex(seed, m, n, scale):
    rng = np.random.default_rng(seed)
    donors, target = rng.normal(0, scale, (m, n)), rng.normal(0, scale, m)
    w = simplex_weights(target, donors)
    assert w.min() >= 0 and w.sum() == pytest.approx(1)
    # Optimal where no single donor lies further along the slope than the mixture itself does.
    residual = donors @ w - target
    slope = donors.T @ residual
    assert slope.min() >= slope @ w - 1e-8 * scale**2 * max(m, n)


def test_weights_agree_with_a_general_optimiser():
    from scipy import optimize

    rng = np.random.default_rng(2)
    donors, target = rng.normal(size=(8, 6)), rng.normal(size=8)
    general = optimize.minimize(
        lambda w: np.sum((donors @ w - target) ** 2),
        np.full(6, 1 / 6),
        bounds=[(0, 1)] * 6,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert simplex_weights(target, donors) == pytest.approx(general.x, abs=1e-5)


def test_known_mixture_and_effect_are_found():
    y, treated, last = country(effect=-8, noise=0)
    y["a0"] = y[["a1", "a2", "a3"]].to_numpy() @ [0.5, 0.3, 0.2] - 8.0 * (y.index > last)
    found = synthetic_control(y[["a1", "a0", "a2", "a3"]], treated, last)
    assert list(found.weights.index) == ["a1", "a2", "a3"]
    assert found.weights.to_numpy() == pytest.approx([0.5, 0.3, 0.2], abs=1e-6)
    assert found.effect["value"].iloc[0] == pytest.approx(-8)
    assert found.gaps["gap"][y.index > last].to_numpy() == pytest.approx(-8)


def test_a_true_effect_stands_out_among_placebos():
    found = synthetic_control(*country(areas=40, effect=-10))
    row = found.effect.iloc[0]
    assert (row["rank"], row["n"], row["p_value"]) == (1, 40, 1 / 40)
    assert row["lower"] < -10 < row["upper"] < 0 and row["missing"] == ""
    assert found.placebos.index[0] == "a0" and len(found.placebos) == 40


def test_placebo_ranks_are_even_where_nothing_happened():
    ranks = []
    for seed in range(200):
        y, _, last = country(areas=10, seed=seed)
        treated = f"a{seed % 10}"
        ranks.append(synthetic_control(y, treated, last, worst_fit=9).effect["rank"].iloc[0])
    assert np.mean(ranks) == pytest.approx(5.5, abs=0.8)
    assert np.mean(np.array(ranks) == 1) < 0.2


def test_limits_are_those_of_the_rank():
    # Effects just inside the limits keep p above 0.1, just outside do not.
    y, treated, last = country(areas=20, effect=-5, seed=3)
    row = synthetic_control(y, treated, last, levels=(0.9,)).effect.iloc[0]
    for limit, out in ((row["lower"], -1), (row["upper"], 1)):
        for side, inside in ((-out * 1e-6, True), (out * 1e-6, False)):
            gap = synthetic_control(y, treated, last).gaps["gap"].to_numpy().copy()
            gap[last + 1 :] -= limit + side
            ratio = np.sqrt(np.mean(gap[last + 1 :] ** 2)) / row["pre_rmspe"]
            placebos = synthetic_control(y, treated, last).placebos["ratio"].to_numpy()[1:]
            assert ((1 + (placebos >= ratio).sum()) / 20 > 0.1) == inside


def test_few_areas_have_no_limits():
    row = synthetic_control(*country(areas=10)).effect.iloc[0]
    assert row["missing"] == "few" and np.isnan(row["lower"]) and np.isfinite(row["value"])
    row = synthetic_control(*country(), placebos=False).effect.iloc[0]
    assert row["missing"] == "no placebos" and np.isnan(row["p_value"]) and np.isfinite(row["value"])


def test_a_poor_fit_gives_no_effect():
    y, treated, last = country(effect=-10)
    y[treated] += 60  # outside what any mixture can reach
    found = synthetic_control(y, treated, last)
    row = found.effect.iloc[0]
    assert row["missing"] == "poor fit" and row["fit"] > 0.1
    assert row[["value", "lower", "upper", "rank", "p_value"]].isna().all()
    assert np.isfinite(synthetic_control(y, treated, last, worst_fit=1).effect["value"].iloc[0])


def predictors_of(y, last):
    rows = {"early": y.loc[:7].mean(), "late": y.loc[8:last].mean(), "noise": y.iloc[0] * 0}
    rows["noise"] = np.random.default_rng(9).normal(size=y.shape[1])
    return pd.DataFrame(rows).T


def test_predictors_are_joined_by_name():
    y, treated, last = country()
    x = predictors_of(y, last)
    shuffled = x[list(reversed(x.columns))]
    one, other = (synthetic_control(y, treated, last, predictors=p, predictor_weights=[2, 1, 0]) for p in (x, shuffled))
    pd.testing.assert_series_equal(one.weights, other.weights)
    assert one.predictor_weights.to_numpy() == pytest.approx([2 / 3, 1 / 3, 0])
    assert len(one.placebos) == 20  # the same weights for every placebo


def test_predictors_are_on_one_scale():
    y, treated, last = country()
    x = predictors_of(y, last)
    thousand = x.mul([1000, 1, 1], axis=0)
    one, other = (synthetic_control(y, treated, last, predictors=p, predictor_weights=[1, 1, 1]) for p in (x, thousand))
    assert other.weights.to_numpy() == pytest.approx(one.weights.to_numpy(), abs=1e-7)


def test_search_beats_equal_weights_and_is_repeated_to_the_letter():
    y, treated, last = country(seed=4)
    x = predictors_of(y, last)
    options = {"predictors": x, "placebos": False}
    found, again = (synthetic_control(y, treated, last, **options) for _ in range(2))
    pd.testing.assert_series_equal(found.weights, again.weights)
    equal = synthetic_control(y, treated, last, predictor_weights=[1, 1, 1], **options)
    assert found.effect["pre_rmspe"].iloc[0] <= equal.effect["pre_rmspe"].iloc[0] * (1 + 1e-9)
    # No predictors can follow the outcome better than the outcome itself.
    assert found.effect["pre_rmspe"].iloc[0] >= synthetic_control(y, treated, last).effect["pre_rmspe"].iloc[0] - 1e-9
    assert found.predictor_weights.sum() == pytest.approx(1)


Y, TREATED, LAST = country()
X = predictors_of(Y, LAST)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: synthetic_control(Y.to_numpy(), 0, LAST), r"outcome: found ndarray; must be a DataFrame"),
        (lambda: synthetic_control(Y, "b", LAST), r"treated: 'b' is not a column"),
        (lambda: synthetic_control(Y, TREATED, 99), r"last_before: 99 is not a period"),
        (lambda: synthetic_control(Y.iloc[::-1], TREATED, LAST), r"periods are not rising"),
        (lambda: synthetic_control(Y.assign(a3=np.nan), TREATED, LAST), r"outcome: 24 of 480 .*nan.*must be finite"),
        (lambda: synthetic_control(Y.set_axis([0, *Y.index[:-1]]), TREATED, LAST), r"row 0 comes more than once"),
        (lambda: synthetic_control(Y[["a0", "a1", "a1"]], TREATED, LAST), r"area 'a1' comes more than once"),
        (lambda: synthetic_control(Y, TREATED, LAST, fitted_periods=[1, 20]), r"fitted_periods: 20 is not a period"),
        (lambda: synthetic_control(Y, TREATED, LAST, worst_fit=0), r"worst_fit: .*must be > 0"),
        (lambda: synthetic_control(Y, TREATED, LAST, levels=(0,)), r"level: found 0"),
        (lambda: synthetic_control(Y, TREATED, LAST, predictor_weights=[1]), r"predictor_weights: found without"),
        (
            lambda: synthetic_control(Y, TREATED, LAST, predictors=X.drop(columns="a4")),
            r"predictors: area 'a4' is in only one",
        ),
        (
            lambda: synthetic_control(Y, TREATED, LAST, predictors=X.mul([1, 1, 0], axis=0)),
            r"predictors: .*at 'noise'.*must differ between areas",
        ),
        (
            lambda: synthetic_control(Y, TREATED, LAST, predictors=X, predictor_weights=[1, 2]),
            r"lengths differ \(predictors 3, predictor_weights 2\)",
        ),
        (
            lambda: synthetic_control(Y, TREATED, LAST, predictors=X, predictor_weights=[1, 2, -1]),
            r"predictor_weights: .*must be >= 0",
        ),
        (
            lambda: synthetic_control(Y, TREATED, LAST, predictors=X, predictor_weights=[0, 0, 0]),
            r"predictor_weights: found only 0",
        ),
        (
            lambda: synthetic_control(
                Y, TREATED, LAST, predictors=X, predictor_weights=pd.Series([1, 2, 3], index=["late", "early", "noise"])
            ),
            r"index of predictor_weights differs from index of predictors",
        ),
        (lambda: simplex_weights([1, 2], [[1.0]]), r"lengths differ"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: synthetic_control(Y[["a0", "a1"]], TREATED, LAST), r"found 1 donors; synthetic_control needs 2"),
        (lambda: synthetic_control(Y, TREATED, 0), r"found 1 periods before and 23 after"),
        (lambda: synthetic_control(Y, TREATED, 23), r"found 24 periods before and 0 after"),
        (lambda: synthetic_control(Y.assign(a0=0.0), TREATED, LAST), r"outcome: 0 in every period before of 'a0'"),
    ],
)
def test_thin_tables_are_refused(call, message):
    with pytest.raises(TooThin, match=message):
        call()
