"""A table of counts with its hierarchies: all cells, all totals, and how they add up.

The table is the full cross of its key columns. Each key column has a hierarchy, a forest in which
a key is the sum of the keys below it; a key without parts is a leaf. What an outsider can work
out from published cells follows from these sums alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import sparse

from brapkg.stats import _check


@dataclass(frozen=True)
class Dimension:
    """One key column: its keys, and the position of each key's parent (-1 where it has none).

    `hidden` marks the remainders, which are never published.
    """

    name: str
    keys: list
    parent: np.ndarray
    hidden: np.ndarray
    children: list[np.ndarray] = field(init=False)
    leaf: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "children", [np.flatnonzero(self.parent == at) for at in range(len(self.keys))])
        object.__setattr__(self, "leaf", np.array([part.size == 0 for part in self.children]))

    def below(self, nodes) -> np.ndarray:
        """The nodes and everything under them."""
        found, layer = [], list(nodes)
        while layer:
            found += layer
            layer = [part for node in layer for part in self.children[node]]
        return np.array(sorted(found), dtype=int)

    def top(self, node: int) -> int:
        while self.parent[node] >= 0:
            node = self.parent[node]
        return node

    def bottom_up(self) -> list[int]:
        """Nodes with parts, each after the nodes under it."""
        depth = np.array([self._depth(node) for node in range(len(self.keys))])
        return [node for node in np.argsort(-depth, kind="stable") if self.children[node].size]

    def _depth(self, node: int) -> int:
        depth = 0
        while self.parent[node] >= 0:
            node, depth = self.parent[node], depth + 1
        return depth


@dataclass(frozen=True)
class Table:
    """Counts over the full cross of the dimensions, totals and hidden remainders included.

    `counts` and `hidden` are flat, in C order over `shape`. `rows` gives the cell of each row of
    `frame`, which holds the published cells.
    """

    dimensions: list[Dimension]
    counts: np.ndarray
    hidden: np.ndarray
    frame: pd.DataFrame
    rows: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(dimension.keys) for dimension in self.dimensions)

    @property
    def inner(self) -> np.ndarray:
        """Cells that are a leaf in every dimension."""
        inner = np.ones((), dtype=bool)
        for dimension in self.dimensions:
            inner = np.logical_and.outer(inner, dimension.leaf)
        return inner.ravel()

    def key(self, cell: int) -> tuple:
        places = np.unravel_index(cell, self.shape)
        return tuple(one.keys[at] for one, at in zip(self.dimensions, places, strict=True))

    def relations(self) -> sparse.csc_array:
        """One row for each sum: +1 at the total and -1 at its parts; one column for each cell."""
        blocks = []
        for axis, dimension in enumerate(self.dimensions):
            totals = [node for node, parts in enumerate(dimension.children) if parts.size]
            sums = sparse.lil_array((len(totals), len(dimension.keys)))
            for row, node in enumerate(totals):
                sums[row, node] = 1
                sums[row, dimension.children[node]] = -1
            before, after = (int(np.prod(size)) for size in (self.shape[:axis], self.shape[axis + 1 :]))
            block = sparse.kron(sparse.kron(sparse.eye_array(before), sums), sparse.eye_array(after))
            blocks.append(block)
        made = sparse.csc_array(sparse.vstack(blocks))
        made.eliminate_zeros()  # kron stores some, and a stored entry is taken for a part
        return made


def nested(cells: pd.DataFrame, columns: Sequence[str], *, total) -> dict:
    """The hierarchy that columns from coarse to fine spell out.

    Parameters
    ----------
    cells : DataFrame
        Rows with every key and, in coarser columns, what it is a part of.
    columns : sequence of str
        Columns from coarse to fine, such as ["county", "municipality"]; the last one holds the
        leaves.
    total : key
        The key of the sum of all, such as "Riket".

    Returns
    -------
    dict
        Parent of each key.

    Raises
    ------
    ValueError
        A column is missing, a key has two parents, or a key occurs in two columns.

    Notes
    -----
    A key that is the same at two levels (a county named as its municipality) must be told apart
    first.

    References
    ----------
    None; bookkeeping.
    """
    _columns(cells, columns)
    parents: dict = {}
    for coarse, fine in zip([None, *columns[:-1]], columns, strict=True):
        level = dict.fromkeys(cells[fine])
        if coarse is None:
            above = {key: {total} for key in level}
        else:
            above = {key: set() for key in level}
            for key, parent in zip(cells[fine], cells[coarse], strict=True):
                above[key].add(parent)
        for key, found in above.items():
            if key in parents or key == total:
                raise ValueError(f"{fine}: {key!r} occurs at two levels; must be one level only: rename one of them")
            if len(found) > 1:
                raise ValueError(f"{fine}: {key!r} has parents {sorted(map(repr, found))}; must have one")
            parents[key] = found.pop()
    return parents


def tabulate(
    cells: pd.DataFrame,
    hierarchies: Mapping[str, Mapping | None],
    *,
    count: str = "count",
    remainder: Mapping[str, Sequence] | None = None,
) -> Table:
    """Check cells against their hierarchies and complete the totals.

    Parameters
    ----------
    cells : DataFrame
        One row per cell: the key columns named by `hierarchies`, and the count (whole number
        >= 0). In each key column either all keys of the hierarchy, or its leaves only (the
        totals are then computed). Other columns are ignored.
    hierarchies : mapping
        For each key column the parent of each key, such as {"Bjurholm": "Västerbotten",
        "Västerbotten": "Riket"}. A parent of None, and a key that is only a parent, stands at the
        top. None in place of the mapping: keys that are not summed, such as years without a total.
    count : str
        The column of counts.
    remainder : mapping, optional
        For a key column, the totals that may hold more than their published parts (events whose
        municipality is not known, say). Each gets a hidden part >= 0, which is never published.

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        A column is missing; a count is negative, fractional or not a number; a cell is double or
        missing; a row has no key; a key has no parent; a hierarchy goes in a circle; a total differs from its
        parts; a remainder is below 0, has no totals to be worked out from, or names a key
        without parts.

    Notes
    -----
    Totals whose parts overlap (sum to more than the total) must be given the parent None, and so
    be left out of every sum. Two different groupings of the same keys (police areas and counties)
    are not covered: an outsider could set one against the other.

    References
    ----------
    Willenborg and de Waal (2001), Elements of Statistical Disclosure Control, Springer.
    """
    _columns(cells, [*hierarchies, count])
    if not hierarchies or cells.empty:
        raise ValueError("cells: found no key columns or no rows; must hold at least one of each")
    order = list(hierarchies)
    for name in order:
        if cells[name].isna().any():
            raise ValueError(f"{name}: {cells[name].isna().sum()} rows have no key; every row must have one")
    clash = {"shown", "suppressed", "missing", "lower", "upper", "method", "rounded", "difference"} & {*order, count}
    if clash:
        raise ValueError(f"cells: column {min(clash)!r} is named as a result; must be renamed")
    labelled = cells[count].set_axis(pd.MultiIndex.from_frame(cells[order]) if len(order) > 1 else cells[order[0]])
    values = _check.whole(count, labelled)
    _refuse_unknown_remainders(remainder or {}, hierarchies)
    dimensions = [_dimension(name, cells[name], hierarchies[name], (remainder or {}).get(name, ())) for name in order]
    counts, hidden, given = _fill(dimensions, cells, values)
    _add_up(dimensions, counts, given)
    table = Table(dimensions, counts.ravel(), hidden.ravel(), cells, np.arange(0))
    published = np.flatnonzero(~table.hidden)
    if all(one.all() for one in given):
        rows = np.ravel_multi_index(_places(dimensions, cells), table.shape)
        frame = cells[order].assign(**{count: values.astype(np.int64)})
    else:
        rows = published
        keys = zip(*(table.key(cell) for cell in rows), strict=True)
        frame = pd.DataFrame(dict(zip(order, map(list, keys), strict=True)))
        frame[count] = table.counts[rows].astype(np.int64)
    return Table(dimensions, table.counts, table.hidden, frame, rows)


def _columns(cells: pd.DataFrame, names: Sequence[str]) -> None:
    absent = [name for name in names if name not in cells]
    if absent:
        raise ValueError(f"cells: found no column {absent[0]!r}; must hold {', '.join(map(repr, names))}")


def _refuse_unknown_remainders(remainder: Mapping, hierarchies: Mapping) -> None:
    for name, parents in remainder.items():
        if name not in hierarchies:
            raise ValueError(f"remainder: {name!r} is no key column; must be one of {', '.join(hierarchies)}")
        for parent in parents:
            if parent not in set((hierarchies[name] or {}).values()):
                raise ValueError(f"remainder: {parent!r} has no parts in {name}; must name a total of it")


def _dimension(name: str, column: pd.Series, above: Mapping | None, remainder: Sequence) -> Dimension:
    found = list(dict.fromkeys(column))
    if above is None:
        above = dict.fromkeys(found)
    keys = list(dict.fromkeys([*above, *(parent for parent in above.values() if parent is not None)]))
    for key in found:
        if key not in keys:
            raise ValueError(f"{name}: {key!r} has no parent; must stand in hierarchies[{name!r}] (None: on its own)")
    at = {key: place for place, key in enumerate(keys)}
    parent = [at.get(above.get(key), -1) for key in keys]
    for place, key in enumerate(keys):
        node, steps = place, 0
        while parent[node] >= 0:
            node, steps = parent[node], steps + 1
            if steps > len(keys):
                raise ValueError(f"{name}: {key!r} is its own total; hierarchies[{name!r}] must not go in a circle")
    rests = [at[total] for total in remainder]
    hidden = np.repeat([False, True], [len(keys), len(rests)])
    keys = [*keys, *(f"{total} (remainder)" for total in remainder)]
    return Dimension(name, keys, np.array([*parent, *rests], dtype=int), hidden)


def _places(dimensions: list[Dimension], cells: pd.DataFrame) -> list[np.ndarray]:
    lookups = [{key: at for at, key in enumerate(one.keys) if not one.hidden[at]} for one in dimensions]
    return [
        np.array([lookup[key] for key in cells[one.name]], dtype=int)
        for one, lookup in zip(dimensions, lookups, strict=True)
    ]


def _fill(dimensions: list[Dimension], cells: pd.DataFrame, values: np.ndarray):
    """Array of counts (what is not given is NaN), of hidden cells, and the keys given by dimension."""
    shape = tuple(len(one.keys) for one in dimensions)
    places = _places(dimensions, cells)
    flat = np.ravel_multi_index(places, shape)
    double = pd.Series(flat).duplicated()
    if double.any():
        first = tuple(cells[one.name].iloc[int(np.argmax(double))] for one in dimensions)
        raise ValueError(f"cells: {first} occurs twice ({double.sum()} double rows); every cell must occur once")
    counts = np.full(shape, np.nan)
    counts.flat[flat] = values
    given = []
    wanted = np.ones((), dtype=bool)
    hidden = np.zeros((), dtype=bool)
    for one, found in zip(dimensions, places, strict=True):
        visible = ~one.hidden
        has = np.isin(np.arange(len(one.keys)), found)
        only_leaves = not (has & ~one.leaf).any() and not one.hidden.any()
        expected = visible & one.leaf if only_leaves else visible
        given.append((has | one.hidden) if not only_leaves else has)
        wanted = np.logical_and.outer(wanted, expected)
        hidden = np.logical_or.outer(hidden, one.hidden)
    lacking = np.argwhere(wanted & np.isnan(counts))
    if lacking.size:
        first = tuple(one.keys[at] for one, at in zip(dimensions, lacking[0], strict=True))
        raise ValueError(
            f"cells: {first} is missing ({len(lacking)} cells are); every cell must occur: add it (0 where nothing "
            "happened), give all totals or none, and leave keys without cells out of the hierarchy"
        )
    return counts, hidden, given


def _add_up(dimensions: list[Dimension], counts: np.ndarray, given: list[np.ndarray]) -> None:
    """Complete totals and remainders in place, and refuse totals that differ from their parts."""
    for axis, one in enumerate(dimensions):
        view = np.moveaxis(counts, axis, 0)
        for node in one.bottom_up():
            parts = one.children[node]
            rest = parts[one.hidden[parts]]
            total = view[parts[~one.hidden[parts]]].sum(axis=0)
            if rest.size:
                view[rest[0]] = view[node] - total
                wrong, rule = view[rest[0]] < 0, "must be at least their sum: correct it or give it the parent None"
            elif not given[axis][node]:
                view[node] = total
                continue
            else:
                wrong = view[node] != total  # a cell not yet completed is NaN on both sides
                wrong &= ~(np.isnan(view[node]) & np.isnan(total))
                rule = "must be equal: correct it, or name it in remainder if some events have no known part"
            if wrong.any():
                at = tuple(np.argwhere(wrong)[0])
                full = [*at]
                full.insert(axis, node)
                key = tuple(dimension.keys[place] for dimension, place in zip(dimensions, full, strict=True))
                raise ValueError(
                    f"cells: the total {key} is {view[node][at]:g} but its parts in {one.name} sum to {total[at]:g} "
                    f"({int(wrong.sum())} sums of {one.keys[node]!r} differ); {rule}"
                )
