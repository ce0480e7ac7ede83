"""The problems' pages, what is known and what is not, where sources disagree, and how to search."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from brapkg import __version__, evidence
from brapkg.blocks import Command, Links, Listing, NumberedTable, Points, References, Section, Table, Terms, Text
from brapkg.evidence.ratings import Rating
from brapkg.knowledge.page import DIFFERS, Page
from brapkg.problem import told
from brapkg.problem.closing import METHODS
from brapkg.problem.told import EFFECTS, SUPPORTED
from brapkg.wording import capital

SURE = ("moderate", "high")
# What is told as a result, though nothing is gained by it.
RESULTS = ("harmful", "no_shown_effect")


def problems(page: Page) -> Section:
    """A link to every problem's page."""
    w, links = page.words, []
    for id, ratings in page.pairs.items():
        support, every = w.count_words(sum(one.effect in SUPPORTED for one in ratings), len(ratings))
        form = "knowledge_problems_single" if len(ratings) == 1 else "knowledge_problems_one"
        links.append((page.problem(id), w("knowledge_address", id=id), w(form, n=every, support=support)))
    return page.section("problemens-sidor", "knowledge_problems", Text(w("knowledge_problems_text")), Links(links))


def counts(page: Page) -> Section:
    """How many measures have each effect, and what did not help, by name."""
    w = page.words
    groups = [(w("knowledge_all"), "all", page.measures)]
    groups += [(w(f"problem_rating_{effect}"), effect, page.alike(effect)) for effect in EFFECTS]
    groups.append((w("knowledge_differs"), DIFFERS, page.alike(DIFFERS)))
    unsure = {one.measure.id for one in page.every if one.certainty not in SURE}
    rows, data = [], []
    for name, effect, ratings in groups:
        sure, swedish = sum(one.measure.id not in unsure for one in ratings), sum(one.swedish for one in ratings)
        rows.append(
            {
                w("problem_col_effect"): name,
                w("knowledge_col_number"): w.number(len(ratings)),
                w("knowledge_col_sure"): w.number(sure),
                w("knowledge_col_swedish"): w.number(swedish),
            }
        )
        data.append({"effect": effect, "measures": len(ratings), "moderate_or_high": sure, "swedish": swedish})
    table = Table(
        w("knowledge_counts_table"),
        pd.DataFrame(rows, dtype=object),
        pd.DataFrame(data),
        note=w("knowledge_counts_note"),
        total_first=True,
    )
    results = [
        Text(w("knowledge_result_text", names=_listed(page, found)), w(f"knowledge_{effect}"))
        for effect in RESULTS
        if (found := [one for one in page.every if one.effect == effect])
    ]
    return page.section("vad-som-ar-kant", "knowledge_counts", NumberedTable(1, table), Points(results))


def _listed(page: Page, ratings: list[Rating]) -> str:
    return capital("; ".join(page.told(ratings, "lower")))


def gaps(page: Page) -> Section:
    """Problems and measures for which nothing reliable is known."""
    w = page.words
    at_home = [one for one in page.measures if not one.swedish and any(row.swedish for row in told.rows(one))]
    thin = [one for one in page.every if one.effect in SUPPORTED and one.certainty == "very_low"]
    lists = [("problems", [page.problem(id) for id in page.unsupported])]
    lists += [
        ("unknown", page.names(page.alike("unknown"))),
        ("swedish", page.names(at_home)),
        ("low", page.told(thin)),
    ]
    parts = [Listing(w(f"knowledge_gaps_{name}"), found or [w("knowledge_gaps_nothing")]) for name, found in lists]
    return page.section("luckor", "knowledge_gaps", Text(w("knowledge_gaps_text")), *parts)


def disagreements(page: Page) -> Section:
    """Every question that sources answer differently."""
    w, columns = page.words, ("question", "one", "other")
    found = evidence.disagreements()
    rows = [{w(f"problem_col_{c}"): one.text(c, page.language) for c in columns} for one in found]
    data = [{"id": one.id} | {c: one.text(c, page.language) for c in columns} for one in found]
    frame = pd.DataFrame(rows, dtype=object)
    table = Table(
        w("knowledge_disagree_table"), frame, pd.DataFrame(data), text_columns=list(frame.columns), stacked=True
    )
    told_first = Text(w("knowledge_disagree_text"))
    return page.section("dar-kallorna-sager-olika", "knowledge_disagree", told_first, NumberedTable(2, table))


def search(page: Page) -> Section:
    """How to find a thing in the knowledge base, and how to add one."""
    w = page.words
    parts = (
        Text(w("knowledge_search_text")),
        Command(w("knowledge_search_command")),
        Text(w("knowledge_search_python")),
    )
    return page.section("sa-soker-du", "knowledge_search", *parts)


def sources(page: Page) -> Section:
    """How the rows were verified, every source, and the rules."""
    w, rows = page.words, evidence.studies()
    ways = Counter(row.verified for row in rows)
    verified = [w(f"knowledge_verified_{way}", n=w.number(ways[way])) for way in ("read", "second-hand", "recomputed")]
    found = told.references(rows, w)
    lead = w(
        "knowledge_sources_text", sources=w.number(len(found)), rows=w.number(len(rows)), counts=" ".join(verified)
    )
    method = [w(f"problem_method_{name}").split("|") for name in METHODS]
    cite = w("knowledge_cite_text", version=__version__, date=told.checked(w))
    return page.section(
        "kallor-och-metod",
        "knowledge_sources",
        Terms(w("problem_method"), [(term, text) for term, text in method]),
        Text(cite, f"{w('problem_cite')}."),
        References(w("problem_sources_heading"), lead, found),
    )
