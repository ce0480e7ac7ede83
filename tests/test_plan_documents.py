"""The plan's Word and Excel documents: what stands in them, hostile cells, the same bytes."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zipfile
import zlib
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import docx
import openpyxl
import pytest
from test_plans import EN, SV, made, priority, row, told

from brapkg.plans import documents, draft
from brapkg.plans.draft import Candidate, Indicator, Row
from brapkg.sheets import writing

HOSTILE = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(A1)",
    "x" * 40_000,
    "rad\nrad",
    "😀 👩‍👩‍👧",
    "<b>&\"'</b>",
    "\x00\x0b\ufffe",
    "{x}",
]
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Sheets without the hundreds of empty rows for people: they take most of the time."""
    monkeypatch.setattr(writing, "SPARE", 3)


def opened(content: bytes) -> docx.document.Document:
    return docx.Document(io.BytesIO(content))


def text_of(content: bytes) -> str:
    """Every text of a Word document, the fields' too."""
    return "\n".join(node.text or "" for node in xml(content).iter(f"{W}t"))


def xml(content: bytes, part: str = "word/document.xml") -> ElementTree.Element:
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        return ElementTree.fromstring(parts.read(part))


def sheet(content: bytes):
    return openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]


def point() -> bytes:
    """A PNG of one white point."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    told = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\xff\xff\xff")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + told


def filled(words=SV):
    return made(draft.rows([priority("violence"), priority("vehicle")], told, words))


def test_the_word_document_names_area_period_law_priorities_and_sources():
    content = documents.word(filled(), SV)
    text = text_of(content)
    for part in (
        "Bjurholms kommun, underlag från 2016 (preliminärt)",
        "4 §:",
        "5 §:",
        "6 §:",
        "1. Våldsbrott",
        "2. Bilbrott",
    ):
        assert part in text
    assert "Källa: Brå." in text and "Braga & Weisburd 2022" in text and "Egen åtgärd" in text and "fylls i" in text
    headings = [p.style.name for p in opened(content).paragraphs if p.style.name.startswith(("Title", "Heading"))]
    assert headings[0] == "Title" and headings.count("Heading 1") == 2 and headings.count("Heading 2") == 4


def test_the_word_document_is_a4_in_its_language_with_metadata_and_repeated_heads():
    for words, locale in ((SV, "sv-SE"), (EN, "en-GB")):
        content = documents.word(filled(words), words)
        document = opened(content)
        assert (round(document.sections[0].page_width.cm, 1), round(document.sections[0].page_height.cm, 1)) == (
            21.0,
            29.7,
        )
        assert document.core_properties.language == locale and document.core_properties.title
        assert [node.get(f"{W}val") for node in xml(content, "word/styles.xml").iter(f"{W}lang")] == [locale]
        tables = list(xml(content).iter(f"{W}tbl"))
        assert all(table.find(f"{W}tblPr/{W}tblCaption").get(f"{W}val") for table in tables)
        headed = [table for table in tables if table.find(f".//{W}tblHeader") is not None]
        assert len(headed) == 2
        # No table is wider than the text: 17 cm are 9 638 twentieths of a point.
        for table in tables:
            assert sum(int(column.get(f"{W}w")) for column in table.iter(f"{W}gridCol")) <= 9_650


def test_empty_fields_are_controls_with_lists_and_dates():
    content = documents.word(filled(), SV)
    controls = list(xml(content).iter(f"{W}sdt"))
    lists = [control for control in controls if control.find(f".//{W}dropDownList") is not None]
    measures = sum(len(one.measures) for one in filled().rows)
    assert len(lists) == measures + 2  # and one of their own for each priority
    items = [item.get(f"{W}value") for item in lists[0].iter(f"{W}listItem")]
    assert items == ["ej påbörjad", "pågår", "genomförd", "avbruten"]
    assert sum(control.find(f".//{W}date") is not None for control in controls) == 2 * (measures + 2) + 2


def test_what_is_filled_in_already_stands_in_both_documents():
    measure = Candidate("Krogar", "Visad", "Anna", date(2027, 3, 1), date(2028, 1, 1), "stopped", "Slut på pengar")
    plan = made([row(measure)])
    text = text_of(documents.word(plan, SV))
    assert all(part in text for part in ("Anna", "2027-03-01", "2028-01-01", "avbruten", "Slut på pengar"))
    cells = [cell.value for cell in sheet(documents.excel(plan, SV))[2]]
    assert "Anna" in cells and "avbruten" in cells and "Slut på pengar" in cells


def test_the_sheet_has_a_row_for_each_priority_and_measure():
    plan = made(draft.rows([priority("violence"), priority("threats")], told, SV))
    rows = list(sheet(documents.excel(plan, SV)).iter_rows(min_row=2, values_only=True))
    rows = [one for one in rows if one[0]]
    measures = [len(one.measures) for one in plan.rows]
    assert [one[0] for one in rows] == [1] * max(1, measures[0]) + [2] * max(1, measures[1])
    assert all(one[12] == "Bjurholms kommun" and one[13] == 2016 and one[17] == 33 for one in rows)


def test_a_count_that_is_kept_back_leaves_no_number_in_the_documents():
    from brapkg.plans.values import Value

    hidden = Value(2016, 2016, float("nan"), 2453.0)
    plan = made([Row(1, "P", "drugs", measures=(Candidate("A"),), indicator=Indicator("visas inte", hidden))])
    assert [cell.value for cell in sheet(documents.excel(plan, SV))[2]][15:] == [None] * 4
    assert "nan" not in text_of(documents.word(plan, SV)).casefold().split()


@pytest.mark.parametrize("evil", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_texts(evil):
    measure = Candidate(f"A {evil}", evil, evil, status="done", done=evil)
    plan = made([Row(1, evil, "violence", evil, (evil,), (measure,), (evil,), Indicator(evil), evil, (evil,))])
    found = sheet(documents.excel(plan, SV))
    assert not any(cell.data_type == "f" for line in found.iter_rows() for cell in line)
    sender = SimpleNamespace(name=evil, unit=evil, contact="", web="", logo=None)
    text = text_of(documents.word(plan, SV, sender))
    kept = "".join(c for c in evil if c.isprintable() or c == "‍").replace("\n", "")
    assert kept[:200] in text.replace("\n", "")


@pytest.mark.parametrize("count", [0, 1, 40])
def test_any_number_of_rows(count):
    plan = made([Row(n, f"P {n}", "drugs", measures=(Candidate("A"),) * (n % 3)) for n in range(1, count + 1)])
    text = text_of(documents.word(plan, SV))
    assert all(f"{n}. P {n}" in text for n in range(1, count + 1))
    rows = [line for line in sheet(documents.excel(plan, SV)).iter_rows(min_row=2, values_only=True) if line[0]]
    assert {line[0] for line in rows} == set(range(1, count + 1))


def test_the_sender_and_logo_stand_in_the_document(tmp_path):
    logo = tmp_path / "logo.png"
    logo.write_bytes(point())
    sender = SimpleNamespace(name="Länsstyrelsen", unit="Trygghet", contact="a@b.se", web="", logo=logo)
    content = documents.word(filled(), SV, sender)
    assert "Länsstyrelsen, Trygghet, a@b.se" in text_of(content)
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert any(name.startswith("word/media/") for name in parts.namelist())
    sender.logo = tmp_path / "logo.svg"
    assert text_of(documents.word(filled(), SV, sender))
    assert "Avsändare" not in text_of(documents.word(filled(), SV))


def test_parts_of_the_package_hang_together():
    """What is left out of the template is left out of the lists of contents too."""
    with zipfile.ZipFile(io.BytesIO(documents.word(filled(), SV))) as parts:
        names = set(parts.namelist())
        for name in names:
            if name.endswith(".rels"):
                base = Path(name).parent.parent
                for link in ElementTree.fromstring(parts.read(name)):
                    if link.get("TargetMode") != "External":
                        target = link.get("Target")
                        path = target.lstrip("/") if target.startswith("/") else (base / target).as_posix()
                        assert path in names or Path(path).as_posix().replace("word/../", "") in names
        types = ElementTree.fromstring(parts.read("[Content_Types].xml"))
        assert {one.get("PartName").lstrip("/") for one in types if one.get("PartName")} <= names


SAME = """
import sys, hashlib
sys.path.insert(0, "tests")
from test_plan_documents import *
for words in (SV, EN):
    for make in (documents.word, documents.excel):
        print(hashlib.sha256(make(filled(words), words)).hexdigest())
"""


def test_the_same_plan_gives_the_same_bytes_in_another_process_and_another_day():
    env = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "PATH": "", "SOURCE_DATE_EPOCH": "1"}
    root = Path(__file__).parents[1]
    made_there = subprocess.run(
        [sys.executable, "-c", SAME], env=env, cwd=root, capture_output=True, text=True, check=True
    )
    made_here = subprocess.run(
        [sys.executable, "-c", SAME],
        env=env | {"PYTHONHASHSEED": "8"},
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert made_there.stdout == made_here.stdout and len(set(made_there.stdout.split())) == 4
    for content in (documents.word(filled(), SV), documents.excel(filled(), SV)):
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            assert {part.date_time[0] for part in parts.infolist()} == {1980}
            assert b"20" + b"26-" not in parts.read("docProps/core.xml")


def test_file_names_hold_area_and_year():
    assert filled().file_name("sv", "docx") == "atgardsplan-2403-2016.docx"
    assert made([], "0980").file_name("en", "xlsx") == "action-plan-0980-2016.xlsx"


@pytest.mark.parametrize("area", ["2505", "1280", "0180", "12", "1482"])
def test_areas_with_å_ä_ö_stand_as_they_are_named(area):
    plan = made([row()], area)
    assert plan.area.name in text_of(documents.word(plan, SV))
    assert plan.area.name_en in text_of(documents.word(plan, EN))
    assert sheet(documents.excel(plan, SV))["M2"].value == plan.area.name


def test_a_county_is_told_that_the_plan_is_each_municipalitys():
    assert "kan samordna men inte besluta" in text_of(documents.word(made([row()], "24"), SV))
    assert "kan samordna" not in text_of(documents.word(made([row()]), SV))
