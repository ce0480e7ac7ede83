"""Other information that matters (4 § 2): living conditions as questions, and what people answer themselves.

Depends on a page's words, area, profile (period, tables, level_rows) and sections.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from brapkg import areas, evidence
from brapkg.blocks import Command, Listing, Section, Text, table
from brapkg.context import Figure, figures, pooled
from brapkg.context.records import CONTEXT, SURVEY
from brapkg.context.tables import KOLADA, NTU
from brapkg.sections.area import AreaPage
from brapkg.wording import capital, split

FETCH = "brapkg fetch kolada"
# Below this a count of reported offences is told without a rate.
FEW = 10
# A middle of fewer municipalities says nothing of the county; of the country, half must be known.
COUNTY_LEAST, NATION_LEAST = 3, 145
YEARS = 3
WHY = ("dark", "willing", "found", "place", "sample", "worry")


def context(page: AreaPage, problems: Sequence[str] = ()) -> Section:
    """Context and survey figures of an area beside the problems they bear on.

    Parameters
    ----------
    page : AreaPage of a municipality, a county or the nation.
    problems : ids of problems of the knowledge base; figures that bear on none of them are left out.
        All figures where it is empty.

    Raises
    ------
    DataError
        A record is wrong, or the store is not as it was built.
    """
    w, wanted = page.words, set(problems) or set(evidence.base().problems)
    chosen = [one for one in figures().values() if wanted & set(one.problems)]
    lives = [row for one in chosen if one.kind == CONTEXT and (row := _life(page, one))]
    answers = [row for one in chosen if one.kind == SURVEY and (row := _answer(page, one))]
    return page.section(
        "annan-information",
        "context_heading",
        Text(w("context_lead")),
        *(_lives(page, lives, wanted) if lives else _unfetched(page, "context_fetch")),
        *(_answers(page, answers, wanted) if answers else _unfetched(page, "context_fetch_survey", bool(lives))),
        Listing(w("context_why"), [w(f"context_why_{name}") for name in WHY], w("context_why_note")),
        *_sources(page, lives, answers),
    )


def _unfetched(page: AreaPage, text: str, command: bool = True) -> list[object]:
    strong, body = split(page.words(text, area=page.name))
    return [Text(body, strong), *([Command(FETCH)] if command else [])]


def _sources(page: AreaPage, lives: list[dict], answers: list[dict]) -> list[Text]:
    used = {KOLADA} if lives else set()
    used |= {row["source"] for row in answers}
    told = [split(page.words(f"context_source_{name}")) for name in (KOLADA, NTU) if name in used]
    return [Text(body, strong) for strong, body in told]


# --- living conditions


def _life(page: AreaPage, figure: Figure) -> dict | None:
    """The area's latest value and years, and the middle of the municipalities of the same year."""
    own = _own(page, figure)
    everywhere = page.profile.tables.rows("context", figure=figure.id)
    known = everywhere[(everywhere["missing"] == "") & (everywhere["area"].str.len() == 4)]
    if own.empty and known.empty:
        return None
    year = int((own if len(own) else known)["year"].max())
    year_known = known[known["year"] == year]
    members = year_known.loc[year_known["area"].str[:2] == page.area.county, "value"]
    late = own[own["year"] > year - YEARS]
    return {
        "figure": figure,
        "year": year,
        "value": float(own.loc[own["year"] == year, "value"].iloc[0]) if len(own) else math.nan,
        "first_year": int(late["year"].min()) if len(late) else year,
        "lowest": late["value"].min() if len(late) > 1 else math.nan,
        "highest": late["value"].max() if len(late) > 1 else math.nan,
        "county": members.median() if len(members) >= COUNTY_LEAST else math.nan,
        "county_members": len(members),
        **_nation(year_known["value"]),
    }


def _own(page: AreaPage, figure: Figure) -> pd.DataFrame:
    """The area's own values; a county of one municipality has that one's where it has none."""
    for code in _codes(page.area):
        rows = page.profile.tables.rows("context", area=code, figure=figure.id)
        rows = rows[(rows["missing"] == "") & (rows["year"] >= figure.since)]
        if len(rows):
            return rows
    return rows


def _codes(area: areas.Area) -> list[str]:
    members = areas.municipalities(area.code) if area.kind == "county" else []
    return [area.code, *([members[0].code] if len(members) == 1 else [])]


def _nation(values: pd.Series) -> dict[str, float]:
    if len(values) < NATION_LEAST:
        return dict.fromkeys(("nation", "nation_low", "nation_high"), math.nan)
    low, middle, high = values.quantile([0.25, 0.5, 0.75])
    return {"nation": middle, "nation_low": low, "nation_high": high}


def _lives(page: AreaPage, rows: list[dict], wanted: set[str]) -> list[object]:
    w, with_county = page.words, page.area.kind != "nation"
    shown = [_life_row(page, row, wanted, with_county) for row in rows]
    data = pd.DataFrame([{**row, "figure": row["figure"].id} for row in rows])
    apart = not any(row["first_year"] <= page.profile.period <= row["year"] for row in rows)
    return [
        table(w("context_table"), shown, data, note=w("context_note"), text_columns=tuple(shown[0])[1:], stacked=True),
        Text(w("context_years_apart", years=page.years)) if apart else None,
    ]


def _life_row(page: AreaPage, row: dict, wanted: set[str], with_county: bool) -> dict[str, str]:
    w, figure = page.words, row["figure"]
    name, higher = figure.text("name", page.language), figure.text("higher", page.language)
    own, low, high = (_value(page, figure, row[key]) for key in ("value", "lowest", "highest"))
    span, county, nation = w("context_one_year"), w("context_too_few"), w("context_too_few")
    if math.isfinite(row["lowest"]):
        span = w("context_value_year", value=_between(page, low, high), year=w.years(row["first_year"], row["year"]))
    if math.isfinite(row["county"]):
        county = w("context_of", value=_value(page, figure, row["county"]), n=w.number(row["county_members"]))
    if math.isfinite(row["nation"]):
        limits = (_value(page, figure, row[key]) for key in ("nation_low", "nation_high"))
        nation = w("context_half", value=_value(page, figure, row["nation"]), range=_between(page, *limits))
    if math.isnan(row["value"]):
        told = span = w("context_none")
    else:
        told = w("context_value_year", value=own, year=row["year"])
    cells = {w("context_col_figure"): w("context_higher", name=name, higher=higher), page.name: told}
    cells[w("context_col_span")] = span
    if with_county:
        cells[w("context_col_county")] = county
    return cells | {w("context_col_nation"): nation, w("context_col_ask"): _ask(page, figure, wanted)}


def _value(page: AreaPage, figure: Figure, value: float) -> str:
    if figure.unit == "percent":
        return page.words.percent(value / 100, 1)
    return page.words("context_per_10000", n=page.words.number(value, 1))


def _between(page: AreaPage, low: str, high: str) -> str:
    """Two values as a range, with the unit once: "8,1–12,4 %"."""
    number = low.split("\u00a0%")[0].split("%")[0].split(" per ")[0]
    return page.words.range(number, high)


def _ask(page: AreaPage, figure: Figure, wanted: set[str]) -> str:
    known = evidence.base().problems
    names = [known[one].text("lower", page.language) for one in figure.problems if one in wanted]
    question = figure.text("question", page.language)
    return page.words("context_ask", problems=capital(page.words.listed(names)), question=question)


# --- surveys


def _answer(page: AreaPage, figure: Figure) -> dict | None:
    """The area's answers over the years, or those of the county it lies in."""
    county = [page.area.county] if page.area.kind == "municipality" else []
    for code in (*_codes(page.area), *county):
        rows = page.profile.tables.rows("survey", area=code, question=figure.id)
        found = pooled(rows, since=figure.since, joins=figure.pools) if len(rows) else None
        if found:
            return {"figure": figure, "area": areas.get(code), "found": found, "source": rows["source"].iloc[-1]}
    return None


def _answers(page: AreaPage, rows: list[dict], wanted: set[str]) -> list[object]:
    w = page.words
    shown = [_answer_row(page, row, wanted) for row in rows]
    if all(row["area"].code in _codes(page.area) for row in rows):  # nothing to tell apart
        shown = [{name: text for name, text in row.items() if name != w("context_col_where")} for row in shown]
    data = pd.DataFrame(
        [
            {
                "question": row["figure"].id,
                "area": row["area"].code,
                "first_year": found.years[0],
                "year": found.years[-1],
            }
            | {"value": found.value, "lower": found.lower, "upper": found.upper, "differ": found.differ}
            for row in rows
            for found in [row["found"]]
        ]
    )
    note = w("context_survey_note")
    return [
        table(w("context_survey_table"), shown, data, note=note, text_columns=tuple(shown[0])[1:], stacked=True),
        _larger(page, rows),
        _differ(page, rows),
    ]


def _answer_row(page: AreaPage, row: dict, wanted: set[str]) -> dict[str, str]:
    w, figure, found = page.words, row["figure"], row["found"]
    limits = _between(page, w.percent(found.lower), w.percent(found.upper))
    answer = w(
        "context_answer", value=w.percent(found.value), range=limits, years=w.listed([str(y) for y in found.years])
    )
    return {
        w("context_col_figure"): figure.text("name", page.language),
        w("context_col_where"): row["area"].label(page.language),
        w("context_col_answer"): answer,
        w("context_col_reported"): _reported(page, row, wanted),
        w("context_col_ask"): _ask(page, figure, wanted),
    }


def _reported(page: AreaPage, row: dict, wanted: set[str]) -> str:
    """The reported offences of the same kind and area, with interval; a few as their number alone."""
    if row["area"].code not in _codes(page.area):
        return page.words("context_other_level")
    known = evidence.base().problems
    series = [id for one in row["figure"].problems if one in wanted for id in known[one].offences]
    told = [_rate(page, id) for id in dict.fromkeys(series) if id in page.profile.level_rows]
    return "; ".join(told) or page.words("context_no_series")


def _rate(page: AreaPage, offence: str) -> str:
    w, level = page.words, page.profile.level_rows[offence]
    period = page.profile.period
    name = page.offence(offence, "lower")
    years = w.years(int(level["first_year"]), period) if "first_year" in level else page.period
    if pd.isna(level["count"]):
        return w("context_reported_withheld", offence=name, years=years)
    if level["count"] < FEW or pd.isna(level["value"]):
        return w("context_reported_few", offence=name, n=w.number(level["count"]), years=years)
    limits = w.rate_range(level["lower"], level["upper"])
    return w("context_reported", offence=name, rate=w.number(level["value"]), range=limits, years=years)


def _larger(page: AreaPage, rows: list[dict]) -> Text | None:
    larger = [row["area"] for row in rows if row["area"].code not in _codes(page.area)]
    if not larger:
        return None
    return Text(page.words("context_larger", own=page.name, larger=larger[0].label(page.language)))


def _differ(page: AreaPage, rows: list[dict]) -> Listing | None:
    names = [row["figure"].text("name", page.language) for row in rows if row["found"].differ]
    heading, note = split(page.words("context_differ"))
    return Listing(heading, names, note) if names else None
