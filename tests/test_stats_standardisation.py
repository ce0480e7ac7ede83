"""Standardisation: hand-made values, what must agree with plain rates, and keys that do not fit."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from brapkg.stats.rates import poisson_interval, rate
from brapkg.stats.standardisation import direct, indirect, repeat_rate

STANDARD = pd.Series({"young": 1.0, "old": 3.0})
LIMITS = ["value", "lower", "upper"]


def rows(**changes) -> dict:
    """Two areas of two strata, as keyword arguments."""
    return {
        "count": [10, 30, 20, 5],
        "population": [1000, 1000, 4000, 500],
        "area": ["a", "a", "b", "b"],
        "stratum": ["young", "old", "old", "young"],
    } | changes


def standardised(**options):
    return direct(**(rows(standard=STANDARD) | options))


def test_direct_by_hand():
    # a: 0.25 * 0.01 + 0.75 * 0.03 = 0.025; b: 0.25 * 0.01 + 0.75 * 0.005 = 0.00625.
    table = standardised(multiplier=1000)
    assert list(table.index) == ["a", "b"]
    assert list(table["value"]) == pytest.approx([25, 6.25])
    assert list(table["count"]) == [40, 25]
    assert list(table["population"]) == [2000, 4500]
    # Var for a: 0.0625 * 10 / 1e6 + 0.5625 * 30 / 1e6 = 1.75e-5.
    upper = 0.025 + np.sqrt(1.75e-5 / 40) * (poisson_interval(40)[1][0] - 40)
    assert table.loc["a", "upper"] == pytest.approx(1000 * upper)


def test_fay_and_feuer_by_hand():
    # Area a: value 0.025, variance 1.75e-5, largest weight a person 0.75 / 1000; the limits are
    # chi-square quantiles with 2 y^2 / v degrees of freedom, times v / 2y.
    row = standardised(method="fay-feuer", multiplier=1).loc["a"]
    y, v = 0.025, 1.75e-5
    assert row["lower"] == pytest.approx(v / (2 * y) * stats.chi2.ppf(0.025, 2 * y**2 / v))
    y, v = y + 0.00075, v + 0.00075**2
    assert row["upper"] == pytest.approx(v / (2 * y) * stats.chi2.ppf(0.975, 2 * y**2 / v))


def test_one_stratum_is_the_plain_rate():
    one = {"area": ["x", "y"], "stratum": ["s", "s"]}
    for method, plain in (("dobson", "exact-below-10"), ("fay-feuer", "exact")):
        table = direct([4, 60], [900, 7000], pd.Series({"s": 5}), **one, method=method, minimum=0)
        np.testing.assert_allclose(table[LIMITS], rate([4, 60], [900, 7000], method=plain)[LIMITS], rtol=1e-12)


def test_the_areas_own_make_up_gives_its_crude_rate():
    own = pd.Series({"young": 500, "old": 4000})
    table = standardised(standard=own)
    assert table.loc["b", "value"] == pytest.approx(100_000 * 25 / 4500)
    # Equal weights a person: the variance is Poisson's too.
    np.testing.assert_allclose(table.loc["b", LIMITS].astype(float), rate(25, 4500)[LIMITS].iloc[0], rtol=1e-12)


def test_direct_withholds_below_ten_events():
    table = standardised(count=[3, 6, 20, 5], levels=(0.95, 0.998))
    assert list(table["missing"]) == ["few", ""] * 2
    assert table.loc["a", LIMITS].isna().all(axis=None)
    assert list(table.loc["a", "count"]) == [9, 9]
    assert (standardised(count=[3, 6, 20, 5], minimum=9)["missing"] == "").all()


def test_no_event_at_all():
    nothing = {"count": [0, 0, 20, 5], "minimum": 0}
    assert standardised(**nothing).loc["a", "missing"] == "few"
    row = standardised(**nothing, method="fay-feuer", multiplier=1).loc["a"]
    assert (row["value"], row["lower"]) == (0, 0)
    # One event in the stratum with the largest weight a person (0.75 / 1000), as if it were Poisson.
    assert row["upper"] == pytest.approx(0.75 / 1000 * -np.log(0.025))


def test_events_that_come_alone_are_independent():
    count = pd.Series(rows()["count"])
    plain = standardised()
    alone = standardised(events=pd.DataFrame({1: count}))
    pd.testing.assert_frame_equal(alone.drop(columns="method"), plain.drop(columns="method"))
    assert set(alone["method"]) == {"dobson, repeat events"}


def test_events_in_pairs_double_the_variance():
    pairs = pd.DataFrame({1: [0, 0, 0, 1], 2: [5, 15, 10, 2]})
    plain, doubled = standardised(), standardised(events=pairs)
    width = [(one.loc["a", "upper"] - one.loc["a", "value"]) for one in (plain, doubled)]
    assert width[1] / width[0] == pytest.approx(np.sqrt(2))


def test_repeat_rate_by_hand():
    events = pd.DataFrame({1: [10, 40], 3: [10, 0]}, index=["many", "once"])
    table = repeat_rate(events, [1000, 1000], multiplier=1000)
    assert list(table["count"]) == [40, 40] and list(table["persons"]) == [20, 40]
    assert list(table["inflation"]) == [2.5, 1]  # (10 + 9 * 10) / 40
    plain = rate(40, 1000, multiplier=1000).iloc[0]
    np.testing.assert_allclose(table.loc["once", LIMITS].astype(float), plain[LIMITS].astype(float), rtol=1e-12)
    stretched = 40 + np.sqrt(2.5) * (plain[["lower", "upper"]].astype(float) - 40)
    np.testing.assert_allclose(table.loc["many", ["lower", "upper"]].astype(float), stretched, rtol=1e-12)


def test_repeat_rate_is_withheld_where_there_are_few():
    table = repeat_rate(pd.DataFrame({1: [9, 0, 10]}), 100)
    assert list(table["missing"]) == ["few", "few", ""]
    assert list(repeat_rate(pd.DataFrame({1: [9, 0]}), 100, minimum=0)["missing"]) == ["", "few"]


def test_repeat_rate_covers_where_the_plain_rate_does_not():
    # Persons hit are Poisson with mean 60; each has 1, 2 or 8 events (mean 1.85).
    rng = np.random.default_rng(2)
    hit = rng.poisson(60 * np.array([0.6, 0.3, 0.1]), (4000, 3))
    events = pd.DataFrame(hit, columns=[1, 2, 8])
    truth = 60 * (0.6 + 0.6 + 0.8)
    table = repeat_rate(events, 1, multiplier=1)
    plain = rate(table["count"], 1, multiplier=1)
    covered = [((one["lower"] <= truth) & (truth <= one["upper"])).mean() for one in (table, plain)]
    assert covered[0] == pytest.approx(0.95, abs=0.025)
    assert covered[1] < 0.75


def test_dobson_covers():
    rng = np.random.default_rng(3)
    population = np.tile([2000.0, 800.0, 300.0], 3000)
    truth = np.tile([0.002, 0.01, 0.03], 3000)
    standard = pd.Series([5.0, 3.0, 2.0])
    value = 0.5 * 0.002 + 0.3 * 0.01 + 0.2 * 0.03
    keys = {"area": np.repeat(np.arange(3000), 3), "stratum": np.tile(np.arange(3), 3000)}
    for method in ("dobson", "fay-feuer"):
        table = direct(
            rng.poisson(population * truth), population, standard, **keys, method=method, multiplier=1, minimum=0
        )
        assert 0.93 < ((table["lower"] <= value) & (value <= table["upper"])).mean() < 0.99


REFERENCE = {
    "reference_count": pd.Series({"young": 20.0, "old": 10.0}),
    "reference_population": pd.Series({"young": 1000.0, "old": 1000.0}),
}


def test_indirect_by_hand():
    # Expected: a 1000 * 0.02 + 1000 * 0.01 = 30; b 4000 * 0.01 + 500 * 0.02 = 50.
    table = indirect(**rows(), **REFERENCE)
    assert list(table["expected"]) == pytest.approx([30, 50])
    assert list(table["value"]) == pytest.approx([40 / 30, 25 / 50])
    np.testing.assert_allclose(table["upper"], poisson_interval([40, 25])[1] / [30, 50])
    assert list(table["reference_rate"]) == pytest.approx([0.015, 0.015])
    as_rate = indirect(**rows(), **REFERENCE, measure="rate")
    assert list(as_rate["value"]) == pytest.approx([2000, 750])
    assert list(as_rate["reference_rate"]) == pytest.approx([1500, 1500])
    assert indirect(**rows(), **REFERENCE, multiplier=100).loc["b", "value"] == pytest.approx(50)


def test_indirect_of_the_reference_itself_is_one():
    parts = {"area": ["all", "all"], "stratum": ["young", "old"]}
    table = indirect(*REFERENCE.values(), *REFERENCE.values(), **parts)
    assert table["value"].iloc[0] == pytest.approx(1)


def test_counties_as_if_each_municipality_had_the_rate_of_its_group():
    # A county has only some of the groups; a group it lacks adds nothing.
    municipalities = pd.DataFrame(
        {
            "county": ["01", "01", "01", "17"],
            "group": ["city", "suburb", "suburb", "rural"],
            "count": [500, 30, 50, 20],
            "population": [10_000, 1000, 3000, 2000],
        }
    )
    groups = municipalities.groupby("group")[["count", "population"]].sum()
    parts = municipalities.groupby(["county", "group"], as_index=False)[["count", "population"]].sum()
    table = indirect(
        parts["count"], parts["population"], groups["count"], groups["population"],
        area=parts["county"], stratum=parts["group"], minimum=50,
    )  # fmt: skip
    assert table.loc["01", "expected"] == pytest.approx(580)
    assert list(table["missing"]) == ["", "few"]


AREAS = st.lists(
    st.tuples(st.integers(0, 500), st.integers(1, 10_000), st.integers(0, 500), st.integers(1, 10_000)),
    min_size=1,
    max_size=8,
)


@settings(deadline=None, max_examples=60)
@given(AREAS, st.randoms(), st.sampled_from(["dobson", "fay-feuer"]))
def test_order_does_not_matter_and_keys_join(areas, random, method):
    table = pd.DataFrame(
        [(i, s, c, n) for i, (c, n, d, m) in enumerate(areas) for s, c, n in (("young", c, n), ("old", d, m))],
        columns=["area", "stratum", "count", "population"],
    )
    order = list(range(len(table)))
    random.shuffle(order)
    found = [
        direct(t["count"], t["population"], s, area=t["area"], stratum=t["stratum"], method=method, minimum=1)
        for t, s in ((table, STANDARD), (table.iloc[order], STANDARD[::-1] * 7))
    ]
    pd.testing.assert_frame_equal(found[0], found[1].loc[found[0].index], rtol=1e-10)
    shown = found[0][found[0]["missing"] == ""]
    assert ((shown["lower"] <= shown["value"]) & (shown["value"] <= shown["upper"])).all()


def test_index_of_areas_keeps_their_kind():
    assert list(standardised(area=[7, 7, 3, 3]).index) == [7, 3]
    series = pd.Series(["a", "a", "b", "b"], index=[5, 6, 7, 8])
    table = standardised(area=series, count=pd.Series(rows()["count"], index=series.index))
    assert list(table.index) == ["a", "b"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"count": [-1, 30, 20, 5]}, r"count: 1 of 4 .*-1 at \('a', 'young'\)"),
        ({"count": [np.nan, 30, 20, 5]}, r"count: .*nan at \('a', 'young'\).*finite"),
        ({"population": [1000, 0, 4000, 500]}, r"population: .*0 at \('a', 'old'\).*must be > 0"),
        ({"population": [1000, None, 4000, 500]}, r"population: .*\('a', 'old'\).*finite"),
        ({"count": [1, 2, 3]}, r"lengths differ \(count 3"),
        ({"area": ["a", None, "b", "b"]}, r"area: missing in 1 rows \(first at position 1\)"),
        ({"stratum": ["young", "young", "old", "young"]}, r"stratum: \('a', 'young'\) has more than one row"),
        ({"area": ["a", "a", "b", "c"]}, r"stratum: 2 rows are missing \(first \('b', 'young'\)\)"),
        ({"stratum": ["young", "older", "old", "young"]}, r"standard: nothing for stratum 'older'"),
        ({"standard": pd.Series({"young": 1, "old": 1, "aged": 1})}, r"2 rows are missing \(first \('a', 'aged'\)"),
        ({"standard": pd.Series({"young": 0, "old": 0})}, r"standard: no weight above 0"),
        ({"standard": pd.Series({"young": -1, "old": 1})}, r"standard: .*-1 at 'young'"),
        ({"standard": pd.Series([1, 2], index=["old", "old"])}, r"standard: stratum 'old' is there more than once"),
        ({"standard": [1, 2]}, r"standard: found list; must be a Series indexed by stratum"),
        ({"method": "normal"}, r"method: found 'normal'; must be one of dobson, fay-feuer"),
        ({"multiplier": 0}, r"multiplier: .*must be > 0"),
        ({"levels": ()}, r"levels: found none"),
        ({"levels": (1.5,)}, r"level: found 1.5"),
        ({"minimum": -1}, r"minimum: .*must be >= 0"),
        (
            {"events": pd.DataFrame({1: [10, 30, 20, 4]})},
            r"events: 1 of 4 .*4 at \('b', 'young'\).*add up to the counts",
        ),
        ({"events": pd.DataFrame({1: [10, 30]})}, r"events: found 2 rows; must have one for each count \(4\)"),
        ({"events": pd.DataFrame({"f1": [10, 30, 20, 5]})}, r"columns of events: not numbers"),
        ({"events": pd.DataFrame({0: [1] * 4, 1: [10, 30, 20, 5]})}, r"events: columns are \[0, 1\]"),
        ({"events": [[1]]}, r"events: found list; must be a DataFrame"),
        ({"events": pd.DataFrame({1: [10, 30, 20, 5]}), "method": "fay-feuer"}, r"events: not allowed with method"),
    ],
)
def test_bad_input_to_direct_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        standardised(**changes)


def test_series_are_not_paired_by_position():
    count = pd.Series(rows()["count"], index=[0, 1, 2, 3])
    with pytest.raises(ValueError, match="index of population differs from index of count"):
        standardised(count=count, population=pd.Series(rows()["population"], index=[3, 2, 1, 0]))
    with pytest.raises(ValueError, match="index of events differs from index of count"):
        standardised(count=count, events=pd.DataFrame({1: rows()["count"]}, index=[1, 0, 2, 3]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reference_population": pd.Series({"young": 0, "old": 1})}, r"reference_population: .*0 at 'young'"),
        ({"reference_population": pd.Series({"young": 1})}, r"reference_population: nothing for stratum 'old'"),
        ({"reference_count": pd.Series({"young": 1})}, r"reference_count: nothing for stratum 'old'"),
        ({"reference_count": pd.Series({"young": 0, "old": 0})}, r"expected: .*0 at 'a'.*must be > 0"),
        ({"stratum": ["young", "older", "old", "young"]}, r"reference_population: nothing for stratum 'older'"),
        ({"population": [0, 0, 4000, 500]}, r"expected: 1 of 2 .*0 at 'a'.*must be > 0"),
        ({"stratum": ["young", "young", "old", "young"]}, r"stratum: \('a', 'young'\) has more than one row"),
        ({"measure": "difference"}, r"measure: found 'difference'; must be one of ratio, rate"),
        ({"method": "wald"}, r"method: found 'wald'"),
        ({"multiplier": 0}, r"multiplier: .*must be > 0"),
    ],
)
def test_bad_input_to_indirect_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        indirect(**(rows() | REFERENCE | changes))


@pytest.mark.parametrize(
    ("events", "population", "message"),
    [
        (pd.DataFrame({1: [-1]}), 10, r"events: .*must be >= 0"),
        (pd.DataFrame({1: [1]}), 0, r"population: .*must be > 0"),
        (pd.DataFrame({1: [1, 2]}), [1, 2, 3], r"lengths differ"),
        (pd.DataFrame({1: [1, 2]}), pd.Series([5, 5], index=[1, 0]), r"index of population differs"),
        (pd.DataFrame({1.5: [1]}), 10, r"columns of events: .*whole"),
    ],
)
def test_bad_input_to_repeat_rate_is_refused(events, population, message):
    with pytest.raises(ValueError, match=message):
        repeat_rate(events, population)
