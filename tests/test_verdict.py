"""The verdict's rule, case by case, and what an avoided offence costs."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from brapkg.effects import trends, verdict
from brapkg.effects.verdict import Result
from brapkg.wording import texts

BELOW, ABOVE, ACROSS, NARROW = (0.5, 0.9), (1.1, 1.5), (0.7, 1.2), (0.95, 1.1)
NAMES = ("comparison", "interrupted", "displacement", "synthetic")


def results(*limits, missing=""):
    return [
        Result(
            name,
            math.nan if pair is None else sum(pair) / 2,
            *(pair or (math.nan, math.nan)),
            missing="few" if pair is None else "",
        )
        for name, pair in zip(NAMES, limits, strict=False)
    ]


@pytest.mark.parametrize(
    ("limits", "expected", "word"),
    [
        ((BELOW, BELOW, BELOW, BELOW), None, "clear_fall"),
        ((BELOW, BELOW, None, None), None, "clear_fall"),
        ((BELOW, BELOW, BELOW, ACROSS), None, "probable_fall"),
        ((BELOW, ACROSS, BELOW, ACROSS), None, "probable_fall"),
        ((BELOW, ACROSS, ACROSS, ACROSS), None, "undecided"),
        ((BELOW, BELOW, BELOW, ABOVE), None, "disagree"),
        ((BELOW, ABOVE, ACROSS, ACROSS), 0.8, "disagree"),
        ((ABOVE, ABOVE, ACROSS, ACROSS), 0.8, "rise"),
        ((ABOVE, ACROSS, ACROSS, ACROSS), None, "undecided"),
        ((ACROSS, ACROSS, ACROSS, ACROSS), None, "undecided"),
        ((ACROSS, ACROSS, ACROSS, ACROSS), 0.8, "undecided"),
        ((NARROW, NARROW, ACROSS, ACROSS), 0.8, "smaller"),
        ((NARROW, ACROSS, ACROSS, ACROSS), 0.8, "undecided"),
        ((NARROW, NARROW, NARROW, BELOW), 0.8, "undecided"),
        ((None, BELOW, None, None), 0.8, "undecided"),
        ((BELOW, None, None, None), 0.8, "undecided"),
        ((None, None, None, None), 0.8, "undecided"),
        ((None, None, None, None), None, "undecided"),
    ],
)
def test_the_rule(limits, expected, word):
    assert verdict.of(results(*limits), expected).word == word


def test_the_interrupted_series_alone_decides_nothing():
    twice = [Result("interrupted", 0.5, *BELOW), Result("interrupted", 0.5, *BELOW)]
    assert verdict.of(twice).word == "undecided"


@pytest.mark.parametrize("limits", list(product((BELOW, ABOVE, ACROSS, NARROW, None), repeat=4)))
def test_one_word_always_comes_out_and_more_never_follows_from_different_trends(limits):
    one, other = (verdict.of(results(*limits), 0.8, trends_differ=differ) for differ in (False, True))
    assert one.word in verdict.SCALE and other.word == verdict.WEAKER.get(one.word, one.word)
    assert other.lowered == (other.word != one.word)
    assert len(one.counted) + len(one.left_out) == 4


def test_a_design_with_a_limit_that_is_no_number_is_left_out():
    found = verdict.of([Result("comparison", 0.5, math.nan, 0.9), *results(BELOW, BELOW)[1:]])
    assert [one.design for one in found.left_out] == ["comparison"] and found.word == "undecided"


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_word_of_the_scale_has_its_text_and_rule(language):
    for word in verdict.SCALE:
        for name in (f"evaluation_verdict_{word}", f"evaluation_verdict_{word}_why", f"evaluation_rule_{word}"):
            assert texts()[name][language]
    assert texts()["evaluation_verdict_undecided"]["sv"] == "Kan inte avgöras"


# --- cost


def test_kronor_for_each_offence_avoided():
    found = verdict.cost(100_000, Result("comparison", 0.8, 0.7, 0.9), 500)
    assert (found.avoided, found.value) == (pytest.approx(100), pytest.approx(1000))
    # 400 came, whatever would have come: between 400 / 0.7 and 400 / 0.9.
    assert found.lower == pytest.approx(100_000 / (400 / 0.7 - 400))
    assert found.upper == pytest.approx(100_000 / (400 / 0.9 - 400))
    found = verdict.cost(100_000, Result("displacement", 0.8, 0.7, 0.9), 500)
    assert (found.lower, found.upper) == (pytest.approx(100_000 / 150), pytest.approx(100_000 / 50))


@pytest.mark.parametrize(
    ("kronor", "one", "missing"),
    [
        (None, Result("comparison", 0.8, 0.7, 0.9), "no cost"),
        (1, Result("comparison", 0.8, 0.7, 1.0), "may be none"),
        (1, Result("comparison", 1.2, 1.1, 1.3), "may be none"),
        (1, Result("comparison", 0.8, math.nan, math.nan, "few"), "no interval"),
    ],
)
def test_no_cost_where_no_offence_may_have_been_avoided(kronor, one, missing):
    found = verdict.cost(kronor, one, 500)
    assert found.missing == missing and math.isnan(found.value)


def test_a_measure_that_cost_nothing():
    assert verdict.cost(0, Result("comparison", 0.8, 0.7, 0.9), 500).value == 0


# --- trends before the start


def series(slope: float, months: int = 24, level: float = 100, seed: int = 1):
    draw = np.random.default_rng(seed)
    time = np.arange(months) / 12
    season = 1 + 0.3 * np.sin(2 * np.pi * time)
    return draw.poisson(level * season * np.exp(slope * time)), draw.poisson(20 * level * season)


def test_a_difference_in_trend_is_found_with_its_size():
    treated, comparison = series(0.5, level=2000)
    found = trends.parallel(treated, np.ones(24), comparison, np.full(24, 20.0))
    assert (
        found.lower < np.exp(0.5) < found.upper
        and found.differs
        and found.value == pytest.approx(np.exp(0.5), rel=0.05)
    )


def test_what_both_share_is_no_difference():
    treated, comparison = series(0.0)
    grown = np.exp(np.arange(24) / 12)
    found = trends.parallel(treated, grown, comparison, grown * 20)
    same = trends.parallel(treated, np.ones(24), comparison, np.full(24, 20.0))
    assert found.value == pytest.approx(same.value, rel=1e-9) and not found.differs


def test_exposure_that_grows_is_counted():
    treated, comparison = series(0.5, level=2000)
    found = trends.parallel(treated, np.exp(0.5 * np.arange(24) / 12), comparison, np.ones(24))
    assert found.value == pytest.approx(1, rel=0.05)


def test_few_months_or_events_are_not_judged():
    assert trends.parallel(np.full(11, 100), np.ones(11), np.full(11, 100), np.ones(11)).missing == "few"
    assert trends.parallel(np.ones(12), np.ones(12), np.full(12, 100), np.ones(12)).missing == "few"
    assert not trends.parallel(np.ones(12), np.ones(12), np.full(12, 100), np.ones(12)).differs


def test_poisson_months_without_a_difference_are_called_different_one_time_in_twenty():
    found = [
        trends.parallel(*pair[:1], np.ones(24), pair[1], np.ones(24)).differs
        for pair in (series(0, seed=n) for n in range(600))
    ]
    assert 0.02 < np.mean(found) < 0.08
