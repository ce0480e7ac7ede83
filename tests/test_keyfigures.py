"""Key figures: equal to the store's tables, the same in every language, and silent on what is kept back."""

from __future__ import annotations

import csv
import json
import math

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from run_examples import figure
from scipy import stats

from brapkg import areas, blocks, catalogue, keyfigures, paths, profile, shown, store
from brapkg.keyfigures.rows import of_county, of_municipality
from brapkg.municipality import Municipality
from brapkg.region import Region

GROUPS = list(catalogue.offences("groups"))
# Figure, table of the store, and the column of its number.
TABLES = {
    "rate": "rates",
    "ratio_to_nation": "comparison",
    "ratio_to_same_kind": "standardised",
    "change_from_year_before": "change",
    "ratio_to_group": "peers",
    "place": "ranks",
}
# One municipality; small ones; middling.
COUNTIES = ("09", "24", "20")


def figures(code: str, period: int = 2016) -> list[dict]:
    return of_county(profile.county(code, period))


def told(rows: list[dict], figure: str) -> dict[tuple, dict]:
    return {(row["area"], row["offence"]): row for row in rows if row["figure"] == figure}


def same(value: object, known: object) -> bool:
    if value is None:
        return known is None or math.isnan(known)
    return math.isclose(value, known, rel_tol=1e-9)


# --- the store's numbers -------------------------------------------------------------------------


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("period", [2014, 2016])
@pytest.mark.parametrize("figure", TABLES)
@pytest.mark.parametrize("code", COUNTIES)
def test_they_are_the_tables_of_the_store(code, figure, period):
    mine = told(figures(code, period), figure)
    members = {place.code for place in areas.municipalities(code)}
    table = store.load(TABLES[figure])
    table = table[(table["year"] == period) & table["offence"].isin(GROUPS)].set_index(["area", "offence"])
    wanted = {(area, offence) for area, offence in table.index if area == code or area in members}
    if figure in ("rate", "place"):  # of municipalities, what the page tells
        few = {"total"} if figure == "rate" else {"total", "violence"}
        wanted = {(area, offence) for area, offence in wanted if area == code or offence in few}
    if figure == "place":
        wanted -= {(code, offence) for offence in GROUPS if offence != "total"}
    if figure == "change_from_year_before":
        wanted = {(area, offence) for area, offence in wanted if area == code}
    assert set(mine) == wanted and mine
    for key, row in mine.items():
        known = table.loc[key]
        assert all(same(row[name], known[name]) for name in ("value", "lower", "upper", "count")), key
        assert row["period"] == period and row["missing"] == known.get("missing", "")
        assert row["level"] == (None if row["lower"] is None else 0.95)
        assert row["unit"] and row["source"] and bool(row["method"]) == (row["value"] is not None)
        if "population" in table and row["population"]:
            assert same(row["population"], known["population"])


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("code", COUNTIES)
def test_trends_are_the_one_that_the_page_tells_and_the_other(code):
    trend = store.load("trend").query("area == @code and year == 2016").set_index(["offence", "model"])
    rows = figures(code)
    first, second = told(rows, "trend_a_year"), told(rows, "trend_a_year_without_step")
    assert {offence for _, offence in first} == set(GROUPS)
    for offence in GROUPS:
        models = trend.loc[offence]
        main = models.loc["step"] if "step" in models.index else models.loc["smooth"]
        assert all(same(first[code, offence][name], main[name]) for name in ("value", "lower", "upper"))
        assert ((code, offence) in second) == ("step" in models.index)
        if (code, offence) in second:
            assert same(second[code, offence]["value"], models.loc["smooth", "value"])
    assert first[code, "total"]["method"] == "quasi-poisson, 48 months, a step at the break"


@pytest.mark.usefixtures("built")
def test_too_few_is_told_and_no_number_beside_it():
    few = [row for row in figures("09") if row["missing"] == "few"]
    assert {row["offence"] for row in few} == {"negligence", "weapons"}
    for row in few:
        assert row["value"] is row["lower"] is row["upper"] is row["level"] is None and row["method"] == ""


@pytest.mark.usefixtures("built")
def test_coverage_and_published_rates():
    rows = figures("20")
    [share] = told(rows, "coverage").values()
    known = store.load("coverage").query("area == '20' and year == @share['period']").iloc[0]
    assert same(share["value"], known["share"]) and share["count"] == known["count"] and share["lower"] is None
    assert share["method"] == f"count / {known['official']}"
    published = told(rows, "published_rate")
    table = store.load("reported_offences_rate").set_index("area")
    assert len(published) == 15 and {row["period"] for row in published.values()} == {2025}
    for (area, _), row in published.items():
        assert same(row["value"], table.loc[area, "rate"]) and row["lower"] < row["value"] < row["upper"]
        assert row["count"] is None and "Kolada" in row["source"]


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("period", [2013, 2015, 2016])
@pytest.mark.parametrize("code", COUNTIES)
def test_every_row_is_whole_and_none_stands_alone(code, period):
    rows = figures(code, period)
    assert keyfigures.problem(rows) == "" and all(tuple(row) == keyfigures.FIELDS for row in rows)
    assert len({tuple(row[name] for name in keyfigures.KEY) for row in rows}) == len(rows)
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    for row in rows:
        base = row["lower"] is not None and row["upper"] is not None and row["level"]
        assert row["missing"] or base or row["figure"] == "coverage", row
        assert not (row["missing"] and row["value"] is not None)
        assert row["status"] == ("preliminary" if row["period"] == 2016 else "final")
    assert {row["area"] for row in rows} == {code, *(place.code for place in areas.municipalities(code))}
    assert [row["area"] for row in rows] == sorted((row["area"] for row in rows), key=lambda area: (len(area), area))


@pytest.mark.usefixtures("built")
def test_numbers_hold_ten_digits():
    for row in figures("20"):
        for name in keyfigures.NUMBERS:
            assert row[name] is None or float(f"{row[name]:.10g}") == row[name]


# --- municipalities ------------------------------------------------------------------------------

# Small, one that is a county, middling, the largest.
PLACES = ("2403", "0980", "1780", "0180")


def of_place(code: str, period: int = 2016) -> list[dict]:
    return of_municipality(profile.municipality(code, period))


def raw_sums(code: str, offence: str, first: int, last: int) -> tuple[int, float]:
    """Offences and person-years from the raw tables, with plain Python."""
    counts, residents = {}, {}
    for name, found, value in (
        ("offences_municipality_year", counts, "count"),
        ("population", residents, "residents"),
    ):
        with (paths.CLONE / f"data/raw/{name}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["area"] == code and row.get("offence", offence) == offence:
                    found[int(row["year"])] = int(row[value])
    years = range(first, last + 1)
    # A preliminary year has only the year-end before it.
    persons = [residents[y - 1] if y == 2016 else (residents[y - 1] + residents[y]) / 2 for y in years]
    return sum(counts[y] for y in years), sum(persons)


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("period", [2013, 2014, 2016])
@pytest.mark.parametrize("code", PLACES)
def test_a_municipality_s_rates_are_those_of_the_raw_tables(code, period):
    rows = told(of_place(code, period), "pooled_rate")
    assert {offence for _, offence in rows} == set(GROUPS)
    for (_, offence), row in rows.items():
        first = int(
            store.load("pooled")
            .query("area == @code and year == @period and offence == @offence")["first_year"]
            .iloc[0]
        )
        count, persons = raw_sums(code, offence, first, period)
        assert row["count"] == count and same(row["population"], persons)
        if count < 10:
            assert row["missing"] == "few" and row["value"] is row["lower"] is row["upper"] is None
            continue
        assert same(row["value"], count / persons * 100_000)
        # Exact limits of a Poisson count, which Byar's come near from 10 offences on.
        exact = [stats.chi2.ppf(0.025, 2 * count) / 2, stats.chi2.isf(0.025, 2 * count + 2) / 2]
        assert [row["lower"], row["upper"]] == pytest.approx([x / persons * 100_000 for x in exact], rel=0.01)
        assert str(first) in row["method"] and str(period) in row["method"]


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("reference", ["nation", "county", "similar", "neighbours"])
@pytest.mark.parametrize("code", PLACES)
def test_a_municipality_s_ratios_are_those_of_the_raw_tables(code, reference):
    here = areas.get(code)
    members = {
        "nation": [place.code for place in areas.municipalities()],
        "county": [place.code for place in areas.municipalities(here.county)],
        "similar": list(here.similar),
        "neighbours": list(here.neighbours),
    }[reference]
    rows = told(of_place(code), f"ratio_to_{reference}")
    if not members or members == [code]:
        assert {row["missing"] for row in rows.values()} == {"not_applicable"}
        return
    first = int(
        store.load("pooled").query("area == @code and year == 2016 and offence == 'theft'")["first_year"].iloc[0]
    )
    sums = [raw_sums(one, "theft", first, 2016) for one in members] if len(members) < 40 else None
    row = rows[code, "theft"]
    assert row["lower"] < row["value"] < row["upper"] and row["level"] == 0.95
    if sums:
        count, persons = raw_sums(code, "theft", first, 2016)
        theirs = sum(c for c, _ in sums) / sum(p for _, p in sums)
        assert same(row["value"], count / persons / theirs)


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("period", [2013, 2015, 2016])
@pytest.mark.parametrize("code", PLACES)
def test_every_row_of_a_municipality_is_whole_and_stands_once(code, period):
    rows = of_place(code, period)
    assert keyfigures.problem(rows) == "" and all(tuple(row) == keyfigures.FIELDS for row in rows)
    assert len({tuple(row[name] for name in keyfigures.KEY) for row in rows}) == len(rows)
    assert {row["area"] for row in rows} == {code} and {row["period"] for row in rows} == {period}
    for row in rows:
        base = row["lower"] is not None and row["upper"] is not None and row["level"] == 0.95
        assert (row["missing"] and row["value"] is None) or base, row
        assert row["source"] and row["unit"] and bool(row["method"]) == (row["value"] is not None)
        assert row["status"] == ("preliminary" if period == 2016 else "final")
    assert ("change_from_year_before" in {row["figure"] for row in rows}) == (period > 2013)


def test_no_row_of_a_municipality_tells_of_a_year_that_is_kept_back(guarded):
    """The settings keep back years of 1 to 20 offences; a sum of years that holds one is kept back too."""
    hidden = store.load("withheld").query("month == 0")
    held = 0
    for code in ("2403", "2425", "2506"):
        mine = hidden[hidden["area"] == code]
        for row in of_place(code):
            figure, offence = row["figure"], row["offence"]
            if figure == "change_from_year_before":
                years = range(2015, 2017)
            else:
                table = {"pooled_rate": "pooled", "ratio_to_group": "peers", "ratio_with_neighbours": "joint"}
                known = store.load(table.get(figure, "against")).query(
                    "area == @code and year == 2016 and offence == @offence"
                )
                years = range(int(known["first_year"].iloc[0]), 2017)
            back = mine[(mine["offence"] == offence) & mine["year"].isin(years)]
            if len(back):
                held += 1
                assert row["missing"] and row["value"] is row["lower"] is row["count"] is None and not row["method"]
    assert held > 20


@pytest.mark.usefixtures("built")
def test_a_municipality_s_page_carries_its_figures_in_both_languages(monkeypatch):
    shown = []
    monkeypatch.setattr(blocks, "_publish", shown.extend)
    for language in ("sv", "en"):
        Municipality("2403", 2016, language).head()._ipython_display_()
    carried = [keyfigures.from_lines(one[blocks.FIGURES]) for one in shown if blocks.FIGURES in one]
    assert len(carried) == 2 and carried[0] == carried[1] == of_place("2403")


# --- in a notebook -------------------------------------------------------------------------------


@pytest.mark.usefixtures("built")
def test_both_languages_carry_the_same_and_the_page_shows_none_of_it(monkeypatch):
    shown = []
    monkeypatch.setattr(blocks, "_publish", shown.extend)
    for language in ("sv", "en"):
        Region("09", 2016, language).head()._ipython_display_()
    swedish, english = shown
    assert swedish[blocks.FIGURES] == english[blocks.FIGURES]
    assert keyfigures.from_lines(swedish[blocks.FIGURES]) == figures("09")
    assert swedish[blocks.PAGE] != english[blocks.PAGE]
    for bundle in shown:
        others = "".join(text for kind, text in bundle.items() if kind != blocks.FIGURES)
        assert "ratio_to" not in others and "ratio_to" in str(bundle[blocks.FIGURES])


def test_a_head_without_key_figures_carries_none(monkeypatch):
    from brapkg.wording import Words

    shown = []
    monkeypatch.setattr(blocks, "_publish", shown.extend)
    blocks.Head("a", "b", "c", "d", "e", Words("sv"))._ipython_display_()
    assert blocks.FIGURES not in shown[0]


def book(*contents: object):
    """A notebook with a cell of code, and one with each content under the key figures' mime type."""
    cells = [new_code_cell("1", outputs=[new_output("stream", text="1\n")])]
    for content in contents:
        data = {"text/plain": "x", blocks.PAGE: "<h1>x</h1>", blocks.FIGURES: lines(content)}
        cells.append(new_code_cell("head", outputs=[new_output("display_data", data=data)]))
    return new_notebook(cells=cells)


def lines(content: object) -> str:
    """Rows as a notebook may hold them, whatever is wrong with them."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
        return json.dumps(content)
    names = list(content[0]) if content else list(keyfigures.FIELDS)
    return "\n".join(json.dumps(line) for line in [names, *(list(row.values()) for row in content)])


def test_they_come_out_of_a_notebook_as_they_went_in(tmp_path):
    rows = [figure(), figure("drugs", None, count=None)]
    nbformat.write(book(rows), tmp_path / "made.ipynb")
    read = nbformat.read(tmp_path / "made.ipynb", as_version=4)
    nbformat.validate(read)
    found = keyfigures.read(read)
    assert found == rows and type(found[0]) is dict and list(found[0]) == list(keyfigures.FIELDS)
    assert keyfigures.read(book()) == []
    assert keyfigures.read(book(rows, [])) == rows


MALFORMED = {
    "text": "[]",
    "an object": {"area": "09"},
    "rows of text": ["09"],
    "a field missing": [{name: value for name, value in figure().items() if name != "level"}],
    "a field too many": [figure(verdict="few")],
    "a number as text": [figure(count="669")],
    "a yes as number": [figure(count=True)],
    "nan": [figure(lower=math.nan)],
    "endless": [figure(upper=math.inf)],
    "a code as number": [figure(area=9)],
    "a year as text": [figure(period="2016")],
    "a number within a list": [figure(), figure(value=1.0) | {"value": [1.0]}],
}


@pytest.mark.parametrize("which", MALFORMED)
def test_malformed_ones_are_refused_with_the_cell(which):
    with pytest.raises(ValueError, match="cell 2: the key figures "):
        keyfigures.read(book(MALFORMED[which]))


# --- what is kept back ---------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["09", "24", "20", "25"])
@pytest.mark.parametrize("period", [2014, 2015, 2016])
def test_what_is_kept_back_comes_out_nowhere(guarded, code, period):
    back = store.load("withheld").query("month == 0")
    cells = set(back[["area", "offence", "year"]].itertuples(index=False, name=None))
    tables = {"ratio_to_group": "peers", "place": "ranks"}
    together = {
        name: store.load(table).set_index(["area", "offence", "year"])["first_year"].to_dict()
        for name, table in tables.items()
    }
    silent = 0
    for row in figures(code, period):
        area, offence, name = row["area"], row["offence"], row["figure"]
        if name.startswith(("trend", "published")):
            assert row["count"] is None
            continue
        first = {"change_from_year_before": period - 1}.get(name, row["period"])
        if name in together:
            first = together[name].get((area, offence, period), first)
        if any((area, offence, year) in cells for year in range(first, row["period"] + 1)):
            silent += 1
            assert row["missing"] == keyfigures.WITHHELD and row["method"] == "", row
            assert all(row[number] is None for number in ("value", "lower", "upper", "level", "count")), row
        else:
            assert row["missing"] != keyfigures.WITHHELD and row["count"] is not None, row
    mine = {cell for cell in cells if cell[0][:2] == code and cell[2] == period}
    assert bool(silent) >= bool(mine) and (silent or code == "20" or not mine)


def test_enough_is_kept_back_for_the_test_to_mean_something(guarded):
    rows = [row for code in ("09", "24") for row in figures(code)]
    assert sum(row["missing"] == keyfigures.WITHHELD for row in rows) > 20


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    ("year", "silent"),
    [
        (2016, {"rate", "ratio_to_nation", "ratio_to_same_kind", "change_from_year_before", "ratio_to_group"}),
        (2015, {"change_from_year_before"}),
    ],
)
def test_a_countys_own_figures_are_kept_back_too(monkeypatch, year, silent):
    # No rule that the settings allow reaches a county's year today.
    load = store.load

    def with_more(name, *folder):
        table = load(name, *folder)
        more = [(area, "drugs", year, 0, "suppressed, small") for area in ("09", "0980")]
        return pd.concat([table, pd.DataFrame(more, columns=list(table))]) if name == "withheld" else table

    monkeypatch.setattr(store, "load", with_more)
    version = (paths.processed() / store.PACKAGE).stat().st_mtime_ns
    county = profile.County(areas.get("09"), 2016, shown.Tables(paths.processed(), version))
    back = {row["figure"]: row for row in of_county(county) if row["missing"] == keyfigures.WITHHELD}
    assert set(back) == silent
    for row in back.values():
        assert row["offence"] == "drugs" and row["count"] is row["value"] is row["lower"] is None


def test_a_trend_that_is_refused_does_not_tell_how_many_there_were(guarded):
    refused = [row for row in figures("09") if row["figure"].startswith("trend") and row["missing"]]
    assert refused and not any(c.isdigit() for row in refused for c in f"{row['method']}{row['unit']}{row['source']}")
