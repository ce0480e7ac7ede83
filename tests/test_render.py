"""The report page: built from a notebook made by hand, checked as a reader's browser would."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from brapkg.blocks import PAGE
from brapkg.errors import UsageError
from brapkg.pages.frame import style, texts
from brapkg.pages.links import Link, Links
from brapkg.pages.render import render
from brapkg.wording import LANGUAGES

HEAD = '<div class="head"><p class="kind">Lägesbild för län</p><h1>Dalarnas län 2016</h1></div>'
SUMMARY = (
    '<section class="summary" id="kort-sagt" aria-labelledby="kort-h">'
    '<h2 id="kort-h">Kort sagt</h2>'
    '<ul class="points"><li><strong>Lägre.</strong> Se <a href="#niva">nivån</a>.</li></ul>'
    '<figure class="figure" aria-labelledby="f1-h"><h3 id="f1-h">Rubrik</h3>'
    '<svg class="fig-wide" viewBox="0 0 9 9" role="img" aria-labelledby="f1-t">'
    '<title id="f1-t">Rubrik</title><path d="M0 0"/></svg></figure></section>'
)
LEVEL = (
    '<section id="niva" aria-labelledby="niva-h"><h2 id="niva-h">Nivå &amp; <em>läge</em></h2><p>Text.</p></section>'
)
LONG = (
    '<section id="kallor" data-toc="Källor" aria-labelledby="kallor-h">'
    '<h2 id="kallor-h">Källor, metod och kvalitet</h2><h3>Så är det räknat</h3></section>'
)


class Page(HTMLParser):
    """What the checks need to know of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, {key: value or "" for key, value in attrs}))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.tags if name == tag]

    def values(self, attribute: str) -> list[str]:
        return [attrs[attribute] for _, attrs in self.tags if attribute in attrs]


def check_page(html: str, language: str) -> Page:
    """What holds for every page of the project, the front page included."""
    page = Page(html)
    assert html.startswith("<!doctype html>")
    assert page.all("html") == [{"lang": language}]

    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))

    ids = page.values("id")
    assert len(ids) == len(set(ids))
    wanted = [href[1:] for href in page.values("href") if href.startswith("#")]
    for attribute in ("aria-labelledby", "aria-describedby", "for"):
        wanted += [name for value in page.values(attribute) for name in value.split()]
    assert set(wanted) <= set(ids)

    # one file: nothing is fetched, nothing runs
    assert not page.all("script") and "@import" not in html
    assert all(src.startswith(("data:image/png;", "data:image/svg+xml;")) for src in page.values("src"))
    for tag, attrs in page.tags:
        for name, value in attrs.items():
            if "://" in value:
                assert (tag, name) == ("a", "href") or name.startswith("xmlns"), (tag, name)
            assert not name.startswith("on"), f"{tag} has a script in {name}"
    assert all(link["href"].startswith("data:") for link in page.all("link"))
    assert not re.search(r"url\((?!#)", html)
    return page


def cell(*contents: str, source: str = "show(x)"):
    data = [{PAGE: text, "text/plain": "…"} for text in contents]
    return new_code_cell(source, outputs=[new_output("display_data", item) for item in data])


def notebook(*cells):
    return new_notebook(cells=list(cells))


@pytest.fixture
def book():
    other = [
        new_output("stream", text="LOGGED"),
        new_output("execute_result", {"text/html": "<table>TABLE</table>"}, execution_count=1),
    ]
    return notebook(
        new_markdown_cell("# GUIDE for the researcher"),
        cell(HEAD, source='region = "20"'),
        cell(SUMMARY, LEVEL, source="if 1 < 2 & 3: print('</code><script>x</script>')"),
        new_code_cell("", outputs=[]),
        new_code_cell("table", outputs=other),
        cell(LONG),
    )


def make(book, **kwargs):
    return render(book, **{"title": "Dalarnas län 2016", "language": "sv", **kwargs})


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_is_sound_in_both_languages(book, language):
    html = make(book, language=language)
    check_page(html, language)
    assert texts(language)["not_official"] in html
    assert texts(language)["code"] in html


def test_only_page_outputs_reach_the_page_and_in_order(book):
    html = make(book)
    assert not any(word in html for word in ("GUIDE", "LOGGED", "TABLE"))
    places = [html.index(part) for part in (HEAD, SUMMARY, '<nav class="toc"', LEVEL, LONG)]
    assert places == sorted(places)


def test_contents_match_the_sections(book):
    html = make(book)
    toc = html[html.index('<nav class="toc"') :]
    toc = toc[: toc.index("</nav>")]
    found = re.findall(r'<a href="#([^"]+)">([^<]+)</a>', toc)
    assert found == [
        ("kort-sagt", "Kort sagt"),
        ("niva", "Nivå &amp; läge"),
        ("kallor", "Källor"),
        ("kod", "Koden bakom sidan"),
    ]
    assert [section["id"] for section in Page(html).all("section")] == [i for i, _ in found]


def test_code_is_shown_escaped_and_empty_cells_are_not(book):
    html = make(book)
    assert "<pre><code>region = &#34;20&#34;</code></pre>" in html
    assert "if 1 &lt; 2 &amp; 3" in html and "&lt;/code&gt;&lt;script&gt;" in html
    assert html.count("<pre>") == 4


def test_links_home(book):
    hrefs = [a["href"] for a in Page(make(book, links=Links("../start.html"))).all("a")]
    assert hrefs.count("../start.html") == 2


def test_links_lead_up_and_on_and_what_has_no_page_is_text(book):
    links = Links(
        up=(Link("Riket", "00.html"), Link("Dalarnas län")),
        onward=(("neighbours", (Link("Mora <kommun>", "2062.html"), Link("Orsa kommun"))),),
    )
    html = make(book, links=links)
    check_page(html, "sv")
    hrefs = [a["href"] for a in Page(html).all("a")]
    assert hrefs.count("00.html") == hrefs.count("2062.html") == 1
    assert "<li>Dalarnas län</li>" in html and "<li>Orsa kommun</li>" in html and "Mora &lt;kommun&gt;" in html
    assert 'href="#vidare"' in html and "Grannkommuner" in html
    assert "vidare" not in make(book)


def test_title_cannot_break_out_of_head_or_style(book):
    title = 'A"</style><b>&\\ 2016'
    html = make(book, title=title)
    assert html.count("</style>") == 1 and "<b>" not in html.replace("<body>", "")
    assert r"A\22 \3c \2f style\3e \3c b\3e \26 \5c  2016" in style(title)


def test_same_notebook_same_bytes_from_memory_and_disk(book, tmp_path):
    file = tmp_path / "20.ipynb"
    nbformat.write(book, file)
    assert make(book) == make(book) == make(file)


def test_failed_cell_is_refused(book):
    book.cells[-1].outputs.append(new_output("error", ename="KeyError", evalue="'x'", traceback=[]))
    with pytest.raises(ValueError, match="cell 6 failed: KeyError: 'x'"):
        make(book)


def test_notebook_without_page_is_refused_by_name(tmp_path):
    file = tmp_path / "tom.ipynb"
    nbformat.write(notebook(new_code_cell("1 + 1")), file)
    with pytest.raises(ValueError, match=r"tom\.ipynb: no page content"):
        make(file)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([SUMMARY, LEVEL], "must be the head"),
        ([HEAD], "no section"),
        ([HEAD, SUMMARY, "<p>loose</p>"], "output 3 is not a <section>"),
        ([HEAD, SUMMARY, '<section id="a"><p>x</p></section>'], "without id or without <h2>"),
        ([HEAD, SUMMARY, "<section><h2>x</h2></section>"], "without id or without <h2>"),
        ([HEAD, SUMMARY, LEVEL, LEVEL], "used twice on the page: niva, niva-h"),
        ([HEAD, SUMMARY, '<section id="kod"><h2>x</h2></section>'], "used twice on the page: kod"),
    ],
)
def test_content_that_breaks_the_contract_is_refused(parts, message):
    with pytest.raises(ValueError, match=message):
        make(notebook(cell(*parts)))


def test_unknown_language_is_refused(book):
    with pytest.raises(UsageError, match="No language 'no'; there are sv and en"):
        make(book, language="no")


def test_every_text_is_there_in_both_languages_with_the_same_blanks():
    swedish, english = texts("sv"), texts("en")
    assert swedish.keys() == english.keys()
    for key, text in swedish.items():
        assert text.strip() and english[key].strip()
        assert re.findall(r"{\w+}", text) == re.findall(r"{\w+}", english[key]), key


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, two: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(two)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_have_the_contrast_that_wcag_asks_for(scheme):
    """1.4.3: text 4.5 to 1; 1.4.11: marks and borders 3 to 1 (rounded as WCAG tools do)."""
    blocks = re.findall(r":root \{(.*?)\n *\}", str(style("")), re.S)
    token = dict(re.findall(r"--([\w-]+): (#\w{6});", blocks[scheme]))
    for text in ("ink", "muted", "accent"):
        for ground in ("bg", "surface"):
            assert contrast(token[text], token[ground]) >= 4.5, (text, ground)
    assert contrast(token["caution-ink"], token["caution-bg"]) >= 4.5
    assert contrast(token["context"], token["bg"]) >= 3
    assert contrast(token["accent"], token["soft"]) >= 3  # the county under the pointer
    for step in "123":
        assert contrast(token["ink"], token[f"q{step}"]) >= 4.5, step
    for step in "45":
        assert contrast(token["bg"], token[f"q{step}"]) >= 4.5, step
