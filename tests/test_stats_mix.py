"""Offence mix: hand values, intervals that cover, small areas that are not odd by being small."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import distance as scipy_distance

from brapkg.stats.harm import harm_sum
from brapkg.stats.mix import diversity, location_quotient, mix_distance

TABLE = pd.DataFrame({"theft": [30, 10], "damage": [10, 50]}, index=["a", "b"])


def frame(rows):
    return pd.DataFrame(rows, columns=[f"o{j}" for j in range(len(rows[0]))])


def test_location_quotient_by_hand():
    table = location_quotient(TABLE)
    # (30/40) / (40/100) = 1.875; (10/40) / (60/100) = 5/12.
    assert list(table.loc["a", "value"]) == pytest.approx([1.875, 5 / 12])
    assert list(table["offence"]) == ["theft", "damage"] * 2 and list(table["events"]) == [40, 40, 60, 60]
    assert ((table["lower"] < table["value"]) & (table["value"] < table["upper"])).all()


def wilson(x, n, z=1.959963984540054):
    middle, half = x + z**2 / 2, z * np.sqrt(x * (n - x) / n + z**2 / 4)
    return x / n, (middle - half) / (n + z**2), (middle + half) / (n + z**2)


def test_location_quotient_limits_are_those_of_the_ratio():
    # By the published formula for a ratio of shares with Wilson limits, 30/40 against 10/60.
    (p, l1, u1), (q, l2, u2) = wilson(30, 40), wilson(10, 60)
    low = (p * q - np.sqrt((p * q) ** 2 - l1 * u2 * (2 * p - l1) * (2 * q - u2))) / (u2 * (2 * q - u2))
    high = (p * q + np.sqrt((p * q) ** 2 - u1 * l2 * (2 * p - u1) * (2 * q - l2))) / (l2 * (2 * q - l2))
    row = location_quotient(TABLE).iloc[0]
    assert [row["lower"], row["upper"]] == pytest.approx([r / (0.4 * r + 0.6) for r in (low, high)], rel=1e-9)


def test_location_quotient_at_nothing_and_all():
    table = location_quotient(frame([[0, 20, 0], [30, 10, 0], [0, 0, 0]])).set_index("offence", append=True)
    none = table.loc[(0, "o0")]
    assert none["value"] == 0 and none["lower"] == 0 and 0 < none["upper"] < 1
    only = table.loc[(1, "o0")]  # all of it lies here: the quotient is as high as it can be
    assert only["value"] == only["upper"] == pytest.approx(60 / 40) and 1 < only["lower"] < 1.5
    empty = table.loc[[(0, "o2"), (2, "o0")]]
    assert empty[["value", "lower", "upper"]].isna().all(axis=None) and (empty["missing"] == "none").all()
    alone = location_quotient(frame([[3, 4], [0, 0]])).loc[0]
    assert list(alone["value"]) == [1, 1] and (alone["missing"] == "few").all() and alone["lower"].isna().all()


def test_location_quotient_interval_covers():
    rng = np.random.default_rng(8)
    share, rest, size, others = 0.10, 0.05, 120, 400
    truth = share / ((size * share + others * rest) / (size + others))
    inside = []
    for _ in range(400):
        here, there = rng.binomial(size, share), rng.binomial(others, rest)
        row = location_quotient(frame([[here, size - here], [there, others - there]])).iloc[0]
        inside.append(row["lower"] <= truth <= row["upper"])
    assert 0.92 <= np.mean(inside) <= 0.99


TABLES = st.lists(st.lists(st.integers(0, 50), min_size=3, max_size=3), min_size=2, max_size=6)


@settings(deadline=None, max_examples=60)
@given(TABLES)
def test_location_quotient_limits_enclose(rows):
    table = location_quotient(frame(rows), levels=(0.8, 0.99))
    shown = table[table["missing"] == ""]
    assert (shown["lower"] <= shown["value"] + 1e-9).all() and (shown["value"] <= shown["upper"] + 1e-9).all()
    inner, outer = (shown[shown["level"] == level] for level in (0.8, 0.99))
    assert (outer["lower"] <= inner["lower"] + 1e-9).all() and (inner["upper"] <= outer["upper"] + 1e-9).all()


def test_distances_by_hand():
    # Shares (3/4, 1/4) against (4/10, 6/10).
    assert mix_distance(TABLE)["value"].iloc[0] == pytest.approx(0.35)
    assert mix_distance(TABLE, method="krugman")["value"].iloc[0] == pytest.approx(0.70)
    pair = mix_distance(TABLE.loc[["a"]], TABLE.loc["b"])
    assert pair["value"].iloc[0] == pytest.approx(3 / 4 - 1 / 6)
    far = mix_distance(frame([[5, 0]]), pd.Series({"o1": 3, "o0": 0}), method="jensen-shannon")
    assert far["value"].iloc[0] == pytest.approx(np.log(2))


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 50), min_size=4, max_size=4), st.lists(st.integers(1, 50), min_size=4, max_size=4))
def test_jensen_shannon_is_scipys_squared(one, other):
    counts = frame([one])
    found = mix_distance(counts, pd.Series(other, index=counts.columns), method="jensen-shannon")["value"].iloc[0]
    assert found == pytest.approx(scipy_distance.jensenshannon(one, other) ** 2, abs=1e-12)


def test_small_area_with_the_common_mix_is_no_further_off_than_chance():
    rng = np.random.default_rng(4)
    reference = pd.Series([400, 300, 200, 100], index=[f"o{j}" for j in range(4)])
    areas = frame(rng.multinomial(15, reference / 1000, size=200))
    table = mix_distance(areas, reference)
    assert table["value"].mean() == pytest.approx(table["chance"].mean(), rel=0.06)
    assert table["chance"].mean() > 0.1  # far from 0 with 15 events
    assert np.mean(table["p_value"] < 0.05) < 0.1
    assert mix_distance(frame([[0, 0, 0, 15]]), reference)["p_value"].iloc[0] < 0.01


def test_an_area_that_is_part_of_the_whole_is_drawn_without_replacement():
    # An area that makes up the whole can be at no distance from it.
    table = mix_distance(frame([[30, 20], [0, 0]]))
    assert table["value"].iloc[0] == table["chance"].iloc[0] == 0 and table["p_value"].iloc[0] == 1
    assert table["missing"].iloc[1] == "none" and np.isnan(table["value"].iloc[1])


def test_seed_and_index_are_kept():
    pd.testing.assert_frame_equal(mix_distance(TABLE), mix_distance(TABLE))
    assert list(mix_distance(TABLE).index) == list(diversity(TABLE).index) == ["a", "b"]


def test_diversity_by_hand():
    counts = frame([[10, 10, 0, 0], [5, 0, 0, 0], [0, 0, 0, 0]])
    table = diversity(counts)
    assert list(table["value"][:2]) == [0.5, 1] and list(table["kinds"]) == [2, 1, 0]
    assert list(table["missing"]) == ["", "", "none"] and np.isnan(table["value"][2])
    assert list(diversity(counts, method="shannon")["value"][:2]) == pytest.approx([np.log(2), 0])


def test_harm_of_one_offence_is_a_scaled_poisson_count():
    # One weight w: w times Garwood's limits of the count; 12: 6.2006 to 20.9616.
    table = harm_sum(frame([[12, 0]]), {"o0": 5, "o1": 99})
    assert list(table.iloc[0][["value", "lower", "upper"]]) == pytest.approx([60, 31.0029, 104.8080], rel=1e-5)
    normal = harm_sum(frame([[12, 0]]), {"o0": 5, "o1": 99}, method="normal").iloc[0]
    assert normal["upper"] == pytest.approx(60 + 1.959964 * 5 * np.sqrt(12))


def test_harm_limits_cover():
    rng = np.random.default_rng(2)
    weights = {"o0": 1, "o1": 10, "o2": 50}
    for mean, least, most in (([100, 10, 20], 0.93, 0.97), ([20, 5, 2], 0.8, 0.92)):  # 28 effective, and 5
        truth = mean @ np.array(list(weights.values()))
        table = harm_sum(frame(rng.poisson(mean, (3000, 3))), weights, minimum=0)
        inside = (table["lower"] <= truth) & (truth <= table["upper"])
        assert least <= inside.mean() <= most


def test_harm_limits_are_withheld_where_few_grave_events_carry_the_sum():
    table = harm_sum(frame([[20, 5, 2], [100, 10, 20]]), {"o0": 1, "o1": 10, "o2": 50})
    assert list(table["effective"]) == pytest.approx([170**2 / 5520, 1200**2 / 51_100])
    assert list(table["missing"]) == ["few", ""] and list(table["events"]) == [27, 130]


def test_harm_limits_are_withheld_for_few_events():
    counts, weights = frame([[4, 5], [0, 0], [9, 9]]), pd.Series({"o1": 3, "o0": 7})
    table = harm_sum(counts, weights)
    assert list(table["value"]) == [43, 0, 90] and list(table["missing"]) == ["few", "few", ""]
    assert list(table["lower"].isna()) == [True, True, False]
    assert list(harm_sum(counts, weights, minimum=0)["missing"]) == ["", "few", ""]
    low = harm_sum(frame([[10, 0]]), weights, method="normal", levels=(0.9999,))["lower"].iloc[0]
    assert low == 0


def other(index):
    return pd.Series([1, 1], index=index)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: location_quotient([[1, 2], [3, 4]]), r"counts: must be a DataFrame"),
        (lambda: location_quotient(TABLE.set_axis(["a", "a"])), r"counts: .*unique labels"),
        (lambda: location_quotient(TABLE.loc[["a"]]), r"counts: found 1 areas; must hold all areas"),
        (lambda: location_quotient(TABLE[["theft"]]), r"counts: found 2 areas and 1 offences"),
        (lambda: location_quotient(TABLE - 20), r"counts: .*at 'a', 1.*must be >= 0"),
        (lambda: diversity(TABLE / 4), r"counts: .*must be whole"),
        (lambda: diversity(TABLE, method="gini"), r"method: found 'gini'"),
        (lambda: mix_distance(TABLE, method="cosine"), r"method: found 'cosine'"),
        (lambda: mix_distance(TABLE, other(["theft", "fraud"])), r"reference: .*first that differs: 'damage'"),
        (lambda: mix_distance(TABLE, other(["theft", "damage"]) * 0), r"reference: found 0 events"),
        (lambda: mix_distance(TABLE, [1, 2]), r"reference: must be a Series"),
        (lambda: harm_sum(TABLE, {"theft": 1}), r"weights: .*first that differs: 'damage'"),
        (lambda: harm_sum(TABLE, {"theft": 1, "damage": -1}), r"weights: .*-1 at 'damage'"),
        (lambda: harm_sum(TABLE, {"theft": 1, "damage": 1}, method="exact"), r"method: found 'exact'"),
        (lambda: harm_sum(TABLE, {"theft": 1, "damage": 1}, levels=(2,)), r"level: found 2"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
