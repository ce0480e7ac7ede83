"""What every public function of the statistics promises: its docstring, and the rows of its answer.

A new function fails here until it has an example in `stats_examples`.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re

import numpy as np
import pandas as pd
import pytest
from stats_examples import EXAMPLES

import brapkg.stats

SECTIONS = ("Parameters", "Returns", "Raises", "Notes", "References")
# The machinery beneath: no one outside the statistics calls it.
MACHINERY = {
    "thin",
    "poisson",
    "strata",
    "heterogeneity",
    "rank_chances",
    "effect.panel",
    "effect.calibration",
    "disclosure.moves",
    "time.order",
    "time.judged",
}
HELPERS = {
    "concentration.counted",
    "disclosure.audit.intervals",
    "disclosure.suppression.protect",
    "effect.mixture.donor_weights",
    "effect.power.halved",
    "effect.power.share",
    "significance.mark",
    "mix.offence_table",
    "mix.one_for_each",
    "sampling.aligned",
    "sampling.numbered",
    "time.season.monthly",
    *(f"time.farrington.{name}" for name in ("ahead", "by_delta", "fit", "forecast", "together")),
    *(f"time.farrington_flexible.{name}" for name in ("check_seasons", "limits", "season_of", "seasonal")),
}
# Functions whose answer is not rows of estimates, and what it is.
OTHER_ANSWERS = {
    **dict.fromkeys(
        [
            "comparison.between_year_sd",
            "swing.between_years",
            "concentration.hoover",
            "funnel.dispersion",
            "funnel.additive_variance",
        ],
        "a single number that goes into another function",
    ),
    **dict.fromkeys(["shrinkage.poisson_gamma", "effect.interrupted.deviance_test"], "two numbers"),
    **dict.fromkeys(
        [
            *(f"funnel_limits.{name}" for name in ("poisson_limits", "binomial_limits", "proportion_limits")),
            *(f"funnel_limits.{name}" for name in ("event_limits", "funnel_limits", "additive_limits")),
            *("rates.poisson_interval", "rates.proportion_interval"),
        ],
        "limits as two arrays",
    ),
    **dict.fromkeys(
        [
            *("comparison.verdict", "funnel.winsorise", "published.published_rate", "shrinkage.discount"),
            *("ranks.posterior", "ranks.chance_higher", "effect.mixture.simplex_weights"),
            *("disclosure.rounding.round_to_base",),
        ],
        "one number or word for each entry, as an array",
    ),
    **dict.fromkeys(["concentration.lorenz", "time.season.stl", "time.season.decompose"], "a curve"),
    "time.monthly.monthly_trends": "a thousand series at once: limits of both levels side by side, for speed",
    **dict.fromkeys(["sampling.design", "sampling.rake", "disclosure.table.tabulate"], "a description of the data"),
    "disclosure.table.nested": "a hierarchy",
    **dict.fromkeys(
        [
            *("disclosure.audit.audit", "disclosure.suppression.suppress"),
            *("disclosure.rounding.round_at_random", "disclosure.rounding.round_small"),
        ],
        "cells to publish: a known count, changed or withheld, not an estimate",
    ),
}
COUNTS = {"count", "events", "k", "n", "n_first", "tests", "areas", "years", "x1", "count1", "count_before"}
COUNTS |= {"before", "current"}
# Where `upper` is the limit of a new count, which need not lie above what is expected.
NOT_AROUND = {"time.charts.cusum"}
BY_NAME = {example.name: example for example in EXAMPLES}


def public() -> dict:
    """Every public function of the statistics by module and name."""
    found = {}
    for each in pkgutil.walk_packages(brapkg.stats.__path__, "brapkg.stats."):
        short = each.name.removeprefix("brapkg.stats.")
        if each.ispkg or short in MACHINERY or short.rsplit(".", 1)[-1].startswith("_"):
            continue
        module = importlib.import_module(each.name)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == each.name and not name.startswith("_") and f"{short}.{name}" not in HELPERS:
                found[f"{short}.{name}"] = function
    return found


FUNCTIONS = public()


def test_every_function_has_an_example_and_no_list_is_out_of_date():
    assert set(FUNCTIONS) == set(BY_NAME) and len(BY_NAME) == len(EXAMPLES)
    assert set(OTHER_ANSWERS) | NOT_AROUND <= set(FUNCTIONS)
    for name in HELPERS:
        module, function = name.rsplit(".", 1)
        assert hasattr(importlib.import_module(f"brapkg.stats.{module}"), function), name


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_the_docstring_has_all_sections(name):
    text = inspect.getdoc(FUNCTIONS[name])
    lacking = [word for word in SECTIONS if not re.search(rf"^{word}\n-+\n\S", text, re.MULTILINE)]
    assert not lacking
    parameters = text.split("Parameters\n", 1)[1].split("Returns\n", 1)[0]
    told = set(re.findall(r"\w+", parameters))
    assert set(inspect.signature(FUNCTIONS[name]).parameters) <= told


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - set(OTHER_ANSWERS)))
def test_every_row_carries_value_limits_level_method_and_counts(name):
    example = BY_NAME[name]
    rows = example.rows(example.run())
    assert isinstance(rows, pd.DataFrame) and len(rows)
    assert {"value", "lower", "upper", "level", "method"} <= set(rows.columns)
    assert COUNTS & set(rows.columns)
    value, lower, upper = (rows[column].to_numpy(dtype=float) for column in ("value", "lower", "upper"))
    if name not in NOT_AROUND:
        assert not (lower > value).any() and not (value > upper).any()
    assert (np.isnan(lower) == np.isnan(upper)).all()
    assert (rows["method"] != "").all()
    missing = rows["missing"] if "missing" in rows else pd.Series("", index=rows.index)
    assert (missing[np.isnan(value)] != "").all()
    returns = inspect.getdoc(FUNCTIONS[name]).split("Returns\n", 1)[1].split("\nRaises", 1)[0]
    if np.isnan(lower).all() and (missing == "").all():
        assert "NaN" in returns  # that there is no interval, and why


@pytest.mark.parametrize(
    "name", sorted(name for name in FUNCTIONS if "levels" in inspect.signature(FUNCTIONS[name]).parameters)
)
def test_levels_come_in_the_order_wanted(name):
    example = BY_NAME[name]
    rows = example.rows(example.run(levels=(0.9, 0.8)))
    if "level" in rows:
        assert list(dict.fromkeys(rows["level"].dropna())) in ([0.9, 0.8], [])


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_names_are_those_of_the_family(name):
    example = BY_NAME[name]
    found = example.rows(example.run())
    columns = set(found.columns) if isinstance(found, pd.DataFrame) else set()
    assert not columns & {"p", "pvalue", "p_adjusted", "error", "stderr", "log_se", "observed"} or name in OTHER_ANSWERS


def _missing_words(tree: ast.AST):
    """Words that stand where `missing` is assigned, is a key or is an argument."""
    for node in ast.walk(tree):
        values = []
        if isinstance(node, ast.Assign) and any(
            isinstance(one, ast.Name) and one.id == "missing" for target in node.targets for one in ast.walk(target)
        ):
            values = [node.value]
        elif isinstance(node, ast.Dict):
            keyed = zip(node.keys, node.values, strict=True)
            values = [value for key, value in keyed if isinstance(key, ast.Constant) and key.value == "missing"]
        elif isinstance(node, ast.keyword) and node.arg == "missing":
            values = [node.value]
        for value in values:
            if not isinstance(value, ast.Subscript):
                yield from (one.value for one in ast.walk(value) if isinstance(one, ast.Constant))


def test_words_of_missing_are_told_in_one_place():
    told = set(re.findall(r'"([a-z, ]+)"', brapkg.stats.__doc__))
    found = set()
    for example in EXAMPLES:
        found |= set(_missing_words(ast.parse(inspect.getsource(inspect.getmodule(example.call)))))
    words = {word for word in found if isinstance(word, str) and re.fullmatch("[a-z][a-z, ]+", word)}
    assert words - {"value"} <= told and {"few", "none", "alike"} <= words
