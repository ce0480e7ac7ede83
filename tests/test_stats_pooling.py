"""Pooling: published results, the equations solved, few studies, bad input."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.meta_analysis import combine_effects

from brapkg.stats.pooling import leave_one_out, meta_regression, pool
from brapkg.stats.thin import TooThin

RANDOM = ("DL", "REML", "PM", "ML", "SJ", "HE", "EB")

# Colditz et al. (1994), BCG trials: log relative risk and variance, and the latitude.
BCG = pd.DataFrame(
    [
        (-0.88931133392020545, 0.32558476500396133, 44),
        (-1.5853886572014306, 0.19458112139814385, 55),
        (-1.3480731482996933, 0.41536796536796539, 42),
        (-1.4415511900213054, 0.020010031902247573, 52),
        (-0.21754732221129558, 0.051210172169630863, 13),
        (-0.78611558581886398, 0.0069056184559087574, 44),
        (-1.6208982235983918, 0.22301724757231517, 19),
        (0.011952333523840508, 0.0039615792978177295, 13),
        (-0.4694176487381494, 0.056434210463248966, 27),
        (-1.3713448034727844, 0.07302479361302891, 42),
        (-0.33935882833839059, 0.01241221397155972, 18),
        (0.44591340057137874, 0.53250584520015276, 33),
        (-0.017313948216879815, 0.071404659683986293, 33),
    ],
    columns=["y", "v", "latitude"],
)


def one(estimate, variance, **options):
    return pool(estimate, variance, **options).iloc[0]


def log_odds(rows):
    """Log odds ratio and variance from (events, all) treated and (events, all) control."""
    a, n1, c, n2 = np.array(rows, dtype=float).T
    b, d = n1 - a, n2 - c
    return np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d


def test_scared_straight():
    # Petrosino et al. (2013), Campbell 2013:5: seven trials, offended/all, visit against control.
    # Counts and results as in the review's public analysis script (inverse variance).
    y, v = log_odds(
        [
            (19, 46, 4, 35),
            (16, 94, 8, 67),
            (43, 53, 37, 55),
            (12, 28, 5, 30),
            (16, 39, 16, 41),
            (14, 39, 11, 40),
            (27, 137, 17, 90),
        ]
    )
    for method, expected in (("FE", (1.642, 1.162, 2.320)), ("DL", (1.724, 1.134, 2.619))):
        row = one(y, v, method=method, test="z")
        assert [*np.exp([row["value"], row["lower"], row["upper"]])] == pytest.approx(expected, abs=6e-4)
    assert [row["tau2"], row["q"]] == pytest.approx([0.092, 8.48], abs=6e-3) and round(row["i2"]) == 29


def test_two_studies_by_hand():
    # y 0 and 2 with variance 1: mean 1, se sqrt(1/2), Q 2 on 1 degree; tau2 = 2 - 1 by any moments.
    row = one([0, 2], [1, 1], method="FE", test="z")
    assert [row["value"], row["se"], row["q"], row["h2"], row["i2"]] == pytest.approx([1, np.sqrt(0.5), 2, 2, 50])
    for method in ("DL", "HE", "PM", "EB", "REML"):
        row = one([0, 2], [1, 1], method=method, test="z")
        assert [row["tau2"], row["se"], row["i2"]] == pytest.approx([1, 1, 50])
    assert one([0, 2], [1, 1], method="ML")["tau2"] == pytest.approx(0, abs=1e-12)  # 2 / 2 - 1


def test_bcg_is_metafors():
    # metafor 4.8.0, rma(yi, vi, method="REML", test="knha").
    row = one(BCG["y"], BCG["v"], floor=False)
    assert [row["value"], row["se"], row["tau2"], row["p_value"]] == pytest.approx(
        [-0.7145323421581397, 0.180791744092848, 0.3132432581364859, 0.001920015096057295], rel=1e-8
    )
    limits = row[["prediction_lower", "prediction_upper"]]
    assert list(limits) == pytest.approx([-1.996016834196212, 0.5669521498799327], rel=1e-8)


def test_paule_mandel_solves_its_equation():
    # Q(tau2) = k - 1, to the last digits; metafor's EB ends at the same tau2.
    tau2 = one(BCG["y"], BCG["v"], method="PM")["tau2"]
    weight = 1 / (BCG["v"] + tau2)
    mean = (weight * BCG["y"]).sum() / weight.sum()
    assert (weight * (BCG["y"] - mean) ** 2).sum() == pytest.approx(12, abs=1e-10)
    assert tau2 == pytest.approx(0.3180684522050313, rel=1e-12)


def test_fixed_and_dersimonian_laird_are_those_of_statsmodels():
    theirs = combine_effects(BCG["y"].to_numpy(), BCG["v"].to_numpy(), method_re="dl")
    ours = one(BCG["y"], BCG["v"], method="DL", test="z"), one(BCG["y"], BCG["v"], method="FE", test="z")
    assert [ours[0]["value"], ours[1]["value"]] == pytest.approx([theirs.mean_effect_re, theirs.mean_effect_fe])
    assert [ours[0]["se"], ours[1]["se"]] == pytest.approx([theirs.sd_eff_w_re, theirs.sd_eff_w_fe])
    assert [ours[0]["tau2"], ours[0]["q"]] == pytest.approx([theirs.tau2, theirs.q])


def likelihood(tau2, y, v, restricted):
    weight = 1 / (v + tau2)
    mean = np.sum(weight * y) / weight.sum()
    value = np.log(weight).sum() - np.sum(weight * (y - mean) ** 2)
    return (value - (np.log(weight.sum()) if restricted else 0)) / 2


STUDIES = st.lists(st.tuples(st.floats(-5, 5).map(lambda x: round(x, 3)), st.floats(1e-3, 10)), min_size=2, max_size=12)


@settings(deadline=None, max_examples=50)
@given(STUDIES, st.sampled_from(["ML", "REML"]))
def test_likelihood_is_at_its_top(studies, method):
    y, v = np.array(studies).T
    restricted = method == "REML"
    best = likelihood(one(y, v, method=method)["tau2"], y, v, restricted)
    for tau2 in [0, *np.geomspace(1e-6, 1e3, 200)]:
        assert likelihood(tau2, y, v, restricted) <= best + 1e-9 * (1 + abs(best))


def test_the_higher_of_two_peaks_is_taken():
    # One precise pair and one far-off study can give the likelihood two peaks: search for such data.
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(150):
        k = rng.integers(3, 6)
        y, v = rng.normal(0, 3, k), np.exp(rng.uniform(-9, 3, k))
        grid = np.r_[0, np.geomspace(1e-6, 1e3, 200)]
        level = np.array([likelihood(t, y, v, False) for t in grid])
        tops = np.flatnonzero((level > np.r_[-np.inf, level[:-1]]) & (level > np.r_[level[1:], -np.inf]))
        if len(tops) > 1:
            found += 1
            assert likelihood(one(y, v, method="ML")["tau2"], y, v, False) >= level.max() - 1e-9
    assert found > 5


@settings(deadline=None, max_examples=50)
@given(STUDIES, st.sampled_from(["FE", *RANDOM]), st.floats(-50, 50), st.floats(0.01, 100), st.randoms())
def test_shift_scale_and_order(studies, method, shift, scale, random):
    y, v = np.array(studies).T
    row = one(y, v, method=method)
    order = random.sample(range(y.size), y.size)
    moved = one(scale * y[order] + shift, scale**2 * v[order], method=method)
    unit = scale * (np.abs(y).max() + np.sqrt(v.max())) + abs(shift)
    assert moved["value"] == pytest.approx(scale * row["value"] + shift, abs=1e-6 * unit)
    assert moved["se"] == pytest.approx(scale * row["se"], rel=1e-5, abs=1e-8 * unit)
    assert row["tau2"] >= 0 and row["lower"] <= row["value"] <= row["upper"]


@pytest.mark.parametrize("method", RANDOM)
@pytest.mark.parametrize(
    ("estimate", "variance"),
    [
        ([1.0, 1.0, 1.0], [0.1, 0.2, 0.3]),  # no spread at all
        ([0.10, 0.11, 0.09], [0.5, 0.5, 0.5]),  # less than chance
        ([-1e6, 0.0, 1e6], [1e-6, 1e-6, 1e-6]),  # hardly any chance
        ([-1.0, 0.0, 5.0], [1e-12, 1.0, 1e12]),  # as uneven as can be
        ([0.0, 1e-9], [1e-3, 1e3]),
    ],
)
def test_edges_settle(method, estimate, variance):
    row = one(estimate, variance, method=method)
    numbers = row[["value", "lower", "upper", "se", "tau2", "i2", "h2", "q", "q_p_value"]].astype(float)
    assert np.isfinite(numbers).all() and row["tau2"] >= 0 and 0 <= row["i2"] <= 100


def test_huge_heterogeneity_is_the_plain_variance():
    y = np.array([-1e6, 2e5, 1e6])
    for method in ("DL", "REML", "PM", "HE", "SJ", "EB"):
        assert one(y, np.full(3, 1e-6), method=method)["tau2"] == pytest.approx(y.var(ddof=1), rel=1e-9)
    assert one(y, np.full(3, 1e-6), method="ML")["tau2"] == pytest.approx(y.var(), rel=1e-9)


def test_multiplier_below_one_is_floored_and_said_so():
    # Trap: studies that agree give Hartung-Knapp se 0.0061 where the normal one is 0.0701.
    y, v = [-0.1, -0.11, -0.09, -0.12], [0.02, 0.03, 0.05, 0.01]
    floored, raw = one(y, v), one(y, v, floor=False)
    assert raw["se"] == pytest.approx(0.006133864568481871) and raw["method"] == "REML, Hartung-Knapp"
    assert floored["se"] == pytest.approx(0.07012868733182767)
    assert floored["method"] == "REML, Hartung-Knapp, multiplier floored at 1"
    assert one(BCG["y"], BCG["v"], method="DL", test="z")["method"] == "DL, z"
    # Floored and t is never narrower than z.
    assert floored["upper"] - floored["lower"] > 2 * 1.96 * 0.0701


def test_intervals_hold_the_mean_and_most_new_effects():
    rng = np.random.default_rng(11)
    mean, pred, z = [], [], []
    for _ in range(400):
        v = rng.uniform(0.02, 0.2, 6)
        y = rng.normal(rng.normal(0.3, 0.3, 6), np.sqrt(v))
        row, normal = one(y, v, method="DL"), one(y, v, method="DL", test="z")
        mean.append(row["lower"] <= 0.3 <= row["upper"])
        z.append(normal["lower"] <= 0.3 <= normal["upper"])
        pred.append(row["prediction_lower"] <= rng.normal(0.3, 0.3) <= row["prediction_upper"])
    assert 0.93 <= np.mean(mean) <= 0.99
    assert np.mean(z) < np.mean(mean)
    assert 0.82 <= np.mean(pred) <= 0.96


def test_few_studies_have_no_prediction_interval():
    row = one([0.1, 0.4], [0.1, 0.1])
    assert row["missing"] == "few" and np.isnan(row["prediction_lower"]) and np.isfinite(row["lower"])
    assert one([0.1, 0.4, 0.2], [0.1, 0.1, 0.1])["missing"] == ""
    row = one(BCG["y"], BCG["v"], method="FE")
    assert row["missing"] == "fixed" and np.isnan(row["prediction_upper"])


def test_levels_come_in_the_order_asked():
    table = pool(BCG["y"], BCG["v"], levels=(0.99, 0.5))
    assert list(table["level"]) == [0.99, 0.5]
    wide, narrow = table["upper"] - table["lower"]
    assert wide / narrow == pytest.approx(stats.t.isf(0.005, 12) / stats.t.isf(0.25, 12))


def test_leave_one_out_is_pooling_the_rest():
    studies = BCG.set_axis([f"s{i}" for i in range(13)])
    table = leave_one_out(studies["y"], studies["v"], method="PM", levels=(0.9, 0.95))
    assert list(table.index) == list(studies.index) * 2 and list(table["level"]) == [0.9] * 13 + [0.95] * 13
    rest = studies.drop("s3")
    expected = pool(rest["y"], rest["v"], method="PM").iloc[0]
    pd.testing.assert_series_equal(table[table["level"] == 0.95].loc["s3"], expected, check_names=False)


def test_meta_regression_by_another_road():
    # Maximum likelihood by a general optimiser over intercept, slope and log tau2.
    y, v, x = (BCG[c].to_numpy() for c in ("y", "v", "latitude"))

    def loss(theta):
        variance = v + np.exp(theta[2])
        return np.sum(np.log(variance) + (y - theta[0] - theta[1] * x) ** 2 / variance)

    best = optimize.minimize(loss, [0, 0, -2], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-13}).x
    table = meta_regression(BCG["y"], BCG["v"], BCG["latitude"], method="ML")
    assert list(table["value"]) == pytest.approx(best[:2], rel=1e-4)
    assert table["tau2"].iloc[0] == pytest.approx(np.exp(best[2]), rel=1e-4)


def test_meta_regression_on_a_yes_and_no_is_the_difference_of_means():
    y, v, group = [0.1, 0.3, 0.9, 1.1], [0.1] * 4, [0, 0, 1, 1]
    table = meta_regression(y, v, group, method="FE", test="z", levels=(0.9, 0.95))
    assert list(table["value"]) == pytest.approx([0.2, 0.8] * 2) and table["r2"].isna().all()
    assert list(table.index) == ["intercept", "moderator"] * 2
    assert list(table["se"][:2]) == pytest.approx([np.sqrt(0.05), np.sqrt(0.1)])


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(RANDOM), st.integers(0, 1000))
def test_moderator_without_meaning_leaves_the_pool(method, seed):
    # A moderator at right angles to effects and weights changes nothing but the degrees of freedom.
    y = np.random.default_rng(seed).normal(0, 1, 5)
    table = meta_regression(np.r_[y, y], np.full(10, 0.1), np.r_[np.zeros(5), np.ones(5)], method=method)
    assert table["value"].iloc[1] == pytest.approx(0, abs=1e-10)
    assert table["value"].iloc[0] == pytest.approx(y.mean())


def keyed(values, keys="abc"):
    return pd.Series(values, index=list(keys))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pool([1, 2], [1, 0]), r"variance: 1 of 2 .*0 at position 1.*must be > 0"),
        (lambda: pool(keyed([1, np.nan, 2]), [1, 1, 1]), r"estimate: .*nan at 'b'.*finite"),
        (lambda: pool([1], [1, 2, 3]), r"lengths differ \(estimate 1, variance 3\)"),
        (lambda: pool([1, 2], 1), r"lengths differ \(estimate 2, variance 1\)"),
        (lambda: pool(keyed([1, 2, 3]), keyed([1, 1, 1], "acb")), r"index of variance differs .*'c' against 'b'"),
        (lambda: pool([1, 2], [1, 1], method="reml"), r"method: found 'reml'; must be one of FE, DL"),
        (lambda: pool([1, 2], [1, 1], test="t"), r"test: found 't'; must be one of hartung-knapp, z"),
        (lambda: pool([1, 2], [1, 1], levels=(95,)), r"level: found 95"),
        (lambda: meta_regression([1, 2, 3], [1, 1, 1], [4, 4, 4]), r"moderator: found 4 in all studies"),
        (lambda: meta_regression([1, 2, 3], [1, 1, 1], [4, 5]), r"lengths differ \(estimate 3, moderator 2\)"),
        (lambda: meta_regression([1, 2, 3], [1, 1, 1], [4, 5, np.inf]), r"moderator: .*finite"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pool([1], [1]), r"pool: found 1 studies; needs 2"),
        (lambda: pool([], []), r"pool: found 0 studies"),
        (lambda: leave_one_out([1, 2], [1, 1]), r"leave one out: found 2 studies; needs 3"),
        (lambda: meta_regression([1, 2], [1, 1], [0, 1]), r"meta-regression: found 2 studies; needs 3"),
    ],
)
def test_too_thin_is_said(call, message):
    with pytest.raises(TooThin, match=message):
        call()
