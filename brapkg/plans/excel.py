"""The plan as an Excel sheet: one row for each priority and measure, so that it can be read back."""

from __future__ import annotations

from functools import cache

from brapkg import catalogue
from brapkg.plans.draft import STATUSES, Candidate, Draft, Row
from brapkg.sheets import Column, workbook
from brapkg.wording import Words, texts

# What a cell of the sheet may hold when it is read back.
LONGEST = 2000
# Rows for measures that people add themselves.
SPARE = 30
# The last column on paper: what people read and write. All nineteen on an A4 could not be read.
PRINTED = "done"


@cache
def columns() -> tuple[Column, ...]:
    """The sheet's columns in order: the plan, what people fill in, what is needed to read it back."""
    groups = tuple((one.id, one.sv, one.en) for one in catalogue.offences("groups").values())
    statuses = tuple((id, *_both(f"plan_status_{id}")) for id in STATUSES)
    return (
        _column("priority", "number", 6),
        _column("problem", "text", 22),
        _column("questions", "text", 46),
        _column("measure", "text", 32),
        _column("evidence", "text", 28),
        _column("owner", "text", 20, help="owner"),
        _column("start", "date", 12, help="date"),
        _column("end", "date", 12, help="date"),
        _column("status", "choice", 14, statuses, help="status"),
        _column("done", "text", 30, help="done"),
        _column("indicator", "text", 40),
        _column("smallest", "text", 32),
        _column("area", "area", 20, required=True, help="fixed"),
        _column("period", "number", 8, required=True, help="fixed"),
        _column("offence", "choice", 24, groups, help="fixed"),
        _column("first", "number", 14, help="fixed"),
        _column("last", "number", 14, help="fixed"),
        _column("count", "number", 14, help="fixed"),
        _column("residents", "number", 16, help="fixed"),
    )


def excel(draft: Draft, words: Words) -> bytes:
    """The draft as an .xlsx to fill in.

    Parameters
    ----------
    draft : the plan
    words : its language

    Returns
    -------
    bytes
        Equal for an equal draft. ``plans.filed`` reads it back when people have filled it in.
    """
    title = f"{words('plan_title')}. {words('plan_subtitle', area=draft.area.label(words.language), period=draft.told_period)}"
    about = [words(f"plan_about_{name}") for name in ("fill", "fixed", "back")]
    about += [words("plan_caution"), draft.sources, words("plan_sources_evidence")]
    return workbook(
        title,
        columns(),
        [told for row in draft.rows for told in _rows(draft, row, words)],
        language=words.language,
        sheet=words("plan_sheet"),
        about=[text for text in about if text],
        spare=SPARE,
        printed=PRINTED,
    )


def _rows(draft: Draft, row: Row, words: Words) -> list[dict]:
    value = row.indicator.value
    baseline: dict[str, object] = {}
    if value is not None and value.told:
        baseline = {"first": value.first, "last": value.last, "count": value.count, "residents": value.residents}
    shared = {
        "priority": row.priority,
        "problem": row.problem,
        "area": draft.area.code,
        "period": draft.period,
        "offence": row.offence or None,
        **baseline,
    }
    sure = words("plan_certain", certainty=row.certainty) if row.certainty else ""
    ask = [sure, row.mapping, *row.questions, *row.cautions]
    # Told once: the same long text on every row would hide what people fill in.
    first = {"questions": "\n".join(filter(None, ask)), "indicator": row.indicator.text, "smallest": row.smallest}
    # A priority without a known measure still has a row, for one of the people's own.
    measures = [_measure(one) for one in row.measures or (Candidate(""),)]
    return [_cut(shared | measure | (first if number == 0 else {})) for number, measure in enumerate(measures)]


def _measure(one: Candidate) -> dict[str, object]:
    return {
        "measure": one.name,
        "evidence": one.evidence,
        "owner": one.owner,
        "start": one.start,
        "end": one.end,
        "status": one.status or None,
        "done": one.done,
    }


def _cut(row: dict[str, object]) -> dict[str, object]:
    """The row with no text longer than can be read back."""
    return {
        id: f"{value[: LONGEST - 1]}…" if isinstance(value, str) and len(value) > LONGEST else value
        for id, value in row.items()
    }


def _column(id: str, kind: str, width: int, allowed: tuple = (), *, required: bool = False, help: str = "") -> Column:
    helps = _both(f"plan_help_{help}") if help else ("", "")
    return Column(id, *_both(f"plan_col_{id}"), kind, allowed, required, width, *helps)


def _both(name: str) -> tuple[str, str]:
    return texts()[name]["sv"], texts()[name]["en"]
