"""The draft action plan of an area, its documents, and what became of the plan before it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from brapkg import files
from brapkg.blocks import Part, Section, Table, Text, table
from brapkg.blocks.downloads import Document, Downloads
from brapkg.errors import DataError
from brapkg.outcomes import COMPARED, Outcome, outcomes
from brapkg.plans import documents, draft, filed, values
from brapkg.plans.draft import STATUSES, Draft, Indicator, Row
from brapkg.plans.filed import FiledPlan
from brapkg.plans.values import FEW, Value
from brapkg.priorities import Priority
from brapkg.sections.area import AreaPage
from brapkg.wording import Words

# What a row of the page's table shows at most; the documents hold all.
QUESTIONS, MEASURES = 2, 3
# How the cell of a notebook saves the documents.
LINE = "page.plan_documents()"
Told = Callable[[str], Indicator]


def plan(
    page: AreaPage,
    priorities: Sequence[Priority],
    told: Told | None = None,
    *,
    filed_plans: filed.Filed | None = None,
    sender: object = None,
) -> Section:
    """The draft plan as a table, its two documents, and what became of a filed plan.

    Parameters
    ----------
    page : an area's page
    priorities : what stands out there, first things first
    told : gives an offence group's indicator by its id; that of ``indicator`` where left out
    filed_plans : the plans that were read back; those in ``data/raw/plans`` where left out
    sender : who sends the documents; see ``plans.documents.word``
    """
    w, county = page.words, page.area.kind == "county"
    made = drafted(page, priorities, told)
    parts: list = [Text(w("plan_rows_law" if made.law_alone else "plan_lead_county" if county else "plan_lead"))]
    parts.append(_table(made, w))
    kept = [
        Document(name, w(f"plan_download_{kind}"), content)
        for (name, content), kind in zip(_documents(made, w, sender).items(), ("word", "excel"), strict=True)
    ]
    names = w.listed([one.name for one in kept])
    parts.append(Downloads(kept, w("plan_download_note"), w("plan_lab", names=names, line=LINE)))
    found = filed.read() if filed_plans is None else filed_plans
    if before := found.plan(page.area.code, page.profile.period):
        parts.append(became(page, before))
    return page.section("atgardsplan", "plan_heading", *parts)


def save(
    page: AreaPage,
    priorities: Sequence[Priority],
    folder: Path | str = ".",
    told: Told | None = None,
    *,
    sender: object = None,
) -> list[Path]:
    """Write the plan's two documents to a folder; arguments as ``plan``.

    Raises
    ------
    DataError
        A file of that name is there already (it may be filled in), or the folder cannot be written.
        Then neither file is written.
    """
    made = _documents(drafted(page, priorities, told), page.words, sender)
    paths = {Path(folder) / name: content for name, content in made.items()}
    if there := [
        f"{path}: is there already, and is not overwritten. Move it first." for path in paths if path.exists()
    ]:
        raise DataError(there)
    for path, content in paths.items():
        try:
            files.write(path, content)
        except OSError as error:
            raise DataError(f"{path}: cannot be written ({error.strerror}). Check the folder's rights.") from None
    return list(paths)


def drafted(page: AreaPage, priorities: Sequence[Priority], told: Told | None = None) -> Draft:
    """The draft plan of a page's area."""
    rows = draft.rows(priorities, told or (lambda offence: indicator(page, offence)), page.words)
    return Draft(page.area, page.profile.period, page.period, page.source(), rows)


def indicator(page: AreaPage, offence: str) -> Indicator:
    """What an offence group stands at, over the years that the page tells its level for."""
    profile = page.profile
    first = int(profile.level_rows[offence].get("first_year", profile.period))
    found = values.value(profile.tables, page.area.code, offence, first, profile.period)
    return Indicator(values.told(found, offence, page.words), found)


def _documents(made: Draft, words: Words, sender: object) -> dict[str, bytes]:
    return {
        made.file_name(words.language, "docx"): documents.word(made, words, sender),
        made.file_name(words.language, "xlsx"): documents.excel(made, words),
    }


# --- the draft as a table ------------------------------------------------------------------------


def _table(made: Draft, words: Words) -> Table:
    heads = [words(f"plan_section_{name}") for name in ("problem", "ask", "measures", "owner", "follow")]
    rows = [dict(zip(heads, _cells(row, words), strict=True)) for row in made.rows]
    longer = any(len(row.questions) > QUESTIONS or len(row.measures) > MEASURES for row in made.rows)
    note = words("plan_note") if longer else ""
    return table(words("plan_caption"), rows, pd.DataFrame(), note=note, text_columns=tuple(heads[1:]), stacked=True)


def _cells(row: Row, words: Words) -> tuple[str, ...]:
    measures = [one.short or f"{one.name}." for one in row.measures[:MEASURES]]
    sure = f" ({row.certainty[:1].lower()}{row.certainty[1:]})" if row.certainty else ""
    return (
        words("plan_priority", n=row.priority, problem=row.problem) + sure,
        " ".join(row.questions[:QUESTIONS]) or row.mapping,
        " ".join(measures) or words("plan_none_known"),
        words("plan_fill"),
        " ".join(filter(None, [row.indicator.text, row.smallest])),
    )


# --- what became of a filed plan -----------------------------------------------------------------


def became(page: AreaPage, before: FiledPlan) -> Part:
    """What became of each indicator of a filed plan, and how far its measures have come."""
    w = page.words
    measures = before.measures()
    done = sum(one.status == "done" for one in measures)
    found = outcomes(before, page.profile.tables, page.profile.period)
    name = "plan_became_refused_one" if before.refused == 1 else "plan_became_refused"
    refused = [Text(w(name, n=w.number(before.refused)))] if before.refused else []
    counts = {"year": before.period, "file": before.file, "done": w.number(done), "all": w.number(len(measures))}
    if not found:
        parts = [Text(w("plan_became_nothing", **counts)), *refused]
        return Part(w("plan_became"), parts, id="vad-blev-det-av-planen")
    heads = [w(f"plan_became_{name}") for name in ("indicator", "then", "now", "change", "work")]
    rows = [
        dict(
            zip(
                heads,
                (
                    page.offence(one.offence),
                    _told(one.before, w),
                    _told(one.after, w),
                    changed(one, w),
                    _work(before, one.offence, w),
                ),
                strict=True,
            )
        )
        for one in found
    ]
    breaks = dict.fromkeys(one.broken for one in found if one.broken and one.verdict in COMPARED)
    notes = [w("plan_became_break_note", month=w.month(one.month), year=one.year) for one in breaks]
    shown = table(
        w("plan_became_caption", year=before.period),
        rows,
        pd.DataFrame(),
        note=" ".join([w("plan_became_note"), *notes]),
        text_columns=tuple(heads[1:]),
        stacked=True,
    )
    parts = [Text(w("plan_became_lead", **counts)), *refused, shown, Text(w("plan_caution"))]
    return Part(w("plan_became"), parts, id="vad-blev-det-av-planen")


def changed(one: Outcome, words: Words) -> str:
    """What became of an indicator, never more than its interval allows."""
    if one.verdict == "break":
        known = one.broken
        return words("plan_became_break", month=words.month(known.month), year=known.year)
    if one.start and one.verdict in ("not_started", "too_soon"):
        return words(f"plan_became_{one.verdict}", start=one.start.isoformat())
    if one.upper == math.inf and one.verdict in ("rose", "unclear"):  # there was nothing before: no percentage
        counts = {"before": words.number(one.before.count), "after": words.number(one.after.count)}
        return words("plan_became_rose_open", **counts) if one.verdict == "rose" else words("plan_became_open")
    told = {"change": words.deviation(one.ratio), "range": words.signed_range(one.lower, one.upper)}
    return words(f"plan_became_{one.verdict}", **told)


def _told(value: Value | None, words: Words) -> str:
    if value is None:
        return "–"
    years = words.years(value.first, value.last)
    if not value.told:
        return words("plan_became_cell_withheld", years=years)
    told = {"years": years, "count": words.number(value.count)}
    if value.count < FEW:
        return words("plan_became_cell_few", **told)
    return words("plan_became_cell", rate=words.number(value.rate), range=words.rate_range(*value.limits), **told)


def _work(before: FiledPlan, offence: str, words: Words) -> str:
    """How many measures of an offence group have each status."""
    statuses = [one.status for one in before.measures(offence)]
    if not statuses:
        return words("plan_became_no_measure")
    names = {**{id: words(f"plan_status_{id}") for id in STATUSES}, "": words("plan_became_not_told")}
    told = [f"{name}: {words.number(n)}" for id, name in names.items() if (n := statuses.count(id))]
    return ", ".join(told)
