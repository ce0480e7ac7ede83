"""Parts of a Word document that python-docx leaves to its XML: fields to fill in, heads, page numbers."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from functools import cache
from xml.sax.saxutils import escape, quoteattr

from docx import Document as new_document
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor

LOCALES = {"sv": "sv-SE", "en": "en-GB"}
INK, MUTED, ACCENT = RGBColor(0x18, 0x20, 0x26), RGBColor(0x4D, 0x58, 0x61), RGBColor(0x0B, 0x5C, 0x7A)
SURFACE, RULE = "F3F6F7", "CDD4D9"
FONT = "Calibri"
# What the template holds that a plan has no use for: its own picture, and styles for Word 2010.
NEEDLESS = ("thumbnail.jpeg", "stylesWithEffects.xml")
_NEEDLESS = re.compile(rb'<(?:Relationship|Override) [^>]*(?:thumbnail\.jpeg|stylesWithEffects\.xml)"[^>]*/>')


def document(language: str) -> Document:
    """An empty A4 document in a language, with the styles of a plan."""
    return new_document(io.BytesIO(_empty(language)))


@cache
def _empty(language: str) -> bytes:
    """``document`` as a file: the same for every plan, and slow to make."""
    made = new_document()
    section = made.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2)
    section.top_margin, section.bottom_margin = Cm(2), Cm(1.8)
    for name, size, before, after, colour in (
        ("Normal", 10.5, 0, 6, INK),
        ("Title", 24, 0, 2, INK),
        ("Subtitle", 12, 0, 12, MUTED),
        ("Heading 1", 16, 18, 4, INK),
        ("Heading 2", 13, 14, 4, INK),
        ("Caption", 10.5, 10, 3, INK),
        ("List Bullet", 10.5, 0, 2, INK),
    ):
        style = made.styles[name]
        style.font.name, style.font.size, style.font.color.rgb = FONT, Pt(size), colour
        style.font.italic = False
        style.font.bold = name in ("Title", "Heading 1", "Heading 2", "Caption")
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        for kind in ("ascii", "hAnsi", "eastAsia", "cs"):
            fonts.set(qn(f"w:{kind}"), FONT)
    made.styles["Caption"].paragraph_format.keep_with_next = True
    for style in list(made.styles):
        if style.type == WD_STYLE_TYPE.TABLE and style.name != "Normal Table":
            style.delete()
    # The template draws a line under the title.
    for border in made.styles["Title"].element.iter(qn("w:pBdr")):
        border.getparent().remove(border)
        break
    _language(made, LOCALES[language])
    content = io.BytesIO()
    made.save(content)
    return _tidied(content.getvalue())


def _tidied(content: bytes) -> bytes:
    """The document without what the template holds and no plan uses: half of its size."""
    told = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(told, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith(NEEDLESS):
                continue
            if name.endswith(".rels") or name == "[Content_Types].xml":
                data = _NEEDLESS.sub(b"", data)
            new.writestr(name, data)
    return told.getvalue()


def _language(made: Document, locale: str) -> None:
    defaults = made.styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    for old in defaults.findall(qn("w:lang")):
        defaults.remove(old)
    defaults.append(parse_xml(f'<w:lang {nsdecls("w")} w:val="{locale}" w:eastAsia="{locale}" w:bidi="ar-SA"/>'))


def properties(made: Document, title: str, subject: str, language: str) -> None:
    told = made.core_properties
    told.title, told.subject, told.language = title[:255], subject[:255], LOCALES[language]
    told.author = told.last_modified_by = "brapkg"
    told.comments = told.keywords = ""
    told.revision = 1


def feet(made: Document, text: str, page: str, logo: str) -> None:
    """What stands at the foot of every page, with its number; the sender's logo at the head."""
    section = made.sections[0]
    foot = section.footer.paragraphs[0]
    foot.text = f"{text}\t\t{page} "
    foot.paragraph_format.tab_stops.add_tab_stop(Cm(17))
    for run in foot.runs:
        run.font.size, run.font.color.rgb = Pt(8.5), MUTED
    foot._p.append(
        parse_xml(
            f'<w:fldSimple {nsdecls("w")} w:instr="PAGE"><w:r><w:rPr><w:color w:val="4D5861"/><w:sz w:val="17"/></w:rPr>'
            "<w:t>1</w:t></w:r></w:fldSimple>"
        )
    )
    if logo:
        section.header.paragraphs[0].add_run().add_picture(logo, height=Cm(1.2))


# --- tables --------------------------------------------------------------------------------------

# Made as XML at once: python-docx takes ten times as long, cell by cell. A cell is the XML of its paragraphs.


def table(
    made: Document, widths: Sequence[float], rows: Sequence[Sequence[str]], title: str, *, heads: Sequence[str] = ()
) -> None:
    """Add a table with thin rules; its heads are repeated on every page, and no row breaks over two.

    ``widths`` are in centimetres; ``rows`` hold cells as ``label``, ``text``, ``lines`` and ``field`` make them.
    """
    dxa = [Cm(width).twips for width in widths]
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{SURFACE}"/>'
    told = [_table_row(dxa, [label(head) for head in heads], "<w:tblHeader/>", shade)] if heads else []
    told += [_table_row(dxa, row) for row in rows]
    rules = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="{RULE}"/>' for side in ("top", "bottom", "insideH")
    )
    margins = "".join(f'<w:{side} w:w="80" w:type="dxa"/>' for side in ("top", "left", "bottom", "right"))
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in dxa)
    # In the order that Word wants.
    about = (
        '<w:tblW w:type="auto" w:w="0"/><w:jc w:val="left"/>'
        f'<w:tblBorders>{rules}</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar>{margins}</w:tblCellMar>'
        '<w:tblLook w:firstColumn="1" w:firstRow="1" w:lastColumn="0" w:lastRow="0" w:noHBand="0" w:noVBand="1" '
        f'w:val="04A0"/><w:tblCaption w:val={quoteattr(title)}/>'
    )
    made.element.body.sectPr.addprevious(
        parse_xml(
            f"<w:tbl {nsdecls('w')}><w:tblPr>{about}</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{''.join(told)}</w:tbl>"
        )
    )


def _table_row(widths: Sequence[int], cells: Sequence[str], more: str = "", shade: str = "") -> str:
    made = "".join(
        f'<w:tc><w:tcPr><w:tcW w:type="dxa" w:w="{width}"/>{shade}</w:tcPr>{cell}</w:tc>'
        for width, cell in zip(widths, cells, strict=True)
    )
    return f"<w:tr><w:trPr><w:cantSplit/>{more}</w:trPr>{made}</w:tr>"


def label(told: str) -> str:
    """A cell that heads its row or column."""
    return _paragraph(_run(told, 9.5, "<w:b/>"))


def text(told: str, small: str = "") -> str:
    """A cell's text, and a line of smaller text under it."""
    return _paragraph(_run(told, 10)) + (added(small) if small else "")


def added(told: str) -> str:
    """A line of smaller text, for the end of a cell."""
    return _paragraph(_run(told, 9, _COLOUR))


def lines(texts: Sequence[str]) -> str:
    """Texts under each other in one cell; those after the first with a little air above."""
    return "".join(_paragraph(_run(told, 10), above=3 if number else 0) for number, told in enumerate(texts))


_COLOUR = f'<w:color w:val="{MUTED}"/>'


def _paragraph(content: str, above: int = 0) -> str:
    """A paragraph without air below; ``above`` in points."""
    before = f' w:before="{20 * above}"' if above else ""
    return f'<w:p><w:pPr><w:spacing{before} w:after="0"/></w:pPr>{content}</w:p>'


def _run(told: str, size: float, form: str = "") -> str:
    """A stretch of text; its line breaks are kept."""
    parts = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(part)}</w:t>' for part in told.split("\n"))
    return f'<w:r><w:rPr>{form}<w:sz w:val="{round(2 * size)}"/></w:rPr>{parts}</w:r>'


def note(made: Document, told: str, lead: str = "") -> None:
    """A paragraph of smaller text; ``lead`` comes first, in bold."""
    paragraph = made.add_paragraph()
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(4), Pt(2)
    for part, bold in ((lead, True), (told, False)):
        if part:
            run = paragraph.add_run(part)
            run.bold, run.font.size, run.font.color.rgb = bold, Pt(9), MUTED


# --- fields to fill in ---------------------------------------------------------------------------


def field(name: str, hint: str, *, kind: str = "text", choices: Sequence[str] = (), told: str = "") -> str:
    """A content control as a cell: shows the hint until somebody fills it in.

    ``kind`` is "text", "date" or "choice" (a list of ``choices``); ``told`` is what is filled in already.
    """
    date = '<w:date><w:dateFormat w:val="yyyy-MM-dd"/><w:storeMappedDataAs w:val="date"/></w:date>'
    items = "".join(f"<w:listItem w:displayText={quoteattr(one)} w:value={quoteattr(one)}/>" for one in choices)
    form = {"text": "", "date": date, "choice": f"<w:dropDownList>{items}</w:dropDownList>"}[kind]
    empty = "" if told else "<w:showingPlcHdr/>"
    return _paragraph(
        f"<w:sdt><w:sdtPr><w:alias w:val={quoteattr(name[:60])}/>{empty}{form}</w:sdtPr>"
        f"<w:sdtContent>{_run(told or hint, 10, '' if told else _COLOUR)}</w:sdtContent></w:sdt>"
    )
