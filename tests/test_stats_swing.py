"""How much years swing beyond chance: what is put in comes out, at any size of counts."""

from __future__ import annotations

import numpy as np
import pytest

from brapkg.stats.swing import between_years

SHARES = np.array([0.22, 0.24, 0.26, 0.28])


def simulated(places: int, mean: float, sd: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    level = mean * rng.gamma(4, 1 / 4, size=(places, 1)) + 0.2
    years = rng.gamma(1 / sd**2, sd**2, size=(places, 4)) if sd else 1.0
    return rng.poisson(4 * level * SHARES * years)


@pytest.mark.parametrize("sd", [0.05, 0.15, 0.3])
@pytest.mark.parametrize("mean", [3, 20, 300])
def test_what_is_put_in_comes_out(sd, mean):
    found = [between_years(simulated(400, mean, sd, seed), SHARES) ** 2 for seed in range(12)]
    # In the mean: single ones stray, most where counts are few and swings small.
    assert abs(np.mean(found) - sd**2) < max(0.12 * sd**2, 4 * np.std(found) / np.sqrt(12), 0.004 / mean)


def test_chance_alone_gives_next_to_nothing():
    found = [between_years(simulated(300, 30, 0, seed), SHARES) for seed in range(10)]
    assert np.mean(found) < 0.03 and min(found) == 0


def test_by_hand():
    # e = 20 and 20, 10 and 10, 30 and 30; squares of residuals 100, 4, 0, each twice.
    counts, share = [[30, 10], [12, 8], [30, 30]], [0.5, 0.5]
    expected, beyond = np.array([20.0, 10.0, 30.0]), np.array([100.0, 4.0, 0.0])
    variance = between_years(counts, share) ** 2
    weight = 1 / (1 + variance * expected) ** 2
    again = (weight * (beyond - expected / 2)).sum() / (weight * expected**2 / 2).sum()
    assert 0 < variance == pytest.approx(again, rel=0.02)


def test_a_place_without_events_changes_nothing_and_the_order_neither():
    counts = simulated(30, 20, 0.2, 1)
    wanted = between_years(counts, SHARES)
    assert between_years(np.vstack([counts, np.zeros(4)]), SHARES) == pytest.approx(wanted)
    assert between_years(counts[::-1], SHARES) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("counts", "shares", "told"),
    [
        ([[1, 2], [3, 4], [0, 0]], [0.5, 0.5], "2 places"),
        ([[1], [2], [3]], [1.0], "1 years"),
        ([[1, 2], [3, 4], [5, 6]], [0.5, 0.6], "sum 1"),
        ([[1, 2], [3, 4], [5, 6]], [0.5, 0.3, 0.2], "for each year"),
        ([[1, 2], [3, 4], [5, 6]], [1.0, 0.0], "above 0"),
        ([[1, -2], [3, 4], [5, 6]], [0.5, 0.5], "counts"),
        ([[1, np.nan], [3, 4], [5, 6]], [0.5, 0.5], "counts"),
    ],
)
def test_what_cannot_be_used_is_told(counts, shares, told):
    with pytest.raises(ValueError, match=told):
        between_years(counts, shares)
