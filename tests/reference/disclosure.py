"""Checks of the cases of cell suppression and rounding (folder 08)."""

import json
import re

import numpy as np
import pandas as pd

from brapkg.stats.disclosure import rounding
from brapkg.stats.disclosure.audit import audit
from brapkg.stats.disclosure.suppression import SMALL, Rule, suppress
from brapkg.stats.disclosure.table import nested, tabulate
from reference.cases import NotOffered, checks

SLACK = 1.25  # heuristics are held to so many times what the other program withheld or missed by


def option(case, name, default=None):
    """An option from the case's input, else from its call as written in R."""
    if name in case.given:
        return case.given[name]
    found = re.search(rf"\b{name}\s*=\s*(c\([^)]*\)|[^,)]+)", case.call)
    return default if found is None else found.group(1).strip().strip("'\"")


def count_column(case, cells):
    return option(case, "freqVar") or next(name for name in ("count", "freq") if name in cells)


def hierarchies(cells, columns):
    """Columns that determine each other from fine to coarse make one dimension."""
    chains = []
    for column in sorted(columns, key=lambda name: cells[name].nunique()):
        above = [chain for chain in chains if (cells.groupby(column)[chain[-1]].nunique() == 1).all()]
        if above:
            above[0].append(column)
        else:
            chains.append([column])
    return {chain[-1]: nested(cells, chain, total="Total") for chain in chains}


def rows(table, keys, chosen):
    return set(table.loc[chosen, keys].itertuples(index=False, name=None))


@checks("cell_suppression")
def gauss(case):
    cells = case.table()
    count = count_column(case, cells)
    columns = option(case, "dimVar")
    if isinstance(columns, str):
        columns = re.findall(r"\w+", columns.removeprefix("c(" if columns.startswith("c(") else ""))
    above = hierarchies(cells, columns or [name for name in cells if name != count])
    zeros = str(option(case, "protectZeros", True)).upper() == "TRUE"
    rule = Rule(int(option(case, "maxN")), zeros=zeros)
    found = suppress(cells, above, count=count, rule=rule)
    theirs = case.table(case.expected["csv"])
    keys = [name for name in theirs if name in above]

    small = found["missing"] == SMALL
    assert rows(found, keys, small) == rows(theirs, keys, theirs["primary"])
    case.close(small.sum(), case.expected["n_primary"])
    assert len(found) == case.expected.get("n_cells", len(theirs))
    assert found["suppressed"].sum() <= SLACK * case.expected["n_suppressed"]
    for lowest in {0, rule.lowest}:
        told = audit(found, above, count=count, lowest=lowest)
        assert not told.loc[small[told.index], "recoverable"].any()

    beside = case.folder / "audit.json"
    known = json.loads(beside.read_text(encoding="utf-8")) if beside.exists() else {}
    if case.expected["csv"] in known:
        told = audit(theirs, above, count=count).set_index(keys)
        expected = known[case.expected["csv"]]["lp_interval"]
        assert {"|".join(key) for key in told.index} == set(expected)
        limits = [expected["|".join(key)] for key in told.index]
        case.close(told[["lower", "upper"]], limits, atol=1e-6)


@checks("small_count_rounding")
def pls(case):
    cells, base = case.table(), case.given["base"]
    count = count_column(case, cells)
    above = hierarchies(cells, [name for name in cells if name != count])
    found = rounding.round_small(cells, above, count=count, base=base)
    tabulate(found[[*above, "value"]], above, count="value")  # refuses what does not add up
    inner = cells[[*above]].merge(found, on=list(above))
    less = inner[count].between(1, base - 1)
    assert inner.loc[less, "value"].isin([0, base]).all()
    assert (inner.loc[~less, "difference"] == 0).all()
    off, metrics = found["difference"].abs(), case.expected["metrics"]
    assert off.max() <= SLACK * case.expected["maxdiff"]
    assert off.max() <= SLACK * metrics["maxdiff"]
    assert off.mean() <= SLACK * metrics["meanAbsDiff"]
    assert inner["difference"].abs().mean() <= SLACK * metrics["inner_meanAbsDiff"]
    assert np.sqrt((off**2).mean()) <= SLACK * metrics["rootMeanSquare"]


@checks("rounding")
def to_base(case):
    values = case.given["values"]
    if "p_up" in case.expected:
        table = rounding.round_at_random(pd.Series(values), case.given["base"])
        case.close(table["chance_up"], case.expected["p_up"])
        case.close(table["variance"], case.expected["variance"])
        return
    offered = [name for name in case.expected if not name.endswith("half_even")]  # not the convention
    if not offered:
        raise NotOffered("halves are rounded away from zero, as in print")
    for name in offered:
        case.close(rounding.round_to_base(values, int(re.search(r"\d+", name).group())), case.expected[name])
