"""The store: tidy tables in ``data/processed``, built whole or not at all, and read from there."""

from __future__ import annotations

from brapkg.store.building import Built, build
from brapkg.store.reading import PACKAGE, check_settings, chosen_period, hashes, load, package, periods

__all__ = [
    "PACKAGE",
    "Built",
    "build",
    "check_settings",
    "chosen_period",
    "hashes",
    "load",
    "package",
    "periods",
]
