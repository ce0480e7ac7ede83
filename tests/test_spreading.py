"""Problems that are as widespread as each other: their lines stand beside each other, in order."""

from __future__ import annotations

import numpy as np
import pytest

from brapkg.figures.spreading import APART, _apart


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], []),
        ([3.0], [3.0]),
        ([1.0, 3.0], [1.0, 3.0]),
        ([2.0, 2.0], [2 - APART / 2, 2 + APART / 2]),
        ([2.0, 5.0, 2.0, 2.0], [2 - APART, 5.0, 2.0, 2 + APART]),
    ],
)
def test_lines_move_no_more_than_they_must(given, expected):
    assert _apart(np.array(given)).tolist() == pytest.approx(expected)


def test_no_line_lies_on_another_and_none_changes_places():
    random = np.random.default_rng(1)
    for _ in range(50):
        x = np.round(random.uniform(1, 6, 9), 1)
        moved = _apart(x)
        assert np.diff(np.sort(moved)).min() > 0.999 * APART
        assert all(moved[i] < moved[j] for i in range(9) for j in range(9) if x[i] < x[j])
