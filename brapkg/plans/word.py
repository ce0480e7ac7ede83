"""The plan as a Word document: made to be edited, decided on and printed on A4."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from brapkg.plans import wordparts as parts
from brapkg.plans.draft import STATUSES, Candidate, Draft, Row
from brapkg.sheets import steady
from brapkg.wording import Words

if TYPE_CHECKING:
    from docx.document import Document

LAW = ("4", "5", "6")
DECISION = ("decided", "decided_by", "followed", "contact")
# What heads the facts of a priority, and of a line that follows from the law alone.
LABELS = ("plan_col_questions", "plan_col_indicator", "plan_col_smallest")
LAW_LABELS = ("plan_law_ask", "plan_law_indicator", "plan_law_when")
# Centimetres of the text's 17.
FACTS = (4.2, 12.8)
MEASURES = (6.2, 3.0, 2.2, 2.2, 3.4)


def word(draft: Draft, words: Words, sender: object = None) -> bytes:
    """The draft as a .docx.

    Parameters
    ----------
    draft : the plan
    words : its language
    sender : who sends it: anything with ``name``, ``unit``, ``contact``, ``web`` (texts, may be "")
        and ``logo`` (path of a PNG, or None); as the settings' sender

    Returns
    -------
    bytes
        Equal for an equal draft and sender. Fields for people are content controls that say "fylls i".
    """
    area = draft.area.label(words.language)
    document = parts.document(words.language)
    parts.properties(document, f"{words('plan_title')}: {area} {draft.period}", words("plan_subject"), words.language)
    parts.feet(document, f"{words('plan_title')}, {_plain(area)} {draft.period}", words("plan_page"), _logo(sender))
    _opening(document, draft, words, sender)
    document.add_heading(words("plan_rows_head"), 1)
    document.add_paragraph(words("plan_rows_law" if draft.law_alone else "plan_rows_lead"))
    for row in draft.rows:
        _row(document, row, words)
    document.add_heading(words("plan_sources_head"), 1)
    for text in (draft.sources, words("plan_sources_evidence"), words("plan_caution")):
        if text:
            document.add_paragraph(_plain(text))
    content = io.BytesIO()
    document.save(content)
    return steady(content.getvalue())


def _opening(document: Document, draft: Draft, words: Words, sender: object) -> None:
    """Title, what the plan is, what the law says, and where decision and follow-up are filled in."""
    document.add_paragraph(words("plan_title"), style="Title")
    area = _plain(draft.area.label(words.language))
    document.add_paragraph(words("plan_subtitle", area=area, period=draft.told_period), style="Subtitle")
    document.add_paragraph(words("plan_intro_county" if draft.area.kind == "county" else "plan_intro"))
    document.add_heading(words("plan_law_head"), 2)
    for paragraph in LAW:
        document.add_paragraph(words(f"plan_law_{paragraph}"), style="List Bullet")
    document.add_heading(words("plan_decision_head"), 2)
    told = [_plain(str(getattr(sender, name, "") or "")) for name in ("name", "unit", "contact", "web")]
    rows = [(words("plan_sender"), ", ".join(filter(None, told)))] if any(told) else []
    rows += [(words(f"plan_{name}"), None) for name in DECISION]
    cells = [(parts.label(label), _decided(label, text, words)) for label, text in rows]
    parts.table(document, FACTS, cells, words("plan_decision_head"))


def _decided(label: str, text: str | None, words: Words) -> str:
    """What is known, or a field for it."""
    if text is not None:
        return parts.text(text)
    kind = "date" if label in (words("plan_decided"), words("plan_followed")) else "text"
    return parts.field(label, words("plan_fill"), kind=kind)


def _row(document: Document, row: Row, words: Words) -> None:
    document.add_heading(words("plan_priority", n=row.priority, problem=_plain(row.problem)), 2)
    labels = LABELS if row.mapping else LAW_LABELS
    texts = ([row.certainty], [row.mapping, *row.questions], [row.indicator.text, *row.also], [row.smallest])
    facts: list[tuple[str, Sequence[str]]] = list(zip(map(words, ("plan_certainty", *labels)), texts, strict=True))
    facts = [(label, kept) for label, texts in facts if (kept := [_plain(text) for text in texts if text])]
    parts.table(
        document, FACTS, [(parts.label(label), parts.lines(texts)) for label, texts in facts], _plain(row.problem)
    )
    document.add_paragraph(words("plan_measures_head", problem=_plain(row.problem)), style="Caption")
    _measures(document, row, words)
    for number, text in enumerate(row.cautions):
        parts.note(document, _plain(text), lead=f"{words('plan_cautions')}. " if number == 0 else "")


def _measures(document: Document, row: Row, words: Words) -> None:
    """The measures with fields for people, and a line for one of their own."""
    heads = [words(f"plan_col_{name}") for name in ("measure", "owner", "start", "end", "status")]
    title = words("plan_measures_head", problem=_plain(row.problem))
    cells = [_measure(one, heads, words) for one in (*row.measures, Candidate(""))]
    parts.table(document, MEASURES, cells, title, heads=heads)


def _measure(one: Candidate, heads: Sequence[str], words: Words) -> list[str]:
    """The cells of a measure, in the order of the heads."""
    own, fill = words("plan_own"), words("plan_fill")
    name = parts.text(_plain(one.name), small=_plain(one.evidence)) if one.name else parts.field(own, own)
    days = [
        parts.field(head, fill, kind="date", told=day.isoformat() if day else "")
        for head, day in zip(heads[2:4], (one.start, one.end), strict=True)
    ]
    statuses = [words(f"plan_status_{name}") for name in STATUSES]
    told = words(f"plan_status_{one.status}") if one.status else ""
    status = parts.field(heads[4], words("plan_choose"), kind="choice", choices=statuses, told=told)
    if one.done:
        status += parts.added(_plain(one.done))
    return [name, parts.field(heads[1], fill, told=_plain(one.owner)), *days, status]


def _logo(sender: object) -> str:
    path = str(getattr(sender, "logo", None) or "")
    return path if path.casefold().endswith(".png") else ""  # Word takes no SVG this way


def _plain(text: str) -> str:
    """The text without the characters that XML cannot hold; line breaks are kept."""
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs", "Cn"))
