"""What the law asks of each municipality: what the page gives towards it, and what people must do.

Depends on nothing but a page's words, language and sections, so that any page may show it.
"""

from __future__ import annotations

from typing import Protocol

import pandas as pd

from brapkg import evidence
from brapkg.blocks import Section, Table, Text, table
from brapkg.evidence.kinds import LawItem
from brapkg.wording import HARD_SPACE, Words, split

ACT = "2023:196"


class Paged(Protocol):
    """What a page must have to show the section."""

    words: Words

    @property
    def language(self) -> str: ...

    def section(self, id: str, heading: str, *parts) -> Section: ...


def law(page: Paged) -> Section:
    """The items of the Act that a page ticks off, in the order of the Act.

    Parameters
    ----------
    page : a page with ``words``, ``language`` and ``section``

    Raises
    ------
    DataError
        A record of the knowledge base is wrong.
    """
    w = page.words
    items = [item for item in evidence.law() if item.act == ACT and item.on_page]
    term, source = split(w("law_source", url=items[0].url))
    return page.section("lagen", "law_heading", Text(w("law_lead")), _table(page, items), Text(source, term))


def _table(page: Paged, items: list[LawItem]) -> Table:
    w = page.words
    some, every = w.count_words(sum(item.fed != "people" for item in items), len(items))
    rows = [_row(page, item) for item in items]
    data = pd.DataFrame([{"paragraph": item.paragraph, "item": item.item, "fed": item.fed} for item in items])
    columns = tuple(rows[0])[1:]
    return table(
        w("law_table", some=some, all=every), rows, data, note=w("law_note"), text_columns=columns, stacked=True
    )


def _row(page: Paged, item: LawItem) -> dict[str, str]:
    w = page.words
    given, people = split(item.text("how", page.language))
    mark = w(f"law_fed_{item.fed}")
    return {
        w("law_col_item"): _number(w, item),
        w("law_col_asks"): item.text("text", page.language),
        w("law_col_gives"): w("law_given", mark=mark, given=given) if given else mark,
        w("law_col_people"): people,
    }


def _number(words: Words, item: LawItem) -> str:
    """ "4 § 1"; never broken over lines."""
    told = words("law_item" if item.item else "law_paragraph", paragraph=item.paragraph, item=item.item)
    return told.replace(" ", HARD_SPACE)
