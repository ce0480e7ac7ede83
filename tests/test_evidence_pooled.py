"""Pooling on demand: the published numbers come back, and what must not be pooled is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from brapkg import evidence
from brapkg.errors import UsageError
from brapkg.evidence.kinds import Trial
from brapkg.evidence.pooled import _log_odds, pooled
from brapkg.stats.pooling import pool
from brapkg.wording import texts


def row(id: str = "a", **changes):
    """A single study with an odds ratio, as a row that pooling takes."""
    plain = {"id": id, "doi": "", "citation": f"Author {id}", "kind": "study", "metric": "odds ratio"}
    numbers = {"favourable": "below", "estimate": 0.8, "lower": 0.6, "upper": 0.8**2 / 0.6}
    return replace(evidence.study("petrosino-2013"), **(plain | numbers | changes))


# --- trials


@pytest.mark.parametrize(
    ("id", "k", "told", "tau2", "i2"),
    [
        ("landenberger-2005", 58, (1.533, 1.354, 1.735), 0.120, 73.3),
        ("petrosino-2013", 7, (1.724, 1.134, 2.619), 0.092, 29.2),
    ],
)
def test_the_published_estimates_come_back(id, k, told, tau2, i2):
    found = pooled(id)
    assert (found.k, found.metric, found.method) == (k, "odds ratio", "DL, z")
    assert (found.estimate, found.lower, found.upper) == pytest.approx(told, abs=5e-4)
    assert found.tau2 == pytest.approx(tau2, abs=5e-4) and found.i2 == pytest.approx(i2, abs=0.06)
    recorded = evidence.study(id)
    assert (recorded.estimate, recorded.lower, recorded.upper) == pytest.approx(told, abs=5e-4)
    assert found.favourable == recorded.favourable == evidence.trial_set(id).favourable


def test_one_effect_for_all_gives_the_other_published_number():
    found = pooled("petrosino-2013", method="FE")
    assert (found.estimate, found.lower, found.upper) == pytest.approx((1.642, 1.162, 2.320), abs=5e-4)
    assert found.prediction_lower is None and found.prediction_upper is None
    assert pooled("landenberger-2005", method="FE").estimate == pytest.approx(1.40, abs=5e-3)


def test_a_new_place_is_less_sure_than_the_mean():
    for id in ("landenberger-2005", "petrosino-2013"):
        found = pooled(id)
        assert found.prediction_lower < found.lower and found.upper < found.prediction_upper
        assert found.prediction_lower < 1 < found.prediction_upper and "varies" in found.cautions
        assert "far" in found.cautions and "few" not in found.cautions


def test_the_safer_test_is_wider():
    plain, safer = pooled("petrosino-2013"), pooled("petrosino-2013", test="hartung-knapp")
    assert safer.lower < plain.lower and plain.upper < safer.upper and "Hartung-Knapp" in safer.method


def test_parts_are_the_trials_with_weights_that_sum_to_one():
    found = pooled("petrosino-2013")
    names = [trial.name for trial in evidence.trials("petrosino-2013")]
    assert [part.name for part in found.parts] == names
    assert sum(part.weight for part in found.parts) == pytest.approx(1)
    mean = math.exp(sum(part.weight * math.log(part.estimate) for part in found.parts))
    assert mean == pytest.approx(found.estimate)
    assert all(part.lower < part.estimate < part.upper for part in found.parts)


def test_a_trial_becomes_its_odds_ratio_and_zero_counts_get_a_half():
    value, variance = _log_odds([Trial("s", "a", 19, 46, 4, 35, "x"), Trial("s", "b", 0, 10, 5, 10, "x")])
    assert np.exp(value) == pytest.approx([(19 * 31) / (27 * 4), (0.5 * 5.5) / (10.5 * 5.5)])
    assert variance == pytest.approx([1 / 19 + 1 / 27 + 1 / 4 + 1 / 31, 1 / 0.5 + 1 / 10.5 + 2 / 5.5])


# --- rows


def test_rows_with_intervals_are_pooled_on_the_scale_of_logarithms():
    rows = [
        row("a"),
        row("b", estimate=0.9, lower=0.75, upper=0.9**2 / 0.75),
        row("c", estimate=0.7, lower=0.5, upper=0.98),
    ]
    found = pooled(rows)
    se = [math.log(one.upper / one.lower) / (2 * 1.959963984540054) for one in rows]
    by_hand = pool(np.log([0.8, 0.9, 0.7]), np.square(se), method="DL", test="z").iloc[0]
    assert found.estimate == pytest.approx(math.exp(by_hand["value"]))
    assert (found.lower, found.upper) == pytest.approx((math.exp(by_hand["lower"]), math.exp(by_hand["upper"])))
    assert found.parts[0].lower == pytest.approx(0.6) and found.parts[0].upper == pytest.approx(0.8**2 / 0.6)
    assert set(found.cautions) >= {"few", "far"}


def test_relative_changes_are_pooled_as_ratios_and_told_as_changes():
    made = {"metric": "relative change", "estimate": -0.2, "lower": -0.4, "upper": 0.8**2 / 0.6 - 1}
    found = pooled([row("a", **made), row("b", **made)])
    assert found.metric == "relative change" and found.estimate == pytest.approx(-0.2)
    assert -0.4 < found.lower < -0.2 < found.upper


def test_d_is_pooled_as_it_is():
    made = {"metric": "d", "favourable": "above", "estimate": 0.3, "lower": 0.1, "upper": 0.5}
    found = pooled([row("a", **made), row("b", **made)])
    assert found.estimate == pytest.approx(0.3) and found.lower == pytest.approx(0.3 - 0.2 / math.sqrt(2))


def test_a_nordic_row_takes_the_caution_away():
    assert "far" not in pooled([row("a", swedish=True), row("b")]).cautions


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "There are no rows to pool"),
        (["braga-2019-hot-spots"], "has no single trials in the records, and one row alone"),
        ([row("a"), row("b", metric="d")], "the rows differ in metric ('d', 'odds ratio')"),
        ([row("a"), row("b", metric="relative change")], "the rows differ in metric"),
        ([row("a"), row("b", metric="rate ratio")], "the rows differ in metric"),
        ([row("a"), row("b", favourable="above")], "the rows differ in favourable"),
        ([row("a"), row("b", lower=None, upper=None)], "'b' has no interval"),
        ([row("a"), row("a")], "'a' is given twice"),
        ([row("a"), row("b", citation="Author a")], "two rows are of the same publication"),
        ([row("a", kind="review"), row("b", kind="review")], "'a', 'b' are reviews, which may hold the same"),
        ([row("a"), row("b", verified="unverified")], "'b' is unverified"),
        (["hahn-2007-size"], "No study 'hahn-2007-size'"),
        (["petrosino"], "Did you mean petrosino-2013"),
        ([row("a", lower=0.8, upper=0.8), row("b")], "cannot be pooled"),
        ([row("a"), "no such row"], "No study 'no such row'"),
        ("cbt", "No study 'cbt'"),
    ],
)
def test_what_must_not_be_pooled_is_refused(rows, told):
    with pytest.raises(UsageError) as error:
        pooled(rows)
    assert told in str(error.value)


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(UsageError) as error:
        pooled([row("a", lower=None, upper=None), row("b", metric="d")])
    assert "'a' has no interval" in str(error.value) and "differ in metric" in str(error.value)


def test_every_caution_has_its_text():
    for name in ("few", "varies", "far", "zero_cells"):
        assert set(texts()[f"evidence_caution_{name}"]) == {"sv", "en"}
