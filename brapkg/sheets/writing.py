"""Workbooks to fill in: drop-down lists, help at each cell, explanations; the same input, the same bytes."""

from __future__ import annotations

import io
import math
import re
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date

from brapkg import areas
from brapkg.sheets.cells import YEARS, Column
from brapkg.wording import check_language

# Rows that have lists and checks beyond those that are filled in already.
SPARE = 300
FONT = "Calibri"
# Points of a line of text, and of the tallest row that Excel has.
LINE, TALLEST = 15, 405
# Widths of the sheet of explanations, in letters.
ABOUT = (30, 60, 40, 16)
# Excel's last row: what people add below is printed too.
LAST_ROW = 1_048_576
# Inches of paper round what is printed.
MARGIN = 0.4
# Excel's limits: of a list's or message's title, of the message, of an error.
TITLE, PROMPT = 32, 255
WORDS = {
    "sv": {
        "about": "Om",
        "lists": "Listor",
        "column": "Kolumn",
        "write": "Vad som skrivs",
        "allowed": "Tillåtet",
        "required": "Måste fyllas i",
        "yes": "ja",
        "no": "nej",
        "text": "text",
        "date": "datum, till exempel 2025-03-01",
        "number": "tal, med kommatecken före decimaler",
        "area": "områdets namn eller kod",
        "choose": "Välj ett värde i listan (bladet Listor).",
        "wrong_date": "Skriv år, månad och dag: 2025-03-01.",
        "wrong_number": "Skriv ett tal med siffror.",
    },
    "en": {
        "about": "About",
        "lists": "Lists",
        "column": "Column",
        "write": "What to write",
        "allowed": "Allowed",
        "required": "Must be filled in",
        "yes": "yes",
        "no": "no",
        "text": "text",
        "date": "date, such as 2025-03-01",
        "number": "number",
        "area": "the area's name or code",
        "choose": "Choose a value in the list (sheet Lists).",
        "wrong_date": "Write year, month and day: 2025-03-01.",
        "wrong_number": "Write a number in digits.",
    },
}
# The earliest time that a zip file can hold.
LONG_AGO = (1980, 1, 1, 0, 0, 0)
_TIMES = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(<)")


def workbook(
    title: str,
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, object]],
    *,
    language: str,
    sheet: str,
    about: Sequence[str] = (),
    spare: int = SPARE,
    printed: str = "",
) -> bytes:
    """An .xlsx to fill in: the sheet, then the explanations, then the lists' values.

    Parameters
    ----------
    title : str, what the file is; stands on the sheet of explanations
    columns : in order; headings, words and help are those of the language
    rows : by column id: what is filled in already, as ``read`` gives it (codes of areas, values of
        choices, dates, numbers, texts); None or left out where nothing is
    language : "sv" or "en"
    sheet : str, the sheet's name, at most 31 letters
    about : paragraphs of the explanations
    spare : int, empty rows below with their lists and checks
    printed : id of the last column that is printed, on the width of an A4; all where left out

    Returns
    -------
    bytes
        Equal for equal input.
    """
    import openpyxl

    check_language(language)
    book = openpyxl.Workbook()
    book.properties.title, book.properties.creator = title, "brapkg"
    _fill(book.active, columns, rows, language, sheet)
    if printed:
        last = [column.id for column in columns].index(printed) + 1
        book.active.print_area = f"A1:{openpyxl.utils.get_column_letter(last)}{LAST_ROW}"
    _about(book.create_sheet(WORDS[language]["about"]), title, columns, language, about)
    if any(column.kind == "choice" for column in columns):
        _lists(book.create_sheet(WORDS[language]["lists"]), columns, language)
    _checks(book.worksheets[0], columns, len(rows) + spare, language)
    content = io.BytesIO()
    book.save(content)
    return steady(content.getvalue())


def steady(content: bytes) -> bytes:
    """A zip file (.xlsx, .docx) with fixed times, order and properties: equal content, equal bytes."""
    told = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(told, "w") as new:
        # Readers find the list of contents first.
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            part = zipfile.ZipInfo(name, LONG_AGO)
            part.compress_type, part.create_system, part.external_attr = zipfile.ZIP_DEFLATED, 3, 0o600 << 16
            data = old.read(name)
            if name == "docProps/core.xml":
                data = _TIMES.sub(rb"\g<1>2000-01-01T00:00:00Z\g<3>", data)
            new.writestr(part, data, compresslevel=6)
    return told.getvalue()


def _fill(page, columns: Sequence[Column], rows: Sequence[Mapping[str, object]], language: str, sheet: str) -> None:
    from openpyxl.utils import get_column_letter

    page.title = sheet
    _heading(page, [column.heading(language) for column in columns])
    for position, column in enumerate(columns, 1):
        # The form of a whole column: rows that people add have it too.
        whole = page.column_dimensions[get_column_letter(position)]
        whole.width = column.width
        _form(whole, column)
    for number, row in enumerate(rows, 2):
        told = [_shown(column, row.get(column.id), language) for column in columns]
        for position, value in enumerate(told, 1):
            cell = page.cell(number, position)
            _put(cell, value)
            cell._style = page.column_dimensions[get_column_letter(position)]._style
        page.row_dimensions[number].height = _height(columns, told)
    page.freeze_panes = "B2"
    page.print_title_rows = "1:1"
    _on_paper(page)


def _on_paper(page) -> None:
    """All columns on the width of an A4."""
    from openpyxl.worksheet.page import PageMargins

    page.page_setup.orientation, page.page_setup.paperSize = "landscape", page.PAPERSIZE_A4
    page.page_setup.fitToHeight, page.sheet_properties.pageSetUpPr.fitToPage = 0, True
    page.page_margins = PageMargins(MARGIN, MARGIN, MARGIN, MARGIN)


def _height(columns: Sequence[Column], told: Sequence[object]) -> int:
    """Points that a row's longest text takes: not every program makes rows higher by itself."""
    needed = [_lines(value, column.width) for column, value in zip(columns, told, strict=True) if column.kind == "text"]
    return min(TALLEST, LINE * max(needed, default=1))


def _lines(value: object, width: int) -> int:
    """How many lines a text takes in a cell that breaks it between words."""
    parts = str(value or "").split("\n")
    return sum(max(1, math.ceil(len(part) / width)) for part in parts)


def _heading(page, texts: Sequence[str]) -> None:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    for position, text in enumerate(texts, 1):
        cell = page.cell(1, position)
        _put(cell, text)
        if position > 1:
            cell._style = page.cell(1, 1)._style
            continue
        cell.font = Font(name=FONT, size=11, bold=True)
        cell.fill = PatternFill("solid", fgColor="E6EFF3")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cell.border = Border(bottom=Side(style="thin", color="4D5861"))


def _put(cell, value: object) -> None:
    """Write a value; a text stays a text, whatever it begins with."""
    if isinstance(value, str):
        kept = "".join(c for c in value if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs", "Cn"))
        cell.value = kept
        if kept:
            cell.data_type = "s"
    else:
        cell.value = value


def _form(whole, column: Column) -> None:
    from openpyxl.styles import Alignment

    if column.kind == "date":
        whole.number_format = "yyyy-mm-dd"
    elif column.kind in ("text", "area"):  # or "1-2" becomes a date and "0180" loses its nought
        whole.number_format = "@"
    whole.alignment = Alignment(wrap_text=column.kind == "text", vertical="top")


def _shown(column: Column, value: object, language: str) -> object:
    """A value as people read it."""
    if value is None:
        return None
    if column.kind == "choice":
        return {told: en if language == "en" else sv for told, sv, en in column.allowed}[value]
    if column.kind == "area":
        return areas.get(value).label(language)
    return value


def _about(page, title: str, columns: Sequence[Column], language: str, about: Sequence[str]) -> None:
    from openpyxl.styles import Alignment, Font

    w = WORDS[language]
    page.title = w["about"]
    _on_paper(page)
    for position, width in zip("ABCD", ABOUT, strict=True):
        page.column_dimensions[position].width = width
    lines: list[tuple] = [(title,), *((text,) for text in about), ()]
    lines.append((w["column"], w["write"], w["allowed"], w["required"]))
    first = len(lines)
    for column in columns:
        allowed = ", ".join(column.labels(language)) if column.kind == "choice" else w[column.kind]
        required = w["yes" if column.required else "no"]
        lines.append((column.heading(language), column.help(language), allowed, required))
    title_font, head, plain = (
        Font(name=FONT, size=size, bold=bold) for size, bold in ((14, True), (11, True), (11, False))
    )
    wrapped, whole = Alignment(wrap_text=True, vertical="top"), Alignment(vertical="top")
    for number, line in enumerate(lines, 1):
        for position, text in enumerate(line, 1):
            cell = page.cell(number, position)
            _put(cell, text)
            cell.font = title_font if number == 1 else head if number == first else plain
            cell.alignment = whole if number == 1 else wrapped
    for number in range(2, first - 1):
        page.merge_cells(start_row=number, end_row=number, start_column=1, end_column=4)
        page.row_dimensions[number].height = LINE * _lines(lines[number - 1][0], sum(ABOUT))
    for number in range(first, len(lines) + 1):
        needed = max(_lines(text, width) for text, width in zip(lines[number - 1], ABOUT, strict=True))
        page.row_dimensions[number].height = min(TALLEST, LINE * needed)


def _lists(page, columns: Sequence[Column], language: str) -> None:
    from openpyxl.utils import get_column_letter

    page.title = WORDS[language]["lists"]
    choices = [column for column in columns if column.kind == "choice"]
    _heading(page, [column.heading(language) for column in choices])
    for position, column in enumerate(choices, 1):
        page.column_dimensions[get_column_letter(position)].width = max(column.width, 24)
        for number, label in enumerate(column.labels(language), 2):
            _put(page.cell(number, position), label)


def _checks(page, columns: Sequence[Column], rows: int, language: str) -> None:
    """Lists, checks of dates and numbers, and help, over all rows that can be filled in."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    w, lists = WORDS[language], 0
    for position, column in enumerate(columns, 1):
        options: dict[str, object] = {}
        if column.kind == "choice":
            lists += 1
            letter = get_column_letter(lists)
            options = {
                "type": "list",
                "formula1": f"'{w['lists']}'!${letter}$2:${letter}${len(column.allowed) + 1}",
                "error": w["choose"],
            }
        elif column.kind == "date":
            first, last = ((date(year, *day) - date(1899, 12, 30)).days for year, day in zip(YEARS, _ENDS, strict=True))
            options = {"type": "date", "formula1": str(first), "formula2": str(last), "error": w["wrong_date"]}
        elif column.kind == "number":
            options = {"type": "decimal", "formula1": "-1E+15", "formula2": "1E+15", "error": w["wrong_number"]}
        if not options and not column.help(language):
            continue
        check = DataValidation(allow_blank=True, showErrorMessage=bool(options), **options)
        check.errorTitle = column.heading(language)[:TITLE]
        if help := column.help(language):
            check.showInputMessage = True
            check.promptTitle, check.prompt = column.heading(language)[:TITLE], help[:PROMPT]
        letter = get_column_letter(position)
        check.add(f"{letter}2:{letter}{rows + 1}")
        page.add_data_validation(check)


_ENDS = ((1, 1), (12, 31))
