"""Many tests: every method against its own definition, and what the adjusted values promise."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from brapkg.stats.multiplicity import adjust, comparison_interval


def closed_simes(p) -> list[float]:
    """Hommel by his definition: the largest Simes p-value of all sets that hold the test."""
    found = np.zeros(len(p))
    for size in range(1, len(p) + 1):
        for members in combinations(range(len(p)), size):
            inside = np.sort(np.array(p)[list(members)])
            simes = min(1.0, (size * inside / np.arange(1, size + 1)).min())
            found[list(members)] = np.maximum(found[list(members)], simes)
    return list(found)


def by_hand(p, method: str) -> list[float]:
    n, order = len(p), np.argsort(p)
    harmonic = sum(1 / k for k in range(1, n + 1)) if method == "by" else 1
    ordered = np.array(p)[order]
    rank = np.arange(1, n + 1)
    if method in ("bh", "by"):
        steps = np.minimum.accumulate((ordered * n * harmonic / rank)[::-1])[::-1]
    elif method == "holm":
        steps = np.maximum.accumulate(ordered * (n - rank + 1))
    elif method == "hochberg":
        steps = np.minimum.accumulate((ordered * (n - rank + 1))[::-1])[::-1]
    else:
        steps = ordered * n
    found = np.empty(n)
    found[order] = np.minimum(steps, 1)
    return list(found)


P_VALUES = st.lists(st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.01, 0.05, 1.0])), min_size=1, max_size=7)


@settings(deadline=None, max_examples=80)
@given(P_VALUES)
def test_hommel_is_the_closed_simes_test(p):
    assert list(adjust(p, method="hommel")["value"]) == pytest.approx(closed_simes(p), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("method", ["bh", "by", "holm", "hochberg", "bonferroni"])
@settings(deadline=None, max_examples=20)
@given(P_VALUES)
def test_steps_by_hand(method, p):
    assert list(adjust(p, method=method)["value"]) == pytest.approx(by_hand(p, method), rel=1e-12, abs=1e-300)


def test_values_from_r():
    # R 4.2.2 p.adjust on 15 p-values; Benjamini and Hochberg reject 4 of them at 0.05, Bonferroni 3.
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    p += [0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1]
    assert (adjust(p)["value"] <= 0.05).sum() == 4
    assert (adjust(p, method="bonferroni")["value"] <= 0.05).sum() == 3
    assert adjust(p, method="by")["value"].iloc[3] == pytest.approx(0.118211907883783, rel=1e-12)
    assert adjust(p, method="hommel")["value"].iloc[5] == pytest.approx(0.1946, rel=1e-12)


def test_false_finds_are_as_few_as_promised():
    # 80 true nulls and 20 real differences, 400 times.
    rng = np.random.default_rng(1)
    false_share, any_false = [], []
    for _ in range(400):
        z = rng.standard_normal(100) + np.where(np.arange(100) < 20, 3.5, 0)
        p = 2 * stats.norm.sf(abs(z))
        found = (adjust(p)["value"] <= 0.1).to_numpy()
        false_share.append(found[20:].sum() / max(1, found.sum()))
        any_false.append((adjust(p, method="hochberg")["value"] <= 0.1)[20:].any())
    assert np.mean(false_share) == pytest.approx(0.08, abs=0.015)  # 0.1 times the share of true nulls
    assert np.mean(any_false) < 0.13


def test_index_is_kept_and_the_number_told():
    table = adjust(pd.Series([0.02, 0.01], index=["b", "a"]))
    assert list(table.index) == ["b", "a"]
    assert list(table["value"]) == [0.02, 0.02] and set(table["tests"]) == {2}


def test_comparison_interval_of_equal_errors():
    # Goldstein and Healy: 1.39 standard errors, 1.96 / sqrt(2).
    table = comparison_interval([0, 10], 2, levels=(0.95, 0.998))
    assert list(table["multiplier"]) == pytest.approx([1.3859038243] * 2 + [3.0902323062 / np.sqrt(2)] * 2)
    assert list(table["lower"].iloc[:2]) == pytest.approx([-2.7718076486, 10 - 2.7718076486])


def test_overlap_of_pairs_without_a_difference():
    rng = np.random.default_rng(2)
    error = np.linspace(1, 3, 12)
    apart = []
    for _ in range(3000):
        table = comparison_interval(rng.normal(0, error), error)
        low, high = table["lower"].to_numpy(), table["upper"].to_numpy()
        one, other = np.triu_indices(12, 1)
        apart.append(((low[one] > high[other]) | (low[other] > high[one])).mean())
    assert np.mean(apart) == pytest.approx(0.05, abs=0.006)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: adjust([0.1, np.nan]), r"p_value: 1 of 2 .*nan at position 1.*must be finite"),
        (lambda: adjust(pd.Series([0.1, 1.2], index=["a", "b"])), r"p_value: .*1.2 at 'b'.*from 0 to 1"),
        (lambda: adjust([-0.1]), r"p_value: .*must be >= 0"),
        (lambda: adjust([]), r"p_value: found 0 values"),
        (lambda: adjust([0.1], method="sidak"), r"method: found 'sidak'"),
        (lambda: comparison_interval([1, 2], [1, 0]), r"se: .*must be > 0"),
        (lambda: comparison_interval([1], [1]), r"found 1 areas"),
        (lambda: comparison_interval([1, 2], [1, 1], levels=(0,)), r"level: found 0"),
        (lambda: comparison_interval([1, 2], [1, 1, 1]), r"lengths differ"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
