"""Head, summary and what could be seen at all: before any result."""

from __future__ import annotations

import math

import pandas as pd

from brapkg import areas, keyfigures
from brapkg.blocks import Callout, Head, NumberedTable, Points, Section, Text, table
from brapkg.evaluation.page import DESIGNS, Page


def head(page: Page) -> Head:
    """Kind, title, lead and status of the page."""
    w, start = page.words, page.measure.start
    lead = page(
        "lead", offence=page.offence(), places=page.places("treated"), start=page.month(start[0] * 12 + start[1] - 1)
    )
    if page.measure.placebo:
        lead = f"{page('placebo_lead')} {lead}"
    status = page("status_placebo" if page.measure.placebo else "status")
    preliminary = page.design.preliminary
    note = page("meta_preliminary", years=w.listed([str(year) for year in preliminary])) if preliminary else ""
    meta = " ".join(filter(None, [page("meta"), note]))
    return Head(page("kind"), page.title, lead, status, meta, w, key_figures(page))


def key_figures(page: Page) -> list[dict]:
    """The effect by each design, for programs: rows with the keys of ``keyfigures.FIELDS``.

    ``period`` is the year of the start. Without an interval there is no value, as on the page's figure.
    """
    one, rows = page.design, []
    common = {
        "area": " ".join(one.measure.treated),
        "name": ", ".join(areas.get(code).short for code in one.measure.treated),
        "period": one.measure.start[0],
        "offence": one.offence,
        "unit": "ratio to what was to be expected",
        "count": None if page.count("treated", "after") == page.words("withheld") else one.events("treated", "after"),
        "population": round(one.residents("treated")),
        "status": "preliminary" if one.preliminary else "final",
        "source": keyfigures.BRA,
    }
    for design in DESIGNS:
        found = page.results[design]
        numbers = {
            name: None if found.missing else _number(getattr(found, name)) for name in ("value", "lower", "upper")
        }
        told = {"figure": f"effect_{page.form(design)}", "missing": found.missing}
        told["level"] = None if found.missing else keyfigures.LEVEL
        told["method"] = "" if found.missing else f"calibrated on {page.judged[design].placebos} placebos"
        rows.append({field: (common | numbers | told)[field] for field in keyfigures.FIELDS})
    return rows


def _number(value: float) -> float | None:
    """In as many digits as other key figures; None where a limit is beyond all numbers."""
    return float(f"{value:.{keyfigures.DIGITS}g}") if math.isfinite(value) else None


def brief(page: Page) -> Section:
    """Five sentences, each with its claim; a made-up measure says so first."""
    marked = Callout(page("placebo_mark"), page("placebo_why")) if page.measure.placebo else None
    points = Points(
        [_verdict(page), _visible(page), _result(page), _among(page), _reserve(page)],
        css="points",
        note=page.words("brief_note"),
    )
    return page.section("kort-sagt", "brief", marked, points, css="summary")


def _verdict(page: Page) -> Text:
    told = page.verdict_why
    if page.measure.placebo:
        told += " " + page.placebo_verdict
    return Text(told, page(f"verdict_{page.verdict.word}") + ".")


def _visible(page: Page) -> Text:
    w, falls = page.words, [page.judged[design].detectable_fall for design in page.seen()]
    if not falls:
        return Text(page("visible_none_why"), page("visible_none"))
    least, most = (w.number(edge) for edge in (min(falls), max(falls)))
    told = page("visible_brief_one", n=least) if least == most else page("visible_brief", least=least, most=most)
    return Text(f"{told} {_against_expected(page, min(falls))}", page("visible_brief_claim"))


def _against_expected(page: Page, smallest: float) -> str:
    change = page.measure.expected_change
    if change is None:
        return page("expected_none")
    form = "expected_too_small" if -change < smallest else "expected_large_enough"
    return page(form, n=page.words.number(-change))


def _result(page: Page) -> Text:
    before, after = (page.count("treated", phase) for phase in ("before", "after"))
    claim = page("result_claim", before=before, after=after, offence=page.offence())
    found = page.results[page.lead]
    if found.missing:
        return Text(page("result_no_interval"), claim)
    told = page(
        "result_brief",
        change=page.fewer(found.value),
        way=page(f"way_{page.form(page.lead)}"),
        range=page.interval(found),
    )
    return Text(told, claim)


def _among(page: Page) -> Text:
    judged = page.judged[page.lead]
    if judged.missing:
        return Text(page("among_none_why"), page("among_none"))
    claim = page("among_claim_usual" if judged.p_value > 0.05 else "among_claim_unusual")
    side = "lower" if judged.position < 0.5 else "higher"
    share = page.words.chance(judged.position if side == "lower" else 1 - judged.position)
    return Text(
        page(
            f"among_{side}", way=page(f"way_{page.form(page.lead)}"), n=page.words.number(judged.placebos), share=share
        ),
        claim,
    )


def _reserve(page: Page) -> Text:
    return Text(page("reserve_why"), page("reserve"))


def visible(page: Page) -> Section:
    """The smallest change each design would see in 4 of 5 cases, beside what was expected."""
    w, change = page.words, page.measure.expected_change
    told = page("expected_text", text=page.measure.expected) if page.measure.expected else page("expected_text_none")
    rows, data = [], []
    for design in DESIGNS:
        judged = page.judged[design]
        fall, rise = (judged.detectable_fall, judged.detectable_rise)
        cells = {
            page("col_design"): page.name(design),
            page("col_fall"): page("fall_none") if pd.isna(fall) else w.percent(fall / 100),
            page("col_rise"): page("fall_none") if pd.isna(rise) else w.percent(rise / 100),
        }
        unused = page(f"missing_{judged.missing.replace(' ', '_')}") if judged.missing else ""
        cells[page("col_enough")] = unused or _enough(page, fall, change)
        rows.append(cells)
        data.append({"design": design, "detectable_fall": fall, "detectable_rise": rise, "expected_change": change})
    text = Text(page("visible_text", events=page.count("treated", "before"), offence=page.offence()))
    made = table(
        page("visible_table", n=1),
        rows,
        pd.DataFrame(data),
        note=page("visible_note"),
        text_columns=(page("col_enough"),),
        stacked=True,
    )
    return page.section("kunde-vi-se-det", "visible", text, Text(told, page("expected_claim")), NumberedTable(1, made))


def _enough(page: Page, fall: float, change: float | None) -> str:
    if pd.isna(fall):
        return page("enough_unknown")
    if change is None:
        return page("enough_no_expectation")
    return page("enough_yes" if -change >= fall else "enough_no")
