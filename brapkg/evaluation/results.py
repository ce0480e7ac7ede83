"""The result by each design, next door, among placebos, and what the designs agree on."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from brapkg.blocks import Callout, Figure, NumberedTable, Points, Section, Text, table
from brapkg.effects.estimators import FLOOR
from brapkg.evaluation.page import DESIGNS, MAIN, Page
from brapkg.figures import effects, placebo


def result(page: Page) -> Section:
    """The designs side by side: calibrated intervals, with the naive ones named as too narrow."""
    text = Text(page("result_text", n=page.words.count_word(len(DESIGNS))))
    left_out = [
        Text(page(f"missing_{page.results[d].missing.replace(' ', '_')}_why", floor=FLOOR), f"{page.name(d)}.")
        for d in DESIGNS
        if page.results[d].missing
    ]
    return page.section("resultat", "result", text, _designs(page), Points(left_out) if left_out else None)


def _title(page: Page) -> str:
    w, found = page.words, page.verdict
    below, above, every = len(found.on("below")), len(found.on("above")), len(found.counted)
    if not every:
        return page("result_title_none")
    if below and above:
        return page("result_title_both")
    form = "below" if below else "above" if above else "across"
    some, of = (w.count_word(count, neuter=True) for count in (below or above or every, len(DESIGNS)))
    return page(f"result_title_{form}", n=some, all=of)


def _designs(page: Page) -> Figure:
    w, number, rows, cells, data = page.words, page.number("result"), [], [], []
    for design in DESIGNS:
        found, judged = page.results[design], page.judged[design]
        low, high = page.naive(design)
        told = page(f"side_{found.side}") if not found.missing else page(f"missing_{found.missing.replace(' ', '_')}")
        # Without the calibrated interval beside it, the naive one would be taken at its word.
        drawn_naive = (math.nan, math.nan) if found.missing else (low, high)
        rows.append(effects.Result(page.name(design), found.value, found.lower, found.upper, *drawn_naive, told))
        cells.append(
            {
                page("col_design"): page.name(design),
                page("col_effect"): w.deviation(found.value),
                page("col_interval"): page.interval(found),
                page("col_naive"): w.signed_range(low, high),
                page("col_answer"): told,
            }
        )
        data.append(
            {"design": design, "ratio": found.value, "lower": found.lower, "upper": found.upper}
            | {"naive_lower": low, "naive_upper": high, "p_value": judged.p_value, "placebos": judged.placebos}
            | ({} if found.missing else {"events": judged.events, "expected": judged.expected})
            | {"missing": found.missing}
        )
    title = _title(page)
    spoken = "; ".join(
        f"{row.label} {w.deviation(row.value)} ({cell[page('col_interval')]})"
        for row, cell in zip(rows, cells, strict=True)
    )
    expected = (page.expected, page("expected_line")) if page.expected else None
    drawn = effects.designs(
        rows,
        expected,
        w,
        name=f"figur-{number}",
        title=title,
        description=page("result_alt", rows=spoken),
        one=page("no_change"),
    )
    made = table(
        page("result_table"), cells, pd.DataFrame(data), note=page("result_note"), text_columns=(page("col_answer"),)
    )
    sub = page("result_sub", after=page.span("after"), offence=page.offence("short"))
    return Figure(number, title, sub, drawn, page("result_read"), page.source(), made)


def displacement(page: Page) -> Section:
    """The nearby areas against the comparison areas."""
    near = page.near
    if near is None:
        return page.section("forflyttning", "displacement", Callout(page("near_none"), page("near_none_why")))
    told = page(
        "near_counts",
        places=page.places("nearby"),
        before=page.count("nearby", "before"),
        after=page.count("nearby", "after"),
        offence=page.offence(),
    )
    if near.missing:
        reason = page(f"missing_{near.missing.replace(' ', '_')}")
        return page.section(
            "forflyttning",
            "displacement",
            Text(told),
            Text(page("near_no_interval", reason=reason), page("near_unknown")),
        )
    judged = Text(page("near_text", change=page.fewer(near.value), range=page.interval(near)))
    claim = Text(page(f"near_{near.side}_why"), page(f"near_{near.side}"))
    total, sums = page.results["displacement"], None
    if not page.whole:
        sums = Text(page("near_alone"))
    elif not total.missing:
        sums = Text(page("near_total", change=page.fewer(total.value), range=page.interval(total)))
    return page.section("forflyttning", "displacement", Text(told), judged, claim, sums, Text(page("near_limits")))


# --- placebos ------------------------------------------------------------------------------------


def placebos(page: Page) -> Section:
    """The result among measures that never were: all of them, other areas at the same time, the same area at other times."""
    if not page.drawn:
        return page.section("placebotest", "placebos", Callout(page("placebos_none"), page("placebos_none_why")))
    return page.section(
        "placebotest",
        "placebos",
        Text(page("placebos_text")),
        _among(page),
        NumberedTable(page.table_number("tests"), _space_and_time(page)),
    )


def _among(page: Page) -> Figure:
    w, number, panels, cells, data = page.words, page.number("placebos"), [], [], []
    for design in page.drawn:
        judged, found = page.judged[design], page.results[design]
        null = np.asarray(judged.null, dtype=float) + (1 if design == "displacement" else 0)
        told = page("panel_told", share=w.chance(judged.position), n=w.number(judged.placebos))
        panels.append(placebo.Panel(page.name(design), null, found.value, told))
        cells.append(
            {
                page("col_design"): page.name(design),
                page("col_effect"): w.deviation(found.value),
                page("col_lower_share"): w.chance(judged.position),
                page("col_placebos"): w.number(judged.placebos),
            }
        )
        middle = np.quantile(null, [0.025, 0.5, 0.975])
        data.append(
            {"design": design, "ratio": found.value, "position": judged.position, "placebos": judged.placebos}
            | dict(zip(("null_2_5", "null_50", "null_97_5"), middle.tolist(), strict=True))
        )
    outside = [d for d in page.drawn if page.results[d].side != "across"]
    form = "none" if not outside else "all" if len(outside) == len(page.drawn) else "some"
    title = page(
        f"placebos_title_{form}",
        n=w.count_word(len(outside), neuter=True),
        all=w.count_word(len(page.drawn), neuter=True),
    )
    spoken = "; ".join(f"{panel.heading}: {panel.told}" for panel in panels)
    drawn = placebo.among(
        panels,
        w,
        name=f"figur-{number}",
        title=title,
        description=page("placebos_alt", panels=spoken),
        mine=page("mine"),
    )
    sub = page("placebos_sub", offence=page.offence("short"), size=page(f"size_{page.size}"))
    made = table(page("placebos_table"), cells, pd.DataFrame(data))
    return Figure(number, title, sub, drawn, page("placebos_read"), page.source(), made)


def _space_and_time(page: Page):
    """Placebos of the same start in other areas, and of the same areas at other starts."""
    w, rows, one = page.words, page.all_placebos(page.design.kind), page.design
    start = one.first + one.length("before")
    alike = rows[(rows["offence"] == page.measure.outcome) & (rows["design"] == MAIN)]
    own = alike["area"].isin(page.measure.treated)
    near = alike["area"].isin(page.measure.nearby)
    # A start whose months the measure shares would be tried on its own effect.
    begin, end = alike["start"] - alike["before"], alike["start"] + alike["run_in"] + alike["after"]
    apart = (end <= start) | (begin > one.last)
    mine, cells, data = page.results[MAIN].value, [], []
    for name, part in (
        ("space", alike[(alike["start"] == start) & ~own & ~near]),
        ("time", alike[own & apart]),
    ):
        ratios = np.exp(part["value"].to_numpy())
        further = int((np.abs(np.log(ratios)) >= abs(math.log(mine))).sum()) if len(ratios) and mine > 0 else 0
        cells.append(
            {
                page("col_test"): page(f"test_{name}"),
                page("col_placebos"): w.number(len(ratios)),
                page("col_spread"): _spread(page, ratios),
                page("col_further"): w.number(further) if len(ratios) else page("test_none"),
            }
        )
        edges = (ratios.min(), ratios.max()) if len(ratios) else (math.nan, math.nan)
        data.append(
            {"test": name, "placebos": len(ratios), "lowest": edges[0], "highest": edges[1], "further": further}
        )
    return table(
        page("tests_table", n=page.table_number("tests")),
        cells,
        pd.DataFrame(data),
        note=page("tests_note"),
        stacked=True,
    )


def _spread(page: Page, ratios: np.ndarray) -> str:
    if len(ratios) < 2:
        return page.words.deviation(ratios[0]) if len(ratios) else page("test_none")
    return page.words.signed_range(ratios.min(), ratios.max())


# --- agreement -----------------------------------------------------------------------------------


def agreement(page: Page) -> Section:
    """What the designs agree and disagree on, and why they can."""
    found = page.verdict
    points = []
    if len(found.counted) < 2:
        points.append(
            Text(
                page("agree_too_few_why", n=page.words.count_word(len(found.counted), neuter=True)),
                page("agree_too_few"),
            )
        )
    else:
        falls = [one.design for one in found.counted if one.value < 1]
        rises = [one.design for one in found.counted if one.value >= 1]
        if not falls or not rises:
            points.append(Text(page(f"agree_direction_{'fall' if falls else 'rise'}"), page("agree_direction")))
        else:
            told = page("differ_direction_why", falls=page.named(falls), rises=page.named(rises))
            points.append(Text(told, page("differ_direction")))
        sides = {side: found.on(side) for side in ("below", "above", "across")}
        told = " ".join(page(f"agree_{side}", designs=page.named(names)) for side, names in sides.items() if names)
        form = "agree_chance" if sum(map(bool, sides.values())) == 1 else "differ_chance"
        points.append(Text(told, page(form)))
    points += [Text(page(f"why_{page.form(design)}"), f"{page.name(design)}.") for design in DESIGNS]
    return page.section("overens", "agreement", Points(points))
