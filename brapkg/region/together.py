"""The county's municipalities side by side, smallest first, and where neighbours share a problem.

No league table: the order is by size and by what the law asks for and is not in place, never by how
much is reported.
"""

from __future__ import annotations

import pandas as pd

from brapkg import areas, catalogue, structure
from brapkg.areas import Area
from brapkg.blocks import Callout, Points, Section, Table, Text, table
from brapkg.region.page import Page
from brapkg.sections.area import HIGHER
from brapkg.settings import settings
from brapkg.shown import records
from brapkg.wording import capital, swedish_order

# Residents from which a municipality is large; below which it is small, the settings say.
LARGE = 30_000
UNSEEN = ("few", "unclear")


def together(page: Page) -> Section:
    """Who stands out in what and with what certainty; where joint work could pay."""
    w, entries = page.words, _entries(page)
    if len(page.county.members) == 1:
        return page.section("tillsammans", "together_one", Text(w("together_alone", name=page.name)))
    text = w("together_text")
    if entries:
        text += " " + w("together_order", small=w.number(settings().small.residents), large=w.number(LARGE))
    made = _side_by_side(page, entries)
    return page.section("tillsammans", "together", Text(text), made, *_shared(page), *_joint(page))


def _entries(page: Page) -> dict[str, structure.Entry]:
    """What the register of the law's duties holds of the county's municipalities."""
    return {code: entry for code, entry in structure.read().entries.items() if code in page.county.members}


# --- side by side


def _side_by_side(page: Page, entries: dict[str, structure.Entry]) -> Table:
    w = page.words
    residents = page.county.tables.built_rows("population", county=page.county.code, year=page.county.period - 1)
    sizes = residents.set_index("area")["residents"].to_dict()
    above = _above(page, page.county.members)
    small = settings().small.residents
    lacking = {code: _lacking(entries.get(code)) for code in page.county.members}

    def order(code: str) -> tuple:
        size = sizes[code]
        return (size >= small) + (size >= LARGE), -(lacking[code] or 0), size

    rows, data = [], []
    for code in sorted(page.county.members, key=order):
        name, found = page.county.members[code], above[code]
        rows.append(
            {
                w("col_municipality"): name,
                w("col_residents"): w.number(sizes[code]),
                w("together_col_above"): _told(page, found),
            }
            | ({w("together_col_duties"): _duties(page, entries.get(code))} if entries else {})
        )
        data.append(
            {
                "area": code,
                "name": name,
                "residents": sizes[code],
                "clearly_above": " ".join(id for id, verdict in found if verdict == "clearly_higher"),
                "probably_above": " ".join(id for id, verdict in found if verdict == "probably_higher"),
                "duties_lacking": lacking[code],
            }
        )
    told = int((_peers(page)["verdict"] != "few").sum())
    made = table(
        w("together_table", county=page.name, period=page.period),
        rows,
        pd.DataFrame(data),
        note=w("together_note", n=w.number(told), chance=page.chance(told), year=page.county.period - 1),
        text_columns=tuple(rows[0])[2:],
        stacked=True,
    )
    return made


def _peers(page: Page) -> pd.DataFrame:
    """The county's municipalities against their groups, the total left out."""
    peers = page.county.tables.rows("peers", county=page.county.code, year=page.county.period)
    return peers[peers["offence"] != catalogue.TOTAL]


def _above(page: Page, codes) -> dict[str, list[tuple[str, str]]]:
    """By municipality the offence groups in which it lies above its SKR group, with the verdicts."""
    order = [id for id in catalogue.offences("groups") if id != catalogue.TOTAL]
    found: dict[str, list[tuple[str, str]]] = {}
    for code in codes:
        rows = page.county.tables.rows("peers", area=code, year=page.county.period)
        verdicts = dict(zip(rows["offence"], rows["verdict"], strict=True))
        found[code] = [(id, verdicts[id]) for id in order if verdicts.get(id) in HIGHER]
    return found


def _told(page: Page, found: list[tuple[str, str]]) -> str:
    """ "Stöldbrott (tydligt), våldsbrott (troligen)"."""
    if not found:
        return page.words("together_none")
    told = [page.words(f"together_{verdict}", offence=page.offence(id, "lower")) for id, verdict in found]
    return capital(", ".join(told))


def _lacking(entry: structure.Entry | None) -> int | None:
    """How many of the law's duties are known not to be in place, or to be old; None where nothing is known."""
    if entry is None:
        return None
    return sum(_wanting(status) for status in entry.duties)


def _wanting(status: structure.Status) -> bool:
    """Whether a duty is known not to be in place, or to be older than it should be."""
    return status.state in ("under_way", "absent") or bool(status.old())


def _duties(page: Page, entry: structure.Entry | None) -> str:
    if entry is None:
        return page.words("together_duties_unknown")
    known = [status for status in entry.duties if status.state]
    done = sum(not _wanting(status) for status in known)
    name = "together_duties" if len(known) == len(entry.duties) else "together_duties_some"
    return page.words(name, done=done, known=len(known), all=len(entry.duties))


# --- neighbours with the same problem


def _shared(page: Page) -> list:
    """Municipalities that border on each other and lie above their groups in the same offence group."""
    w, members = page.words, page.county.members
    beyond = {code for own in members for code in areas.get(own).neighbours} - set(members)
    above = _above(page, [*members, *sorted(beyond)])
    rows, data = [], []
    for id in catalogue.offences("groups"):
        verdicts = {code: verdict for code, found in above.items() for one, verdict in found if one == id}
        for chain in _chains(set(verdicts)):
            if not chain & set(members):
                continue
            places = sorted((areas.get(code) for code in chain), key=lambda one: swedish_order(one.short))
            names = [w(f"together_{verdicts[one.code]}", offence=_name(page, one)) for one in places]
            rows.append({w("col_offence"): page.offence(id, "name"), w("together_col_places"): ", ".join(names)})
            data += [
                {"offence": id, "area": one.code, "name": one.short, "verdict": verdicts[one.code]} for one in places
            ]
    if not rows:
        return [Callout(w("together_shared_none"), w("together_shared_none_why"))]
    made = table(
        w("together_shared_table", period=page.period),
        rows,
        pd.DataFrame(data),
        note=w("together_shared_note"),
        text_columns=(w("together_col_places"),),
        stacked=True,
    )
    return [Text(w("together_shared")), made]


def _name(page: Page, place: Area) -> str:
    """A municipality's name, with its county where that is another one."""
    if place.county == page.county.code:
        return place.short
    return page.words("together_elsewhere", name=place.short, county=areas.get(place.county).label(page.language))


def _chains(codes: set[str]) -> list[set[str]]:
    """Municipalities that hang together by borders, at least two of them, in the order of their codes."""
    left, chains = set(codes), []
    for code in sorted(codes):
        if code not in left:
            continue
        chain, edge = set(), {code}
        while edge:
            chain |= edge
            edge = {one for own in edge for one in areas.get(own).neighbours if one in left} - chain
        left -= chain
        if len(chain) > 1:
            chains.append(chain)
    return chains


def _joint(page: Page) -> list:
    """What small municipalities see together with their neighbours and not alone."""
    w = page.words
    joint = page.county.tables.rows("joint", county=page.county.code, year=page.county.period)
    alone = _peers(page).set_index(["area", "offence"])["verdict"]
    seen = [
        row
        for row in records(joint)
        if row["verdict"] in HIGHER and alone.get((row["area"], row["offence"])) in UNSEEN and not _from_one(page, row)
    ]
    if not seen:
        return []
    order = list(catalogue.offences("groups"))
    seen.sort(key=lambda row: (swedish_order(page.county.members[row["area"]]), order.index(row["offence"])))
    told = [
        Text(
            w(
                "together_joint_row",
                offence=page.offence(row["offence"], "lower"),
                n=w.count_word(row["members"]),
                deviation=w.compared(row["value"]),
                range=w.deviation_range(row["lower"], row["upper"]),
                years=w.years(row["first_year"], page.county.period),
            ),
            page.county.members[row["area"]] + ".",
        )
        for row in seen
    ]
    return [Text(w("together_joint")), Points(told, note=w("together_joint_note"))]


def _from_one(page: Page, row: dict) -> bool:
    """Whether a neighbour lies above its group by itself: then it, and not all together, shows something."""
    near = areas.get(row["area"]).neighbours
    return any(row["offence"] == id for found in _above(page, near).values() for id, _ in found)
