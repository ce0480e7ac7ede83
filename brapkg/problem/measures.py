"""The measures against the problem: what is known of each, what it takes, and what can go wrong."""

from __future__ import annotations

import pandas as pd

from brapkg.blocks import MeasureCard, MeasureCards, NumberedTable, Section, Table, Text
from brapkg.evidence.kinds import Study
from brapkg.evidence.ratings import Rating
from brapkg.problem import told
from brapkg.problem.page import Page

# The fields of a measure in the order of its card; "displacement" is from the studies.
PARTS = ("what", "mechanism", "moderators", "displacement", "needs", "owner", "time", "cost", "risks")


def measures(page: Page) -> Section:
    """The overview, and a card for each measure by what its studies found."""
    w = page.words
    if not page.ratings:
        return page.section("atgarder", "problem_measures", Text(w("problem_measures_none")))
    groups = []
    for effect in told.EFFECTS:
        if found := page.rated(effect):
            cards = [_card(page, rating) for rating in found]
            groups.append(MeasureCards(w(f"problem_rating_{effect}"), w(f"problem_rating_{effect}_means"), cards))
    return page.section("atgarder", "problem_measures", Text(w("problem_measures_text")), *groups)


def overview(page: Page) -> NumberedTable | None:
    """Every measure with its effect and certainty, for the summary; None where there are none."""
    w, rows, data = page.words, [], []
    if not page.ratings:
        return None
    for rating in sorted(page.ratings, key=lambda one: told.EFFECTS.index(one.effect)):
        name = rating.measure.text("name", page.language)
        rows.append(
            {
                w("problem_col_measure"): w("problem_name_swedish", name=name) if rating.swedish else name,
                w("problem_col_effect"): told.effect(rating, w),
                w("problem_col_certainty"): w(f"problem_grade_{rating.certainty}"),
            }
        )
        data.append(
            {
                "measure": rating.measure.id,
                "effect": rating.effect,
                "certainty": rating.certainty,
                "outcome": rating.outcome,
                "evaluations_at_least": rating.evaluations,
                "swedish": int(rating.swedish),
                "nordic": int(rating.nordic),
                "reasons": " ".join(rating.reasons),
            }
        )
    frame = pd.DataFrame(rows, dtype=object)
    caption = w("problem_measures_table", n=1, problem=page.lower)
    note = w("problem_measures_note")
    return NumberedTable(1, Table(caption, frame, pd.DataFrame(data), note, list(frame.columns)))


def _card(page: Page, rating: Rating) -> MeasureCard:
    w, measure = page.words, rating.measure
    rows = told.rows(rating)
    facts = [
        (w("problem_col_effect"), told.effect(rating, w)),
        (w("problem_col_ground"), told.ground(rows, w)),
    ]
    parts = []
    for field in PARTS:
        text = _displacement(page, rows) if field == "displacement" else measure.text(field, page.language)
        if text:
            parts.append((w(f"problem_part_{field}"), text))
    parts.append((w("problem_part_why"), told.reasons(rating, w)))
    return MeasureCard(
        f"atgard-{measure.id}",
        measure.text("name", page.language),
        facts,
        rating.certainty,
        _mark(page, rating, rows),
        [(_result(page, row), told.short(row, w), told.place(row)) for row in rows],
        parts,
        _basis(page, rating),
    )


def _mark(page: Page, rating: Rating, rows: list[Study]) -> str:
    """Whether there is a Swedish study, and of what kind."""
    if rating.swedish:
        return page.words("problem_mark_swedish")
    weak = any(row.swedish for row in rows)
    return page.words("problem_mark_swedish_weak") if weak else ""


def _result(page: Page, row: Study) -> str:
    """What a row found; a Swedish one says so, and caveats follow."""
    parts = [page.words("problem_result_swedish")] if row.swedish else []
    parts.append(row.text("result", page.language))
    parts += [row.text("note", page.language), told.superseded(row, page.words)]
    return " ".join(part for part in parts if part)


def _displacement(page: Page, rows: list[Study]) -> str:
    """What the rows together say of crime that moves; "" where none says anything."""
    found = {row.displacement for row in rows} - {"unknown"}
    if not found:
        return ""
    return page.words(f"problem_displacement_{found.pop() if len(found) == 1 else 'mixed'}")


def _basis(page: Page, rating: Rating) -> str:
    """Which parts of the card rest on the studies cited; the others are general knowledge."""
    w = page.words
    cited = [w(f"problem_part_{field}").lower() for field in PARTS if field in rating.measure.basis]
    if not cited:
        return w("problem_basis_none")
    return w("problem_basis_some" if told.rows(rating) else "problem_basis_elsewhere", parts=w.listed(cited))
