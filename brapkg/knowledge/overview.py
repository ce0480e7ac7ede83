"""Head, summary with the first figure, and the map: one picture for each kind of measure."""

from __future__ import annotations

import pandas as pd

from brapkg.blocks import Figure, Head, Points, Section, Table, Text
from brapkg.evidence.ratings import Rating
from brapkg.figures import evidence_map
from brapkg.figures.evidence_map import Cell, Column, MapRow
from brapkg.knowledge.page import DIFFERS, KINDS, Page
from brapkg.problem import told
from brapkg.problem.told import EFFECTS, SUPPORTED
from brapkg.wording import capital


def head(page: Page) -> Head:
    """What the page is, and when the knowledge base was checked."""
    w = page.words
    lead = w("knowledge_lead", measures=w.number(len(page.measures)), problems=w.number(len(page.problems)))
    status = w("problem_status", date=told.checked(w))
    return Head(w("knowledge_kind"), w("knowledge_title"), lead, status, w("problem_meta"), w)


def brief(page: Page) -> Section:
    """Five sentences from the ratings, and how many measures each problem has."""
    sentences = [_effects(page), _against(page), _sure(page), _swedish(page), _gaps(page)]
    points = Points(sentences, css="points", note=page.words("knowledge_brief_note"))
    return page.section("kort-sagt", "knowledge_brief", points, _overview(page), css="summary")


def _effects(page: Page) -> Text:
    w = page.words
    numbers = {effect: w.number(len(page.alike(effect))) for effect in (*SUPPORTED, DIFFERS)}
    return Text(
        w("knowledge_brief_effects_all", all=w.number(len(page.measures)), **numbers), w("knowledge_brief_effects")
    )


def _against(page: Page) -> Text:
    w = page.words
    names = {"none": "no_shown_effect", "harmful": "harmful", "mixed": "mixed", "unknown": "unknown"}
    counts = {name: w.number(len(page.alike(effect))) for name, effect in names.items()}
    return Text(w("knowledge_brief_against_counts", **counts), w("knowledge_brief_against"))


def _sure(page: Page) -> Text:
    w = page.words
    counts = {grade: sum(one.certainty == grade for one in page.every) for grade in ("high", "moderate")}
    mostly_low = 2 * sum(counts.values()) < len(page.every)
    high, moderate, every = w.count_words(counts["high"], counts["moderate"], len(page.every))
    body = capital(w("knowledge_brief_sure_counts", high=high, moderate=moderate, all=every))
    return Text(body, w("knowledge_brief_sure" if mostly_low else "knowledge_brief_sure_varies"))


def _swedish(page: Page) -> Text:
    w = page.words
    some, every = w.count_words(sum(one.swedish for one in page.measures), len(page.measures))
    return Text(capital(w("knowledge_brief_swedish_count", n=some, all=every)), w("knowledge_brief_swedish"))


def _gaps(page: Page) -> Text:
    w = page.words
    if not page.unsupported:
        return Text(w("knowledge_brief_gaps_none_why"), w("knowledge_brief_gaps_none"))
    names = told.named([page.problem(id, "lower") for id in page.unsupported], w, most=8)
    return Text(w("knowledge_brief_gaps_names", names=names), w("knowledge_brief_gaps"))


def _overview(page: Page) -> Figure:
    w = page.words
    supported = len(page.problems) - len(page.unsupported)
    some, every = w.count_words(supported, len(page.problems))
    title = capital(w("knowledge_overview_title", n=some, all=every))
    rows = [(page.problem(id), page.counts(id)) for id in page.problems]
    columns = {effect: w(f"problem_rating_{effect}") for effect in EFFECTS}
    spoken = [w("knowledge_overview_alt", n=len(rows))]
    for name, counts in rows:
        parts = [w("knowledge_count", effect=columns[e].lower(), n=counts[e]) for e in EFFECTS if counts[e]]
        spoken.append(w("knowledge_overview_alt_row", problem=name, counts=", ".join(parts)))
    drawn = evidence_map.overview(rows, columns, SUPPORTED, name="figur-1", title=title, description=" ".join(spoken))
    shown = [{w("knowledge_col_problem"): name} | {columns[e]: w.number(c[e]) for e in EFFECTS} for name, c in rows]
    data = [{"problem": id} | {e: page.counts(id)[e] for e in EFFECTS} for id in page.problems]
    table = Table(title, pd.DataFrame(shown, dtype=object), pd.DataFrame(data), stacked=True)
    source = w("knowledge_source", date=told.checked(w))
    return Figure(1, title, w("knowledge_overview_sub"), drawn, w("knowledge_overview_read"), source, table)


def maps(page: Page) -> Section:
    """The map of measures and problems, a picture for each kind of measure."""
    figures = [_map(page, kind, number) for number, kind in enumerate(KINDS, start=2)]
    return page.section("kartan", "knowledge_map", Text(page.words("knowledge_map_text")), *figures)


def _map(page: Page, kind: str, number: int) -> Figure:
    w = page.words
    pairs = {id: [one for one in ratings if one.measure.kind == kind] for id, ratings in page.pairs.items()}
    every = [one for ratings in pairs.values() for one in ratings]
    columns = [Column(id, page.problem(id)) for id, ratings in pairs.items() if ratings]
    missing = [page.problem(id, "lower") for id, ratings in pairs.items() if not ratings]
    rows = [_row(page, one, pairs) for one in page.measures if one.measure.kind == kind]
    heading = w(f"knowledge_kind_{kind}")
    good = sum(one.effect in SUPPORTED for one in every)
    title = w("knowledge_map_title", kind=heading, n=w.number(good), all=w.number(len(every)))
    sub = w("knowledge_map_sub", missing=w.listed(missing)) if missing else w("knowledge_map_sub_all")
    spoken = [
        f"{row.name}, {page.problem(id, 'lower')}: {cell.told}." for row in rows for id, cell in row.cells.items()
    ]
    description = " ".join([w("knowledge_map_alt", n=len(rows), problems=len(columns)), *spoken])
    drawn = evidence_map.measures(rows, columns, name=f"figur-{number}", title=title, description=description)
    source = w("knowledge_source", date=told.checked(w))
    return Figure(number, title, sub, drawn, w("knowledge_map_read"), source, _table(page, pairs, heading))


def _row(page: Page, rating: Rating, pairs: dict[str, list[Rating]]) -> MapRow:
    """A measure with its cells, problem by problem."""
    w, name = page.words, rating.measure.text("name", page.language)
    cells = {}
    for id, ratings in pairs.items():
        for one in ratings:
            if one.measure.id == rating.measure.id:
                words = w(
                    "knowledge_cell", effect=told.effect(one, w).lower(), certainty=told.certainty(one.certainty, w)
                )
                cells[id] = Cell(one.effect, one.certainty, words)
    return MapRow(w("problem_name_swedish", name=name) if rating.swedish else name, cells)


def _table(page: Page, pairs: dict[str, list[Rating]], heading: str) -> Table:
    w, shown, data = page.words, [], []
    for id, ratings in pairs.items():
        for one in ratings:
            shown.append(
                {
                    w("knowledge_col_problem"): page.problem(id),
                    w("problem_col_measure"): one.measure.text("name", page.language),
                    w("problem_col_effect"): told.effect(one, w),
                    w("problem_col_certainty"): w(f"certainty_{one.certainty}"),
                    w("problem_col_swedish"): w("problem_yes" if one.swedish else "problem_no"),
                }
            )
            data.append(
                {
                    "problem": id,
                    "measure": one.measure.id,
                    "kind": one.measure.kind,
                    "effect": one.effect,
                    "certainty": one.certainty,
                    "swedish": int(one.swedish),
                    "nordic": int(one.nordic),
                    "evaluations_at_least": one.evaluations,
                }
            )
    frame = pd.DataFrame(shown, dtype=object)
    caption = w("knowledge_map_table", kind=heading)
    return Table(caption, frame, pd.DataFrame(data), text_columns=list(frame.columns), stacked=True)
