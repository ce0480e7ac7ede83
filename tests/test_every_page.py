"""All 312 pages in both languages, read sentence by sentence: nothing unfinished, nothing claimed too much.

With BRAPKG_THOROUGH set, as `.ci/run` does, every municipality is read; otherwise the smallest, the
middle and the largest of each county, so that `make test` stays short.
"""

from __future__ import annotations

import json
import os
import re
from functools import lru_cache

import pytest
from reading import lix, prose, sentences, shown, texts

from brapkg import areas, paths, profile
from brapkg.municipality import Municipality
from brapkg.nation import National
from brapkg.region import Region
from brapkg.sections import plan
from brapkg.shown import tables as shown_tables

pytestmark = pytest.mark.usefixtures("built", "undrawn", "quick_pages")

LANGUAGES = ("sv", "en")
COUNTIES = [county.code for county in areas.counties()]
PERIOD = 2016
LONGEST, HARDEST = 35, 50
UNFINISHED = re.compile(r"\bnan\b|\bNaN\b|\bNone\b(?! of the\b)|\binf\b|[{}]|\bTrue\b|\bFalse\b")
# What may hold a full stop or a comma between digits and is no number: addresses, versions, DOIs.
NO_NUMBER = re.compile(
    r"https?://\S+|\bdoi\b.*|10\.\d{4,}\S*|brapkg \d\S*|\bversion \d\S*|[\w./-]+\.(ipynb|csv|xlsx|toml|docx)"
)
WRONG_POINT = {"sv": re.compile(r"\d\.\d"), "en": re.compile(r"\d,\d(?!\d\d)|\d\s\d{3}\b")}
# A difference that is claimed, an interval in the same sentence that goes over zero, and words that take it back.
CLAIM = {
    "sv": re.compile(r"\b(högre|lägre|fler|färre|ökade|minskade|ökar|minskar|ligger (över|under)|steg|sjönk)\b"),
    "en": re.compile(r"\b(higher|lower|more|fewer|rose|fell|rises|falls|(lies|are|is) (above|below))\b"),
}
OVER_ZERO = re.compile(
    r"−\d+(?:[.,]\d+)?(?:\s?%)? (?:till|to) \+?(?:[1-9]\d*(?:[.,]\d+)?|0[.,]\d+)\s?%".replace(" ", r"[\s\u00a0]")
)
TAKEN_BACK = {
    "sv": re.compile(
        r"\binte\b|\bkan vara\b|\bslump|\boklar|\bosäker(?!het)|\bingen\b|\binga\b|\bvarken\b|\bgår inte\b|\bi nivå\b"
    ),
    "en": re.compile(
        r"\bnot\b|\bcannot\b|\bchance\b|\bunclear\b|\buncertain(?!ty)|\bno\b|\bneither\b|\bmay be\b|\blevel with\b"
    ),
}
GRAMMAR = re.compile(
    r"\b[Ee]n (andra|område|län)\b|\b[Ii]ngen andra\b|\b[Ee]tt (kommun|andra)\b|\b1 (kommuner|brottsgrupper|municipalities)\b|"
    r"\b[Oo]ne (other counties|municipalities|of \w+ \w+( \w+)? (are|lie))\b|\b(och och|samt samt|and and)\b|"
    r"\b(?P<word>[a-zåäö]{3,}) (?P=word)\b|(?P<year>\b\d{4})–(?P=year)|kommunss|läns län|s's\b"
)


@pytest.fixture(scope="module")
def quick_pages():
    """Both languages read one profile, and no Word or Excel is written: those have tests of their own."""
    with pytest.MonkeyPatch.context() as patch:
        for kind in ("county", "municipality"):
            patch.setattr(profile, kind, lru_cache(maxsize=2)(getattr(profile, kind)))
        patch.setattr(plan, "_documents", lambda *_: {"plan.docx": b"", "plan.xlsx": b""})
        yield


def cells(kind: str) -> tuple[str, ...]:
    """The page's calls, in the order of its notebook."""
    book = json.loads((paths.CLONE / "notebooks" / f"{kind}.ipynb").read_text(encoding="utf-8"))
    sources = ("".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code")
    return tuple(name for source in sources for name in re.findall(r"^page\.(\w+)\(\)$", source, re.MULTILINE))


CELLS = {kind: cells(kind) for kind in ("national", "region", "municipality")}


def problems(name: str, html: str, language: str) -> list[str]:
    """Everything on a page that a reader should not meet."""
    found = []
    for where, text in texts(html):
        plain = NO_NUMBER.sub("", text)
        if where.endswith(("pre", "code")):
            continue
        for what, wrong in (("unfinished", UNFINISHED), ("number", WRONG_POINT[language]), ("grammar", GRAMMAR)):
            if hit := wrong.search(plain):
                found.append(f"{name} {what} {hit[0]!r}: {text[:200]}")
    for text in prose(html):
        for sentence in sentences(text):
            if len(sentence.split()) > LONGEST:
                found.append(f"{name} {len(sentence.split())} words: {sentence}")
            over = OVER_ZERO.search(sentence)
            if over and CLAIM[language].search(sentence) and not TAKEN_BACK[language].search(sentence):
                found.append(f"{name} claims a difference whose interval holds none: {sentence}")
    if (hard := lix(html)) >= HARDEST:
        found.append(f"{name}: LIX {hard:.1f}")
    return found


def read(kind: str, page: object, name: str, language: str) -> list[str]:
    return problems(f"{name}-{language}", "".join(shown(page, CELLS[kind]).values()), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_nation(language):
    assert not read("national", National(PERIOD, language), "00", language)


def chosen(county: str) -> list[areas.Area]:
    """The municipalities whose pages are read."""
    residents = shown_tables().built_rows("population", county=county, year=PERIOD).set_index("area")["residents"]
    places = sorted(areas.municipalities(county), key=lambda place: residents[place.code])
    if os.environ.get("BRAPKG_THOROUGH"):
        return places
    return [places[at] for at in sorted({0, len(places) // 2, len(places) - 1})]


@pytest.mark.parametrize("county", COUNTIES)
def test_a_county_and_its_municipalities(county):
    found = []
    for language in LANGUAGES:
        found += read("region", Region(county, PERIOD, language), county, language)
        for place in chosen(county):
            found += read("municipality", Municipality(place.code, PERIOD, language), place.code, language)
    assert not found, "\n".join([f"{len(found)} problems", *found[:40]])


# --- the test itself can fail


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Antalet är nan.", "sv"),
        ("Det är 3.5 brott.", "sv"),
        ("It is 3,5 offences.", "en"),
        ("Våldsbrotten ligger 4 procent högre (−3\u00a0till\u00a012\u00a0%).", "sv"),
        ("Violence is 4 per cent higher (−3\u00a0to\u00a012%).", "en"),
        (" ".join(["Ord"] + ["och"] * 40) + ".", "sv"),
        ("Brottsförebyggande samordningsfunktioner vidareutvecklar kunskapsbaserade överenskommelser.", "sv"),
        ("En andra kommun ligger lägre.", "sv"),
    ],
)
def test_what_a_reader_should_not_meet_is_found(text, language):
    assert problems("x", f"<section><p>{text}</p><p>Det är så.</p></section>", language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Våldsbrotten ligger 4 procent högre (1–7\u00a0%).", "sv"),
        ("Skillnaden kan vara slump: 4 procent högre (−3\u00a0till\u00a012\u00a0%).", "sv"),
        ("It is 12,345 offences, or 3.5 per resident.", "en"),
        ("Se doi 10.4073/csr.2013.5 och lag (2023:196).", "sv"),
    ],
)
def test_what_is_well_said_passes(text, language):
    assert not problems("x", f"<section><p>{text}</p></section>", language)
