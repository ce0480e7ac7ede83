"""The region page: every county, year and language, read as its readers do and checked against the raw tables."""

from __future__ import annotations

import ast
import csv
import math
import re
from collections import defaultdict
from functools import cache

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from reading import prose, sentences, shown, texts

from brapkg import areas, blocks, catalogue, findings, paths, profile, store
from brapkg.errors import UsageError
from brapkg.pages import render
from brapkg.region import Region
from brapkg.wording import Words

pytestmark = pytest.mark.usefixtures("built", "undrawn")

# One municipality; middling; largest; sparse and large.
COUNTIES = ("09", "20", "01", "25")
PERIODS = (2013, 2014, 2015, 2016)
LANGUAGES = ("sv", "en")
CELLS = (
    "head",
    "brief",
    "facts",
    "level",
    "development",
    "municipalities",
    "together",
    "context",
    "stands_out",
    "priorities",
    "plan",
    "structure",
    "limits",
    "sources",
)
EVERY = [(code, period, language) for code in COUNTIES for period in PERIODS for language in LANGUAGES]
SWEDISH = [case for case in EVERY if case[2] == "sv"]
WORDS = {language: Words(language) for language in LANGUAGES}
S = "\u00a0"
RAW = paths.CLONE / "data" / "raw"


# --- pages


@cache
def cells(code: str, period: int, language: str) -> dict[str, str]:
    """The page's HTML by the notebook's call."""
    return shown(Region(code, period, language), CELLS)


@cache
def page(code: str, period: int, language: str) -> str:
    return "".join(cells(code, period, language).values())


def points(code: str, period: int, language: str) -> list[tuple[str, str]]:
    """The summary: claim and text of each point."""
    brief = cells(code, period, language)["brief"]
    found = re.search(r'<ul class="points">(.*?)</ul>', brief)[1]
    items = re.findall(r"<li><strong>(.*?)</strong> (.*?)</li>", found)
    return [(claim, re.sub(r"<[^>]+>", "", text)) for claim, text in items]


# --- the same numbers, from the raw tables and with plain Python


@cache
def raw(name: str) -> list[dict[str, str]]:
    with (RAW / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def residents() -> dict[tuple[str, int], int]:
    return {(row["area"], int(row["year"])): int(row["residents"]) for row in raw("population")}


@cache
def counts() -> dict[tuple[str, str, int], int]:
    """Offences by municipality, county ("20") and nation ("00")."""
    found: dict[tuple[str, str, int], int] = defaultdict(int)
    for row in raw("offences_municipality_year"):
        for area in (row["area"], row["area"][:2], "00"):
            found[area, row["offence"], int(row["year"])] += int(row["count"])
    return found


def population(area: str, year: int) -> float:
    codes = [m["code"] for m in raw("municipalities") if m["code"].startswith(area) or area == "00"]
    before, now = (sum(residents()[code, y] for code in codes) for y in (year - 1, year))
    return before if year == 2016 else (before + now) / 2


def rate(area: str, offence: str, year: int) -> float:
    return counts()[area, offence, year] / population(area, year) * 100_000


def together(area: str, period: int) -> float:
    """All offences a year over four years (or all there are) where residents are few, else over the year."""
    few = population(area, period) < 10_000
    years = range(max(2013, period - 3) if few else period, period + 1)
    total = sum(counts()[area, "total", year] for year in years)
    return total / sum(population(area, year) for year in years) * 100_000


def whole(value: float) -> int:
    return math.floor(value + 0.5)


# --- the whole page


@pytest.mark.parametrize(("code", "period", "language"), EVERY)
def test_nothing_unfilled_or_untold_stands_in_a_text(code, period, language):
    for where, text in texts(page(code, period, language)):
        assert not re.search(r"[{}]|  |\bnan\b|\binf\b|<NA>|NaT", text), (where, text)
        assert not re.search(r"\bNone\b(?! of)", text), (where, text)
        assert not re.search(r" [.,;:]|\.\.|,,|\( | \)|^\s|[a-zåäö]\.[A-ZÅÄÖ]", text), (where, text)
        assert "−0" not in re.sub(r"−0[.,]\d*[1-9]", "", text), (where, text)


@pytest.mark.parametrize(("code", "period", "language"), EVERY)
def test_sentences_are_short_and_begin_with_a_capital(code, period, language):
    for text in prose(page(code, period, language)):
        assert re.match(r"[A-ZÅÄÖ0-9+−]", text) or language == "en" or "prövas först" in text, text
        for sentence in sentences(text):
            assert len(sentence.split()) <= 40, sentence


@pytest.mark.parametrize(("code", "period", "language"), EVERY)
def test_per_cent_is_a_word_in_sentences_and_a_sign_in_parentheses(code, period, language):
    made = cells(code, period, language)
    told = [text for _, text in points(code, period, language)]
    told += [
        text
        for name in ("level", "stands_out")
        for where, text in texts(made[name])
        if re.fullmatch(r"section/(div\.callout/)?p|.*li\.card/p", where)
    ]
    for text in told:
        outside = re.sub(r"\([^()]*\)", "", text)
        assert "%" not in outside, text


@pytest.mark.parametrize(("code", "period", "language"), [case for case in EVERY if case[2] == "en"])
def test_english_pages_hold_no_swedish_words(code, period, language):
    for where, text in texts(page(code, period, language)):
        found = re.findall(r"\b(?:län|läns|kommun|kommuner|riket|brott|och|procent|året)\b", text)
        assert not found, (where, text)
    assert f"<h1>{areas.get(code).name_en} {period}</h1>" in page(code, period, language)


@pytest.mark.parametrize(("code", "period", "language"), EVERY)
def test_figures_are_numbered_in_order_and_each_has_words_a_table_and_data(code, period, language):
    html = page(code, period, language)
    figures = re.findall(r'<figure class="figure" id="figur-(\d+)".*?</figure>', html)
    assert figures == [str(n) for n in range(1, len(figures) + 1)] and len(figures) >= 7
    for figure in re.findall(r"<figure .*?</figure>", html):
        described = re.findall(r"<desc[^>]*>(.*?)</desc>", figure)
        assert len(described) == 2 and all(len(text) > 40 for text in described)
        # The round year tells of months, and the funnel has its numbers in the table that it leads to.
        months = sum(month in described[0] for month in WORDS[language]("months").split())
        numbers = len(re.findall(r"\d", described[0]))
        assert max(numbers, months) >= 2 or "tratt" in described[0].lower() or "Funnel" in described[0]
        assert figure.count("<table") == 1 or 'href="#tabell-1"' in figure
        assert figure.count("data:text/csv") == 1
    assert html.count('id="tabell-1"') == html.count('id="tabell-2"') == 1


@pytest.mark.parametrize(("code", "period", "language"), SWEDISH)
def test_alternative_texts_hold_the_values(code, period, language):
    made, words = cells(code, period, language), WORDS[language]
    described = re.findall(r"<desc[^>]*>(.*?)</desc>", "".join(made.values()))
    overview, county_map = described[0], described[2]
    for offence in catalogue.offences("groups").values():
        ratio = rate(code, offence.id, period) / rate("00", offence.id, period)
        assert f"{offence.short_sv}: {words.deviation(ratio)} (" in overview
    for municipality in areas.municipalities(code):
        value = whole(together(municipality.code, period))
        assert f"{municipality.short} {words.number(value)}" in county_map
    assert "januari" not in made["development"] or "Januari: " in made["development"] or period == 2013


# --- the summary


@pytest.mark.parametrize(("code", "period", "language"), EVERY)
def test_the_summary_has_five_points_each_with_its_claim(code, period, language):
    found = points(code, period, language)
    assert len(found) == 5
    for claim, text in found:
        assert claim.endswith(".") and claim[0].isupper() and len(claim.split()) <= 12
        assert text.endswith(".") and not text[0].isdigit()


@pytest.mark.parametrize(("code", "period", "language"), EVERY)
def test_the_summary_s_first_sentence_agrees_with_the_raw_tables(code, period, language):
    words = WORDS[language]
    claim, text = points(code, period, language)[0]
    count, here, there = counts()[code, "total", period], rate(code, "total", period), rate("00", "total", period)
    assert f" {words.number(count)} " in text and f" {words.number(whole(here))} per " in text
    assert areas.get(code).label(language) in text
    higher, lower = ("högre", "lägre") if language == "sv" else ("higher", "lower")
    if higher in claim.lower():
        assert here > there and f" {round(100 * (here / there - 1))} " in text and higher in text
    elif lower in claim.lower():
        assert here < there and f" {round(100 * (1 - here / there))} " in text and lower in text
    else:
        assert f" {words.number(whole(there))}" in text


@pytest.mark.parametrize(("code", "period", "language"), EVERY)
def test_the_change_in_one_year_agrees_with_the_raw_tables(code, period, language):
    _, text = points(code, period, language)[1]
    if period == 2013:
        assert "2013" in text and "procent" not in text and "per cent" not in text
        return
    first = sentences(text)[0]
    assert str(period - 1) in first and str(period) in first
    told = re.findall(
        r"(ökade|minskade|rose|fell)[^;()]*?(?:med|by) (\d+) (?:procent|per cent)|(oförändrat|did not)", first
    )
    assert len(told) == 2
    for (way, number, _), area in zip(told, (code, "00"), strict=True):
        change = 100 * (rate(area, "total", period) / rate(area, "total", period - 1) - 1)
        assert round(abs(change)) == int(number or 0)
        assert not way or (change > 0) == (way in ("ökade", "rose"))


@pytest.mark.parametrize(("code", "period", "language"), EVERY)
def test_the_groups_named_lie_on_the_side_that_is_said(code, period, language):
    claim, text = points(code, period, language)[2]
    level = store.load("comparison")
    level = level[(level["area"] == code) & (level["year"] == period)].set_index("offence")["verdict"]
    named: dict[str, list[str]] = {"higher": [], "lower": []}
    for sentence in sentences(text):
        way = "higher" if re.search(r"högre|[Hh]igher", sentence) else "lower"
        for offence in catalogue.offences("groups").values():
            name = re.escape(offence.text("lower", language))
            if offence.id != "total" and re.search(rf"(?<![\w-]){name}", sentence):
                named[way].append(offence.id)
    for way, verdicts in (("higher", findings.HIGHER), ("lower", findings.LOWER)):
        expected = [o for o in catalogue.offences("groups") if o != "total" and level[o] in verdicts]
        assert named[way] == expected
        ratios = [rate(code, o, period) / rate("00", o, period) for o in expected]
        assert all((ratio > 1) == (way == "higher") for ratio in ratios)
        if expected:
            assert WORDS[language].count_word(len(expected)) in claim.lower()


@pytest.mark.parametrize(("code", "period", "language"), [case for case in EVERY if case[0] != "09"])
def test_the_municipalities_named_lie_above_and_below_their_groups(code, period, language):
    words = WORDS[language]
    claim, text = points(code, period, language)[3]
    peers = store.load("peers")
    peers = peers[(peers["year"] == period) & (peers["offence"] == "total")].set_index("area")
    first, peers = peers["first_year"], peers["verdict"]
    group = {m["code"]: m["skr_2017"] for m in raw("municipalities")}
    for verdicts, sign in ((findings.HIGHER, 1), (findings.LOWER, -1)):
        codes = [c for c in peers.index if c.startswith(code) and peers[c] in verdicts]
        last = str.maketrans("ÅÄÖåäö", "[\\]{|}")
        names = sorted((areas.get(c).short for c in codes), key=lambda name: name.translate(last))
        shown = names if len(names) <= 6 else names[:5]
        places = [re.search(rf"(?<!\w){name}(?!\w)", text).start() for name in shown]
        assert places == sorted(places)
        if len(names) > 6:
            assert words("and_more", n=words.count_word(len(names) - 5)) in text
        for one in codes:
            members = [c for c, g in group.items() if g == group[one]]
            # Small municipalities have several years together, each at the group's rate of that year.
            years = range(first[one], period + 1)
            expected = sum(
                population(one, year)
                * sum(counts()[c, "total", year] for c in members)
                / sum(population(c, year) for c in members)
                for year in years
            )
            assert (sum(counts()[one, "total", year] for year in years) > expected) == (sign == 1)


@pytest.mark.parametrize(("code", "period", "language"), EVERY)
def test_the_reservation_tells_status_and_coverage(code, period, language):
    _, text = points(code, period, language)[4]
    assert ("prelimin" in text) == (period == 2016)
    year = min(period, 2014)
    official = next(
        int(r["count"])
        for r in raw("official_totals")
        if (r["area"], r["offence"], r["year"]) == (code, "total", str(year))
    )
    share = round(100 * counts()[code, "total", year] / official)
    assert f"{share} pro" in text or f"{share} per cent" in text
    assert str(year) in text


# --- tables


def table(html: str, anchor: str) -> list[list[str]]:
    body = html[html.index(f'id="{anchor}"') :]
    body = body[body.index("<tbody") : body.index("</tbody>")]
    rows = re.findall(r"<tr.*?</tr>", body)
    return [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]


@pytest.mark.parametrize(("code", "period", "language"), SWEDISH)
def test_table_1_agrees_with_the_raw_tables(code, period, language):
    words, rows = WORDS[language], table(page(code, period, language), "tabell-1")
    by_name = {offence.sv: offence.id for offence in catalogue.offences("groups").values()}
    assert [by_name[row[0]] for row in rows][0] == "total" and len(rows) == 10
    ratios = []
    for name, count, per, _, nation, difference, _ in rows:
        offence = by_name[name]
        assert count == words.number(counts()[code, offence, period])
        assert per == words.number(whole(rate(code, offence, period)))
        assert nation == words.number(whole(rate("00", offence, period)))
        ratios.append(rate(code, offence, period) / rate("00", offence, period))
        assert difference.startswith(words.deviation(ratios[-1]) + " (")
    assert ratios[1:] == sorted(ratios[1:], reverse=True)


@pytest.mark.parametrize(("code", "period", "language"), SWEDISH)
def test_table_2_names_the_municipalities_that_the_store_sets_apart(code, period, language):
    rows = table(page(code, period, language), "tabell-2")
    peers = store.load("peers")
    for (_, over, under), offence in zip(rows, catalogue.offences("groups"), strict=True):
        mine = peers[(peers["year"] == period) & (peers["offence"] == offence) & (peers["area"].str[:2] == code)]
        for told, verdicts in ((over, findings.HIGHER), (under, findings.LOWER)):
            names = {areas.get(c).short for c in mine.loc[mine["verdict"].isin(verdicts), "area"]}
            assert set(re.split(r", | och ", told)) == (names or {"ingen"})


# --- few offences


@pytest.fixture
def thin(monkeypatch):
    """Gotland 2016 as it would look with 7 weapons offences, and 5 the year before."""
    region = Region("09", 2016, "sv")
    county = region._page.county
    level, change = county.level.copy(), county.change.copy()
    level.loc["weapons", "count"] = 7
    level.loc["weapons", ["value", "lower", "upper"]] = [12.3, 4.9, 25.1]
    level.loc["weapons", [c for c in level if c.startswith("ratio_") and c != "ratio_verdict"]] = np.nan
    level.loc["weapons", "ratio_verdict"] = "few"
    change.loc["weapons", ["count_before", "count"]] = [5, 7]
    change.loc["weapons", ["value", "lower", "upper"]] = np.nan
    change.loc["weapons", ["missing", "verdict"]] = "few"
    for name, table_ in (("level", level), ("change", change)):
        monkeypatch.setitem(county.__dict__, name, table_)
    return region


def test_too_few_offences_have_a_count_and_no_rate(thin):
    html = thin.level().html()
    row = next(r for r in table(html, "tabell-1") if r[0] == "Vapenbrott")
    assert row[1] == "7" and row[2] == row[3] == row[5] == "–" and row[6] == "För få att bedöma"
    assert "Vapenbrott: för få att bedöma." in thin.brief().html()


def test_small_counts_are_told_instead_of_a_percentage_change(thin):
    html = thin.development().html()
    figure = html[html.index('id="figur-6"') : html.index('id="figur-7"')]
    row = next(r for r in table(figure, "figur-6") if r[0] == "Vapenbrott")
    assert row[1:4] == ["7", "–", "5 → 7 brott"]
    assert "Vapenbrott 7 brott, 1" in figure and "12,3" not in figure


def test_a_group_too_few_to_judge_is_no_finding_and_no_largest_difference(thin):
    assert "vapenbrott" not in "".join(text for _, text in points("09", 2016, "sv") if "Nivån" in text)
    assert "vapenbrott" not in thin.level().html().split("</p>")[0].lower()
    assert findings.standing_out(thin._page.county)


@pytest.mark.parametrize("period", PERIODS)
def test_municipalities_with_too_few_offences_have_a_count_and_no_rate(built, period):
    peers = store.load("peers")
    few = peers[(peers["offence"] == "violence") & (peers["year"] == period) & (peers["verdict"] == "few")]
    number = {2013: 7, 2014: 8}.get(period, 9)  # no year wheel the first year, no signals the first two
    for code in sorted(set(few["area"].str[:2]))[:3]:
        html = cells(code, period, "sv")["municipalities"]
        rows = {row[0]: row for row in table(html, f"figur-{number}")}
        for area in few.loc[few["area"].str[:2] == code, "area"]:
            row = rows[areas.get(area).short]
            assert row[2].isdigit() and row[3:6] == ["–", "–", "–"] and row[6] == "för få att bedöma"


@pytest.mark.parametrize("period", PERIODS[1:])
def test_no_percentage_change_where_a_count_is_below_20(built, period):
    change = store.load("change")
    small = change[(change["year"] == period) & (change[["count_before", "count"]].min(axis=1) < 20)]
    assert len(small) > 100
    assert (small["missing"] != "").all() and small[["value", "lower", "upper"]].isna().all(axis=None)


# --- one municipality


def test_a_municipality_whose_offences_are_kept_back_is_not_on_the_map():
    whole, kept_back = Region("24"), Region("24")
    country = whole._page.county.country.copy()
    country.loc["2403", ["count", "value", "lower", "upper"]] = np.nan
    kept_back._page.county.__dict__["country"] = country
    before, after = (
        re.search(r"<figure.*?</figure>", each.facts().html(), re.DOTALL)[0] for each in (whole, kept_back)
    )
    assert "Bjurholm" in before and "Bjurholm" not in after and "nan" not in after
    assert re.findall("Dorotea|Vindeln|Umeå", after) == re.findall("Dorotea|Vindeln|Umeå", before)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("period", PERIODS)
def test_a_county_of_one_municipality_is_not_spoken_of_as_many(period, language):
    many = re.compile(
        r"\b1 (andra|kommuner|municipalities)|\b(en|ett) (andra|kommuner)\b|\b[Oo]ne municipalities|"
        r"av länets kommuner|of the county's municipalities|summan av kommunerna"
    )
    for where, text in texts(page("09", period, language)):
        assert not many.search(text), (where, text)
    claim, text = points("09", period, language)[3]
    assert claim in ("Länet är en enda kommun.", "The county is a single municipality.")


# --- every county


GRAMMAR = re.compile(
    r"\b[Ee]n (andra|område|län)\b|\b[Ii]ngen andra\b|\b[Ee]tt andra\b|\bfem av \d|\b[Oo]ne other counties|"
    r"\b[Oo]ne of \w+ \w+( \w+)? (are|lie)\b|\boch och\b|\bsamt samt\b|"
    r"\b(?P<word>[a-zåäö]+) (?P=word)\b|uttag 2013–2013"
)


@pytest.mark.parametrize("county", [area.code for area in areas.counties()])
def test_every_county_s_page_is_put_together_with_unique_ids(county):
    made = cells(county, profile.latest_period(), "sv")
    outputs = [new_output("display_data", {blocks.PAGE: html}) for html in made.values()]
    book = new_notebook(cells=[new_code_cell("page.x()", outputs=[output]) for output in outputs])
    title = f"{areas.get(county).name} 2016"
    html = render.render(book, title=title, language="sv")
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids)) and len(ids) > 40
    links = re.findall(r'href="#([^"]+)"', html)
    assert set(links) <= set(ids)
    assert f"<h1>{title}</h1>" in html


@pytest.mark.parametrize("county", [area.code for area in areas.counties()])
def test_every_county_s_sentences_are_grammatical_and_short(county):
    for where, text in texts(page(county, profile.latest_period(), "sv")):
        assert not GRAMMAR.search(text), (where, text)
        assert not re.search(r"[{}]|  |\bNone\b|\bnan\b|\binf\b", text), (where, text)
    for text in prose(page(county, profile.latest_period(), "sv")):
        assert all(len(sentence.split()) <= 40 for sentence in sentences(text)), text


@pytest.mark.parametrize("county", [area.code for area in areas.counties()])
def test_what_stands_out_is_not_also_said_to_need_no_examination(county):
    for period in PERIODS:
        mine = profile.county(county, period)
        shown = {finding.offence for finding in findings.standing_out(mine)}
        assert len(shown) <= 5 and not shown & set(findings.going_well(mine))


def test_the_only_county_above_the_nation_is_said_to_be_the_only_one():
    assert "Stockholms län är det enda län som ligger över riket" in cells("01", 2016, "sv")["level"]
    assert "Stockholms län ligger över riket, liksom ett annat län" in cells("01", 2013, "sv")["level"]
    assert "Stockholm County is the only county above the national level" in cells("01", 2016, "en")["level"]


def test_the_first_year_tells_what_cannot_be_told():
    made = cells("20", 2013, "sv")
    assert "Årshjulet visas inte" in made["development"] and "Tjock linje" not in made["development"]
    assert "säker ökning" not in made["stands_out"] and "figur-7" not in made["development"]
    assert "Månadssignaler visas inte" in made["development"]
    assert "uttag 2013)" in made["brief"] and "2013–2013" not in page("20", 2013, "sv")


@pytest.mark.parametrize("county", ["2080", "Ankeborg"])
def test_a_page_of_no_county_is_refused(county):
    with pytest.raises(UsageError):
        Region(county)


def test_a_page_in_an_unknown_language_is_refused():
    with pytest.raises(UsageError, match="no"):
        Region("20", 2016, "no")


# --- the notebook


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(paths.CLONE / "notebooks" / "region.ipynb", as_version=4)


def code_cells(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_the_notebook_has_at_most_fifteen_code_cells(notebook):
    assert len(code_cells(notebook)) <= 15


def test_the_notebook_s_parameters_are_three_literals(notebook):
    (parameters,) = [c for c in code_cells(notebook) if "parameters" in c.metadata.get("tags", ())]
    body = ast.parse(parameters.source).body
    assert [statement.targets[0].id for statement in body] == ["region", "period", "language"]
    assert all(isinstance(statement.value, ast.Constant) for statement in body)
    assert [type(statement.value.value) for statement in body] == [str, int, str]


def test_the_notebook_holds_no_logic(notebook):
    simple = (ast.Name, ast.Constant, ast.Attribute)
    for cell in code_cells(notebook):
        for statement in ast.parse(cell.source).body:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                continue
            assert isinstance(statement, ast.Assign | ast.Expr), cell.source
            value = statement.value
            if isinstance(statement, ast.Assign) and isinstance(value, ast.Constant):
                continue
            assert isinstance(value, ast.Call) and isinstance(value.func, ast.Name | ast.Attribute), cell.source
            given = [*value.args, *(keyword.value for keyword in value.keywords)]
            assert all(isinstance(argument, simple) for argument in given), cell.source


def test_the_notebook_calls_each_section_once_and_in_order(notebook):
    calls = [m for cell in code_cells(notebook) for m in re.findall(r"^page\.(\w+)\(\)$", cell.source, re.M)]
    assert calls == list(CELLS)
