"""Consequences: which harm the offence groups may stand for, and whom to ask, since the figures do not tell."""

from __future__ import annotations

import pandas as pd

from brapkg.blocks import Section, Text, table
from brapkg.municipality.page import Page
from brapkg.wording import capital, split

# Offence groups whose consequences are asked about together; the texts are "mun_harm_<first>".
TOGETHER = (
    ("violence", "threats"),
    ("theft", "vehicle"),
    ("damage",),
    ("negligence", "traffic"),
    ("drugs", "weapons"),
)


def consequences(page: Page) -> Section:
    """The section: what cannot be told, and a table of what to ask whom."""
    w = page.words
    rows = []
    for ids in TOGETHER:
        harm, ask = split(w(f"mun_harm_{ids[0]}"))
        rows.append(
            {
                w("col_offence"): capital(page.offence_names(list(ids))),
                w("mun_col_harm"): harm,
                w("mun_col_ask"): ask,
            }
        )
    made = table(
        w("mun_harm_table"),
        rows,
        pd.DataFrame(),
        note=w("mun_harm_note"),
        text_columns=(w("mun_col_harm"), w("mun_col_ask")),
        stacked=True,
    )
    return page.section("konsekvenser", "mun_consequences", Text(w("mun_consequences_text")), made)
