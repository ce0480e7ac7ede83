"""Compared with whom: the SKR group, similar municipalities, neighbours, the county and the nation."""

from __future__ import annotations

from brapkg import catalogue
from brapkg.blocks import Callout, Figure, Part, Points, Section, Text, table
from brapkg.figures import dots, scatter
from brapkg.indicators import municipal
from brapkg.municipality import references
from brapkg.municipality.page import MOST_NAMES, Page
from brapkg.profile import FUNNEL_OFFENCE
from brapkg.shown import records
from brapkg.wording import capital


def compared(page: Page) -> Section:
    """The section: how peers were chosen, the SKR group, all references, neighbours together, the funnel."""
    return page.section(
        "jamforelser",
        "mun_compared",
        Text(page.words("mun_compared_text")),
        _chosen(page),
        _peers(page),
        references.figure(page),
        references.against(page),
        references.joint(page),
        _funnel(page),
    )


def _chosen(page: Page) -> Part:
    """How each reference was chosen, and who is in it."""
    w, here = page.words, page.municipality
    edition = municipal.edition_for(here.period)
    others = [m.short for m in here.group_members if m.code != here.code]
    items = [
        Text(
            w(
                "mun_chosen_group",
                group=page.group,
                n=w.count_word(len(others)),
                edition=edition,
                names=w.names(others, most=MOST_NAMES),
            ),
            w("mun_reference_group"),
        )
    ]
    if here.similar:
        names = w.names([m.short for m in here.similar], most=MOST_NAMES)
        items.append(Text(w("mun_chosen_similar", names=names), w("mun_reference_similar")))
    if here.neighbours:
        names = w.names([m.short for m in here.neighbours], most=MOST_NAMES)
        items.append(Text(w("mun_chosen_neighbours", names=names), w("mun_reference_neighbours")))
    else:
        items.append(Text(w("mun_chosen_no_neighbours", name=page.short), w("mun_reference_neighbours")))
    form = "mun_chosen_own_county" if page.is_county else "mun_chosen_county"
    items.append(Text(w(form, name=page.short, county=page.county_name), w("mun_reference_county_nation")))
    return Part(w("mun_chosen"), [Points(items)])


def _peers(page: Page) -> Figure | Callout:
    """Every offence group against the SKR group, shrunken, with the raw value."""
    w, rows = page.words, page.peers
    told = [id for id, row in rows.items() if row["verdict"] != "few"]
    if not told:
        return Callout(w("mun_peers_refused"), w("mun_peers_refused_why"))
    number = page.number("peers")
    groups = sorted((id for id in told if id != catalogue.TOTAL), key=lambda id: -rows[id]["value"])
    first = (
        [page.row(rows[catalogue.TOTAL], page.offence(catalogue.TOTAL), strong=True)] if catalogue.TOTAL in told else []
    )
    drawn_rows = [page.row(rows[id], page.offence(id)) for id in groups]
    title = _peers_title(page, len(groups))
    members = len(page.municipality.group_members)
    drawn = dots.ratios(
        [dots.Block(first), dots.Block(drawn_rows)],
        w,
        name=f"figur-{number}",
        title=title,
        one=w("group_lower"),
        description=f"{w('mun_peers_alt', n=len(told))} {page.told_rows([*first, *drawn_rows])}",
    )
    edition = municipal.edition_for(page.profile.period)
    plain = page.plain
    reading = w("mun_peers_read_plain" if plain else "mun_peers_read", members=w.count_word(members))
    return Figure(
        number,
        title,
        w("mun_peers_sub", name=page.short, group=page.group, n=w.number(members), window=page.window(told)),
        drawn,
        reading,
        page.source(w("source_groups", edition=edition)),
        _peer_table(page, [*([catalogue.TOTAL] if first else []), *groups]),
    )


def _peers_title(page: Page, judged: int) -> str:
    w = page.words
    higher, lower, every = w.count_words(len(page.over_peers), len(page.under_peers), judged)
    which = {(True, True): "both", (True, False): "over", (False, True): "under"}
    form = which.get((bool(page.over_peers), bool(page.under_peers)), "none")
    verb = w.verb(len(page.over_peers) or len(page.under_peers))
    return capital(w(f"mun_peers_title_{form}", over=higher, under=lower, all=every, verb=verb))


def _peer_table(page: Page, ids: list[str]):
    w, rows = page.words, page.peers
    cells = [
        {
            w("col_offence"): page.offence(id, "name"),
            w("col_years"): page.years_of(rows[id]),
            w("col_count"): page.count(rows[id]["count"]),
            w("col_expected"): w.number(rows[id]["expected"]),
            **({} if page.plain else {w("col_raw"): w.deviation(rows[id]["raw"])}),
            w("col_difference" if page.plain else "col_smoothed"): w.deviation(rows[id]["value"]),
            w("col_range"): w.signed_range(rows[id]["lower"], rows[id]["upper"]),
            w("col_verdict_group"): w.verdict(rows[id]["verdict"]),
        }
        for id in ids
    ]
    data = page.municipality.peers.reset_index()
    caption = w("mun_peers_table", name=page.short, period=page.window(ids))
    return table(caption, cells, data, text_columns=(w("col_years"), w("col_verdict_group")))


def _funnel(page: Page) -> Figure | Callout:
    """Whether the municipality is unusual in the country for its size, in violent offences."""
    w, here = page.words, page.municipality
    if "funnel" in page.refused():
        return Callout(w("mun_funnel_refused"), w("mun_funnel_refused_why"))
    number = page.number("funnel")
    funnel = here.funnel(FUNNEL_OFFENCE)
    own = records(funnel[funnel["area"] == here.code])[0]
    few = own["count"] < municipal.FEW
    form = {"": "no", "above": "above", "below": "below"}[own["outside"].partition("_")[0]]
    sure = own["outside"].endswith("998")
    title = w(
        "mun_funnel_title_few" if few else f"mun_funnel_title_{form}{'_sure' if sure else ''}",
        offence=page.offence(FUNNEL_OFFENCE),
        name=page.short,
    )
    drawn = scatter.funnel(
        funnel,
        {here.code: page.short},
        w,
        name=f"figur-{number}",
        title=title,
        description=w("mun_funnel_alt", name=page.short, deviation=w.deviation(own["value"])),
    )
    outside = int(funnel["outside"].str.endswith("998").sum())
    cells = [
        {
            w("col_municipality"): page.short,
            w("col_residents"): w.number(own["population"]),
            w("col_count"): page.count(own["count"]),
            w("col_difference"): w.verdict("few") if few else w.deviation(own["value"]),
            w("col_z"): w.number(own["z_adjusted"], 1),
            w("col_outside"): w(f"outside_{own['outside'] or 'no'}"),
        }
    ]
    data = funnel[funnel["area"] == here.code]
    return Figure(
        number,
        title,
        w("funnel_sub", lower=page.offence(FUNNEL_OFFENCE, "lower"), period=page.period),
        drawn,
        w("mun_funnel_read", outside=w.count_words(outside, len(funnel))[0]),
        page.source(),
        table(w("mun_funnel_table", name=page.short), cells, data, text_columns=(w("col_outside"),)),
    )
