"""Real reports, made by the command as a user gives it and opened in a real browser.

Gotland, a county of one municipality, and Dalarna, an ordinary one; the smallest municipality and the
largest, and the nation, with a sender; the front page of the whole country; the problem with most
measures and the knowledge page, in both languages. The browser is Chromium without a window; where it
is missing the tests are skipped, but not in CI.
"""

from __future__ import annotations

import base64
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from test_batch import assert_timeless
from test_render import check_page
from test_site import page as front
from test_site import whole_country

from brapkg.blocks import Figure, Section
from brapkg.region import Region

BOTH = ("--language", "sv", "--language", "en")
KNOWN = {
    "problem-youth-crime-sv": "Brott bland unga",
    "problem-youth-crime-en": "Youth crime",
    "knowledge-sv": "Kunskapskarta",
    "knowledge-en": "Knowledge map",
}
COUNTIES = {"09": "Gotlands län", "20": "Dalarnas län"}
MOST_BYTES = 700_000
# Dalarna has five priorities, each with its measures in a table, and a draft plan for them.
MOST_PAGES = 20
# Pages of the other levels: what the window is called, and the most printed pages.
LEVELS = {
    "2403-2016-sv": ("Bjurholms kommun 2016", 14),
    "0180-2016-sv": ("Stockholms kommun 2016", 18),
    "00-2016-sv": ("Riket 2016", 12),
}
SETTINGS = """
[reports]
areas = ["00", "2403", "0180"]
languages = ["sv"]
levels = ["nation", "municipality"]
[sender]
name = "Länsstyrelsen i Västerbottens län"
unit = "Enheten för samhällsskydd och beredskap"
contact = "brottsforebyggande.samordning.vasterbotten@example.org"
web = "https://example.org/brottsforebyggande-arbete/lagesbilder"
logo = "logo.svg"
"""
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 60"><rect width="240" height="60" fill="#1a3c6b"/></svg>'
)
# What a script may read off a page that itself allows no scripts: through the frame it lies in.
MEASURE = """<!doctype html><iframe src="{page}" style="border:0;width:{width}px;height:800px"></iframe><pre></pre>
<script>
const frame = document.querySelector("iframe");
frame.onload = () => {{
  const page = frame.contentDocument, root = page.documentElement, body = getComputedStyle(page.body);
  const shown = [...page.querySelectorAll("figure svg")].filter(svg => svg.checkVisibility());
  const onTop = [], outside = [];
  for (const svg of shown) {{
    const area = svg.getBoundingClientRect(), before = [];
    for (const text of svg.querySelectorAll("text")) {{
      const box = text.getBoundingClientRect();
      if (!box.width) continue;
      if (box.left < area.left - 3 || box.right > area.right + 3 || box.top < area.top - 4 || box.bottom > area.bottom + 4)
        outside.push(text.textContent);
      for (const [other, name] of before) {{
        const wide = Math.min(box.right, other.right) - Math.max(box.left, other.left);
        const tall = Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
        if (wide > 1.5 && tall > 0.3 * Math.min(box.height, other.height)) onTop.push([text.textContent, name]);
      }}
      before.push([box, text.textContent]);
    }}
  }}
  document.querySelector("pre").textContent = JSON.stringify({{
    lang: root.lang, title: page.title, scroll: root.scrollWidth, client: root.clientWidth,
    background: body.backgroundColor, ink: body.color,
    figures: page.querySelectorAll("figure").length, shown: shown.length, onTop, outside,
    flat: shown.filter(svg => svg.getBoundingClientRect().height < 60).length,
    marks: Math.min(...shown.map(svg => svg.querySelectorAll("path, circle, line, rect, polyline").length)),
  }});
}};
</script>"""


def tool(name: str) -> str:
    """The program's path; without it the test is skipped, and in CI it fails."""
    found = shutil.which(name)
    if found is None:
        message = f"{name} is not installed (Debian: apt install {'poppler-utils' if 'pdf' in name else name})"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    return found


@pytest.fixture(scope="session")
def made(processed, tmp_path_factory) -> Path:
    """The folder of pages after one command for each county; the commands said nothing but their result."""
    home = tmp_path_factory.mktemp("workspace")
    (home / "data").mkdir()
    (home / "data/processed").symlink_to(processed)
    for code in COUNTIES:
        command = [sys.executable, "-c", "from brapkg.cli import main; main()", "report", "region", "--area", code]
        told = subprocess.run(
            command, cwd=home, env=os.environ | {"BRAPKG_HOME": str(home)}, capture_output=True, text=True
        )
        assert (told.returncode, told.stderr) == (0, ""), told.stderr
        assert told.stdout == ""
    return home / "reports"


@pytest.fixture(scope="session")
def levels(processed, tmp_path_factory) -> Path:
    """The folder of pages of a workspace whose settings tell which, and who sends them."""
    home = tmp_path_factory.mktemp("levels")
    (home / "data").mkdir()
    (home / "data/processed").symlink_to(processed)
    (home / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    (home / "logo.svg").write_text(LOGO, encoding="utf-8")
    command = [sys.executable, "-c", "from brapkg.cli import main; main()", "report", "--all-levels"]
    told = subprocess.run(
        command, cwd=home, env=os.environ | {"BRAPKG_HOME": str(home)}, capture_output=True, text=True
    )
    assert (told.returncode, told.stderr) == (0, ""), told.stderr
    return home / "reports"


@pytest.fixture(scope="session", params=sorted(COUNTIES), ids=["gotland", "dalarna"])
def page(request, made) -> Path:
    return made / f"{request.param}-2016-sv.html"


@pytest.fixture(scope="session")
def known(processed, tmp_path_factory) -> Path:
    """The folder of pages of the knowledge base."""
    home = tmp_path_factory.mktemp("known")
    (home / "data").mkdir()
    (home / "data/processed").symlink_to(processed)
    for topic in (("problem", "--problem", "youth-crime"), ("knowledge",)):
        command = [sys.executable, "-c", "from brapkg.cli import main; main()", "report", *topic, *BOTH]
        told = subprocess.run(
            command, cwd=home, env=os.environ | {"BRAPKG_HOME": str(home)}, capture_output=True, text=True
        )
        assert (told.returncode, told.stderr) == (0, ""), told.stderr
    return home / "reports"


@pytest.fixture
def chromium(tmp_path):
    """Runs Chromium on a page and gives what it writes: the page's tree, and its log."""
    program = tool("chromium")

    def run(page: Path, *options: str) -> tuple[str, str]:
        told = subprocess.run(
            [
                program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--disable-background-networking", "--no-first-run", "--hide-scrollbars",
                f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr", *options, page.as_uri(),
            ],
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert told.returncode == 0, told.stderr
        return told.stdout, told.stderr

    return run


@pytest.fixture
def measure(chromium, tmp_path):
    """What a reader's screen of this width and colour scheme shows."""

    def run(page: Path, width: int, *, dark: bool = False) -> dict:
        wrapper = tmp_path / "wrapper.html"
        wrapper.write_text(MEASURE.format(page=page.as_uri(), width=width), encoding="utf-8")
        scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
        options = ("--allow-file-access-from-files", "--virtual-time-budget=5000", "--dump-dom")
        tree, _ = chromium(wrapper, scheme, *options)
        return json.loads(re.search(r"<pre>(.+?)</pre>", tree, re.S)[1])

    return run


def console(log: str) -> list[str]:
    return [line for line in log.splitlines() if "CONSOLE" in line]


# --- the files -----------------------------------------------------------------------------------


def test_the_folder_holds_pages_notebooks_and_nothing_else(made):
    names = {str(path.relative_to(made)) for path in made.rglob("*")}
    reports = {f"{code}-2016-sv" for code in COUNTIES}
    names = {name for name in names if not name.startswith("runs/")}
    assert names == {"index.html", "notebooks", "runs", ".lock"} | {f"{name}.html" for name in reports} | {
        f"notebooks/{name}.ipynb" for name in reports
    }


def test_the_page_is_sound_and_not_too_heavy(page):
    check_page(page.read_text(encoding="utf-8"), "sv")
    assert 100_000 < page.stat().st_size < MOST_BYTES


def test_every_figure_that_the_package_makes_is_on_the_page(page, made, monkeypatch, tmp_path):
    """A kernel set up the wrong way gives a report without figures, and no error."""
    monkeypatch.setenv("BRAPKG_HOME", str(made.parent))
    monkeypatch.chdir(tmp_path)  # where the plan's documents are written
    region = Region(page.name[:2], 2016, "sv")
    methods = [m for name, m in inspect.getmembers(region, inspect.ismethod) if not name.startswith("_")]
    sections = [section for section in (method() for method in methods) if isinstance(section, Section)]
    wanted = sorted(part.id for section in sections for part in section.parts if isinstance(part, Figure))

    html = page.read_text(encoding="utf-8")
    assert len(wanted) >= 7
    assert sorted(re.findall(r'<figure class="figure" id="([^"]+)"', html)) == wanted
    assert {section.id for section in sections} <= set(re.findall(r'<section id="([^"]+)"', html))

    book = nbformat.read(made / "notebooks" / f"{page.stem}.ipynb", as_version=4)
    outputs = [output for cell in book.cells for output in cell.get("outputs", ())]
    pictures = [output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == len(wanted)
    assert min(len(base64.b64decode(picture)) for picture in pictures) > 2000


def test_the_notebook_tells_neither_when_nor_where_it_was_made(page, made):
    text = (made / "notebooks" / f"{page.stem}.ipynb").read_text(encoding="utf-8")
    assert_timeless(text)
    assert str(made.parent) not in text


# --- in the browser ------------------------------------------------------------------------------


def test_the_page_loads_without_a_word_on_the_console(page, chromium):
    """A request to anywhere would be one: the page's own policy forbids it, and says so there."""
    tree, log = chromium(page, "--dump-dom")
    assert "</html>" in tree and console(log) == []


def test_the_console_would_tell_of_a_request(page, chromium, tmp_path):
    """That the test above can fail."""
    odd = tmp_path / "odd.html"
    image = '<img src="https://example.org/x.png" alt=""></main>'
    odd.write_text(page.read_text(encoding="utf-8").replace("</main>", image), encoding="utf-8")
    _, log = chromium(odd, "--dump-dom")
    assert "Content Security Policy" in console(log)[0]


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_nothing_is_wider_than_the_screen(page, measure, width):
    seen = measure(page, width)
    assert seen["client"] == width and seen["scroll"] <= width
    assert (seen["lang"], seen["title"]) == ("sv", f"{COUNTIES[page.name[:2]]} 2016 – Lägesbilder")
    # Of the wide and the narrow form of every picture, one is shown, and it is drawn.
    assert seen["shown"] == seen["figures"] > 0
    assert seen["flat"] == 0 and seen["marks"] >= 1  # Gotland's map
    assert (seen["onTop"], seen["outside"]) == ([], [])


def test_a_text_on_another_or_beyond_the_figure_would_be_seen(made, measure, tmp_path):
    """That the last line above can fail."""
    odd = tmp_path / "odd.html"
    html = (made / "09-2016-sv.html").read_text(encoding="utf-8")
    odd.write_text(re.sub(r"<text([^>]*?) x=\"[^\"]*\"", r'<text\1 x="-50"', html), encoding="utf-8")
    seen = measure(odd, 1280)
    assert len(seen["onTop"]) > 10 and len(seen["outside"]) > 10


def test_light_and_dark_follow_the_reader(page, measure):
    tokens = re.findall(r"--bg: (#\w{6}).*?--ink: (#\w{6})", page.read_text(encoding="utf-8"))
    for seen, (ground, ink) in zip((measure(page, 800), measure(page, 800, dark=True)), tokens[:2], strict=True):
        assert (seen["background"], seen["ink"]) == (rgb(ground), rgb(ink))
    assert tokens[0] != tokens[1]


def rgb(token: str) -> str:
    return f"rgb({', '.join(str(int(token[i : i + 2], 16)) for i in (1, 3, 5))})"


def test_the_printed_page(page, chromium, tmp_path):
    assert_printed(page, chromium, tmp_path, MOST_PAGES)


def assert_printed(page: Path, chromium, tmp_path: Path, most: int) -> None:
    """A4, readable by programs that read aloud, and no more pages than these."""
    info, text = tool("pdfinfo"), tool("pdftotext")
    chromium(page, f"--print-to-pdf={tmp_path / 'page.pdf'}", "--no-pdf-header-footer")
    told = subprocess.run([info, tmp_path / "page.pdf"], capture_output=True, text=True, check=True).stdout
    facts = dict(line.split(":", 1) for line in told.splitlines())
    assert "(A4)" in facts["Page size"]
    assert facts["Tagged"].strip() == "yes"
    pages = int(facts["Pages"])
    assert 3 < pages <= most
    first = subprocess.run(
        [text, "-l", "1", tmp_path / "page.pdf", "-"], capture_output=True, text=True, check=True
    ).stdout
    # The first page is the answer, alone.
    assert "Kort sagt" in first and "Figur 1" in first and "Figur 2" not in first
    assert f"1 ({pages})" in first


def test_the_front_page_loads_and_fits_a_phone(made, chromium, measure):
    _, log = chromium(made / "index.html", "--dump-dom")
    assert console(log) == []
    html = (made / "index.html").read_text(encoding="utf-8")
    linked = set(re.findall(r'href="([^"#:]+\.html)"', html))
    assert linked == {f"{code}-2016-sv.html" for code in COUNTIES}
    wrapper = measure(made / "index.html", 360)
    assert wrapper["scroll"] <= 360


def test_the_front_page_of_the_whole_country_fits_a_phone_with_all_its_lists_open(chromium, measure, tmp_path):
    opened = front(whole_country(), nation="00-2016-sv.html").replace("<details", "<details open")
    (tmp_path / "index.html").write_text(opened, encoding="utf-8")
    assert opened.count("<details open") == 1 + 21
    assert console(chromium(tmp_path / "index.html", "--dump-dom")[1]) == []
    for width in (320, 360):
        assert measure(tmp_path / "index.html", width)["scroll"] <= width


# --- municipalities and the nation ---------------------------------------------------------------


@pytest.mark.parametrize("name", LEVELS)
def test_a_page_of_another_level_is_sound_loads_and_fits_any_screen(levels, chromium, measure, tmp_path, name):
    page, (title, most) = levels / f"{name}.html", LEVELS[name]
    check_page(page.read_text(encoding="utf-8"), "sv")
    assert 100_000 < page.stat().st_size < MOST_BYTES
    assert console(chromium(page, "--dump-dom")[1]) == []
    for width in (320, 360, 1280):
        seen = measure(page, width)
        assert seen["client"] == width and seen["scroll"] <= width
        assert (seen["lang"], seen["title"]) == ("sv", f"{title} – Lägesbilder")
        assert seen["shown"] == seen["figures"] > 5 and seen["flat"] == 0 and seen["marks"] >= 1
        assert (seen["onTop"], seen["outside"]) == ([], [])
    assert_printed(page, chromium, tmp_path, most)


def test_every_address_in_a_folder_of_pages_leads_somewhere(levels):
    pages = {path.name: path.read_text(encoding="utf-8") for path in levels.glob("*.html")}
    assert set(pages) == {"index.html", *(f"{name}.html" for name in LEVELS)}
    ids = {name: set(re.findall(r'\bid="([^"]+)"', html)) for name, html in pages.items()}
    for name, html in pages.items():
        addresses = re.findall(r'<a [^>]*?href="(?!data:|https://)([^"]*)"', html)
        assert len(addresses) > 5
        for page, _, place in (address.partition("#") for address in addresses):
            assert (page or name) in pages, (name, page)
            assert not place or place in ids[page or name], (name, page, place)


# --- pages of the knowledge base -----------------------------------------------------------------


@pytest.mark.parametrize("name", KNOWN)
def test_a_page_of_the_knowledge_base_loads_and_fits_any_screen(known, chromium, measure, name):
    page = known / f"{name}.html"
    check_page(page.read_text(encoding="utf-8"), name[-2:])
    assert page.stat().st_size < MOST_BYTES
    assert console(chromium(page, "--dump-dom")[1]) == []
    for width in (320, 360, 1280):
        seen = measure(page, width)
        assert seen["client"] == width and seen["scroll"] <= width
        assert seen["lang"] == name[-2:] and seen["title"].startswith(KNOWN[name])
        assert seen["shown"] == seen["figures"] > 0 and seen["flat"] == 0 and seen["marks"] >= 1


def test_all_of_a_measure_s_card_is_printed(known, chromium, tmp_path):
    """Nothing on it may be folded away: paper cannot be opened."""
    page = known / "problem-youth-crime-sv.html"
    chromium(page, f"--print-to-pdf={tmp_path / 'page.pdf'}", "--no-pdf-header-footer")
    command = [tool("pdftotext"), tmp_path / "page.pdf", "-"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    cards = page.read_text(encoding="utf-8").count('class="card measure"')
    assert cards >= 20 and text.count("Vad som kan gå fel") == text.count("Varför bedömningen") == cards
