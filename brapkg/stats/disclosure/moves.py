"""Moves: other tables that fit all that is published, found as cheap flows through the sums."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from brapkg.stats.disclosure.table import Table

WHOLE_TREE = 20  # hierarchies up to this many keys are searched as a whole
NEAR = 8  # siblings of a key that are searched first
NEAR_WITH_PARTS = 3  # the same for a key with parts, all of which are searched
_TRIES = 5  # prices tried for a move in whole numbers before it is searched for in earnest
A_TRIFLE = 1e-3  # cost of changing a cell already withheld, so that moves stay short


class Moves:
    """The cells withheld so far, and for each small cell a move that changes it.

    `withheld` holds small cells, hidden remainders and the cells that protect. `cost` of
    withholding a cell grows slowly with its count and by one for each level of sums below it, so
    that a national total goes only where it saves many other cells.
    """

    def __init__(self, table: Table, small: np.ndarray, may: np.ndarray, lowest: int) -> None:
        self.table, self.small, self.may = table, small, may
        self.withheld = small | table.hidden
        self.height = self._height()
        self.cost = 1 + 0.1 * np.log1p(table.counts) + self.height
        self.room = table.counts - np.where(table.hidden, 0, lowest)  # how far a cell can fall
        self.relations = table.relations()
        self.trees = [{top: one.below([top]) for top in np.flatnonzero(one.parent < 0)} for one in table.dimensions]
        self.witness: dict[int, np.ndarray] = {}  # small cell -> cells of the move that changes it
        self.users: dict[int, set[int]] = {}  # cell -> small cells whose move needs it

    def protected(self, cell: int) -> bool:
        return cell in self.witness

    def protect(self, cell: int) -> None:
        """Withhold the cells of the cheapest move that changes the cell."""
        for wide in range(3):
            block = self._block(cell, wide)
            found = self._cheapest(cell, block[self.withheld[block] | self.may[block]])
            if found is not None:
                self._keep(found)
                return
        # Cannot be: to raise the cell, one inner cell under it and all their totals is a move.
        raise RuntimeError(f"no move changes {self.table.key(cell)}")

    def drop_unused(self) -> None:
        """Publish what no move needs (a small cell can have got a move later than its first)."""
        used = np.zeros(self.withheld.size, dtype=bool)
        for cells in self.witness.values():
            used[cells] = True
        self.withheld &= used | self.small | self.table.hidden

    def price(self) -> float:
        """Cost of all that is withheld."""
        return float(self.cost[self.withheld].sum())

    def prove(self) -> None:
        """Stop the answer from leaving the house if a small cell has no move among the withheld cells."""
        for cell in np.flatnonzero(self.small):
            if cell not in self.witness or not self.withheld[self.witness[cell]].all():
                raise RuntimeError(f"{self.table.key(cell)} is not protected")

    def publish(self, cell: int) -> None:
        """Publish a cell again if every small cell has a move without it."""
        self.withheld[cell] = False
        users = sorted(self.users.get(cell, ()))
        # One user without any hope settles it, before the dear searches begin.
        if all(self._hope(user) for user in users):
            for user in users:
                if cell not in self.witness[user]:
                    continue
                found = self._cheapest(user, self._withheld_around(user))
                if found is None:
                    break
                self._keep(found)
            else:
                return
        self.withheld[cell] = True

    def _withheld_around(self, cell: int) -> np.ndarray:
        block = self._block(cell, 0)
        return block[self.withheld[block]]

    def _hope(self, target: int) -> bool:
        cells = self._withheld_around(target)
        _, up, down = self._free(target, cells, (1, -1) if self.room[target] >= 1 else (1,))
        at = np.searchsorted(cells, target)
        return bool(up[at] or down[at])

    def _keep(self, cells: np.ndarray) -> None:
        """Take the cells of a move as withheld, and as the proof of every small cell it changes."""
        self.withheld[cells] = True
        for small in cells[self.small[cells]]:
            for cell in self.witness.get(small, ()):
                self.users[cell].discard(small)
            self.witness[small] = cells
            for cell in cells:
                self.users.setdefault(int(cell), set()).add(int(small))

    def _cheapest(self, target: int, cells: np.ndarray) -> np.ndarray | None:
        """Cells of the cheapest move by one of the target among `cells`, if there is any."""
        best = None
        for sign in (1, -1):
            if sign < 0 and self.room[target] < 1:
                continue
            found = self._solve(target, sign, cells)
            if found is not None and (best is None or found[0] < best[0] - 1e-9):
                best = found
            if best is not None and best[0] < 0.9:  # nothing new is withheld
                break
        return None if best is None else best[1]

    def _solve(self, target: int, sign: int, cells: np.ndarray) -> tuple[float, np.ndarray] | None:
        """Price and cells of the cheapest move that adds `sign` to the target; None without one."""
        sums, up, down = self._free(target, cells, (sign,))
        at = int(np.searchsorted(cells, target))
        if not (up[at] or down[at]):
            return None
        steps = np.concatenate([np.flatnonzero(up), np.flatnonzero(down)])
        signs = np.repeat([1.0, -1.0], [up.sum(), down.sum()])
        matrix = sums[:, steps]
        matrix.data *= np.repeat(signs, np.diff(matrix.indptr))
        rows, matrix.indices = np.unique(matrix.indices, return_inverse=True)
        matrix = sparse.csc_array((matrix.data, matrix.indices, matrix.indptr), shape=(rows.size, steps.size))
        price = np.where(self.withheld[cells], A_TRIFLE, self.cost[cells])[steps]
        least = (steps == at).astype(float)
        told = _least_cost(price, matrix, least)
        if told is None:
            return None
        step = np.zeros(cells.size)
        np.add.at(step, steps, np.round(told) * signs)
        # The proof rests on this, not on the solver.
        if (sums @ step).any() or (step < -self.room[cells]).any() or step[at] != sign:
            raise RuntimeError(f"the move of {self.table.key(target)} does not add up")
        return float(price @ told), cells[step != 0]

    def _free(self, target: int, cells: np.ndarray, signs: tuple):
        """The sums over the cells, and which of the cells can rise and fall at all."""
        sums = self.relations[:, cells]
        column = np.repeat(np.arange(cells.size), np.diff(sums.indptr))
        up, down = np.ones(cells.size, dtype=bool), self.room[cells] >= 1
        at = int(np.searchsorted(cells, target))
        up[at], down[at] = 1 in signs, -1 in signs
        return sums, *_possible(sums.indices, column, sums.data > 0, up, down, at)

    def _height(self) -> np.ndarray:
        total = np.zeros((), dtype=int)
        for one in self.table.dimensions:
            height = np.zeros(len(one.keys), dtype=int)
            for node in one.bottom_up():
                height[node] = 1 + height[one.children[node]].max()
            total = np.add.outer(total, height)
        return total.ravel()

    def _block(self, cell: int, wide: int) -> np.ndarray:
        """Cells around a cell, in order: its kin in each dimension, crossed."""
        places = np.unravel_index(cell, self.table.shape)
        whole = [
            trees[one.top(int(at))] for trees, one, at in zip(self.trees, self.table.dimensions, places, strict=True)
        ]
        kin = [self._kin(axis, int(places[axis]), whole, wide) for axis in range(len(places))]
        return np.ravel_multi_index(np.ix_(*kin), self.table.shape).ravel()

    def _kin(self, axis: int, node: int, whole: list[np.ndarray], wide: int) -> np.ndarray:
        """Keys that may change with a key: in the end its whole tree, at first what is near.

        `whole` holds the trees of the cell in all dimensions. Near are siblings with much already
        withheld.
        """
        one = self.table.dimensions[axis]
        if wide == 2 or whole[axis].size <= WHOLE_TREE:
            return whole[axis]
        # An only child moves with its parent; its kin are the kin of the first with siblings.
        while one.parent[node] >= 0 and one.children[one.parent[node]].size == 1:
            node = one.parent[node]
        if one.parent[node] < 0:
            return whole[axis]
        siblings = one.children[one.parent[node]]
        others = siblings[siblings != node]
        near = NEAR if one.children[node].size == 0 else NEAR_WITH_PARTS
        if wide == 0 and others.size > near:
            rows = np.ix_(*[others if at == axis else tree for at, tree in enumerate(whole)])
            withheld = np.moveaxis(self.withheld.reshape(self.table.shape)[rows], axis, 0)
            score = withheld.reshape(others.size, -1).sum(axis=1)
            others = others[np.argsort(-score, kind="stable")[:near]]
        return one.below([node, *others])


def _possible(row, column, positive, up, down, target):
    """Which cells can rise and fall at all: in each sum another cell must be able to make up for it.

    Entries of the sums are given by row, column and sign. Cheap, and it settles most searches
    that are in vain.
    """
    while up[target] or down[target]:
        adds = np.where(positive, up[column], down[column])
        takes = np.where(positive, down[column], up[column])
        adding, taking = np.bincount(row, adds), np.bincount(row, takes)
        # A cell cannot make up for itself.
        can_add = taking[row] - takes > 0
        can_take = adding[row] - adds > 0
        stuck_up = np.bincount(column, ~np.where(positive, can_add, can_take), minlength=up.size) > 0
        stuck_down = np.bincount(column, ~np.where(positive, can_take, can_add), minlength=up.size) > 0
        if not ((up & stuck_up).any() or (down & stuck_down).any()):
            break
        up, down = up & ~stuck_up, down & ~stuck_down
    return up, down


def _least_cost(price, matrix, least):
    """Steps of 0 or 1, at least `least`, of low price, that leave every sum as it is; None without any.

    The linear programme ends in whole numbers as a rule. Where it does not, other prices near
    the true ones are tried before the search in whole numbers, which can take long.
    """
    if matrix.shape[0] == 0:  # in no sum at all
        return least
    asked = {"constraints": LinearConstraint(matrix, 0, 0), "bounds": Bounds(least, 1)}
    rng = np.random.default_rng(0)
    for _ in range(_TRIES):
        # Presolve takes longer than it saves on problems as small as these.
        told = milp(price, **asked, options={"presolve": False})
        if told.x is None or np.abs(told.x - np.round(told.x)).max() < 1e-6:
            return told.x
        price = price * rng.uniform(0.9, 1.3, price.size)
    return milp(price, **asked, integrality=np.ones(price.size), options={"mip_rel_gap": 0.5}).x
