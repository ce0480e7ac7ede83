"""The effects in figures: every estimate that a verified source gives, in its own metric."""

from __future__ import annotations

import pandas as pd

from brapkg.blocks import Callout, Figure, NumberedTable, Section, Table, Text
from brapkg.evidence.kinds import Study
from brapkg.evidence.ratings import Rating
from brapkg.figures import forest
from brapkg.figures.forest import Group, Line, Panel
from brapkg.problem import pooling, told
from brapkg.problem.page import Page
from brapkg.wording import capital

METRICS = ("relative change", "odds ratio", "rate ratio", "d")
# Which way a value must lie to be good, seen from the value of no effect.
SIDES = ("below", "above")


def estimates(page: Page) -> Section:
    """The forest of all estimates, and the trials pooled where they are known."""
    w = page.words
    rows = [row for row in page.every_study if row.estimate is not None]
    if not rows:
        refused = Callout(w("problem_estimates_none"), w("problem_estimates_none_why", problem=page.lower))
        return page.section("effekterna-i-siffror", "problem_estimates", refused)
    return page.section("effekterna-i-siffror", "problem_estimates", _figure(page, rows), *pooling.figures(page))


def _figure(page: Page, rows: list[Study]) -> Figure:
    w, panels = page.words, _panels(page)
    measured, sure = len({row.measure for row in rows}), sum(row.lower is not None for row in rows)
    form = "problem_forest_title" if sure else "problem_forest_title_bare"
    some, every, known = w.count_words(measured, len(page.ratings), sure)
    title = capital(w(form, n=some, all=every, sure=known))
    lines = [(group, line) for panel in panels for group in panel.groups for line in group.lines]
    spoken = [w("problem_forest_alt_row", measure=g.name, study=line.label, value=line.told) for g, line in lines]
    form = "problem_forest_alt_one" if len(panels) == 1 else "problem_forest_alt"
    drawn = forest.forest(
        panels,
        w,
        name="figur-1",
        title=title,
        description=" ".join([w(form, n=len(lines), panels=len(panels)), *spoken]),
    )
    return Figure(
        1,
        title,
        w("problem_forest_sub", problem=page.lower),
        drawn,
        w("problem_forest_read"),
        w("problem_forest_source"),
        _table(page, rows),
    )


def _panels(page: Page) -> list[Panel]:
    """A panel for each metric and good side, its measures in the order of their evidence."""
    w, panels = page.words, []
    for metric in METRICS:
        for side in SIDES:
            groups = []
            for rating in page.ratings:
                found = [row for row in told.rows(rating) if _fits(row, metric, side)]
                if found:
                    groups.append(_group(page, rating, found))
            if groups:
                heading = w(f"problem_metric_{metric.replace(' ', '_')}_{side}")
                panels.append(Panel(heading, metric, side, groups))
    return panels


def _fits(row: Study, metric: str, side: str) -> bool:
    return row.estimate is not None and (row.metric, row.favourable) == (metric, side)


def _group(page: Page, rating: Rating, rows: list[Study]) -> Group:
    """A measure's lines: one a row, but a source's answers by different models share one."""
    shared: dict[tuple, list[Study]] = {}
    for row in rows:
        shared.setdefault(_model_key(row) or (row.id,), []).append(row)
    lines = [_line(page, same) for same in shared.values()]
    certainty = page.words(f"certainty_{rating.certainty}")
    return Group(rating.measure.text("name", page.language), certainty, lines)


def _model_key(row: Study) -> tuple | None:
    """What rows share that tell of the same evaluations by different models; None for rows that cannot."""
    if row.lower is not None or (row.studies or 0) < 2:
        return None
    return row.source, row.studies, row.outcome_en.split(",")[0]


def _line(page: Page, rows: list[Study]) -> Line:
    w, first = page.words, rows[0]
    form = "problem_forest_label"
    if first.swedish or first.superseded_by:
        form += "_swedish" if first.swedish else "_superseded"
    outcome = first.text("outcome", page.language)
    values = [told.value(row, w) for row in rows]
    between = told.interval(first, w)
    sure = all(row.sure is not False for row in rows)
    return Line(
        label=w(form, study=told.short(first, w), outcome=outcome if len(rows) == 1 else outcome.split(",")[0]),
        values=[told.on_axis(row, row.estimate) for row in rows],
        told=values[0] if len(values) == 1 else w("problem_or", first=values[0], last=values[-1]),
        lower=told.on_axis(first, first.lower),
        upper=told.on_axis(first, first.upper),
        range=between or ("" if sure else w("problem_chance")),
        pooled=first.kind == "review",
        sure=sure,
    )


def _table(page: Page, rows: list[Study]) -> Table:
    w, shown, data = page.words, [], []
    by_id = {row.id: rating for rating in page.ratings for row in told.rows(rating)}
    for row in rows:
        rating = by_id[row.id]
        name = rating.measure.text("name", page.language)
        metric = w(f"problem_metric_short_{row.metric.replace(' ', '_')}")
        source = told.short(row, w)
        shown.append(
            {
                w("problem_col_measure"): name,
                w("problem_col_study"): f"{source} ({w('problem_swedish')})" if row.swedish else source,
                w("problem_col_outcome"): row.text("outcome", page.language),
                w("problem_col_metric"): metric,
                w("problem_col_value"): told.value(row, w),
                w("problem_col_interval"): told.interval(row, w) or w("problem_interval_none"),
                w("problem_col_certainty"): w(f"certainty_{rating.certainty}"),
            }
        )
        data.append(
            {
                "measure": row.measure,
                "study": row.id,
                "citation": row.cited(page.language),
                "doi": row.doi,
                "outcome": row.text("outcome", page.language),
                "metric": row.metric,
                "favourable": row.favourable,
                "estimate": float(row.estimate),
                "lower": _number(row.lower),
                "upper": _number(row.upper),
                "design": row.design,
                "swedish": int(row.swedish),
                "verified": row.verified,
                "certainty": rating.certainty,
            }
        )
    frame = pd.DataFrame(shown, dtype=object)
    number = (w("problem_col_value"), w("problem_col_interval"))
    return Table(
        w("problem_forest_sub", problem=page.lower),
        frame,
        pd.DataFrame(data),
        text_columns=[column for column in frame.columns if column not in number],
        stacked=True,
    )


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def disagreements(page: Page) -> Section:
    """Where sources disagree, both sides beside each other."""
    w, found = page.words, page.disagreements
    if not found:
        return page.section("dar-kallorna-sager-olika", "problem_disagree", Text(w("problem_disagree_none")))
    columns = ("question", "one", "other")
    rows = [{w(f"problem_col_{c}"): one.text(c, page.language) for c in columns} for one in found]
    data = [{"id": one.id} | {c: one.text(c, page.language) for c in columns} for one in found]
    frame = pd.DataFrame(rows, dtype=object)
    table = Table(
        w("problem_disagree_table", n=2), frame, pd.DataFrame(data), text_columns=list(frame.columns), stacked=True
    )
    told_first = Text(w("problem_disagree_text"))
    return page.section("dar-kallorna-sager-olika", "problem_disagree", told_first, NumberedTable(2, table))
