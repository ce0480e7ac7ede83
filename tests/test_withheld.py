"""Small counts: which are kept back, that nobody can work them out, and that no page tells them."""

from __future__ import annotations

import re
from base64 import b64decode

import numpy as np
import pytest
from scipy.optimize import linprog

from brapkg import areas, catalogue, shown, store
from brapkg.errors import DataError
from brapkg.indicators import withheld
from brapkg.region import Region

KEY = ["area", "offence", "year"]


@pytest.fixture(scope="module")
def strict(tables):
    """Withheld cells under a rule for years as well as months."""
    return withheld.withheld_table(tables["rates"], tables["offences_month"], {"year": 3, "month": 3})


def hidden(table, month):
    part = table[table["month"] > 0] if month else table[table["month"] == 0]
    return set(part[[*KEY, "month"]].itertuples(index=False, name=None))


def test_no_rule_withholds_nothing(tables):
    found = withheld.withheld_table(tables["rates"], tables["offences_month"], {"year": 0, "month": 0})
    assert found.empty and list(found) == [*KEY, "month", "missing"]


def test_every_small_year_is_withheld_and_no_zero(strict, tables):
    rated = tables["rates"]
    small = rated[rated["count"].between(1, 3)]
    back = hidden(strict, month=False)
    assert len(small) > 200
    assert {(*key, 0) for key in small[KEY].itertuples(index=False, name=None)} <= back
    none = rated[rated["count"] == 0]
    assert len(none) and not {(*key, 0) for key in none[KEY].itertuples(index=False, name=None)} & back


def test_every_small_month_of_a_county_is_withheld_and_no_zero(strict, tables):
    months = tables["offences_month"]
    of_county = months[months["area"].str.len() == 2]
    small = of_county[of_county["count"].between(1, 3)]
    back = hidden(strict, month=True)
    keys = [*KEY, "month"]
    assert len(small) > 30
    assert set(small[keys].itertuples(index=False, name=None)) <= back
    assert not set(of_county.loc[of_county["count"] == 0, keys].itertuples(index=False, name=None)) & back


def test_a_months_count_cannot_be_worked_out_from_the_years(strict, tables):
    months = tables["offences_month"].merge(strict, on=[*KEY, "month"])
    rows = months[months["area"].str.len() == 2].groupby(KEY)["count"].agg(["sum", "size"])
    # Each is known to be at least 1, so all are known where their sum is their number.
    assert len(rows) and (rows["size"] >= 2).all() and (rows["sum"] > rows["size"]).all()


@pytest.mark.parametrize("offence", ["weapons", "negligence"])
def test_no_small_year_can_be_worked_out_by_linear_programming(strict, tables, offence):
    rated = tables["rates"]
    for year in (2013, 2016):
        cells = rated[(rated["offence"] == offence) & (rated["year"] == year)].set_index("area")["count"]
        back = {a for a, o, y, _ in hidden(strict, month=False) if (o, y) == (offence, year)}
        names = sorted(back)
        at = {name: i for i, name in enumerate(names)}
        # One sum per county and one for the nation; what is shown is moved to the right-hand side.
        above = {m.code: m.code[:2] for m in areas.municipalities()} | {c.code: "00" for c in areas.counties()}
        rows, right = [], []
        for whole in {"00", *(c.code for c in areas.counties())}:
            row, sum_shown = np.zeros(len(names)), 0
            for part in [area for area, over in above.items() if over == whole]:
                if part in back:
                    row[at[part]] = 1
                else:
                    sum_shown += cells[part]
            if whole in back:
                row[at[whole]] = -1
                right.append(-sum_shown)
            else:
                right.append(cells[whole] - sum_shown)
            rows.append(row)
        for area in [name for name in names if 1 <= cells[name] <= 3]:
            aim = np.zeros(len(names))
            aim[at[area]] = 1
            ends = [linprog(sign * aim, A_eq=np.array(rows), b_eq=right, bounds=(1, None)) for sign in (1, -1)]
            low, high = ends[0].fun, (-ends[1].fun if ends[1].status == 0 else np.inf)
            assert high - low >= 1 - 1e-6, (year, area)


def test_single_municipality_counties_are_withheld_with_their_municipality(strict):
    back = hidden(strict, month=False)
    assert {(o, y) for a, o, y, _ in back if a == "0980"} == {(o, y) for a, o, y, _ in back if a == "09"}


# --- on the page ---------------------------------------------------------------------------------


def test_a_rule_changed_since_the_build_is_refused(guarded):
    path = guarded / "settings.toml"
    before = path.read_text(encoding="utf-8")
    path.write_text("[disclosure]\nyear = 4\n", encoding="utf-8")
    try:
        with pytest.raises(
            DataError, match=r"small counts .*\[disclosure\] year: built with 20, now 4\). Run `brapkg build`"
        ):
            Region("24", 2016)
    finally:
        path.write_text(before, encoding="utf-8")
    assert Region("24", 2016)


def test_rows_that_hold_a_withheld_year_show_no_number(guarded):
    back = store.load("withheld").query("month == 0 and missing == 'suppressed, small'")
    area, offence, year = back[back["area"].str.len() == 4].iloc[0][KEY]
    for name in ("rates", "peers", "funnel", "ranks"):
        row = shown.table(name).query("area == @area and offence == @offence and year == @year").iloc[0]
        assert np.isnan(row["count"]) and np.isnan(row["value"])
        whole = store.load(name).query("area == @area and offence == @offence and year == @year").iloc[0]
        assert whole["count"] <= 20 or name == "peers"
    pooled = shown.table("peers").query("area == @area and offence == @offence and first_year <= @year <= year")
    assert len(pooled) and pooled["count"].isna().all() and (pooled["verdict"] == "few").all()
    change = shown.table("change").query("area == @area and offence == @offence and year == @year + 1")
    assert change["count_before"].isna().all()
    others = shown.table("rates").query("offence == 'total'")
    assert others["count"].notna().all()


def test_no_csv_of_the_page_holds_a_withheld_year(guarded, undrawn):
    page = Region("24", 2016)
    html = page.level().html() + page.municipalities().html() + page.development().html()
    back = store.load("withheld").query("month == 0 and year == 2016")
    mine = set(back.loc[back["area"].str.startswith("24"), ["area", "offence"]].itertuples(index=False, name=None))
    assert mine
    rows = 0
    for found in re.findall(r"base64,([^\"]+)", html):
        lines = b64decode(found).decode("utf-8-sig").splitlines()
        names = lines[0].split(";")
        if {"area", "offence", "count"} <= set(names):
            for line in lines[1:]:
                row = dict(zip(names, line.split(";"), strict=True))
                if (row["area"], row["offence"]) in mine and row["year"] == "2016":
                    assert row["count"] == ""
                    rows += 1
    assert rows


@pytest.mark.parametrize("county", ["24", "09"])
def test_a_page_with_much_withheld_is_drawn_and_says_so(guarded, county):
    page = Region(county, 2016)
    html = "".join(
        getattr(page, part)().html() for part in ("brief", "facts", "level", "development", "municipalities")
    )
    told = re.sub(r"base64,[^\"]+", "", html)
    assert "skyddat" in told and not re.search(r"\bnan\b", told, re.I)


def test_gotlands_small_months_are_withheld_without_any_setting(built, undrawn):
    made = Region("09", 2016).development().html()
    months = store.load("offences_month").query("area == '09' and offence == 'negligence' and year == 2016")
    assert months["count"].between(1, 3).any()
    assert "skyddat" in made


def test_nothing_is_withheld_of_the_total(strict):
    assert catalogue.TOTAL not in set(strict.loc[strict["month"] == 0, "offence"])
