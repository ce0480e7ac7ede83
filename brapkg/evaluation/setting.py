"""The layout of a measure: its months, its areas, and which way they went before the start."""

from __future__ import annotations

import pandas as pd

from brapkg.blocks import Callout, Figure, Section, Table, Text, table
from brapkg.effects.design import PARTS, PHASES
from brapkg.evaluation.page import Page
from brapkg.figures import designmap, timeline
from brapkg.shown import records


def design(page: Page) -> Section:
    """Months on a time line, areas on a map, and their sums."""
    one = page.design
    text = Text(
        page(
            "design_text",
            treated=page.places("treated"),
            comparison=page.places("comparison"),
            before=page.span("before"),
            after=page.span("after"),
        )
    )
    near = Text(
        page("design_nearby", nearby=page.places("nearby")) if page.measure.nearby else page("design_nearby_none")
    )
    short = None
    if one.length("after") < one.length("before"):
        short = Callout(page("short_after"), page("short_after_why", months=one.length("after")))
    return page.section("upplagg", "design", text, near, short, _timeline(page), _map(page))


def _rates(page: Page, rows: pd.DataFrame) -> list[timeline.Line]:
    """Monthly rates per 100 000 residents, each month as though it had 30.4 days."""
    lines = []
    for part in PARTS:
        if getattr(page.measure, part):
            rate = rows[part] / rows[f"{part}_exposure"] * 100_000 * 365.25 / 12
            lines.append(timeline.Line(page(f"part_{part}"), rate.to_numpy()))
    return lines


def _timeline(page: Page) -> Figure:
    w, one = page.words, page.design
    months, number = one.months, page.number("timeline")
    phases = []
    for phase in PHASES:
        at = months.index[months["phase"] == phase]
        if len(at):
            told = ""
            if phase in ("before", "after"):
                told = page("timeline_told", n=page.count("treated", phase))
            name = page(f"phase_{phase.replace('-', '_')}")
            phases.append(timeline.Phase(int(at[0]), int(at[-1]) + 1, name, told, phase == "after"))
    lines = [] if one.withheld else _rates(page, months)
    title = page(
        "timeline_title",
        before=page.count("treated", "before"),
        after=page.count("treated", "after"),
        offence=page.offence(),
    )
    drawn = timeline.timeline(
        list(zip(months["year"].tolist(), months["month"].tolist(), strict=True)),
        phases,
        lines,
        w,
        name=f"figur-{number}",
        title=title,
        description=page("timeline_alt", before=page.span("before"), after=page.span("after"), title=title),
    )
    reading = page("timeline_read_withheld" if one.withheld else "timeline_read")
    sub = page("timeline_sub" if lines else "timeline_sub_withheld", offence=page.offence("short"))
    return Figure(number, title, sub, drawn, reading, page.source(), _sums(page))


def _sums(page: Page) -> Table:
    """Sums before and after by part, with rates."""
    w, one, rows, data = page.words, page.design, [], []
    for part in PARTS:
        if not getattr(page.measure, part):
            continue
        cells = {page("col_part"): page(f"part_{part}"), page("col_places"): page.places(part, most=40)}
        for phase in ("before", "after"):
            count, rate = page.count(part, phase), one.rate(part, phase)
            hidden = count == w("withheld")
            cells[page(f"col_count_{phase}")] = count
            cells[page(f"col_rate_{phase}")] = count if hidden else w.number(rate)
            codes = " ".join(getattr(page.measure, part))
            events = float("nan") if hidden else one.events(part, phase)
            data.append(
                {"part": part, "areas": codes, "phase": phase, "months": one.length(phase), "count": events}
                | {"per_100000_a_year": float("nan") if hidden else rate}
            )
        rows.append(cells)
    return table(
        page("sums_table"), rows, pd.DataFrame(data), note=page("sums_note"), text_columns=(page("col_places"),)
    )


def _map(page: Page) -> Figure:
    number = page.number("map")
    roles = {code: part for part in PARTS for code in getattr(page.measure, part)}
    texts = {code: (page.place(code), page(f"role_{part}")) for code, part in roles.items()}
    title = page("map_title", places=page.places("treated"), n=len(page.measure.comparison))
    told = "; ".join(
        f"{page(f'part_{part}')}: {page.places(part, most=40)}" for part in PARTS if getattr(page.measure, part)
    )
    drawn = designmap.map_of(
        roles, texts, page.design.kind, name=f"figur-{number}", title=title, description=page("map_alt", areas=told)
    )
    rows = [
        {page("col_area"): page.place(code), page("col_part"): page(f"part_{part}")} for code, part in roles.items()
    ]
    data = pd.DataFrame({"area": list(roles), "part": list(roles.values())})
    made = table(page("map_table"), rows, data, text_columns=(page("col_part"),))
    source = f"{page.words('source_borders')}"
    return Figure(number, title, page("map_sub"), drawn, page("map_read"), source, made)


def before(page: Page) -> Section:
    """The trends before the start: a picture where months may be shown, and a test with its power."""
    w, found = page.words, page.parallel
    if found.missing:
        told = Text(page("before_few_why", months=found.months), page("before_few"))
    else:
        form = "differs" if found.differs else "same"
        told = Text(
            page(
                "before_text",
                months=found.months,
                change=page.fewer(found.value),
                range=w.signed_range(found.lower, found.upper),
                visible=w.number(100 * (found.visible - 1)),
            ),
            page(f"before_{form}"),
        )
    power = None if found.missing else Text(page("before_power"))
    picture = Callout(page("before_withheld"), page("before_withheld_why")) if page.design.withheld else _indexed(page)
    return page.section("fore-starten", "before", told, power, picture)


def _indexed(page: Page) -> Figure:
    """Treated and comparison before the start, each with its own mean as 100."""
    w, number = page.words, page.number("before")
    rows = page.design.months[page.design.months["phase"].isin(["earlier", "before"])].reset_index(drop=True)
    lines = [timeline.Line(line.name, 100 * line.values / line.values.mean()) for line in _rates(page, rows)[:2]]
    form = "few" if page.parallel.missing else "differs" if page.parallel.differs else "same"
    title = page(f"before_title_{form}")
    months = list(zip(rows["year"].tolist(), rows["month"].tolist(), strict=True))
    drawn = timeline.timeline(
        months,
        [timeline.Phase(0, len(months), page("phase_all_before"))],
        lines,
        w,
        name=f"figur-{number}",
        title=title,
        description=page("before_alt", months=len(months), title=title),
    )
    cells = [
        {page("col_month"): f"{row['year']}-{row['month']:02d}"}
        | {line.name: w.number(line.values[at]) for line in lines}
        for at, row in enumerate(records(rows[["year", "month"]]))
    ]
    data = rows[["year", "month"]].assign(**{part: line.values for part, line in zip(PARTS, lines, strict=False)})
    sub = page("before_sub", offence=page.offence("short"))
    return Figure(
        number, title, sub, drawn, page("before_read"), page.source(), table(page("before_table"), cells, data)
    )
