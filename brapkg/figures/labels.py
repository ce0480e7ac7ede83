"""Labels beside a map: two columns, joined to their places by lines that do not cross.

Geometry only, in whatever unit the caller uses; y may grow upwards or downwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Point = tuple[float, float]


def column(places: Mapping[str, Point], room: Mapping[str, float], edge: float) -> dict[str, float]:
    """Height of each label of a column: as near its place as the others allow, no lines crossing.

    Parameters
    ----------
    places : where each line begins, by key
    room : height each label needs, with the gap to the next
    edge : x of the column, where the lines end
    """
    order = sorted(places, key=lambda key: (places[key][1], key))
    heights: list[float] = []
    for _ in range(len(order) ** 2):  # a bound, never reached: each swap shortens the lines
        heights = spread([places[key][1] for key in order], [room[key] for key in order])
        ends = [(places[key], (edge, height)) for key, height in zip(order, heights, strict=True)]
        pairs = ((i, j) for j in range(len(ends)) for i in range(j) if cross(ends[i], ends[j]))
        pair = next(pairs, None)
        if pair is None:
            break
        i, j = pair
        order[i], order[j] = order[j], order[i]
    return dict(zip(order, heights, strict=True))


def spread(wanted: Sequence[float], room: Sequence[float]) -> list[float]:
    """Centres of items of the given height, none overlapping, in the same order, with the least
    sum of squared moves from where they are wanted.

    Taking away the room before each item turns it into isotonic regression, which is solved by
    pooling neighbours that are out of order.
    """
    before = [0.0]
    for one, two in zip(room, room[1:], strict=False):
        before.append(before[-1] + (one + two) / 2)
    pools: list[tuple[float, int]] = []  # mean, members
    for value, shift in zip(wanted, before, strict=False):
        mean, members = value - shift, 1
        while pools and pools[-1][0] > mean:
            earlier, count = pools.pop()
            mean = (earlier * count + mean * members) / (count + members)
            members += count
        pools.append((mean, members))
    flat = [mean for mean, members in pools for _ in range(members)]
    return [mean + shift for mean, shift in zip(flat, before, strict=False)]


def cross(one: Sequence[Point], two: Sequence[Point]) -> bool:
    """Whether two line segments, each a pair of points, cut each other."""

    def side(a, b, c) -> float:
        return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

    (a, b), (c, d) = one, two
    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0


def overlap(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether two boxes (left, right, bottom, top) share any space."""
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]
