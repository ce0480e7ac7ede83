"""How far municipalities have come with the duties of the Act: what the register of structure says, and what not.

Places stand in alphabetical order and nothing is added up to a mark: the register tells facts, it is no
league table. A municipality without a row has no information, which says nothing of its work.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from brapkg import areas, structure
from brapkg.areas import Area
from brapkg.blocks import Callout, Links, Section, Table, Text, table
from brapkg.figures.wheel import Due
from brapkg.sections.area import AreaPage
from brapkg.structure import Entry, Register, Status
from brapkg.wording import HARD_SPACE, Words, capital, swedish_order

# More places than any county has: then the table has a row for each county.
MANY = 60
# What the table of a county tells of each municipality.
AGED = ("picture", "plan", "follow_up")


def of_municipality(page: AreaPage) -> Section:
    """One municipality's duties: how far it has come, when, and when the next time is.

    Parameters
    ----------
    page : a municipality's page
    """
    return _of_one(page, page.area)


def of_places(page: AreaPage, places: Sequence[Area]) -> Section:
    """The duties in several municipalities: how many have come how far, and who needs to renew what.

    Parameters
    ----------
    page : a county's or the nation's page
    places : its municipalities; one alone is shown as on its own page, and more than 60 by county
    """
    if len(places) == 1:  # Gotland
        return _of_one(page, places[0])
    w, register = page.words, structure.read()
    known = [entry for place in places if (entry := register.entries.get(place.code))]
    who = Text(w("structure_fill_in"), w("structure_fill_in_title"))
    if not known:
        none = Callout(w("structure_none_title"), w("structure_none_places", all=w.number(len(places))))
        return page.section("struktur", "structure_heading_places", none, who)
    every = _by_county if len(places) > MANY else _by_place
    return page.section(
        "struktur",
        "structure_heading_places",
        _answers(w, places, known),
        _counts(w, places, known),
        every(w, places, register),
        who,
        Text(w("structure_source", file=register.file)),
    )


def due_dates(page: AreaPage) -> list[Due]:
    """When overview and follow-up fall due next, for the round year, the first first.

    Of the municipality, or of a county's municipalities: those of the same month share one mark. None
    where the register cannot tell.
    """
    w, found = page.words, {}
    order = [duty.id for duty in structure.duties()]
    for code, entry in structure.read().entries.items():
        for status in entry.duties:
            if page.area.code in (code, code[:2]) and status.duty.law is not None and status.due is not None:
                found.setdefault((status.due.year, status.due.month, order.index(status.duty.id)), []).append(code)
    dates = []
    for (year, month, duty), codes in sorted(found.items()):
        label = w(f"structure_due_{order[duty]}")
        if page.area.kind == "county":
            form = "plan_year_due_one" if len(codes) == 1 else "plan_year_due_many"
            label = w(form, duty=label, name=areas.get(codes[0]).short, n=w.count_word(len(codes)))
        dates.append(Due(label, month, year))
    return dates


# --- one municipality ----------------------------------------------------------------------------


def _of_one(page: AreaPage, place: Area) -> Section:
    w, register = page.words, structure.read()
    entry = register.entries.get(place.code)
    who = Text(w("structure_fill_in"), w("structure_fill_in_title"))
    if entry is None:
        none = Callout(w("structure_none_title"), w("structure_none", name=place.label(page.language)))
        return page.section("struktur", "structure_heading", none, who)
    links = [
        (status.duty.name(w.language), status.link, w("structure_document")) for status in entry.duties if status.link
    ]
    return page.section(
        "struktur",
        "structure_heading",
        Text(" ".join(_sentences(w, entry)), _done(w, entry)),
        _duties_of(w, place, entry),
        Links(links) if links else None,
        Text(entry.note, w("structure_own_note")) if entry.note else None,
        who,
        Text(w("structure_source", file=register.file)),
    )


def _done(w: Words, entry: Entry) -> str:
    done = sum(status.state == "in_place" for status in entry.duties)
    told, every = w.count_words(done, len(entry.duties))
    return capital(w("structure_done", done=told, all=every))


def _sentences(w: Words, entry: Entry) -> list[str]:
    day = _day(w, entry.as_of)
    told = [
        w("structure_as_of_origin", day=day, origin=entry.origin) if entry.origin else w("structure_as_of", day=day)
    ]
    if old := [_lower(w, status) for status in entry.duties if status.old()]:
        told.append(w("structure_old_some", names=w.listed(old)))
    if unknown := [_lower(w, status) for status in entry.duties if not status.state]:
        told.append(w("structure_unknown_some", names=w.listed(unknown)))
    if entry.duty("plan").state in ("absent", "under_way") and entry.duty("plan").date is None:
        told.append(w("structure_plan_lacks"))
    return told


def _duties_of(w: Words, place: Area, entry: Entry) -> Table:
    rows = [
        {
            w("structure_col_duty"): w(
                "structure_duty", name=status.duty.name(w.language), paragraph=status.duty.paragraph
            ),
            w("structure_col_state"): _state(w, status),
            w("structure_col_date"): _day(w, status.date) if status.date else "–",
            w("structure_col_due"): _due(w, status),
        }
        for status in entry.duties
    ]
    data = pd.DataFrame(
        [
            {
                "area": entry.code,
                "duty": status.duty.id,
                "state": status.state,
                "date": status.date.isoformat() if status.date else "",
                "as_of": entry.as_of.isoformat(),
                "due": status.due.isoformat() if status.due else "",
            }
            for status in entry.duties
        ]
    )
    note = f"{w('structure_note')} {w('structure_limits')}"
    return table(
        w("structure_table", name=place.label(w.language)),
        rows,
        data,
        note=note,
        text_columns=list(rows[0]),
        stacked=True,
    )


def _state(w: Words, status: Status) -> str:
    return status.duty.state(status.state, w.language) if status.state else w("structure_unknown")


def _due(w: Words, status: Status) -> str:
    """When a duty falls due, or that the day has passed; a dash where it cannot be told."""
    months, law = structure.limits()[status.duty.id], status.duty.law
    if status.old() and months != law:
        return w("structure_own_passed", months=w.number(months))
    if law is None:
        return w("structure_no_limit")
    if status.due is None:
        return "–"
    return w("structure_due_passed" if status.old() else "structure_due", day=_day(w, status.due))


def _lower(w: Words, status: Status) -> str:
    name = status.duty.name(w.language)
    return name[:1].lower() + name[1:]


# --- several municipalities ----------------------------------------------------------------------


def _answers(w: Words, places: Sequence[Area], known: Sequence[Entry]) -> Text:
    """How many are in the register, who is not, and how many have something to renew."""
    found, every = w.count_words(len(known), len(places))
    sentences = []
    if len(known) == len(places):
        strong = w("structure_answered_all", all=every)
    else:
        strong = capital(w("structure_answered", known=found, all=every))
        sentences.append(w("structure_answered_note"))
    old = sum(any(status.old() for status in entry.duties) for entry in known)
    verb = w("structure_has_one" if old == 1 else "structure_has_many")
    sentences.append(
        capital(w("structure_renew", count=w.count_word(old), verb=verb)) if old else w("structure_renew_none")
    )
    return Text(" ".join(sentences), strong)


def _counts(w: Words, places: Sequence[Area], known: Sequence[Entry]) -> Table:
    """A row for each duty: how many municipalities have come how far."""
    rows, data = [], []
    for duty in structure.duties():
        told = [entry.duty(duty.id) for entry in known]
        counts = {state: sum(status.state == state for status in told) for state in structure.STATES}
        unknown = len(places) - sum(counts.values())
        old = sum(status.old() is True for status in told)
        name = w("structure_duty", name=duty.name(w.language), paragraph=duty.paragraph)
        rows.append(
            {w("structure_col_duty"): name}
            | {w(f"structure_{state}"): w.number(count) for state, count in counts.items()}
            | {
                w("structure_col_unknown"): w.number(unknown),
                w("structure_col_old"): w.number(old),
            }
        )
        data.append({"duty": duty.id} | counts | {"unknown": unknown, "old": old})
    note = f"{w('structure_duties_note', all=w.number(len(places)))} {w('structure_limits')}"
    return table(w("structure_duties_table"), rows, pd.DataFrame(data), note=note, stacked=True)


def _by_place(w: Words, places: Sequence[Area], register: Register) -> Table:
    """A row for each municipality: what has an age."""
    rows, data = [], []
    aged = [duty for duty in structure.duties() if duty.id in AGED]
    for place in sorted(places, key=lambda place: swedish_order(place.short)):
        entry = register.entries.get(place.code)
        told = {duty.name(w.language): _told(w, entry.duty(duty.id) if entry else None) for duty in aged}
        day = _day(w, entry.as_of) if entry else "–"
        rows.append({w("structure_col_place"): place.short} | told | {w("structure_col_as_of"): day})
        data.append(
            {"area": place.code}
            | {f"{duty.id}": entry.duty(duty.id).state if entry else "" for duty in aged}
            | {f"{duty.id}_date": _iso(entry.duty(duty.id).date if entry else None) for duty in aged}
            | {"as_of": _iso(entry.as_of if entry else None)}
        )
    return table(w("structure_places_table"), rows, pd.DataFrame(data), text_columns=list(rows[0]), stacked=True)


def _told(w: Words, status: Status | None) -> str:
    """ "finns, mars 2024 (äldre än gränsen)"."""
    if status is None or not status.state:
        told = w("structure_unknown")
    else:
        told = _state(w, status)
        if status.date:
            month = f"{w.month(status.date.month)}{HARD_SPACE}{status.date.year}"
            told = w("structure_state_dated", state=told, month=month)
    return w("structure_state_old", told=told) if status and status.old() else told


def _by_county(w: Words, places: Sequence[Area], register: Register) -> Table:
    """A row for each county: how many of its municipalities are in the register, and how many have something old."""
    rows, data = [], []
    counties = {place.county for place in places}
    for county in sorted((areas.get(code) for code in counties), key=lambda one: swedish_order(one.short)):
        members = [place.code for place in places if place.county == county.code]
        known = [register.entries[code] for code in members if code in register.entries]
        old = sum(any(status.old() for status in entry.duties) for entry in known)
        rows.append(
            {
                w("structure_col_county"): county.label(w.language),
                w("structure_col_known"): w("structure_of", count=w.number(len(known)), all=w.number(len(members))),
                w("structure_col_old"): w.number(old) if known else "–",
            }
        )
        data.append({"area": county.code, "known": len(known), "all": len(members), "old": old if known else None})
    return table(w("structure_counties_table"), rows, pd.DataFrame(data, dtype=object), stacked=True)


def _day(w: Words, day: date) -> str:
    """ "1 september 2026", which does not break over lines."""
    return HARD_SPACE.join([str(day.day), w.month(day.month), str(day.year)])


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
