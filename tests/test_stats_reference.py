"""An area and a reference of its own: by hand, against known functions, and how often intervals hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brapkg.stats.comparison import part_of_whole
from brapkg.stats.reference import to_reference


def test_inside_is_the_part_of_a_whole_with_a_swing_of_its_own():
    count, persons = pd.Series([40, 12, 300]), pd.Series([2.0, 1.0, 9.0])
    total, everyone = pd.Series([1000, 90, 300]), pd.Series([100.0, 4.0, 9.0])
    whole = part_of_whole(count, persons, total, everyone, wobble=0.08)
    found = to_reference(count, persons, total, everyone, inside=True, swing=0.08**2)
    for column in ("value", "lower", "upper", "level", "missing"):
        pd.testing.assert_series_equal(found[column], whole[column])
    assert found["expected"].iloc[0] == pytest.approx(20)


def test_apart_both_counts_add_their_chance():
    (row,) = to_reference([40], [2000], [100], [10_000], inside=False, swing=[0.01], levels=(0.95,)).to_dict("records")
    half = 1.959964 * np.sqrt(1 / 40 + 1 / 100 + 0.01)
    assert row["value"] == pytest.approx(2) and row["expected"] == pytest.approx(20)
    assert [row["lower"], row["upper"]] == pytest.approx([2 * np.exp(-half), 2 * np.exp(half)], rel=1e-6)


@pytest.mark.parametrize(("here", "there"), [(9, 100), (100, 9), (0, 0), (9, 9)])
def test_fewer_than_ten_on_either_side_are_not_compared(here, there):
    found = to_reference([here], [10], [there], [10], inside=False)
    assert (found["missing"] == "few").all() and found[["value", "lower", "upper"]].isna().all(axis=None)
    assert found["expected"].tolist() == [there, there]


def test_intervals_hold_as_often_as_they_say():
    rng = np.random.default_rng(3)
    wobble, runs = 0.1, 20_000
    swings = rng.gamma(1 / wobble**2, wobble**2, (runs, 4))
    persons = np.array([1.0, 2.0, 1.0, 5.0])
    counts = rng.poisson(60 * persons * swings)
    shares = persons[1:] / persons[1:].sum()
    found = to_reference(
        counts[:, 0], 1.0, counts[:, 1:].sum(axis=1), 8.0, inside=False, swing=wobble**2 * (1 + (shares**2).sum())
    )
    for level, rows in found.groupby("level"):
        assert rows["lower"].lt(1).mul(rows["upper"].gt(1)).mean() == pytest.approx(level, abs=0.008)
    whole = persons / persons.sum()
    inside = to_reference(
        counts[:, 0],
        1.0,
        counts.sum(axis=1),
        9.0,
        inside=True,
        swing=wobble**2 * ((1 - whole[0]) ** 2 + (whole[1:] ** 2).sum()),
    )
    for level, rows in inside.groupby("level"):
        assert rows["lower"].lt(1).mul(rows["upper"].gt(1)).mean() == pytest.approx(level, abs=0.008)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"count": [-1]}, "count: 1 of 1"),
        ({"population": [0]}, "population: .*> 0"),
        ({"reference_population": [0]}, "reference_population: .*> 0"),
        ({"swing": [-0.1]}, "swing: .*>= 0"),
        ({"count": [60]}, "count: .*at most reference_count"),
        ({"population": [60]}, "population: .*at most"),
        ({"levels": (1,)}, "level: found 1"),
    ],
)
def test_bad_input_is_refused_by_name(given, told):
    plain = {"count": [20], "population": [10], "reference_count": [50], "reference_population": [50]}
    with pytest.raises(ValueError, match=told):
        to_reference(**{**plain, **given}, inside=True)
