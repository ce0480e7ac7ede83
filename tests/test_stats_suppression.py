"""Suppression: every small count stays unknown, whatever the table, and the rest is shown."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brapkg.stats.disclosure.audit import audit
from brapkg.stats.disclosure.suppression import OTHERS, SMALL, Rule, suppress
from brapkg.stats.disclosure.table import nested, tabulate

PLACES = {"a1": "A", "a2": "A", "b1": "B", "A": "land", "B": "land"}  # B has one part only
KINDS = {"x": "all", "y": "all", "z": "all"}
HIERARCHIES = {"place": PLACES, "kind": KINDS}
RULES = [Rule(2), Rule(2, secondary_zeros=True), Rule(1, zeros=True)]


def table(counts, places=("a1", "a2", "b1"), kinds=("x", "y", "z")):
    keys = itertools.product(places, kinds)
    columns = ["place", "kind", "count"]
    return pd.DataFrame([(*key, count) for key, count in zip(keys, counts, strict=True)], columns=columns)


def line(*counts, **above):
    """A table of one key column, with one total unless told otherwise."""
    keys = [f"k{n}" for n in range(len(counts))]
    return pd.DataFrame({"k": keys, "count": counts}), {"k": above or dict.fromkeys(keys, "sum")}


def answers(found):
    return dict(zip(found.iloc[:, 0], found["missing"], strict=True))


def other_tables(counts, suppressed, lowest):
    """Every inner table within one of the true one that fits what is published, by trying them all."""
    steps = np.array(list(itertools.product((-1, 0, 1), repeat=9))).reshape(-1, 3, 3)
    tables = np.asarray(counts).reshape(3, 3) + steps
    a = tables[:, 0] + tables[:, 1]
    full = np.stack([tables[:, 0], tables[:, 1], tables[:, 2], a, tables[:, 2], a + tables[:, 2]], axis=1)
    full = np.concatenate([full, full.sum(axis=2, keepdims=True)], axis=2)
    true = full[np.all(steps == 0, axis=(1, 2))][0]
    fits = np.all((full == true) | suppressed, axis=(1, 2))
    fits &= np.all((full >= lowest) | ~suppressed, axis=(1, 2))
    return full[fits], true


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 5), min_size=9, max_size=9), st.sampled_from(RULES))
def test_every_small_count_has_another_table_that_fits(counts, rule):
    found = suppress(table(counts), HIERARCHIES, rule=rule)
    grid = found.set_index(["place", "kind"])["suppressed"].unstack()
    grid = grid.loc[["a1", "a2", "b1", "A", "B", "land"], ["x", "y", "z", "all"]].to_numpy()
    tables, true = other_tables(counts, grid, rule.lowest)
    small = rule.small(true)
    assert grid[small].all()
    assert (np.any(tables != true, axis=0) | ~small).all()
    if not rule.zeros and not rule.secondary_zeros:
        assert not grid[true == 0].any()


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 5), min_size=9, max_size=9), st.sampled_from(RULES))
def test_the_audit_agrees(counts, rule):
    found = suppress(table(counts), HIERARCHIES, rule=rule, audited=True)
    small = found["missing"] == SMALL
    assert ((found["upper"] - found["lower"])[small] >= 1 - 1e-6).all()
    assert (found["lower"] <= found["count"]).all() and (found["count"] <= found["upper"]).all()
    assert (
        (found.loc[~found["suppressed"], ["lower", "upper"]].eq(found["count"], axis=0))
        .loc[~found["suppressed"]]
        .all(axis=None)
    )
    assert set(found["missing"]) <= {"", SMALL, OTHERS}
    assert (found["suppressed"] == (found["missing"] != "")).all() and (
        found["shown"].isna() == found["suppressed"]
    ).all()


def test_two_by_two_by_hand():
    # One small cell in a table with all margins shown: the other three go too.
    cells = table([1, 20, 30, 7], places=("p", "q"), kinds=("x", "y"))
    above = {"place": {"p": "both", "q": "both"}, "kind": {"x": "all", "y": "all"}}
    found = suppress(cells, above, audited=True).set_index(["place", "kind"])
    assert found["suppressed"].sum() == 4 and not found.loc["both", "suppressed"].any()
    assert found.loc[("p", "x"), "missing"] == SMALL and found.loc[("q", "y"), "missing"] == OTHERS
    # Between 1 and what moves to the small cell until (q, y) is 1: none, or until (p, y) is 1.
    # x' = 1 + t, (p,y) = 20 - t >= 1, (q,x) = 30 - t >= 1, (q,y) = 7 + t: t from 0 to 19.
    assert tuple(found.loc[("p", "x"), ["lower", "upper"]]) == (1, 20)
    assert tuple(found.loc[("q", "y"), ["lower", "upper"]]) == (7, 26)


def test_a_pattern_that_gives_the_count_away_is_found_out():
    cells, above = line(1, 5, 9)
    full = suppress(cells, above)
    assert full["suppressed"].sum() == 2
    full["suppressed"] = [True, False, False, False]
    told = audit(full, above)
    assert list(told["recoverable"]) == [True] and tuple(told[["lower", "upper"]].iloc[0]) == (1, 1)


def test_zeros_known_to_be_shown_tell_more():
    # 1 and 1 that sum to 2: only where a withheld cell may be 0 are they safe.
    cells, above = line(1, 1, 50)
    full = suppress(cells, above)
    full["suppressed"] = [True, True, False, False]
    assert not audit(full, above)["recoverable"].any()
    assert audit(full, above, lowest=1)["recoverable"].all()
    assert suppress(cells, above)["suppressed"].sum() == 3
    assert suppress(cells, above, rule=Rule(secondary_zeros=True))["suppressed"].sum() == 2


def test_only_asked_zeros_are_withheld():
    cells, above = line(1, 0, 0, 30)
    assert answers(suppress(cells, above)) == {"k0": SMALL, "k1": "", "k2": "", "k3": OTHERS, "sum": ""}
    zero = suppress(cells, above, rule=Rule(1, secondary_zeros=True, zeros=False))
    assert zero.loc[zero["suppressed"], "count"].tolist() == [1, 0]
    primary = suppress(cells, above, rule=Rule(1, zeros=True))
    assert list(primary["missing"][:3]) == [SMALL] * 3


def test_single_child_takes_its_parent_along():
    # B is b1: one shown would give the other.
    found = suppress(table([10, 11, 12, 13, 14, 15, 1, 17, 18]), HIERARCHIES).set_index(["place", "kind"])
    assert found.loc[("b1", "x"), "suppressed"] and found.loc[("B", "x"), "suppressed"]
    assert (found.loc["b1", "suppressed"] == found.loc["B", "suppressed"]).all()


def test_one_row_takes_its_total_along():
    cells, above = line(1)
    found = suppress(cells, above, audited=True)
    assert found["suppressed"].all() and (found["upper"] == np.inf).all()
    cells, above = line(2, 0, 0)
    assert suppress(cells, above)["suppressed"].tolist() == [True, False, False, True]


def test_zeros_everywhere():
    found = suppress(table([0] * 9), HIERARCHIES)
    assert not found["suppressed"].any() and (found["shown"] == 0).all()
    found = suppress(table([0] * 9), HIERARCHIES, rule=Rule(zeros=True), audited=True)
    assert found["suppressed"].all() and (found["upper"] == np.inf).all()


def test_all_small():
    # Nine counts known to be at least 1 that sum to 9 are all 1, so the last total must go.
    found = suppress(table([1] * 9), HIERARCHIES, audited=True)
    small = found["missing"] == SMALL
    assert (found["upper"] - found["lower"])[small].ge(1).all()
    whole = (found["place"] == "land") & (found["kind"] == "all")
    assert found.loc[whole, "suppressed"].all()
    # Where they may be 0, it stays.
    found = suppress(table([1] * 9), HIERARCHIES, rule=Rule(secondary_zeros=True))
    assert not found.loc[whole, "suppressed"].any()


def test_periods_without_a_total_are_apart():
    one = table([10, 11, 12, 13, 1, 15, 16, 17, 18]).assign(year=1)
    other = table([20, 21, 22, 23, 24, 25, 26, 27, 28]).assign(year=2)
    both = pd.concat([one, other])
    found = suppress(both, HIERARCHIES | {"year": None})
    assert len(found) == 48 and not found.loc[found["year"] == 2, "suppressed"].any()
    with_total = suppress(both, HIERARCHIES | {"year": {1: "all years", 2: "all years"}})
    assert len(with_total) == 72 and with_total.loc[with_total["year"] == 2, "suppressed"].any()


def test_remainder_protects_and_stays_hidden():
    # k0 + k1 is 6 of 7: one event has no known part, so k0 can be told only to be 1 or 2.
    cells = pd.DataFrame({"k": ["k0", "k1", "sum"], "count": [1, 5, 7]})
    above = {"k": {"k0": "sum", "k1": "sum"}}
    with pytest.raises(
        ValueError, match=r"the total \('sum',\) is 7 but its parts in k sum to 6 .*name it in remainder"
    ):
        suppress(cells, above)
    found = suppress(cells, above, remainder={"k": ["sum"]}, audited=True)
    assert found["k"].tolist() == ["k0", "k1", "sum"] and found["suppressed"].tolist() == [True, False, False]
    assert found[["lower", "upper"]].iloc[0].tolist() == [1, 2]


def test_remainder_of_zero_still_needs_others_known_to_be_one():
    # The remainder is 0 and k0 is 1: it cannot fall (>= 1) nor the remainder: another cell must go.
    cells = pd.DataFrame({"k": ["k0", "k1", "sum"], "count": [1, 5, 6]})
    above = {"k": {"k0": "sum", "k1": "sum"}}
    assert suppress(cells, above, remainder={"k": ["sum"]})["suppressed"].sum() == 2
    lone = suppress(cells, above, remainder={"k": ["sum"]}, rule=Rule(secondary_zeros=True))
    assert lone["suppressed"].tolist() == [True, False, False]


def test_a_key_on_its_own_is_in_no_sum():
    cells = pd.DataFrame({"k": ["k0", "k1", "odd", "sum"], "count": [1, 5, 2, 6]})
    above = {"k": {"k0": "sum", "k1": "sum", "odd": None}}
    assert suppress(cells, above)["suppressed"].tolist() == [True, True, True, False]


def test_totals_given_or_computed_are_the_same():
    cells = table([1, 11, 12, 13, 2, 15, 16, 17, 3])
    computed = suppress(cells, HIERARCHIES)
    given = computed[["place", "kind", "count"]].sample(frac=1, random_state=1)
    again = suppress(given, HIERARCHIES)
    assert list(again.index) == list(given.index)
    pd.testing.assert_frame_equal(again.sort_index(), computed)
    # Totals of one column only are completed in the other.
    part = given[given["kind"] != "all"]
    assert len(suppress(part, HIERARCHIES)) == 24


def test_nested_columns_make_a_hierarchy():
    cells = pd.DataFrame({"county": ["A", "A", "B"], "municipality": ["a1", "a2", "b1"]})
    assert nested(cells, ["county", "municipality"], total="land") == PLACES | {"A": "land", "B": "land"}


def test_no_more_than_another_program_withholds():
    # The published example of Statistics Norway: 4 cells at 0-1 for two columns, 8 at 0-2 for three.
    keys = {"age": ["young"] * 3 + ["old"] * 3, "geo": ["Spain", "Iceland", "Portugal"] * 2}
    cells = pd.DataFrame(keys | {"eu": ["EU", "nonEU", "EU"] * 2, "count": [5, 2, 0, 6, 3, 4]})
    age = nested(cells, ["age"], total="all")
    flat = {"age": age, "geo": nested(cells, ["geo"], total="all")}
    assert suppress(cells, flat, rule=Rule(1, zeros=True))["suppressed"].sum() == 4
    deep = {"age": age, "geo": nested(cells, ["eu", "geo"], total="all")}
    assert suppress(cells, deep, rule=Rule(2, zeros=True))["suppressed"].sum() <= 8


def counties(years):
    """Three counties (13, 9 and 1 municipalities) by 5 offences, small counts included."""
    rng = np.random.default_rng(4)
    above = {f"m{n}": "A" if n < 13 else "B" if n < 22 else "C" for n in range(23)}
    mean = np.exp(rng.normal(0, 1, 23))[:, None, None] * np.array([0.5, 2, 6, 20, 80])[:, None]
    counts = rng.poisson(np.repeat(mean, years, axis=2))
    places = pd.MultiIndex.from_product([above, list("vwxyz"), range(years)], names=["place", "kind", "year"])
    cells = pd.DataFrame({"count": counts.ravel()}, index=places).reset_index()
    hierarchies = {
        "place": above | dict.fromkeys("ABC", "land"),
        "kind": {"v": "rare", "w": "rare", "x": "common", "y": "common", "z": "common", "rare": "all", "common": "all"},
    }
    return cells, hierarchies


@pytest.mark.parametrize("total", [False, True])
def test_three_counties_are_proved_by_the_audit(total):
    cells, above = counties(2)
    above["year"] = {0: "both", 1: "both"} if total else None
    found = suppress(cells, above)
    small = found["missing"] == SMALL
    assert small.sum() > 50
    told = audit(found, above, lowest=1)
    assert not told.loc[small[told.index], "recoverable"].any()
    assert found["suppressed"].mean() < 0.5
    assert not found.loc[(found["place"] == "land") & (found["kind"] == "all"), "suppressed"].any()


def test_same_table_same_answer():
    cells, above = counties(1)
    one, other = (suppress(cells, above | {"year": None}) for _ in range(2))
    pd.testing.assert_frame_equal(one, other)


def test_audit_of_some_rows():
    cells, above = line(1, 5, 9)
    found = suppress(cells, above)
    told = audit(found, above, only=(found["k"] == "k0"))
    assert told["k"].tolist() == ["k0"] and told[["lower", "upper"]].iloc[0].tolist() == [0, 6]


CELLS = table([10, 11, 12, 13, 14, 15, 16, 17, 18])
LINE = pd.DataFrame({"place": "p", "kind": "x", "k": ["k0", "k1", "sum"], "count": [0, 3, 3]})
FULL = suppress(CELLS, HIERARCHIES)[["place", "kind", "count"]]


def changed(cells, row, value):
    cells = cells.astype({"count": float})
    cells.loc[row, "count"] = value
    return cells


@pytest.mark.parametrize(
    ("cells", "above", "message"),
    [
        (changed(CELLS, 0, -1), {}, r"count: 1 of 9 .*-1 at \('a1', 'x'\).*must be >= 0"),
        (changed(CELLS, 1, 2.5), {}, r"count: 1 of 9 .*2.5 at \('a1', 'y'\).*whole numbers"),
        (changed(CELLS, 1, np.nan), {}, r"count: 1 of 9 .*finite"),
        (CELLS.drop(index=4), {}, r"\('a2', 'y'\) is missing \(1 cells are\); .*0 where nothing happened"),
        (FULL.drop(index=3), {}, r"\('a1', 'all'\) is missing"),
        (pd.concat([CELLS, CELLS.iloc[[2]]]), {}, r"\('a1', 'z'\) occurs twice \(1 double"),
        (CELLS, {"kind": {"x": "all", "y": "all"}}, r"kind: 'z' has no parent; must stand in hierarchies\['kind'\]"),
        (CELLS, {"kind": KINDS | {"w": "all"}}, r"\('a1', 'w'\) is missing"),
        (CELLS, {"kind": KINDS | {"all": "x"}}, r"kind: .* is its own total; .*circle"),
        (changed(FULL, 23, 34), {}, r"the total \('land', 'all'\) is 34 but its parts in place sum to 126"),
        (
            changed(LINE, 2, 34),
            {"kind": None, "place": None, "k": {"k0": "sum", "k1": "sum"}},
            r"is 34 but .* sum to 3",
        ),
        (CELLS.drop(columns="kind"), {}, r"no column 'kind'"),
        (CELLS.assign(shown=1), {"shown": None}, r"column 'shown' is named as a result"),
        (CELLS.assign(kind=[None, *CELLS["kind"][1:]]), {}, r"kind: 1 rows have no key"),
        (CELLS.iloc[:0], {}, r"no rows"),
    ],
)
def test_bad_cells_are_refused(cells, above, message):
    with pytest.raises(ValueError, match=message):
        suppress(cells, HIERARCHIES | above)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Rule(0), r"largest: found 0; must be a whole number >= 1"),
        (lambda: Rule(1.5), r"largest: found 1.5"),
        (lambda: suppress(FULL, HIERARCHIES, remainder={"year": ["x"]}), r"remainder: 'year' is no key column"),
        (lambda: suppress(FULL, HIERARCHIES, remainder={"kind": ["x"]}), r"remainder: 'x' has no parts in kind"),
        (lambda: suppress(CELLS, HIERARCHIES, remainder={"kind": ["all"]}), r"\('a1', 'all'\) is missing"),
        (
            lambda: suppress(changed(LINE, 2, 2), {"k": {"k0": "sum", "k1": "sum"}}, remainder={"k": ["sum"]}),
            r"\('sum',\) is 2 .* 3 .*must be at least their sum",
        ),
        (lambda: audit(FULL, HIERARCHIES), r"column 'suppressed' must be there"),
        (lambda: audit(CELLS.assign(suppressed=True), HIERARCHIES), r"found no totals"),
        (lambda: audit(FULL.assign(suppressed=False), HIERARCHIES, lowest=2), r"lowest: found 2"),
        (
            lambda: audit(changed(FULL, 0, 10).assign(suppressed=True), HIERARCHIES, only=[True]),
            r"only: found 1 values; must be 24",
        ),
        (
            lambda: audit(line(0, 0)[0].assign(suppressed=True), {"k": None}, lowest=1),
            r"\('k0',\) is withheld and is 0",
        ),
        (lambda: nested(CELLS, ["place", "kind"], total="t"), r"kind: 'x' has parents .*must have one"),
        (lambda: nested(CELLS, ["place"], total="a1"), r"place: 'a1' occurs at two levels"),
        (lambda: nested(CELLS, ["nowhere"], total="t"), r"no column 'nowhere'"),
    ],
)
def test_bad_options_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_relations_hold():
    made = tabulate(CELLS, HIERARCHIES)
    assert not (made.relations() @ made.counts).any()
    assert made.relations().shape == (3 * 4 + 6 * 1, 24)
