"""An executed notebook becomes one HTML page that needs nothing outside itself.

The notebook says what the page holds: an output with the mime type :data:`brapkg.blocks.PAGE` is page
content, everything else (Markdown, tables, printed text, pictures) is for whoever sits in
JupyterLab. The first such output is the head, the following ones are the sections, in order.

nbconvert is not used. Its exporters turn *every* cell into HTML and must then be told to hide
nearly all of it, bring their own styles and scripts, and change between versions. What is needed
here is to pick some strings out of the notebook's JSON and set them in a frame: nbformat reads,
jinja2 writes.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
from markupsafe import Markup
from nbformat import NotebookNode

from brapkg.blocks import PAGE
from brapkg.pages.frame import environment, sender, style, texts
from brapkg.pages.links import Links

CODE_ID = "kod"
ONWARD_ID = "vidare"
# A page that leads to nothing but the front page.
ALONE = Links()
# Pictures and rows of tables are most of a page and hold no sections: they are not read tag by tag.
_BULK = re.compile(r"<svg\b.*?</svg>|<tbody\b.*?</tbody>", re.DOTALL)
_ID = re.compile(r'<[^>]*\sid="([^"]*)"')
VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())


def render(notebook: Path | NotebookNode, *, title: str, language: str, links: Links = ALONE) -> str:
    """Return the page as one string of HTML; the same notebook gives the same bytes.

    Parameters
    ----------
    notebook : Path or NotebookNode
        An executed notebook, on disk or in memory.
    title : str
        The area and period ("Dalarnas län 2016"): window title, breadcrumb and printed foot.
    language : {"sv", "en"}
        Language of the frame; the sections must be in the same.
    links : Links
        Where the page leads, relative to where it will lie.

    Raises
    ------
    ValueError
        A cell failed, there is no page content, or the content breaks the contract (no head, a
        section without id or h2, an id used twice).
    UsageError
        The language is unknown.
    """
    words = texts(language)
    book, name = _read(notebook)
    head, *sections = _page_outputs(book, name)
    if "<h1" not in head:
        raise ValueError(f"{name}: the first page output must be the head, which holds the <h1>")
    if not sections:
        raise ValueError(f"{name}: the page has a head but no section")
    outline = _outline([head, *sections], name)
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            t=words,
            language=language,
            title=title,
            description=words["description"].format(title=title),
            links=links,
            sender=sender(),
            onward_id=ONWARD_ID,
            style=style(title),
            head=Markup(head),
            first=Markup(sections[0]),
            rest=[Markup(section) for section in sections[1:]],
            toc=[*outline, *([(ONWARD_ID, words["onward"])] if links.onward else []), (CODE_ID, words["code"])],
            code_id=CODE_ID,
            cells=_code_cells(book),
        )
    )


def _read(notebook: Path | NotebookNode) -> tuple[NotebookNode, str]:
    """The notebook and the name by which errors call it."""
    if isinstance(notebook, NotebookNode):
        return notebook, str(notebook.metadata.get("title") or "notebook")
    return nbformat.read(notebook, as_version=4), str(notebook)


def _page_outputs(book: NotebookNode, name: str) -> list[str]:
    """Page content in the order of the notebook; refuses a notebook where a cell failed."""
    found: list[str] = []
    for number, cell in enumerate(book.cells, start=1):
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                raise ValueError(f"{name}: cell {number} failed: {output.ename}: {output.evalue}")
            content = output.get("data", {}).get(PAGE)
            if content is not None:
                # nbformat keeps long strings of some mime types as lists of lines
                found.append("".join(content))
    if not found:
        raise ValueError(f"{name}: no page content; was the notebook executed?")
    return found


def _code_cells(book: NotebookNode) -> list[str]:
    """Source of each code cell that has any."""
    cells = (cell.source.strip("\n") for cell in book.cells if cell.cell_type == "code")
    return [source for source in cells if source.strip()]


class _Reader(HTMLParser):
    """Collects ids, and (id, label) of each outermost section.

    The label is the text of the section's first h2, or ``data-toc`` where the heading is too
    long for the contents.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: list[str] = []
        self.sections: list[dict[str, str]] = []
        self.unclosed: list[str] = []
        self._in_h2 = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "section" and "section" not in self.unclosed:
            self.sections.append({"id": given.get("id", ""), "toc": given.get("data-toc", "")})
        if tag == "h2" and self.sections and "h2" not in self.sections[-1]:
            self.sections[-1]["h2"] = ""
            self._in_h2 = True
        if tag not in VOID:
            self.unclosed.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if any(key == "id" for key, _ in attrs):  # <path id="…"/> inside a picture
            self.ids.append(dict(attrs)["id"] or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "h2":
            self._in_h2 = False
        if tag in self.unclosed:
            while self.unclosed.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._in_h2:
            self.sections[-1]["h2"] += data


def _outline(parts: list[str], name: str) -> list[tuple[str, str]]:
    """(id, label) of every section. Cells are edited by hand, so what they may break is checked."""
    ids: list[str] = ["innehall", "toc-h", CODE_ID, f"{CODE_ID}-h", ONWARD_ID, f"{ONWARD_ID}-h"]
    outline: list[tuple[str, str]] = []
    for number, part in enumerate(parts):
        reader = _Reader()
        reader.feed(_BULK.sub("", part))
        reader.close()
        ids += reader.ids
        ids += [id for bulk in _BULK.findall(part) for id in _ID.findall(bulk)]
        if number and not reader.sections:
            raise ValueError(f"{name}: page output {number + 1} is not a <section>")
        for section in reader.sections:
            # Hard spaces stay as they are.
            label = section["toc"] or re.sub(r"[ \t\r\n]+", " ", section.get("h2", "")).strip(" ")
            if not section["id"] or not label:
                raise ValueError(f"{name}: page output {number + 1} has a <section> without id or without <h2>")
            outline.append((section["id"], label))
    twice = sorted({i for i in ids if ids.count(i) > 1})
    if twice:
        raise ValueError(f"{name}: the same id is used twice on the page: {', '.join(twice)}")
    return outline
