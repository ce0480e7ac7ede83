"""Indicators for the whole country at once: rates, comparisons, funnels, trends, year wheels.

Computed when the store is built, so that a report reads its slice and draws. Each function takes
tidy tables and returns one table of ``records/schemas.toml``: ``level`` how much there is and how it
changed, ``municipal`` the municipalities against each other, ``references`` against nation, county,
similar municipalities and neighbours, ``standardised`` the counties with the kind of their
municipalities taken into account, ``ranking`` places with their uncertainty, ``time`` the months,
``signals`` those that are high, ``withheld`` what no page shows, ``placebos`` how far designs stray
where nothing was done. The rules that decide (thresholds, pooling, editions) are
constants beside what they decide; the methods are ``brapkg.stats``.
"""

from __future__ import annotations

import pandas as pd

from brapkg.indicators import level, municipal, placebos, ranking, references, signals, standardised, time, withheld
from brapkg.settings import settings


def compute(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Every indicator table from the tidy tables ``population``, ``offences_year``, ``offences_month``."""
    rated = level.rate_table(tables["offences_year"], tables["population"])
    wobble = level.wobble_table(rated)
    windowed = municipal.windows(rated)
    back = withheld.withheld_table(rated, tables["offences_month"], settings().largest_hidden)
    lines = time.trend_tables(tables["offences_month"], tables["population"])
    return {
        "rates": rated,
        "wobble": wobble,
        "comparison": level.comparison_table(rated, wobble),
        "change": level.change_table(rated, wobble),
        "pooled": municipal.pooled_table(windowed),
        "peers": municipal.peer_table(windowed, wobble),
        "against": references.against_table(rated, windowed, wobble, back),
        "joint": references.joint_table(rated, wobble, back),
        "standardised": standardised.standardised_table(rated, wobble),
        "ranks": ranking.rank_table(rated, windowed, wobble),
        "funnel": municipal.funnel_table(rated),
        "signals": signals.signal_table(tables["offences_month"], tables["population"]),
        "withheld": back,
        "placebos": placebos.table(tables["offences_month"], tables["population"]),
        **lines,
    }
