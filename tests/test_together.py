"""The municipalities side by side: order, verdicts, neighbours and joint rows, worked out anew from the tables."""

from __future__ import annotations

import csv
import html
import re
from collections import defaultdict
from functools import cache

import pytest

from brapkg import areas, catalogue, paths, store, structure
from brapkg.blocks import Callout, Points, Section, Table, Text
from brapkg.region import Region, together
from brapkg.wording import Words

pytestmark = pytest.mark.usefixtures("built")

RAW = paths.CLONE / "data" / "raw"
LANGUAGES = ("sv", "en")
COUNTIES = [area.code for area in areas.counties()]
GROUPS = [id for id in catalogue.offences("groups") if id != "total"]
WORDS = {language: Words(language) for language in LANGUAGES}
ABOVE = {
    "clearly_higher": {"sv": "(tydligt)", "en": "(clearly)"},
    "probably_higher": {"sv": "(sannolikt)", "en": "(probably)"},
}


def made(code: str, period: int = 2016, language: str = "sv") -> Section:
    return together.together(Region(code, period, language)._page)


def tables(section: Section) -> list[Table]:
    return [part for part in section.parts if isinstance(part, Table)]


def joint_rows(section: Section) -> list[Text]:
    return [item for part in section.parts if isinstance(part, Points) for item in part.items]


def text(section: Section) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "\n", section.html())).replace("\u00a0", " ")


@cache
def raw(name: str) -> list[dict[str, str]]:
    with (RAW / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def residents(year: int) -> dict[str, int]:
    return {row["area"]: int(row["residents"]) for row in raw("population") if int(row["year"]) == year}


@cache
def neighbours() -> dict[str, set[str]]:
    return {row["code"]: set(row["neighbours"].split()) for row in raw("municipalities")}


def members(code: str) -> list[str]:
    return [row["code"] for row in raw("municipalities") if row["code"].startswith(code)]


def verdicts(period: int) -> dict[tuple[str, str], str]:
    """The verdict against the SKR group, by municipality and offence."""
    peers = store.load("peers").query("year == @period")
    return {
        key: verdict
        for *key, verdict in zip(peers["area"], peers["offence"], peers["verdict"], strict=True)
        for key in [tuple(key)]
    }


# --- the order of the rows -----------------------------------------------------------------------


@pytest.mark.parametrize("period", [2013, 2016])
@pytest.mark.parametrize("code", [code for code in COUNTIES if code != "09"])
def test_without_a_register_the_smallest_stand_first(code, period):
    rows = tables(made(code, period))[0].data
    assert list(rows["area"]) == sorted(members(code), key=residents(period - 1).get)
    assert rows.set_index("area")["residents"].to_dict() == {one: residents(period - 1)[one] for one in members(code)}
    assert rows["duties_lacking"].isna().all()


HEADS = [column.id for column in structure.columns()]
REGISTER = [
    # 3 227 residents: everything in place but one thing begun; 2 516: nothing known but one old; 122 892: all missing.
    {"municipality": "Malå", "as_of": "2026-09-01", **dict.fromkeys(("plan", "council", "coordination"), "finns inte")},
    {"municipality": "Sorsele", "as_of": "2026-09-01", "picture": "finns", "picture_date": "2020-01-01"},
    {"municipality": "Umeå", "as_of": "2026-09-01", **dict.fromkeys(("picture", "plan", "council", "coordination"), "finns inte")},
    {"municipality": "Bjurholm", "as_of": "2026-09-01", "council": "finns", "agreements": "påbörjade"},
    {"municipality": "Vännäs", "as_of": "2026-09-01", "council": "finns", "picture": "finns", "picture_date": "2026-01-01"},
]  # fmt: skip
LACKING = {"2418": 3, "2422": 1, "2480": 4, "2403": 1, "2460": 0}


@pytest.fixture
def register(built):
    path = built / "data" / "raw" / "structure.csv"
    lines = [";".join(HEADS), *(";".join(row.get(id, "") for id in HEADS) for row in REGISTER)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert structure.read().problems == []
    yield
    path.unlink()


@pytest.mark.usefixtures("register")
def test_within_a_size_those_that_lack_most_of_the_duties_stand_first():
    rows = tables(made("24"))[0].data
    size = residents(2015)

    def band(code: str) -> int:
        return 0 if size[code] < 10_000 else 1 if size[code] < 30_000 else 2

    assert list(rows["area"]) == sorted(members("24"), key=lambda one: (band(one), -LACKING.get(one, 0), size[one]))
    assert list(rows["area"])[:3] == ["2418", "2403", "2422"] and list(rows["area"])[-2] == "2480"
    told = rows.set_index("area")["duties_lacking"]
    assert told.dropna().to_dict() == LACKING


@pytest.mark.usefixtures("register")
@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("sv", {"Umeå": "0 av 4 kända på plats (7 uppgifter i lagen)", "Vännäs": "2 av 2 kända på plats (7 uppgifter i lagen)", "Sorsele": "0 av 1 kända på plats (7 uppgifter i lagen)", "Åsele": "uppgift saknas"}),
        ("en", {"Umeå": "0 of 4 known in place (7 duties in the Act)", "Åsele": "not reported"}),
    ],
)  # fmt: skip
def test_duties_are_counted_as_the_register_has_them(language, told):
    frame = tables(made("24", language=language))[0].frame
    shown = dict(zip(frame.iloc[:, 0], frame.iloc[:, 3], strict=True))
    assert {name: shown[name] for name in told} == told


# --- what is said to lie above -------------------------------------------------------------------


@pytest.mark.parametrize("period", [2013, 2016])
@pytest.mark.parametrize("code", [code for code in COUNTIES if code != "09"])
def test_the_groups_named_are_those_that_the_table_of_peers_sets_above(code, period):
    known, table = verdicts(period), tables(made(code, period))[0]
    for row, shown in zip(table.data.to_dict("records"), table.frame.to_dict("records"), strict=True):
        told = list(shown.values())[2]
        expected = [
            f"{catalogue.offence(id).lower_sv} {ABOVE[known[row['area'], id]]['sv']}"
            for id in GROUPS
            if known.get((row["area"], id)) in ABOVE
        ]
        assert told.lower() == (", ".join(expected).lower() or "ingen brottsgrupp"), row
        for verdict in ABOVE:
            ids = [id for id in GROUPS if known.get((row["area"], id)) == verdict]
            assert row[verdict.replace("higher", "above")].split() == ids


@pytest.mark.parametrize("code", ["24", "14", "01"])
def test_the_note_tells_how_many_chance_alone_would_set_above(code):
    known = verdicts(2016)
    compared = sum(known.get((one, id), "few") != "few" for one in members(code) for id in GROUPS)
    note = tables(made(code))[0].note
    told = [int(number.replace("\u00a0", "")) for number in re.findall(r"\d[\d\u00a0]*", note)[:2]]
    assert told == [compared, int(compared * 0.025 + 0.5)]


def test_both_languages_hold_the_same_rows():
    for code in ("24", "14"):
        ours = [[table.data.to_csv() for table in tables(made(code, language=language))] for language in LANGUAGES]
        assert ours[0] == ours[1]


# --- neighbours with the same problem ------------------------------------------------------------


def together_by_borders(codes: set[str]) -> list[set[str]]:
    """Groups that hang together by borders, by merging pairs: another way than the page's."""
    owner = {code: code for code in codes}

    def root(code: str) -> str:
        return code if owner[code] == code else root(owner[code])

    for one in codes:
        for other in neighbours()[one] & codes:
            owner[root(one)] = root(other)
    found = defaultdict(set)
    for code in codes:
        found[root(code)].add(code)
    return [group for group in found.values() if len(group) > 1]


@pytest.mark.parametrize("period", [2014, 2016])
@pytest.mark.parametrize("code", [code for code in COUNTIES if code != "09"])
def test_neighbours_are_put_together_as_an_independent_search_does(code, period):
    mine, known = set(members(code)), verdicts(period)
    near = mine.union(*(neighbours()[one] for one in mine))
    expected = {
        (id, frozenset(group))
        for id in GROUPS
        for group in together_by_borders({one for one in near if known.get((one, id)) in ABOVE})
        if group & mine
    }
    section = made(code, period)
    if not expected:
        assert len(tables(section)) == 1
        assert any(isinstance(part, Callout) for part in section.parts)
        return
    shared = tables(section)[1]
    found, at = set(), 0
    for row in shared.frame.to_dict("records"):
        names = re.split(r", (?![^(]*\))", list(row.values())[1])
        lines = shared.data.iloc[at : at + len(names)]
        at += len(names)
        assert lines["offence"].nunique() == 1
        assert catalogue.offence(lines["offence"].iloc[0]).sv == list(row.values())[0]
        for name, line in zip(names, lines.to_dict("records"), strict=True):
            verdict = known[line["area"], line["offence"]]
            assert line["verdict"] == verdict and name.endswith(ABOVE[verdict]["sv"])
            place = areas.get(line["area"])
            assert name.startswith(place.short) and (areas.get(place.county).name in name) == (place.county != code)
        found.add((lines["offence"].iloc[0], frozenset(lines["area"])))
    assert at == len(shared.data) and found == expected and len(shared.frame) == len(expected)


def test_chains_are_whole_whatever_the_codes():
    page_chains, mine = together._chains, set(members("24")) | set(members("25"))
    for step in range(1, 8):
        codes = set(sorted(mine)[::step])
        assert {frozenset(one) for one in page_chains(codes)} == {frozenset(one) for one in together_by_borders(codes)}
    assert page_chains(set()) == page_chains({"0980"}) == []


# --- together with the neighbours ----------------------------------------------------------------


def expected_joint(code: str, period: int) -> list[dict]:
    known = verdicts(period)
    rows = store.load("joint").query("year == @period")
    return [
        row
        for row in rows[rows["area"].isin(members(code))].to_dict("records")
        if row["offence"] != "total" or (row["area"], row["offence"]) in known
        if row["verdict"] in ABOVE
        and known.get((row["area"], row["offence"])) in ("few", "unclear")
        and not any(known.get((other, row["offence"])) in ABOVE for other in neighbours()[row["area"]])
    ]


@pytest.mark.parametrize("period", [2013, 2014, 2015, 2016])
@pytest.mark.parametrize("language", LANGUAGES)
def test_joint_rows_are_those_that_no_municipality_shows_alone(period, language):
    words, seen = WORDS[language], 0
    for code in COUNTIES:
        told = joint_rows(made(code, period, language)) if code != "09" else []
        expected = [row for row in expected_joint(code, period) if row["offence"] != "total"]
        assert len(told) == len(expected), code
        seen += len(expected)
        by_name = defaultdict(list)
        for row in expected:
            by_name[areas.get(row["area"]).short + "."].append(row)
        for item in told:
            row = next(
                row
                for row in by_name[item.strong]
                if catalogue.offence(row["offence"]).text("lower", language) in item.body
            )
            assert row["lower"] > 1 and len(neighbours()[row["area"]]) + 1 == row["members"]
            assert f" {words.count_word(row['members'])} " in item.body.replace("(", " ")
            assert words.deviation_range(row["lower"], row["upper"]) in item.body
            assert f"{round(100 * (row['value'] - 1))} " in item.body
            assert words.years(row["first_year"], period) in item.body
    assert seen or period == 2013, "no county shows a joint row, and nothing was tested"


# --- what is not claimed -------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("period", [2013, 2016])
def test_gotland_has_nobody_to_stand_beside(language, period):
    section = made("09", period, language)
    assert not tables(section) and not joint_rows(section) and len(section.parts) == 1
    assert not re.search(r"tydligt|sannolikt|clearly|probably|\d", text(section))


CAUSES = re.compile(
    r"\bberor på\b|\borsakas\b|\bdärför att\b|\bbecause\b|\bcaused\b|\bleder till\b|\bdue to\b|värst|worst"
)
SAID = re.compile(r"kan bero på en av dem|may come from one of them")


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_said_of_causes_and_nobody_is_ranked(language):
    for code in COUNTIES:
        told = SAID.sub("", text(made(code, language=language)))
        assert not CAUSES.search(told), CAUSES.search(told)
        assert not re.search(r"\bnan\b|\bNone\b|[{}]|–\s*–", told)


def test_what_is_kept_back_is_not_told_to_lie_above(guarded):
    """Years of 1 to 20 offences are kept back: what rests on them has no verdict, and no number."""
    hidden = store.load("withheld").query("month == 0")
    peers = store.load("peers").query("year == 2016").merge(hidden, on=["area", "offence"], suffixes=("", "_back"))
    held = peers[peers["year_back"].between(peers["first_year"], 2016)]
    kept = set(zip(held["area"], held["offence"], strict=True))
    joint = store.load("joint").query("year == 2016").set_index(["area", "offence"])
    assert kept
    for code in ("24", "25", "23"):
        side, *shared = tables(made(code))
        for row in side.data.to_dict("records"):
            assert not kept & {(row["area"], id) for id in f"{row['clearly_above']} {row['probably_above']}".split()}
        for table in shared:
            assert not kept & set(zip(table.data["area"], table.data["offence"], strict=True))
        for item in joint_rows(made(code)):
            [area] = (one for one in members(code) if areas.get(one).short + "." == item.strong)
            [id] = (id for id in GROUPS if catalogue.offence(id).lower_sv in item.body)
            assert joint.loc[(area, id), "lower"] > 1
