"""Where a page leads: up, on, over the county's border, to nothing that is not there; and when links remake a page."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from test_fingerprint import put

from brapkg import areas, blocks, paths, reads, wording
from brapkg.pages import render
from brapkg.pages.links import Link, Links
from brapkg.reports import fingerprint, links, plan
from brapkg.reports.plan import Report

pytestmark = pytest.mark.usefixtures("workspace")

LANGUAGES = ("sv", "en")


def some(*names: str, language: str = "sv", period: int = 2016) -> list[Report]:
    """Reports by the codes of their areas, or "knowledge"."""
    found = []
    for name in names:
        if name == "knowledge":
            found += plan.topic_reports("knowledge", None, [language])
        else:
            found += plan.area_reports(links.KIND_OF[areas.get(name).kind], name, period, [language])
    return found


def of(code: str, *beside: str, there: Path = Path("nowhere")) -> Links:
    """The links of one area's page, made beside others and pages that are there."""
    [own, *others] = some(code, *beside)
    return links.between([own, *others], there)[own]


def group(found: Links, name: str) -> dict[str, str]:
    return {link.label: link.href for link in dict(found.onward).get(name, ())}


def every(found: Links) -> list[Link]:
    return [*found.up, *(link for _, members in found.onward for link in members)]


def rows() -> list[dict[str, str]]:
    with (paths.CLONE / "data/raw/municipalities.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- up and on -----------------------------------------------------------------------------------


def test_a_municipality_leads_up_to_nation_and_county_and_on_to_its_neighbours():
    found = of("2403", "00", "24", "2401", "2460", "2480", "2404", "2481", "2425")
    assert found.home == "index.html"
    assert found.up == (Link("Riket", "00-2016-sv.html"), Link("Västerbottens län", "24-2016-sv.html"))
    near = group(found, "neighbours")
    listed = next(row["neighbours"].split() for row in rows() if row["code"] == "2403")
    assert set(near) == {areas.get(code).name for code in listed}
    assert near["Nordmalings kommun"] == "2401-2016-sv.html" and "Dorotea kommun" not in near


def test_neighbours_beyond_the_county_s_border_are_led_to():
    found = group(of("2403", "2284"), "neighbours")
    assert areas.get("2284").county == "22" and found["Örnsköldsviks kommun"] == "2284-2016-sv.html"


def test_neighbours_are_mutual_over_the_whole_country():
    reports = plan.area_reports("municipality")
    found = links.between(reports, Path("nowhere"))
    leads = {
        report.about.code: {link.href.partition("-")[0] for link in every(found[report]) if link.href}
        for report in reports
    }
    assert leads == {row["code"]: set(row["neighbours"].split()) for row in rows()}
    assert all(code in leads[other] for code in leads for other in leads[code])
    assert sum(code[:2] != other[:2] for code in leads for other in leads[code]) > 200


def test_a_county_leads_up_to_the_nation_and_on_to_all_of_its_municipalities_in_swedish_order():
    members = [place.code for place in areas.municipalities("24")]
    found = of("24", "00", *members)
    assert found.up == (Link("Riket", "00-2016-sv.html"),)
    near = group(found, "municipalities")
    assert list(near) == sorted(near, key=wording.swedish_order) and list(near)[-1] == "Åsele kommun"
    assert sorted(near.values()) == [f"{code}-2016-sv.html" for code in members]


def test_the_nation_leads_to_the_counties_and_to_nothing_above():
    found = of("00", *(county.code for county in areas.counties()))
    assert found.up == () and len(group(found, "counties")) == 21 and all(group(found, "counties").values())


def test_gotland_has_a_county_and_a_municipality_and_no_neighbour():
    county, municipality = of("09", "0980", "00"), of("0980", "09", "00")
    assert group(county, "municipalities") == {"Gotlands kommun": "0980-2016-sv.html"}
    assert [link.label for link in municipality.up] == ["Riket", "Gotlands län"] and municipality.onward == ()


def test_pages_of_an_area_lead_to_the_knowledge_map_of_their_language():
    for code in ("00", "24", "2403"):
        found = of(code, "knowledge")
        assert list(group(found, "knowledge").values()) == ["knowledge-sv.html"]
        [english] = some(code, language="en")
        assert "knowledge" not in dict(links.between([english, *some("knowledge")], Path("nowhere"))[english].onward)


def test_pages_about_no_area_lead_to_their_place_on_the_front_page():
    for language in LANGUAGES:
        for kind in ("problem", "knowledge"):
            report = plan.topic_reports(kind, None, [language])[0]
            found = links.between([report], Path("nowhere"))[report]
            assert [link.href for link in found.up] == [f"{links.home(language)}#knowledge"] and found.onward == ()


# --- nothing dead --------------------------------------------------------------------------------


def test_of_everything_no_link_is_dead_and_no_page_leads_to_itself():
    reports = plan.all_levels()
    names = {f"{report.name}.html" for report in reports} | {"index.html", "index-en.html"}
    for report, found in links.between(reports, Path("nowhere")).items():
        hrefs = [link.href.partition("#")[0] for link in every(found)]
        assert found.home in names and set(hrefs) <= names, report.name
        assert f"{report.name}.html" not in hrefs and len(set(hrefs)) == len(hrefs)
        assert all(href.endswith(f"-{report.language}.html") for href in hrefs if not href.startswith("index"))


def test_what_is_neither_planned_nor_there_is_named_and_not_led_to(tmp_path):
    found = of("2403", "2401", there=tmp_path)
    assert [link.href for link in found.up] == ["", ""]
    assert group(found, "neighbours")["Nordmalings kommun"] == "2401-2016-sv.html"
    assert group(found, "neighbours")["Vindelns kommun"] == ""
    (tmp_path / "2404-2016-sv.html").write_text("page", encoding="utf-8")
    (tmp_path / "24-2016-en.html").write_text("page", encoding="utf-8")
    (tmp_path / "00-2015-sv.html").write_text("page", encoding="utf-8")
    found = of("2403", there=tmp_path)
    assert group(found, "neighbours")["Vindelns kommun"] == "2404-2016-sv.html"
    assert [link.href for link in found.up] == ["", ""], "another year's or language's page is not led to"


def test_without_any_page_of_a_kind_there_is_no_list_of_them():
    assert of("2403").onward == of("24").onward == of("00").onward == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_s_frame_holds_the_links_and_no_other_page(language):
    [report, *_] = reports = some("2403", "00", "2401", "2284", language=language)
    given = links.between(reports, Path("nowhere"))[report]
    section = '<section id="a" aria-labelledby="a-h"><h2 id="a-h">A</h2><p>Text.</p></section>'
    head = '<header class="title"><h1>Bjurholm</h1></header>'
    outputs = [new_output("display_data", {blocks.PAGE: html}) for html in (head, section)]
    book = new_notebook(cells=[new_code_cell("page.x()", outputs=[output]) for output in outputs])
    html = render.render(nbformat.from_dict(book), title="Bjurholm", language=language, links=given)
    pages = set(re.findall(r'href="([^"#:]+\.html)"', html))
    assert pages == {given.home, *(link.href for link in every(given) if link.href)}
    assert all(link.label in html for link in every(given))


# --- when links remake a page --------------------------------------------------------------------


@pytest.fixture
def still(monkeypatch):
    """Code and texts as they are: an editor at work beside the tests remakes nothing."""
    for part in ("package", "templates"):
        monkeypatch.setattr(fingerprint, part, lambda: "0" * 16)
    monkeypatch.setattr(fingerprint, "records", lambda language: {})


def made(workspace: Path, *names: str) -> list[str]:
    """Make what the plan says; the names of the reports that were made, with their reasons."""
    output = workspace / "reports"
    output.mkdir(exist_ok=True)
    steps = [step for step in plan.steps(some(*names), output) if step.why]
    for step in steps:
        put(output, step)
    return [f"{step.report.about.code}: {step.why}" for step in steps]


@pytest.mark.usefixtures("still")
def test_a_page_is_made_again_exactly_when_its_links_change(workspace):
    assert made(workspace, "24", "2403", "2425") == ["24: never made", "2403: never made", "2425: never made"]
    assert made(workspace, "24", "2403", "2425") == []
    assert made(workspace, "2401") == ["2401: never made"]
    # Bjurholm's neighbour, the county's municipality, and nothing to Dorotea.
    assert made(workspace, "24", "2403", "2425", "2401") == ["24: links changed", "2403: links changed"]
    assert made(workspace, "00") == ["00: never made"]
    assert made(workspace, "24", "2403", "2425", "2401", "00") == [
        "24: links changed", "2403: links changed", "2425: links changed", "2401: links changed",
    ]  # fmt: skip
    assert made(workspace, "24", "2403", "2425", "2401", "00") == []


@pytest.mark.usefixtures("still")
def test_a_page_that_was_taken_away_is_led_to_no_more(workspace):
    made(workspace, "2403", "2401", "0980")
    for name in ("2401-2016-sv.html", "notebooks/2401-2016-sv.ipynb"):
        (workspace / "reports" / name).unlink()
    assert made(workspace, "2403", "0980") == ["2403: links changed"]


@pytest.mark.usefixtures("still")
def test_who_makes_all_at_once_has_nothing_left_to_do(workspace):
    names = ["00", "24", *(place.code for place in areas.municipalities("24")), "knowledge"]
    assert len(made(workspace, *names)) == len(names) and made(workspace, *names) == []
    assert made(workspace, *names[::-1]) == [], "the order of the reports is no input"


def test_neighbours_are_named_as_the_areas_shown():
    """A neighbour's new name reaches the page through the record of areas."""
    for code in ("2403", "0980", "24"):
        named = {link.label for link in every(of(code, "00"))}
        assert named <= {area.name for area in reads.shown_areas(code)}
