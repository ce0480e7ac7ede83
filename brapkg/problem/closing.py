"""How to follow up, the sources, and how effect and certainty are judged."""

from __future__ import annotations

import pandas as pd

from brapkg import __version__, catalogue
from brapkg.blocks import NumberedTable, References, Section, Table, Terms, Text
from brapkg.problem import told
from brapkg.problem.page import Page

METHODS = ("effect", "certainty", "emmie", "values", "transfer", "emptiness")


def follow_up(page: Page) -> Section:
    """What to follow, who holds it, and what the county's page follows itself."""
    w, rows, data = page.words, [], []
    number = 3 if page.disagreements else 2
    for one in page.problem.indicator:
        followed = catalogue.offence(one.offence).text("name", page.language) if one.offence else w("problem_no")
        name = one.text("name", page.language)
        source = one.text("source", page.language)
        rows.append(
            {w("problem_col_indicator"): name, w("problem_col_from"): source, w("problem_col_followed"): followed}
        )
        data.append({"indicator": name, "source": source, "offence": one.offence})
    frame = pd.DataFrame(rows, dtype=object)
    table = Table(
        w("problem_follow_table", n=number, problem=page.lower),
        frame,
        pd.DataFrame(data),
        note=w("problem_follow_note"),
        text_columns=list(frame.columns),
        stacked=True,
    )
    return page.section("uppfoljning", "problem_follow", Text(w("problem_follow_text")), NumberedTable(number, table))


def sources(page: Page) -> Section:
    """Every source with its link and how it was verified, and the rules."""
    w = page.words
    found = told.references(page.every_study, w)
    lead = w("problem_sources_text") if found else w("problem_sources_none")
    method = [w(f"problem_method_{name}").split("|") for name in METHODS]
    cite = w("problem_cite_text", problem=page.name, version=__version__, date=told.checked(w))
    return page.section(
        "kallor-och-metod",
        "problem_sources",
        References(w("problem_sources_heading"), lead, found),
        Terms(w("problem_method"), [(term, text) for term, text in method]),
        Text(cite, f"{w('problem_cite')}."),
    )
