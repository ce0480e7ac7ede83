"""Trials pooled anew, with what may be expected in a new place."""

from __future__ import annotations

import pandas as pd

from brapkg import evidence
from brapkg.blocks import Figure, Table, Text
from brapkg.evidence.kinds import Study
from brapkg.evidence.pooled import Part, Pooled, pooled
from brapkg.figures import forest
from brapkg.figures.forest import Group, Line, Panel
from brapkg.problem.page import Page
from brapkg.wording import Words

# With more trials than this the picture shows only what they say together; all are in the table.
MOST_LINES = 15


def figures(page: Page) -> list[Text | Figure]:
    """For each row whose trials are known: a sentence, and the trials with what they say together."""
    rows = [row for row in page.every_study if evidence.trials(row.id)]
    parts: list[Text | Figure] = []
    for number, row in enumerate(rows, start=2):
        parts += _pooled(page, row, number)
    return parts


def _pooled(page: Page, row: Study, number: int) -> list[Text | Figure]:
    w, found = page.words, pooled(row, method="DL", test="z")
    measure, counted = evidence.measure(row.measure), evidence.trial_set(row.id)
    lead = w(
        "problem_pooled_text",
        measure=measure.text("lower", page.language),
        n=w.number(found.k),
        event=counted.text("event", page.language),
    )
    told = {"value": w.number(found.estimate, 2), "range": _range(w, found.lower, found.upper)}
    title = w("problem_pooled_title", measure=measure.text("name", page.language), **told)
    side = w(f"problem_pooled_side_{found.favourable}")
    prediction = _range(w, found.prediction_lower, found.prediction_upper)
    drawn = forest.forest(
        [_panel(page, found)],
        w,
        name=f"figur-{number}",
        title=title,
        description=f"{title}. {w('problem_pooled_new')}: {prediction}.",
    )
    how = w("problem_pooled_how", tau2=w.number(found.tau2, 2), i2=w.percent(found.i2 / 100))
    cautions = " ".join(w(f"evidence_caution_{name}") for name in found.cautions)
    figure = Figure(
        number,
        title,
        w("problem_pooled_sub", n=w.number(found.k), side=side),
        drawn,
        f"{w('problem_pooled_read', prediction=prediction)} {cautions}".strip(),
        " ".join([w("problem_pooled_source", source=counted.source), how, counted.text("note", page.language)]).strip(),
        _table(page, row, found),
    )
    return [Text(lead, f"{w('problem_pooled')}."), figure]


def _panel(page: Page, found: Pooled) -> Panel:
    w = page.words
    together = [
        Line(
            w("problem_pooled_all", n=w.number(found.k)),
            [found.estimate],
            w.number(found.estimate, 2),
            found.lower,
            found.upper,
            _range(w, found.lower, found.upper),
        ),
    ]
    if found.prediction_lower is not None:
        low, high = found.prediction_lower, found.prediction_upper
        together.append(Line(w("problem_pooled_new"), [], "", low, high, _range(w, low, high)))
    groups = [Group(w("problem_pooled_group_all"), "", together)]
    if found.k <= MOST_LINES:
        groups.append(Group(w("problem_pooled_group_trials"), "", [_line(w, part) for part in found.parts]))
    heading = w(f"problem_metric_{found.metric.replace(' ', '_')}_{found.favourable}")
    return Panel(heading, found.metric, found.favourable, groups)


def _line(w: Words, part: Part) -> Line:
    told, between = w.number(part.estimate, 2), _range(w, part.lower, part.upper)
    return Line(part.name, [part.estimate], told, part.lower, part.upper, between, pooled=False)


def _range(w: Words, low: float | None, high: float | None) -> str:
    return w.number(None) if low is None or high is None else w.range(w.number(low, 2), w.number(high, 2))


def _table(page: Page, row: Study, found: Pooled) -> Table:
    w, rows, data = page.words, [], []
    for trial, part in zip(evidence.trials(row.id), found.parts, strict=True):
        rows.append(
            {
                w("problem_pooled_col_trial"): trial.name,
                w("problem_pooled_col_treated"): _cell(w, trial.treated_events, trial.treated_total),
                w("problem_pooled_col_control"): _cell(w, trial.control_events, trial.control_total),
                w("problem_col_value"): w.number(part.estimate, 2),
                w("problem_col_interval"): _range(w, part.lower, part.upper),
            }
        )
        data.append(
            {
                "trial": trial.name,
                "treated_events": trial.treated_events,
                "treated_total": trial.treated_total,
                "control_events": trial.control_events,
                "control_total": trial.control_total,
                "odds_ratio": part.estimate,
                "lower": part.lower,
                "upper": part.upper,
                "weight": part.weight,
            }
        )
    measure = evidence.measure(row.measure).text("lower", page.language)
    return Table(w("problem_pooled_table", measure=measure), pd.DataFrame(rows, dtype=object), pd.DataFrame(data))


def _cell(w: Words, events: int, total: int) -> str:
    return w("problem_pooled_cell", events=w.number(events), total=w.number(total))
