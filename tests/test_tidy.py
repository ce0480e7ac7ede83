"""From raw to tidy: sums that hide no gap, final before preliminary, contradictions refused."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import RAW, export, row

from brapkg import areas, catalogue, tidy
from brapkg.errors import DataError

GROUPS = catalogue.offences("groups")
GOTLAND = "0980"
MONTHS = "Jan Feb Mar Apr Maj Jun Jul Aug Sep Okt Nov Dec".split()


def yearly(raw, year, municipalities, count=40, name="year.txt"):
    """A yearly export of thefts, with the same count for each municipality."""
    lines = [row(areas.get(code).name, "Stöldbrott", f"År;{year}", count, 99) for code in municipalities]
    return export(raw / "bra", lines, name=name)


def monthly(raw, year, months, municipalities, name="month.txt"):
    """A monthly export of thefts, 7 a month."""
    lines = [
        row(areas.get(code).name, "Stöldbrott", f"{year};{month}", 7, 20) for code in municipalities for month in months
    ]
    return export(raw / "bra", lines, name=name)


def of(table, **cell):
    """The rows of a table with these values."""
    for column, value in cell.items():
        table = table[table[column] == value]
    return table


# --- what a store without exports holds ----------------------------------------------------------


def test_a_county_is_the_sum_of_its_municipalities(tables):
    years = tables["offences_year"]
    mine = years[years["area"].str.startswith("17") & (years["area"].str.len() == 4)]
    assert mine["area"].nunique() == 16
    for (offence, year), part in mine.groupby(["offence", "year"]):
        assert of(years, area="17", offence=offence, year=year)["count"].tolist() == [part["count"].sum()]


def test_the_nation_is_the_sum_that_is_known(tables):
    total = of(tables["offences_year"], area="00", offence="total").set_index("year")["count"]
    assert total.to_dict() == {2013: 1_176_244, 2014: 1_218_815, 2015: 1_265_633, 2016: 1_252_386}


def test_residents_of_counties_and_nation_are_sums_for_every_year(tables):
    people = tables["population"]
    municipal = people[people["area"].str.len() == 4]
    sums = municipal.groupby(["year", municipal["area"].str[:2]])["residents"].sum()
    counties = people[(people["area"].str.len() == 2) & (people["area"] != "00")]
    assert counties.set_index(["year", "area"])["residents"].to_dict() == sums.to_dict()
    nation = of(people, area="00").set_index("year")["residents"]
    assert nation.to_dict() == municipal.groupby("year")["residents"].sum().to_dict()
    assert nation[2015] == 9_851_017  # SCB's figure for 31 December 2015


def test_the_municipalities_cover_77_to_88_per_cent_of_their_county_in_2014(tables):
    share = of(tables["coverage"], year=2014)
    share = share[(share["area"].str.len() == 2) & (share["area"] != "00")]["share"]
    assert len(share) == 21 and (share.round(2).min(), share.round(2).max()) == (0.77, 0.88)


def test_the_municipalities_cover_83_to_86_per_cent_of_their_police_region_in_2015(tables):
    share = of(tables["coverage"], year=2015)
    share = share[share["area"].str.startswith("P")]["share"]
    assert len(share) == 7 and (share.round(2).min(), share.round(2).max()) == (0.83, 0.86)


def test_every_area_is_listed_once_with_its_county_and_police_region(tables):
    listed = tables["areas"].set_index("area")
    assert listed["kind"].value_counts().to_dict() == {
        "municipality": 290,
        "county": 21,
        "police_region": 7,
        "nation": 1,
    }
    assert listed.loc["2080", ["name", "county"]].tolist() == ["Falu kommun", "20"]
    municipal = listed[listed["kind"] == "municipality"]
    assert (municipal["police_region"] == municipal["county"].map(listed["police_region"])).all()


def test_without_exports_months_are_of_counties_only_and_nothing_is_said(raw):
    told = tidy.read(raw)
    assert set(told.tables["offences_month"]["area"].str.len()) == {2}
    assert told.notices == [] and told.account.rows_read == 0


def test_sources_are_the_six_tables_with_their_hashes_and_the_exports(raw):
    yearly(raw, 2017, [GOTLAND])
    told = tidy.read(raw).sources
    assert [source["path"] for source in told] == [
        *(f"raw/{name}.csv" for name in tidy.shipped.TABLES),
        "raw/bra/year.txt",
    ]
    assert all(len(source["sha256"]) == 64 and source["title"] for source in told[:-1])


# --- a user's exports ----------------------------------------------------------------------------


def test_a_new_year_is_added_with_the_county_whose_municipalities_are_all_there(raw):
    yearly(raw, 2017, [GOTLAND, "0114", "0115"])
    added = of(tidy.read(raw).tables["offences_year"], year=2017)
    # Gotland is one municipality; of Stockholm's 26 two are there, and of the nation's 290 three.
    assert dict(zip(added["area"], added["count"], strict=True)) == {GOTLAND: 40, "0114": 40, "0115": 40, "09": 40}


def test_a_county_lacks_a_year_where_one_municipality_lacks_it(raw):
    members = [m.code for m in areas.municipalities("10")]
    yearly(raw, 2017, members[:-1])
    assert "10" not in set(of(tidy.read(raw).tables["offences_year"], year=2017)["area"])
    yearly(raw, 2017, members)
    county = of(tidy.read(raw).tables["offences_year"], year=2017, area="10")
    assert county["count"].tolist() == [40 * len(members)]


def test_months_of_municipalities_are_kept_and_summed_to_their_county(raw):
    monthly(raw, 2017, ["Jan", "Feb"], [GOTLAND, "0114"])
    added = of(tidy.read(raw).tables["offences_month"], year=2017)
    assert added.groupby("area")["month"].apply(list).to_dict() == {GOTLAND: [1, 2], "0114": [1, 2], "09": [1, 2]}


@pytest.mark.parametrize(("months", "years"), [(MONTHS, [84]), (MONTHS[:11], [])])
def test_twelve_months_make_a_year_and_eleven_do_not(raw, months, years):
    monthly(raw, 2017, months, [GOTLAND])
    added = of(tidy.read(raw).tables["offences_year"], year=2017, area=GOTLAND)
    assert added["count"].tolist() == years


def test_final_figures_replace_preliminary_ones_and_the_county_stays_preliminary(raw):
    yearly(raw, 2016, ["0114"], count=1_234)
    years = of(tidy.read(raw).tables["offences_year"], year=2016, offence="theft").set_index("area")
    assert years.loc["0114", ["count", "status"]].tolist() == [1_234, "final"]
    assert years.loc["01", "status"] == years.loc["00", "status"] == "preliminary"
    municipal = years[years.index.str.fullmatch("01..")]
    assert years.loc["01", "count"] == municipal["count"].sum()


def test_an_export_that_repeats_the_table_changes_nothing(raw):
    known = pd.read_csv(RAW / "offences_municipality_year.csv", dtype={"area": str})
    (count,) = of(known, area=GOTLAND, offence="theft", year=2015)["count"]
    before = tidy.read(raw).tables["offences_year"]
    yearly(raw, 2015, [GOTLAND], count=count)
    after = tidy.read(raw).tables["offences_year"]
    key = ["area", "offence", "year"]
    pd.testing.assert_frame_equal(*(t.sort_values(key, ignore_index=True) for t in (before, after)))


def test_an_export_that_contradicts_a_final_year_is_refused_with_place_counts_and_remedy(raw):
    yearly(raw, 2015, [GOTLAND], count=987_654)
    with pytest.raises(DataError) as error:
        tidy.read(raw)
    (line,) = error.value.problems
    assert line.startswith("Gotlands kommun, Stöldbrott, 2015: ")
    assert "data/raw/offences_municipality_year.csv and the exports in data/raw/bra" in line
    assert "987654" in line and "both final" in line and "Move the export away" in line


def test_an_export_that_contradicts_a_county_month_is_refused_with_the_month(raw):
    monthly(raw, 2015, ["Mar"], [GOTLAND])
    with pytest.raises(DataError, match=r"Gotlands län, Stöldbrott, 2015-03: .*offences_county_month.csv"):
        tidy.read(raw)


def test_every_contradiction_is_told_at_once(raw):
    yearly(raw, 2014, [GOTLAND, "0114"], count=987_654)
    monthly(raw, 2015, ["Mar"], [GOTLAND])
    with pytest.raises(DataError) as error:
        tidy.read(raw)
    assert len(error.value.problems) == 3


# --- notices -------------------------------------------------------------------------------------


def test_a_month_that_lacks_municipalities_is_told(raw):
    monthly(raw, 2017, ["Mar"], [GOTLAND, "0114"])
    assert tidy.read(raw).notices == [
        "2017-03 in data/raw/bra: 2 of 290 municipalities. Counties that lack one get no sum.",
        "2017 in data/raw/bra: 1 of 12 months. The year gets no sum.",
    ]


def test_months_alike_are_told_together(raw):
    monthly(raw, 2017, MONTHS, [GOTLAND, "0114"])
    (line,) = tidy.read(raw).notices
    assert line.startswith("2017-01 to 2017-12 (12 months) in data/raw/bra: 2 of 290 ")


def test_a_year_that_lacks_municipalities_is_told_but_a_whole_one_is_not(raw):
    everyone = [m.code for m in areas.municipalities()]
    yearly(raw, 2017, everyone[:-1])
    assert tidy.read(raw).notices[0].startswith("2017 in data/raw/bra: 289 of 290 municipalities")
    yearly(raw, 2017, everyone)
    assert tidy.read(raw).notices == []


def test_a_single_month_of_a_year_that_is_known_already_lacks_no_months(raw):
    monthly(raw, 2016, ["Mar"], ["0114"])
    assert all("of 12 months" not in line for line in tidy.read(raw).notices)
