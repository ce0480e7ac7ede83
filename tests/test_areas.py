"""Areas: who there is, who belongs where, who borders on whom, and which names mean whom."""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from brapkg import areas
from brapkg.errors import DataError, UsageError
from brapkg.sources import databasfil

MUNICIPALITIES = areas.municipalities()


def test_sweden_has_its_counties_municipalities_police_regions_groups_and_itself():
    kinds = Counter(area.kind for area in areas.all_areas().values())
    assert [kinds[kind] for kind in areas.KINDS] == [1, 21, 7, 290, 9]


def test_a_municipality_lies_in_the_county_of_its_first_two_digits():
    counties = {county.code for county in areas.counties()}
    assert {m.code[:2] for m in MUNICIPALITIES} == counties
    assert all(m.county == m.code[:2] and len(m.code) == 4 for m in MUNICIPALITIES)


def test_counties_of_the_police_regions_are_those_of_the_police():
    members: dict[str, str] = {}
    for county in areas.counties():
        members[county.police_region] = members.get(county.police_region, "") + county.code + " "
    assert members == {
        "P01": "22 23 24 25 ",
        "P02": "03 19 21 ",
        "P03": "04 05 06 ",
        "P04": "13 14 ",
        "P05": "07 08 10 12 ",
        "P06": "01 09 ",
        "P07": "17 18 20 ",
    }


def test_a_municipality_has_its_countys_police_region():
    assert all(m.police_region == areas.get(m.county).police_region for m in MUNICIPALITIES)
    assert areas.get("0980").police_region == "P06"


def test_neighbours_are_mutual_and_never_oneself():
    for here in MUNICIPALITIES:
        for code in here.neighbours:
            assert code != here.code
            assert here.code in areas.get(code).neighbours, (here.code, code)


def test_gotland_alone_has_no_neighbours():
    assert [m.code for m in MUNICIPALITIES if not m.neighbours] == ["0980"]


def test_every_municipality_has_seven_similar_ones_and_no_other_area_any():
    for area in areas.all_areas().values():
        assert len(area.similar) == (7 if area.kind == "municipality" else 0)
        assert area.code not in area.similar
        assert all(areas.get(code).kind == "municipality" for code in area.similar)


def test_the_similar_municipalities_of_bjurholm_are_those_of_the_list():
    similar = [areas.get(code).short for code in areas.get("2403").similar]
    assert similar == ["Ödeshög", "Vimmerby", "Ovanåker", "Berg", "Norsjö", "Malå", "Vilhelmina"]


def test_groups_of_2023_have_the_sizes_of_the_list():
    groups = ["A1", "A2", "B3", "B4", "B5", "C6", "C7", "C8", "C9"]
    sizes = [len(areas.group_members(group, 2023)) for group in groups]
    assert sizes == [3, 43, 23, 63, 24, 27, 51, 35, 21]


@pytest.mark.parametrize("edition", areas.EDITIONS)
def test_groups_of_an_edition_partition_the_municipalities(edition):
    groups = [a.code for a in areas.all_areas().values() if a.kind == "group"]
    members = [m.code for group in groups for m in areas.group_members(group, edition)]
    assert sorted(members) == [m.code for m in MUNICIPALITIES]


def test_the_big_cities_are_a_group_of_three():
    assert [m.short for m in areas.group_members("A1", 2017)] == ["Stockholm", "Malmö", "Göteborg"]


def test_an_edition_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(UsageError, match="2017, 2023.*not 2020"):
        areas.group_members("A1", 2020)


def test_the_label_follows_the_language():
    assert areas.get("20").label("sv") == "Dalarnas län"
    assert areas.get("20").label("en") == "Dalarna County"
    assert all(a.label("sv") and a.label("en") and a.short for a in areas.all_areas().values())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2506", "2506"),
        ("Arjeplog kommun", "2506"),
        ("Arjeplogs kommun", "2506"),
        ("ALE", "1440"),
        ("  ale  kommun ", "1440"),
        ("Upplands-Väsby", "0114"),
        ("Malung–Sälen", "2023"),
        ("Göteborgs stad", "1480"),
        ("Falu kommun", "2080"),
        ("Region Skåne", "12"),
        ("SKÅNE LÄN", "12"),
        ("Dalarnas Län", "20"),
        ("Dalarna", "20"),
        ("Dalarna County", "20"),
        ("Västra Götalandsregionen", "14"),
        ("Region Jönköpings län", "06"),
        ("Region Syd", "P05"),
        ("p05", "P05"),
        ("Riket", "00"),
        ("Hela landet", "00"),
        ("Storstäder", "A1"),
        ("Mindre stad/tätort", "C6"),
    ],
)
def test_a_name_is_found_in_any_of_its_forms(text, code):
    assert areas.find(text).code == code


@pytest.mark.parametrize("kind", areas.KINDS)
def test_every_area_is_found_by_its_code_and_the_forms_of_its_name(kind):
    for area in (a for a in areas.all_areas().values() if a.kind == kind):
        forms = {area.code, area.name, area.name_en, area.short, area.name.upper()}
        forms |= {unicodedata.normalize("NFD", area.name), area.name.replace("-", "–")}
        if kind == "municipality":
            forms |= {f"{area.short} kommun", f"{area.short}s kommun", f"{area.short} stad"}
        assert {areas.find(form, kind).code for form in forms} == {area.code}


@pytest.mark.parametrize("name", ["Gotland", "Uppsala", "Region Stockholm"])
def test_a_name_of_two_areas_is_refused_with_both(name):
    with pytest.raises(areas.UnknownArea, match="can mean several areas: .*; .*Give the code"):
        areas.find(name)


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("Gotland", "county", "09"),
        ("Gotland", "municipality", "0980"),
        ("Region Stockholm", "police_region", "P06"),
        ("Region Stockholm", "county", "01"),
    ],
)
def test_the_kind_tells_areas_of_one_name_apart(name, kind, code):
    assert areas.find(name, kind).code == code


def test_a_municipality_asked_for_as_a_county_names_the_county_it_lies_in():
    with pytest.raises(areas.UnknownArea, match="a municipality .*17 Värmlands län: use --area 17"):
        areas.find("Karlstad", "county")


def test_a_county_asked_for_as_a_municipality_says_what_it_is():
    with pytest.raises(areas.UnknownArea, match=r"a county \(12 Skåne län\), not a municipality"):
        areas.find("Skåne", "municipality")


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [("Götborg", "1480 Göteborgs kommun"), ("Upsala", "Uppsala"), ("Malmo", "Malmö")],
)
def test_a_misspelt_name_gets_suggestions(misspelt, meant):
    with pytest.raises(areas.UnknownArea, match=f"Did you mean .*{meant}"):
        areas.find(misspelt)


@pytest.mark.parametrize("text", ["", " ", ";", "Xyzzyx", "\0", "å" * 500])
def test_a_text_that_is_no_name_is_refused_without_suggestions(text):
    with pytest.raises(areas.UnknownArea) as error:
        areas.find(text)
    assert "Did you mean" not in str(error.value)


@pytest.mark.parametrize("given", [2403, 20, None, 24.0, ["24"], b"24"])
def test_what_is_no_text_is_refused(given):
    with pytest.raises(UsageError, match="named by text such as '2403'"):
        areas.find(given)


@pytest.mark.parametrize("code", ["9999", "180", "", "02", "P08"])
def test_an_unknown_code_is_refused_with_the_form_of_codes(code):
    with pytest.raises(areas.UnknownArea, match="No area has the code .*four digits"):
        areas.get(code)


def test_an_unknown_kind_is_refused_with_the_kinds():
    with pytest.raises(UsageError, match="'kommun' is no kind.*municipality"):
        areas.find("Ale", "kommun")


def test_a_missing_list_of_municipalities_says_how_to_bring_it_back(monkeypatch, tmp_path):
    monkeypatch.setattr(areas, "MUNICIPALITIES", tmp_path / "municipalities.csv")
    with pytest.raises(DataError, match="is missing.*git checkout"):
        areas._municipality_rows()


# --- names in the producers' own files -----------------------------------------------------------


def column(path: Path, name: str, delimiter: str = ",") -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row[name] for row in csv.DictReader(file, delimiter=delimiter)]


@pytest.mark.parametrize(
    ("file", "heading", "delimiter"),
    [
        ("bra/other/kommun_totals_2021.csv", "name", ";"),
        ("population/kolada_invanare_1998_2019_tidy.csv", "Municipality", ","),
        ("classification/municipalities.csv", "municipality_name", ","),
    ],
)
def test_a_real_file_names_all_municipalities(shared_data, file, heading, delimiter):
    names = set(column(shared_data / file, heading, delimiter))
    assert {areas.find(n, "municipality").code for n in names} == {m.code for m in MUNICIPALITIES}


@pytest.mark.parametrize(
    ("file", "code", "name"),
    [
        ("population/scb_population_2024.csv", "kommun_kod", "kommun_namn"),
        ("population/kolada_invanare_2025.csv", "kommunkod", "namn"),
        ("kolada/n07540_reported_offences_2025.csv", "kommunkod", "namn"),
        ("classification/kolada_similar_municipalities.csv", "member_id", "member_title"),
        ("classification/neighbours.csv", "skl_code", None),
    ],
)
def test_names_and_codes_of_a_real_file_agree(shared_data, file, code, name):
    codes = column(shared_data / file, code)
    names = column(shared_data / file, name) if name else codes
    pairs = set(zip(codes, names, strict=True))
    assert {(areas.find(name, "municipality").code, name) for _, name in pairs} == pairs


def test_koladas_areas_are_the_nation_the_counties_and_the_municipalities(shared_data):
    path = shared_data / "kolada/areas_2026-03.csv"
    rows = list(zip(*(column(path, name) for name in ("id", "title", "type")), strict=True))
    regions = {i: title for i, title, kind in rows if kind == "L" and i != "0000"}
    towns = {i: title for i, title, kind in rows if kind == "K"}
    assert {"00" + areas.find(title, "county").code for title in regions.values()} == set(regions)
    assert {areas.find(title, "municipality").code for title in towns.values()} == set(towns)
    assert areas.find("Riket").code == "00"


def test_counties_and_regions_of_bras_totals_are_known_to_the_reader(shared_data):
    path = shared_data / "bra/other/lan_and_police_region_totals_2011_2016.csv"
    kinds = Counter(areas.get(databasfil.area_code(name)).kind for name in set(column(path, "region")))
    assert kinds == {"nation": 1, "county": 21, "police_region": 7}


def test_names_of_the_export_of_march_2014_are_known_to_the_reader(shared_data):
    path = shared_data / "bra/other/preliminary_2013_export_2014-03.csv"
    assert None not in {databasfil.area_code(name) for name in column(path, "kommun")}
