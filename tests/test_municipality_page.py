"""The municipality page: small and large places read as their readers do, and checked against the raw tables."""

from __future__ import annotations

import ast
import csv
import math
import re
from collections import defaultdict
from functools import cache
from html import unescape

import nbformat
import pytest
from conftest import copied, use
from nbformat.v4 import new_code_cell, new_notebook, new_output

from brapkg import areas, blocks, catalogue, paths, store
from brapkg.errors import UsageError
from brapkg.figures.dots import SURE
from brapkg.municipality import Municipality, rehearse
from brapkg.pages import render
from brapkg.settings import settings
from brapkg.wording import Words, texts

pytestmark = pytest.mark.usefixtures("built", "undrawn")

# The smallest; two small ones inland; an island that is its own county; middling; the largest.
CODES = ("2403", "2425", "2506", "0980", "1780", "0180")
SMALL = ("2403", "2425", "2506")
PERIODS = (2013, 2016)
LANGUAGES = ("sv", "en")
CELLS = (
    "head",
    "brief",
    "facts",
    "level",
    "development",
    "consequences",
    "compared",
    "context",
    "stands_out",
    "plan",
    "structure",
    "limits",
    "sources",
)
EVERY = [(code, period, language) for code in CODES for period in PERIODS for language in LANGUAGES]
WORDS = {language: Words(language) for language in LANGUAGES}
RAW = paths.CLONE / "data" / "raw"
GROUPS = tuple(catalogue.offences("groups"))
# As a page that must not be read as about a small place would still say it.
OF_SMALL = re.compile(r"liten kommun|för litet för|upp till fyra år (?!bak)", re.IGNORECASE)


@cache
def cells(code: str, period: int, language: str) -> dict[str, str]:
    """The page's HTML by the notebook's call."""
    return made(Municipality(code, period, language))


def made(page: Municipality) -> dict[str, str]:
    told = {}
    for name in CELLS:
        shown: list[dict] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(blocks, "_publish", shown.extend)
            getattr(page, name)()._ipython_display_()
        told[name] = shown[0][blocks.PAGE]
    return told


def html(code: str, period: int, language: str) -> str:
    return "".join(cells(code, period, language).values())


def plain(markup: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", markup))


def prose(markup: str) -> list[str]:
    """Sentences of paragraphs and lists; no tables, no pictures, no lines of sources, no code."""
    left = re.sub(r"<svg.*?</svg>|<table.*?</table>|<pre.*?</pre>", "", markup, flags=re.DOTALL)
    found = re.findall(
        r"<(?:p(?! class=\"(?:source|csv|meta|kind|sub))|li|dd)\b[^>]*>(.*?)</(?:p|li|dd)>", left, re.DOTALL
    )
    told = [" ".join(plain(text).split(" ")) for text in found]
    return [
        sentence
        for text in told
        for sentence in re.split(r"(?<=[.?!])\s+(?=[A-ZÅÄÖ])", text)
        if sentence.rstrip().endswith((".", "?"))
    ]


def rows_of(markup: str, caption: str) -> list[list[str]]:
    """The cells of the table with this caption, row by row."""
    table = next(t for t in re.findall(r"<table.*?</table>", markup, re.DOTALL) if caption in plain(t))
    rows = re.findall(r"<tr\b.*?</tr>", table, re.DOTALL)[1:]
    return [[plain(cell) for cell in re.findall(r"<t[hd]\b.*?</t[hd]>", row, re.DOTALL)] for row in rows]


# --- the same numbers, from the raw tables and with plain Python


@cache
def raw(name: str) -> list[dict[str, str]]:
    with (RAW / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def counts() -> dict[tuple[str, str, int], int]:
    found: dict[tuple[str, str, int], int] = defaultdict(int)
    for row in raw("offences_municipality_year"):
        for area in (row["area"], "00"):
            found[area, row["offence"], int(row["year"])] += int(row["count"])
    return found


@cache
def population(area: str, year: int) -> float:
    known = {(row["area"], int(row["year"])): int(row["residents"]) for row in raw("population")}
    codes = [m["code"] for m in raw("municipalities") if area in (m["code"], "00")]
    before, now = (sum(known[code, y] for code in codes) for y in (year - 1, year))
    return before if year == 2016 else (before + now) / 2


def over(area: str, offence: str, first: int, last: int) -> tuple[int, float]:
    """Count and rate of several years together."""
    span = range(first, last + 1)
    count = sum(counts()[area, offence, year] for year in span)
    return count, count / sum(population(area, year) for year in span) * 100_000


def whole(value: float) -> int:
    return math.floor(value + 0.5)


def window(code: str, period: int) -> dict[str, int]:
    table = store.load("pooled")
    mine = table[(table["area"] == code) & (table["year"] == period)]
    return dict(zip(mine["offence"], mine["first_year"], strict=True))


# --- the whole page


@pytest.mark.parametrize(("code", "period", "language"), EVERY)
def test_nothing_unfilled_or_untold_stands_in_a_text(code, period, language):
    text = plain(re.sub(r"data:[^\"]*", "", html(code, period, language)))
    assert not re.search(r"[{}]|\bnan\b|\binf\b|<NA>|NaT|\bNone\b(?! (?:of|shows))", text)
    assert not re.search(r" [.,;:]|\.\.|,,|\( | \)", re.sub(r"\n", "", text))
    if language == "sv":
        sentences = " ".join(prose(html(code, period, "sv")))
        assert not re.search(r"\d\.\d", re.sub(r"doi\S+|https?\S+|brapkg \d+\.\d+\.\d+", "", sentences))


@pytest.mark.parametrize(("code", "period", "language"), EVERY)
def test_sentences_are_short_and_the_page_is_easy_to_read(code, period, language):
    mine = {name: text for name, text in cells(code, period, language).items() if name not in OTHERS}
    said = prose("".join(mine.values()))
    assert len(said) > 60
    for sentence in said:
        outside = re.sub(r"\([^()]*\)", "", sentence)
        assert len(outside.split()) <= 35 or ":" in sentence, sentence
    words = [word for sentence in said for word in re.findall(r"[A-Za-zÅÄÖåäöéü]+", sentence)]
    lix = len(words) / len(said) + 100 * sum(len(word) > 6 for word in words) / len(words)
    assert lix < 50


# Sections that have tests of their own.
OTHERS = ("context", "stands_out", "plan", "structure")


@pytest.mark.parametrize(("code", "period", "language"), EVERY)
def test_no_table_has_a_row_of_nothing_and_no_list_is_empty(code, period, language):
    page = html(code, period, language)
    for table in re.findall(r"<tbody.*?</tbody>", page, re.DOTALL):
        rows = re.findall(r"<tr\b.*?</tr>", table, re.DOTALL)
        assert rows
        for row in rows:
            told = [plain(cell).strip() for cell in re.findall(r"<td\b.*?</td>", row, re.DOTALL)]
            assert told and not all(cell in ("", "–") for cell in told), plain(row)
    assert not re.search(r"<(ul|dl|ol)[^>]*></\1>|<(p|li|dd)></\2>", page)


@pytest.mark.parametrize(("code", "period", "language"), EVERY)
def test_figures_are_numbered_in_order_and_each_has_words_a_table_and_data(code, period, language):
    page = html(code, period, language)
    figures = re.findall(r'<figure class="figure" id="figur-(\d+)"', page)
    assert figures == [str(n) for n in range(1, len(figures) + 1)] and len(figures) >= 5
    for figure in re.findall(r"<figure .*?</figure>", page, re.DOTALL):
        described = re.findall(r"<desc[^>]*>(.*?)</desc>", figure)
        assert len(described) == 2 and all(len(text) > 40 and re.search(r"\d|[a-z]", text) for text in described)
        elsewhere = re.search(r'href="#(tabell-\d)"', figure)
        assert figure.count("<table") == 1 or f'id="{elsewhere[1]}"' in page
        assert figure.count("data:text/csv") == 1
    tables = re.findall(r'id="(tabell-\d)"', page)
    assert len(tables) == len(set(tables)) and "tabell-1" in tables


@pytest.mark.parametrize("language", LANGUAGES)
def test_headings_follow_the_order_of_the_act(language):
    headings = [plain(told) for told in re.findall(r"<h2[^>]*>(.*?)</h2>", html("2403", 2016, language))]
    items = [re.search(r"(?:4\s§\s|section\s4, item\s)(\d)", told) for told in headings]
    assert [int(found[1]) for found in items if found] == [1, 1, 1, 1, 2, 3]
    after = headings[[bool(found) for found in items].index(True) + 6 :]
    assert re.search(r"5\s§|section 5", after[0])


@pytest.mark.parametrize(("code", "period", "language"), [case for case in EVERY if case[2] == "en"])
def test_english_pages_hold_no_swedish_words(code, period, language):
    text = plain("".join(text for name, text in cells(code, period, language).items() if name not in OTHERS))
    assert not re.findall(r"\b(?:län|läns|kommun|kommuner|riket|brott|och|procent|året|invånare)\b", text)
    assert f"<h1>{areas.get(code).name_en} {period}</h1>" in cells(code, period, language)["head"]


@pytest.mark.parametrize("code", ["1780", "0180"])
def test_a_large_place_is_not_spoken_of_as_a_small_one(code):
    for name in ("head", "brief", "level", "development", "compared", "limits"):
        for sentence in prose(cells(code, 2016, "sv")[name]):
            found = OF_SMALL.search(sentence)
            assert not found, sentence


def test_an_island_is_not_spoken_of_as_if_one_were_inside_it():
    page = plain(html("0980", 2016, "sv"))
    assert not re.search(r"\bi Gotland\b(?!s)", page) and "i Gotlands kommun" in page
    assert "länet är ingen jämförelse" in page and "gränsar inte till någon" in page
    assert "Tillsammans med grannarna" not in plain(re.sub(r"<dl.*?</dl>", "", cells("0980", 2016, "sv")["compared"]))
    columns = plain(re.search(r"<thead.*?</thead>", _table(cells("0980", 2016, "sv")["compared"], "Tabell 3"))[0])
    assert "Riket" in columns and "Länet" not in columns and "Grannar" not in columns


def _table(markup: str, caption: str) -> str:
    return next(t for t in re.findall(r"<table.*?</table>", markup, re.DOTALL) if caption in plain(t))


def test_the_same_inputs_give_the_same_page():
    assert made(Municipality("2425", 2016, "sv")) == cells("2425", 2016, "sv")


@pytest.mark.parametrize(("code", "period"), [("2403", 2016), ("0180", 2016)])
def test_the_page_is_rendered_and_small_enough(code, period):
    book = new_notebook()
    for name, content in cells(code, period, "sv").items():
        cell = new_code_cell(f"page.{name}()")
        cell.outputs = [new_output("display_data", data={blocks.PAGE: content})]
        book.cells.append(cell)
    assert len(render.render(book, title=f"{areas.get(code).name} {period}", language="sv").encode()) < 700_000


# --- the summary


def points(code: str, period: int, language: str) -> list[tuple[str, str]]:
    found = re.search(r'<ul class="points">(.*?)</ul>', cells(code, period, language)["brief"], re.DOTALL)[1]
    return [(plain(a), plain(b)) for a, b in re.findall(r"<li><strong>(.*?)</strong> (.*?)</li>", found, re.DOTALL)]


@pytest.mark.parametrize(("code", "period", "language"), EVERY)
def test_the_summary_has_five_points_each_with_its_claim(code, period, language):
    found = points(code, period, language)
    assert len(found) == 5
    for claim, text in found:
        assert claim.endswith(".") and claim[0].isupper() and len(claim.split()) <= 12
        assert text.endswith(".") and not text[0].isdigit()
        assert "%" not in re.sub(r"\([^()]*\)", "", text)


@pytest.mark.parametrize(("code", "period", "language"), EVERY)
def test_the_first_sentence_agrees_with_the_raw_tables(code, period, language):
    claim, text = points(code, period, language)[0]
    words, first = WORDS[language], window(code, period)["total"]
    (count, here), (_, there) = over(code, "total", first, period), over("00", "total", first, period)
    assert f" {words.number(count)} " in text and f" {words.number(whole(here))} per " in text
    higher, lower = ("högre", "lägre") if language == "sv" else ("higher", "lower")
    if higher in claim.lower():
        assert f" {round(100 * (here / there - 1))} per" in text.replace("procent", "per") and here > there
    elif lower in claim.lower():
        assert f" {round(100 * (1 - here / there))} per" in text.replace("procent", "per") and here < there


@pytest.mark.parametrize(("code", "period", "language"), EVERY)
def test_groups_named_against_the_skr_group_are_those_whose_interval_spans_no_difference(code, period, language):
    peers = store.load("peers")
    mine = peers[(peers["area"] == code) & (peers["year"] == period)].set_index("offence")
    text = points(code, period, language)[1][1]
    for id in GROUPS[1:]:
        name = re.escape(catalogue.offence(id).text("lower", language))
        sure = mine.loc[id, "missing"] == "" and not mine.loc[id, "lower"] <= 1 <= mine.loc[id, "upper"]
        assert bool(re.search(rf"(?<![\w-]){name}", text)) == sure, id


@pytest.mark.parametrize("code", CODES)
def test_a_first_year_has_no_development(code):
    page = plain(html(code, 2013, "sv"))
    assert "Serien börjar 2013" in page and "årsvärden" not in page and "2014" not in cells(code, 2013, "sv")["level"]


# --- level


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("period", PERIODS)
def test_table_1_agrees_with_the_raw_tables(code, period):
    words, first = WORDS["sv"], window(code, period)
    told = {row[0]: row[1:] for row in rows_of(cells(code, period, "sv")["level"], "Tabell 1.")}
    items = plain(cells(code, period, "sv")["level"])
    # Where every group holds the same years, the heading tells them once.
    same = len(set(first.values())) == 1
    assert not same or f"{code_name(code)} och riket, {words.years(first['total'], period)}" in items
    for id in GROUPS:
        name = catalogue.offence(id).sv
        (count, here), (_, there) = (over(area, id, first[id], period) for area in (code, "00"))
        if count < 10:
            years = period - first[id] + 1
            number = words.count_word(count, neuter=True)
            cases = "anmält fall" if count < 2 else "anmälda fall"
            when = f"på {words.count_word(years)} år" if years > 1 else f"under {period}"
            assert name not in told and f"{name}: {number} {cases} {when}" in items
            continue
        row = told[name]
        assert (len(row) == 6) == (not same)
        assert same or row[0] == words.years(first[id], period)
        assert row[-5] == words.number(count)
        assert row[-4].startswith(f"{words.number(whole(here))} (")
        assert row[-3] == words.number(whole(there))
        assert row[-2].startswith(f"{words.deviation(here / there)} (")


def code_name(code: str) -> str:
    """The name as a sentence has it: "i Gotlands kommun"."""
    return areas.get(code).name if code == "0980" else areas.get(code).short


@pytest.mark.parametrize("code", CODES)
def test_the_map_tells_which_years_each_rate_is_of(code):
    table = store.load("pooled")
    mine = table[(table["year"] == 2016) & (table["offence"] == "total")].set_index("area")
    facts, county = cells(code, 2016, "sv")["facts"], areas.municipalities(areas.get(code).county)
    rows = {row[0]: row[1:] for row in rows_of(facts, "kommuner i bokstavsordning")}
    pooled = any(mine.loc[place.code, "first_year"] < 2016 for place in county)
    for place in county:
        first = int(mine.loc[place.code, "first_year"])
        _, rate = over(place.code, "total", first, 2016)
        years = [WORDS["sv"].years(first, 2016)] if pooled else []
        assert rows[place.short][:-1] == [*years, WORDS["sv"].number(whole(rate))]
    assert ("år tillsammans" in plain(facts)) == pooled
    years = WORDS["sv"].years(int(mine.loc[code, "first_year"]), 2016)
    assert re.search(rf"{code_name(code)} (låg|hörde) {years} ", plain(facts))


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("2403", "landets minsta kommun"),
        ("0180", "landets största kommun"),
        ("1780", "nummer {place} av 290 i storlek"),
    ],
)
def test_the_place_by_residents_is_counted_among_all_municipalities(code, told):
    last = {row["area"]: int(row["residents"]) for row in raw("population") if row["year"] == "2016"}
    everyone = [last[m["code"]] for m in raw("municipalities")]
    place = 1 + sum(residents > last[code] for residents in everyone)
    assert told.format(place=place) in plain(cells(code, 2016, "sv")["facts"])


@pytest.mark.parametrize("code", SMALL)
def test_small_counts_come_with_all_years_together(code):
    level, first = plain(cells(code, 2016, "sv")["level"]), window(code, 2016)
    few = [id for id in GROUPS if over(code, id, first[id], 2016)[0] < 10]
    assert few
    for id in few:
        every, _ = over(code, id, 2013, 2016)
        assert (f"; {every} under 2013–2016" in level) or first[id] == 2013


# --- development


@pytest.mark.parametrize("code", CODES)
def test_yearly_counts_are_those_of_the_raw_tables(code):
    words, development = WORDS["sv"], cells(code, 2016, "sv")["development"]
    told = {row[0]: row for row in rows_of(development, "Antal anmälda brott per år")}
    described = unescape(re.search(r"<desc[^>]*>(\d+ små.*?)</desc>", development)[1])
    for id in GROUPS:
        numbers = [words.number(counts()[code, id, year]) for year in range(2013, 2017)]
        assert told[catalogue.offence(id).sv][1:5] == numbers
        assert f"{catalogue.offence(id).short_sv} {', '.join(numbers)}" in described


@pytest.mark.parametrize("code", CODES)
def test_the_title_counts_the_values_inside_their_bands(code):
    development = cells(code, 2016, "sv")["development"]
    inside, every = map(int, re.search(r"(\d+) av (\d+) årsvärden ryms", plain(development)).groups())
    assert every == 4 * len(GROUPS)
    last = 0
    for row in rows_of(development, "Antal anmälda brott per år"):
        low, high = (int(re.sub(r"\D", "", part)) for part in row[5].split("–"))
        last += not low <= int(re.sub(r"\D", "", row[4])) <= high
    assert every - inside >= last
    assert every - inside < every / 2


def test_a_municipality_s_own_months_are_not_taken_from_its_county():
    development = plain(cells("2403", 2016, "sv")["development"])
    assert "Varken trend per månad eller årshjul visas" in development
    assert "Året i Västerbottens län." in development and "går inte att avgöra" in development
    # What the peaks are is told once, by the plan.
    named = re.search(r"står i figur (\d+), vid planen", development)[1]
    assert f'id="figur-{named}"' in cells("2403", 2016, "sv")["plan"]
    assert "Flest brott anmäls i juli" in plain(cells("0980", 2016, "sv")["development"])


def test_months_are_shown_only_where_they_tell_more_than_chance(processed_whole, tmp_path, monkeypatch):
    use(monkeypatch, processed_whole, tmp_path / "whole")
    whole = {code: made(Municipality(code, 2016, "sv")) for code in ("2403", "1780")}
    small, large = (told["development"] for told in whole.values())
    # The plan goes by the county's year where the municipality's own tells less than chance does.
    assert "toppar under året i Västerbottens län" in plain(whole["2403"]["plan"])
    assert "toppar under året i" not in plain(whole["1780"]["plan"])
    assert "står i figur" in plain(small)
    assert "Årshjulet visas inte" in plain(small) and "Året i Västerbottens län." in plain(small)
    assert "Flest brott anmäls" in plain(large) and "Året i " not in plain(large)
    hidden = store.load("withheld")
    assert ((hidden["area"] == "2403") & (hidden["offence"] == "total") & (hidden["month"] > 0)).any()
    # A curve over all months would give the hidden one away.
    assert "Månadsserien visas inte" in plain(small) and "Antal anmälda brott per månad" not in plain(small)
    months = {row[0]: row[1:] for row in rows_of(large, "Antal anmälda brott per månad")}
    for year in range(2013, 2017):
        told = sum(int(re.sub(r"\D", "", cell)) for cell in months[str(year)])
        assert told == counts()["1780", "total", year]


def test_unusual_months_are_those_that_pass_the_limit_after_correction(processed_whole, tmp_path, monkeypatch):
    use(monkeypatch, processed_whole, tmp_path / "whole")
    table = store.load("signals")
    table = table[(table["year"] == 2016) & (table["offence"] == "total")]
    for code, some in (("0180", True), ("1780", False)):
        mine = table[(table["area"] == code) & (table["p_adjusted"] <= settings().false_share)]
        assert (len(mine) > 0) == some
        page = made(Municipality(code, 2016, "sv"))
        told = re.search(r"Ovanliga månader\. (.*?) Månaderna är prövade på en gång\.", plain(page["development"]))[1]
        for row in mine.itertuples():
            words = WORDS["sv"]
            months = f"{words.month(row.month)} ({words.number(row.count)}, väntat {words.number(row.value)})"
            assert months in told
        assert told.count(", väntat ") == len(mine) and told.startswith("Fler" if some else "Ingen månad")
        assert "Farrington" in plain(page["sources"])
    # A small place's months are not told where one of them is kept back.
    assert "Ovanliga månader" not in plain(made(Municipality("2403", 2016, "sv"))["development"])


# --- compared


@pytest.mark.parametrize(("code", "period", "language"), EVERY)
def test_peers_are_named_and_counted(code, period, language):
    compared, area = plain(cells(code, period, language)["compared"]), areas.get(code)
    others = [m for m in areas.group_members(area.group_2017, 2017) if m.code != code]
    assert f"{WORDS[language].count_word(len(others))} andra (" in compared or language == "en"
    for member in [*area.similar, *area.neighbours]:
        assert areas.get(member).short in compared
    assert not re.search(rf"(?:2024: |gräns: )[^.]*\b{area.short}\b", compared)


@pytest.mark.parametrize("code", CODES)
def test_a_star_stands_where_the_interval_spans_no_difference(code):
    against = store.load("against")
    mine = against[(against["area"] == code) & (against["year"] == 2016)].set_index(["reference", "offence"])
    compared = cells(code, 2016, "sv")["compared"]
    headings = [plain(told) for told in re.findall(r"<th scope=\"col\".*?</th>", _table(compared, "Tabell 3"))]
    names = {"Liknande": "similar", "Grannar": "neighbours", "Länet": "county", "Riket": "nation"}
    shorts = {catalogue.offence(id).short_sv: id for id in GROUPS}
    for offence, *told in rows_of(compared, "Tabell 3"):
        for heading, cell in zip(headings[1:], told, strict=True):
            row = mine.loc[(names[heading], shorts[offence])]
            if cell == "för få att bedöma":
                assert row["missing"]
                continue
            assert cell.startswith(WORDS["sv"].deviation(row["value"]))
            assert ("*" in cell) == (row["verdict"] in SURE)
            assert "*" not in cell or not row["lower"] <= 1 <= row["upper"]


@pytest.mark.parametrize("code", [code for code in CODES if code != "0980"])
def test_the_neighbours_together_are_the_sum_of_each(code):
    joint = store.load("joint")
    mine = joint[(joint["area"] == code) & (joint["year"] == 2016)].set_index("offence")
    every = [code, *areas.get(code).neighbours]
    shown = {row[0]: row for row in rows_of(cells(code, 2016, "sv")["compared"], "Tabell 4")}
    for id in GROUPS:
        if catalogue.offence(id).sv in shown:
            span = range(int(mine.loc[id, "first_year"]), 2017)
            total = sum(counts()[area, id, year] for area in every for year in span)
            assert shown[catalogue.offence(id).sv][2] == WORDS["sv"].number(total)


# --- counts that are kept back


def test_no_hidden_count_is_told_or_can_be_worked_out(tmp_path, monkeypatch):
    home_folder = tmp_path / "home"
    monkeypatch.setenv("BRAPKG_HOME", str(home_folder))
    raw_folder = copied(home_folder / "data" / "raw")
    (home_folder / "settings.toml").write_text("[disclosure]\nyear = 5\n", encoding="utf-8")
    store.build(raw_folder, home_folder / "data" / "processed")
    hidden = store.load("withheld")
    hidden = hidden[(hidden["area"] == "2403") & (hidden["month"] == 0) & (hidden["year"] <= 2016)]
    assert len(hidden)
    told = made(Municipality("2403", 2016, "sv"))
    yearly = {row[0]: row for row in rows_of(told["development"], "Antal anmälda brott per år")}
    level = plain(told["level"])
    for offence, year in zip(hidden["offence"], hidden["year"], strict=True):
        name = catalogue.offence(offence).sv
        assert yearly[name][1 + year - 2013] == "skyddat"
        # A sum over the years would give the hidden one away.
        assert f"{name}: antalet" in level or not re.search(rf"{re.escape(name)}: .*; \d+ under", level)
        links = re.findall(r"base64,([^\"]+)", "".join(told.values()))
        assert links
    page = plain("".join(told.values()))
    assert "antalet" in page and "är litet och visas inte" in page


# --- the notebook, and a process made ready


def test_the_rehearsal_makes_pages_and_publishes_nothing(monkeypatch):
    shown: list = []
    monkeypatch.setattr(blocks, "_publish", shown.extend)
    rehearse()
    assert not shown


def test_the_notebook_calls_every_section_in_order_and_holds_no_logic():
    book = nbformat.read(paths.CLONE / "notebooks" / "municipality.ipynb", as_version=4)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert len(code) <= 15
    assert code[0].metadata.tags == ["parameters"]
    literals = [node.value for node in ast.parse(code[0].source).body]
    assert all(isinstance(value, ast.Constant) for value in literals)
    assert [value.value for value in literals] == ["2403", 2016, "sv"]
    assert [cell.source for cell in code[2:]] == [f"page.{name}()" for name in CELLS]
    assert all(not cell.get("outputs") or cell.outputs for cell in code)


@pytest.mark.parametrize("wrong", ["Bjurholmm", "24", "9999", "", 2403])
def test_an_unknown_municipality_is_refused_with_what_to_do(wrong):
    with pytest.raises(UsageError):
        Municipality(wrong, 2016, "sv")


def test_every_text_of_the_page_is_used():
    source = "".join(path.read_text(encoding="utf-8") for path in (paths.CLONE / "brapkg/municipality").glob("*.py"))
    mine = [name for name in texts() if name.startswith("mun_")]
    stems = set(re.findall(r"[\"'](mun_[a-z_]+)", source))
    assert not [name for name in mine if not any(name == stem or name.startswith(stem) for stem in stems)]
