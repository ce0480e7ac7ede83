"""Bad input to every public function of the statistics: a ValueError that names the argument, and nothing else."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest
from stats_examples import BINARY, COUNT, EXAMPLES, LABEL, MONTHS, NUMBER, POSITIVE, WHOLE, Example

LIMIT = "limit"
# What each kind of array must refuse; the change is made to the second entry.
BAD = {
    "negative": (-3.0, {WHOLE, COUNT, POSITIVE, BINARY}),
    "a fraction": (2.5, {WHOLE, BINARY}),
    "zero": (0.0, {POSITIVE}),
    "NaN": (np.nan, {WHOLE, COUNT, POSITIVE, NUMBER, BINARY}),
    "infinite": (np.inf, {WHOLE, COUNT, POSITIVE, NUMBER, BINARY}),
    "text": ("many", {WHOLE, COUNT, POSITIVE, NUMBER, BINARY, LIMIT}),
    "None among labels": (None, {LABEL}),
}
BY_ONE = [(example, name) for example in EXAMPLES for name in example.arrays]


def _id(value) -> str:
    return value.name if isinstance(value, Example) else str(value)


def refused(example: Example, argument: str, **changed) -> str:
    """The message of the refusal, which must name the argument."""
    with pytest.raises(ValueError) as caught:
        example.run(**changed)
    message = str(caught.value)
    assert argument in message, f"{argument} is not named: {message}"
    assert "np." not in message, message
    return message


def second(values, bad):
    """The values with the second entry (of the first row) changed."""
    if isinstance(values, pd.DataFrame):
        changed = values.astype(object)
        changed.iloc[0, 1] = bad
        return changed
    changed = np.array(values, dtype=object)
    changed[(0, 1) if changed.ndim == 2 else 1] = bad
    return changed.tolist() if changed.ndim == 1 else changed


def keyed(example: Example, values) -> pd.Series | pd.DataFrame:
    if isinstance(values, pd.DataFrame):
        return values
    index = example.keys[: len(values)]
    return pd.Series(values, index=index) if np.ndim(values) == 1 else pd.DataFrame(values, index=index)


ENTRIES = [
    (example, name, bad)
    for example, name in BY_ONE
    for bad, (_, kinds) in BAD.items()
    if example.arrays[name][0] in kinds
]


@pytest.mark.parametrize(("example", "name", "bad"), ENTRIES, ids=_id)
def test_an_entry_that_is_not_allowed_is_refused(example, name, bad):
    refused(example, name, **{name: second(example.arrays[name][1], BAD[bad][0])})


@pytest.mark.parametrize("numbered", [False, True])
@pytest.mark.parametrize(("example", "name"), BY_ONE, ids=_id)
def test_the_key_of_a_bad_entry_is_told(example, name, numbered):
    kind, values = example.arrays[name]
    if kind in (LABEL, LIMIT) or isinstance(values, pd.DataFrame):
        return
    given = {one: keyed(example, other) for one, (_, other) in example.arrays.items()}
    given[name] = keyed(example, second(values, np.nan)).astype(object)
    if numbered:
        given = {one: other.set_axis(pd.Index([1001 + i for i in range(len(other))])) for one, other in given.items()}
    message = refused(example, name, **given)
    place = 1 if np.ndim(values) == 1 else 0
    # Rows by area and stratum are named by those.
    key = ("p", "t") if "stratum" in given and "count" in given else given[name].index.tolist()[place]
    assert repr(key) in message, message


@pytest.mark.parametrize(("example", "name"), BY_ONE, ids=_id)
def test_another_length_and_none_at_all_are_refused(example, name):
    _, values = example.arrays[name]
    shorter = values.iloc[:-1] if isinstance(values, pd.DataFrame) else values[:-1]
    if len(example.arrays) > 1 and len(shorter) > 1:
        refused(example, name, **{name: shorter})
    if len(example.arrays) > 1:
        refused(example, name, **{name: values[:0]})
        return
    try:  # no entries at all: no rows, or a refusal
        found = example.run(**{name: values[:0]})
    except ValueError as error:
        assert "found" in str(error), error
    else:
        assert np.size(found) == 0


@pytest.mark.parametrize(("example", "name"), BY_ONE, ids=_id)
def test_another_index_than_the_partners_is_refused(example, name):
    if len(example.arrays) < 2:
        return
    given = {one: keyed(example, other) for one, (_, other) in example.arrays.items()}
    example.run(**given)  # the same keys are welcome
    given[name] = given[name].set_axis(given[name].index[::-1])
    refused(example, name, **given)


@pytest.mark.parametrize("example", EXAMPLES, ids=_id)
def test_a_plain_scalar_or_table_in_place_of_an_array_never_ends_in_another_error(example):
    for name, (_, values) in example.arrays.items():
        for odd in (None, "many", {}, [values, values], 3.0):
            try:
                example.run(**{name: odd})
            except ValueError as error:
                assert "unpack" not in str(error) and "np." not in str(error), (name, odd, error)


def options(example: Example):
    """Options by name and default, but for those that are arrays in the example."""
    for name, parameter in inspect.signature(example.call).parameters.items():
        if name not in example.arrays and parameter.kind is not parameter.VAR_KEYWORD:
            given = example.others.get(name, parameter.default)
            if given is not parameter.empty:
                yield name, given


LEVELS = [(example, name) for example in EXAMPLES for name, _ in options(example) if name in ("level", "levels")]


@pytest.mark.parametrize(("example", "name"), LEVELS, ids=_id)
def test_levels_outside_0_to_1_are_refused(example, name):
    odd = (0, 1, 1.5, -0.5, 95, np.nan, "high", None)
    for level in odd if name == "level" else [*((one,) for one in odd), (0.95, 1), ()]:
        refused(example, "level", **{name: level})


WORDS = [
    (example, name)
    for example in EXAMPLES
    for name, given in options(example)
    if isinstance(given, str) and name not in ("total", "count", "suppressed", "treated")
]


@pytest.mark.parametrize(("example", "name"), WORDS, ids=_id)
def test_an_unknown_word_is_refused(example, name):
    for word in ("nonsense", 3, None):
        assert "found" in refused(example, name, **{name: word})


NO_DEFAULT = {"tolerance", "mean", "number", "step", "lags", "target", "rate"}
NUMBERS = [
    (example, name)
    for example in EXAMPLES
    for name, given in options(example)
    if name in NO_DEFAULT or isinstance(given, (int, float)) and not isinstance(given, bool) and name != "level"
]
LATER = {  # what such an option needs beside it to be used at all
    "tolerance": {"method": "PM"},
    "lags": {"error": "newey-west"},
    "target": {"statistic": "rate"},
}


@pytest.mark.parametrize(("example", "name"), NUMBERS, ids=_id)
def test_an_option_that_is_no_number_is_refused(example, name):
    given = inspect.signature(example.call).parameters
    beside = {key: value for key, value in LATER.get(name, {}).items() if key in given}
    for odd in ("many", np.nan, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], -1.5):
        if name not in ("last_before", "treated", "total") and not (odd == -1.5 and name == "start"):
            refused(example, name, **{name: odd}, **beside)


TUPLES = [
    (example, name)
    for example in EXAMPLES
    for name, given in options(example)
    if isinstance(given, tuple) and name != "levels"
]


@pytest.mark.parametrize(("example", "name"), TUPLES, ids=_id)
def test_an_option_of_several_numbers_is_refused_too(example, name):
    for odd in ("many", None, (), (np.nan, 4), (-1.0, 4), ("x", "y"), 3.0):
        refused(example, name, **{name: odd})


def by_month(example: Example) -> dict[str, pd.Series | pd.DataFrame]:
    """The arguments that are series by month."""
    if example.keys is MONTHS:
        return {name: keyed(example, values) for name, (_, values) in example.arrays.items()}
    return {name: given for name, given in options(example) if name == "values" and isinstance(given, pd.Series)}


@pytest.mark.parametrize("example", [example for example in EXAMPLES if by_month(example)], ids=_id)
def test_months_out_of_order_or_missing_are_refused(example):
    given = by_month(example)
    swapped = [1, 0, *range(2, 72)]
    for order in (swapped, [*range(40), *range(41, 72)], [0, *range(72)], list(range(72))[::-1]):
        changed = {name: series.iloc[order] for name, series in given.items()}
        assert "follow" in refused(example, next(iter(given)), **changed)


TIMES = [(example, name) for example, name in BY_ONE if name in ("years", "months")]
ANY_ORDER = {"time.annual.annual_trend"}


@pytest.mark.parametrize(("example", "name"), TIMES, ids=_id)
def test_years_and_months_out_of_order_are_refused(example, name):
    _, values = example.arrays[name]
    if example.name not in ANY_ORDER:
        refused(example, name, **{name: [values[1], values[0], *values[2:]]})
    refused(example, name, **{name: [values[1], *values[1:]]})  # one of them twice
