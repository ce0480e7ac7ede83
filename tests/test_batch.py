"""Many notebooks: one failure stays one failure, and what was there before is never half replaced."""

from __future__ import annotations

import errno
import json
import os
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from brapkg import areas
from brapkg.errors import DataError
from brapkg.kernels import warm
from brapkg.reports import batch, front, made
from brapkg.reports.batch import Way
from brapkg.reports.making import Attempt
from brapkg.reports.plan import Report

PARAMETERS = 'region = "01"\nperiod = 2016\nlanguage = "sv"'
# The least that makes a page, without the packages that take seconds to import.
PAGE = """
from IPython.display import display

MIME = "application/vnd.brapkg.page+html"
display({MIME: f'<div class="head"><h1>{region} {period}</h1></div>'}, raw=True)
display({MIME: '<section id="kort-sagt"><h2>Kort sagt</h2></section>'}, raw=True)
"""
RAISES = 'if region == "03":\n    raise RuntimeError("Uppsala is away")'
DIES = 'if region == "03":\n    import os\n    os._exit(9)'
KILLS_ITS_PARENT = 'if region == "03":\n    import os, signal\n    os.kill(os.getppid(), signal.SIGKILL)'
# Which processes belong to a test tells a variable of their environment.
MARK = "BRAPKG_TEST"
forks = pytest.mark.skipif(not warm.supported(), reason="kernels are forked on Linux only")
WAYS = ["ordinary", pytest.param("forked", marks=forks)]


def notebook(folder: Path, *cells: str) -> Path:
    """A notebook with the three parameters, these cells, and the least that makes a page."""
    first = new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
    book = new_notebook(cells=[first, *map(new_code_cell, cells), new_code_cell(PAGE)])
    path = folder / "region.ipynb"
    nbformat.write(book, path)
    return path


def built_notebook(folder: Path, *cells: str) -> Path:
    """A notebook with the three parameters and these cells alone."""
    book = notebook(folder)
    raw = nbformat.read(book, as_version=4)
    raw.cells[1:] = [new_code_cell(cell, id=f"own-{number}") for number, cell in enumerate(cells)]
    raw.cells[0].id = "parameters"
    nbformat.write(raw, book)
    return book


def plan(book: Path, *codes: str, language: str = "sv") -> list[Report]:
    return [Report(book, areas.get(code), 2016, language) for code in codes]


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below the folder by its path, hidden ones too."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def pages(folder: Path) -> dict[str, bytes]:
    """What a folder of reports shows: all but the records of runs, which tell times, and the lock."""
    return {name: content for name, content in tree(folder).items() if not name.startswith(("runs/", ".lock"))}


def manifests(output: Path) -> list[dict]:
    """The folder's manifests, oldest first."""
    return [json.loads(path.read_text()) for path in sorted((output / "runs").glob("*Z*.json"))]


class Kept:
    """A warm process that is still there when a run has closed it, for the next test."""

    def __init__(self, process: warm.Warm):
        self.address, self.hello = process.address, process.hello

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def warm_process(built):
    """A warm process that has not read the store: the tests' notebooks do without."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MARK, "the shared warm process")
        process = warm.Warm(())
    yield process
    process.close()


@pytest.fixture
def quick_start(monkeypatch):
    """Warm processes of the test's own that have not read the store."""
    start = warm.Warm
    monkeypatch.setattr(warm, "Warm", lambda notebooks: start(()))


@pytest.fixture
def way(request, monkeypatch) -> Way:
    """The quicker way to start kernels that there is here."""
    if not warm.supported():
        return Way(cold=True)
    process = request.getfixturevalue("warm_process")
    assert process.hello
    monkeypatch.setattr(warm, "Warm", lambda notebooks: Kept(process))
    return Way()


@pytest.fixture(params=WAYS)
def each_way(request) -> Way:
    """Every way to start kernels."""
    return Way(cold=True) if request.param == "ordinary" else request.getfixturevalue("way")


@pytest.fixture
def output(tmp_path, built) -> Path:
    """A folder that holds a page and a notebook of an earlier run."""
    folder = tmp_path / "reports"
    (folder / "notebooks").mkdir(parents=True)
    (folder / "03-2016-sv.html").write_text("the old page")
    (folder / "notebooks/03-2016-sv.ipynb").write_text("the old notebook")
    return folder


# --- with real kernels ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "told"), [(RAISES, "RuntimeError: Uppsala is away"), (DIES, "DeadKernelError")], ids=["raises", "dies"]
)
def test_one_failure_leaves_the_others_and_the_old_page(tmp_path, output, each_way, cell, told):
    way = Way(2 if cell is RAISES else 1, each_way.cold)
    check_one_failure(tmp_path, output, way, cell, told)
    # The next run mends it, and takes away what the failure left.
    done = batch.run(plan(notebook(tmp_path), "03"), output, way)
    [mended] = done.results
    assert (done.status, mended.status, mended.error) == ("good", "made", "")
    assert "failed last time" in mended.why
    assert "<h1>03 2016</h1>" in (output / "03-2016-sv.html").read_text()
    assert not (output / "failed").exists()


def check_one_failure(tmp_path, output, way, cell, told):
    done = batch.run(plan(notebook(tmp_path, cell), "01", "03", "04"), output, way)
    results = done.results
    assert done.status == "failed"
    assert [result.report.about.code for result in results] == ["01", "03", "04"]
    assert [result.status for result in results] == ["made", "failed", "made"]
    assert told in results[1].error and results[1].made is None
    assert [result.tries for result in results] == [1, 1 if cell is RAISES else 2, 1]
    assert (output / "failed/03-2016-sv.txt").read_text() == results[1].error
    assert "<h1>01 2016</h1>" in (output / "01-2016-sv.html").read_text()
    assert (output / "03-2016-sv.html").read_text() == "the old page"
    assert (output / "notebooks/03-2016-sv.ipynb").read_text() == "the old notebook"
    left = (
        {"failed/03-2016-sv.txt"} if cell is KILLS_ITS_PARENT else {"failed/03-2016-sv.txt", "failed/03-2016-sv.ipynb"}
    )
    assert set(pages(output)) == {
        "01-2016-sv.html", "03-2016-sv.html", "04-2016-sv.html", "index.html",
        "notebooks/01-2016-sv.ipynb", "notebooks/03-2016-sv.ipynb", "notebooks/04-2016-sv.ipynb",
    } | left  # fmt: skip
    assert set(made.read(output)) == {"01-2016-sv", "04-2016-sv"}
    text = (output / "index.html").read_text()
    assert "Uppsala län <small>rapporten gick inte att framställa" in text and 'href="01-2016-sv.html"' in text
    [told] = [report for report in manifests(output)[-1]["reports"] if report["status"] == "failed"]
    assert told["name"] == "03-2016-sv" and told["error"]


def test_a_notebook_that_kills_its_worker_stays_one_failure(tmp_path, output):
    check_one_failure(tmp_path, output, Way(2, cold=True), KILLS_ITS_PARENT, "The worker process died twice")


@forks
def test_a_notebook_that_kills_the_warm_process_costs_no_other_its_page(tmp_path, output, quick_start):
    done = batch.run(plan(notebook(tmp_path, KILLS_ITS_PARENT), "01", "03", "04"), output)
    assert [result.status for result in done.results if result.report.about.code != "03"] == ["made", "made"]


def test_a_failed_notebook_is_kept_as_far_as_it_came(tmp_path, output, way):
    batch.run(plan(notebook(tmp_path, "print('so far')", RAISES, "print('never')"), "03"), output, way)
    book = nbformat.read(output / "failed/03-2016-sv.ipynb", as_version=4)
    outputs = [out for cell in book.cells for out in cell.get("outputs", ())]
    assert "so far" in str(outputs) and "Uppsala is away" in str(outputs) and "never" not in str(outputs)


def test_a_page_that_cannot_be_rendered_is_a_failure_too(tmp_path, output, way):
    """The notebook runs, but publishes no page."""
    book = notebook(tmp_path)
    raw = nbformat.read(book, as_version=4)
    raw.cells[-1].source = "print('no page')"
    nbformat.write(raw, book)
    [result] = batch.run(plan(book, "03"), output, way).results
    assert result.status == "failed" and "Traceback" in result.error
    assert (output / "03-2016-sv.html").read_text() == "the old page"
    assert "no page" in (output / "failed/03-2016-sv.ipynb").read_text()


@forks
def test_the_same_bytes_however_many_jobs_and_however_kernels_start(tmp_path, built, quick_start):
    reports = plan(notebook(tmp_path, "import sys; sys.stderr.write('oj')", "1 + 1"), "01", "20", "24")
    ways = {"first": Way(), "both": Way(2), "cold": Way(2, cold=True)}
    made_pages = []
    for name, how in ways.items():
        assert batch.run(reports, tmp_path / name, how).status == "good"
        made_pages.append(pages(tmp_path / name))
    assert len(made_pages[0]) == 7
    assert all(one == made_pages[0] for one in made_pages)


def test_what_has_not_changed_is_not_made_again(tmp_path, output, way):
    reports = plan(notebook(tmp_path), "01", "03")
    batch.run(reports, output, way)
    before = pages(output)
    done = batch.run(reports, output, way)
    assert (done.status, [result.status for result in done.results]) == ("good", ["unchanged", "unchanged"])
    assert all(result.made and not result.why and not result.tries for result in done.results)
    (output / "01-2016-sv.html").unlink()
    done = batch.run(reports, output, way)
    assert [result.status for result in done.results] == ["made", "unchanged"]
    assert pages(output) == before
    done = batch.run(reports, output, way, again=True)
    assert [result.status for result in done.results] == ["made", "made"] and pages(output) == before


def test_a_made_notebook_tells_neither_when_nor_where_it_was_made(tmp_path, output, way):
    batch.run(plan(notebook(tmp_path), "20"), output, way)
    text = (output / "notebooks/20-2016-sv.ipynb").read_text()
    assert 'region = "20"' in text.replace('\\"', '"')
    assert_timeless(text)
    assert str(tmp_path) not in text


def assert_timeless(text: str) -> None:
    assert not re.search(r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d", text)
    assert "papermill" not in text and "duration" not in text and "iopub" not in text
    assert str(Path.home()) not in text and str(Path(__file__).parents[1]) not in text


def test_parameters_reach_the_notebook_in_their_own_types(tmp_path, output, each_way):
    """Papermill's command line would turn "01" into 1."""
    book = notebook(tmp_path, 'assert (region, period, language) == ("01", 2016, "en"), (region, period)')
    [result] = batch.run(plan(book, "01", language="en"), output, each_way).results
    assert not result.error
    page = (output / "01-2016-en.html").read_text()
    assert '<html lang="en">' in page and 'href="index-en.html"' in page
    assert "<title>Stockholm County 2016 – " in page


def test_a_kernel_gets_one_thread_and_the_workspace(tmp_path, output, each_way, built):
    check = (
        "import os\n"
        f"assert os.environ['BRAPKG_HOME'] == {str(built)!r} == os.getcwd()\n"
        "assert os.environ['OPENBLAS_NUM_THREADS'] == '1'"
    )
    before = dict(os.environ)
    [result] = batch.run(plan(notebook(tmp_path, check), "01"), output, each_way).results
    assert not result.error
    assert dict(os.environ) == before


def test_what_a_report_cost_and_warned_of_is_told(tmp_path, output, way):
    book = notebook(tmp_path, "import sys, time; time.sleep(0.2); sys.stderr.write('thin data')")
    [result] = batch.run(plan(book, "01"), output, way).results
    assert result.seconds > 0.2 and result.tries == 1
    assert any("thin data" in text for text in result.warnings)
    if sys.platform == "linux":
        assert 20e6 < result.peak_memory < 1e9
    assert result.made.seconds == result.seconds and result.made.warnings == list(result.warnings)


# --- with a made-up run of the notebook, since what is tested comes after it ----------------------


@pytest.fixture
def instant(monkeypatch):
    """Every notebook succeeds at once."""

    def each(tasks, way, early, seconds, started):
        for number, (report, *_) in enumerate(tasks):
            started(number)
            yield number, Attempt(f"page {report.name}".encode(), f"notebook {report.name}".encode())

    monkeypatch.setattr(batch, "_each", each)
    monkeypatch.setattr(batch, "_warm", lambda way, reports: None)
    return each


def full(*_args, **_more):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("broken", [(Path, "write_bytes"), (os, "replace")], ids=["write", "move"])
def test_a_full_disk_leaves_what_was_there(tmp_path, output, instant, monkeypatch, broken):
    before = pages(output)
    with monkeypatch.context() as patch:
        patch.setattr(*broken, full)
        with pytest.raises(DataError, match="cannot be written .No space left on device.*goes on"):
            batch.run(plan(notebook(tmp_path), "03"), output)
    assert pages(output) == before
    assert not list(output.rglob(".*.new"))
    assert batch.run(plan(notebook(tmp_path), "03"), output).status == "good"


@pytest.mark.parametrize("at", ["01-2016-sv.html", "notebooks/01-2016-sv.ipynb", "runs/made/01-2016-sv.json"])
def test_a_folder_that_turns_unwritable_ends_the_run_with_whole_files(tmp_path, output, instant, monkeypatch, at):
    def refuse(source, target):
        if Path(target) == output / at:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(source, target)

    real = os.replace
    reports = plan(notebook(tmp_path), "04", "01", "03")
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        with pytest.raises(DataError, match="Permission denied"):
            batch.run(reports, output)
    assert set(made.read(output)) == {"04-2016-sv"}
    assert (output / "03-2016-sv.html").read_text() == "the old page"
    assert manifests(output)[-1]["status"] == "stopped"
    assert [report["name"] for report in manifests(output)[-1]["reports"]] == ["04-2016-sv"]
    done = batch.run(reports, output)
    assert [result.status for result in done.results] == ["unchanged", "made", "made"]


@pytest.mark.parametrize("name", ["mkdir", "mkstemp"])
@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_an_output_that_cannot_be_written_is_told_before_any_work(tmp_path, output, monkeypatch, name, code):
    from brapkg import files

    def refuse(*_args, **_more):
        raise OSError(code, os.strerror(code))

    before = tree(output)
    monkeypatch.setattr(Path if name == "mkdir" else files.tempfile, name, refuse)
    monkeypatch.setattr(batch, "_each", None)
    with pytest.raises(DataError, match=f"cannot be written .{os.strerror(code)}.*--output"):
        batch.run(plan(tmp_path / "region.ipynb", "03"), output)
    assert tree(output) == before


def test_an_output_below_a_file_is_told(tmp_path, built):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataError, match="cannot be written"):
        batch.run(plan(tmp_path / "region.ipynb", "03"), tmp_path / "file" / "reports")
    assert (tmp_path / "file").read_text() == "mine"


def test_ctrl_c_keeps_what_is_whole_and_leaves_nothing_half_made(tmp_path, output, instant, monkeypatch):
    def interrupted(tasks, *given):
        for number, attempt in instant(tasks, *given):
            if number == 1:
                raise KeyboardInterrupt
            yield number, attempt

    monkeypatch.setattr(batch, "_each", interrupted)
    before = pages(output)
    reports = plan(notebook(tmp_path), "01", "03", "04")
    with pytest.raises(KeyboardInterrupt):
        batch.run(reports, output)
    new = {name: text for name, text in pages(output).items() if name not in before}
    assert new == {"01-2016-sv.html": b"page 01-2016-sv", "notebooks/01-2016-sv.ipynb": b"notebook 01-2016-sv"}
    assert before.items() <= pages(output).items()
    assert manifests(output)[-1]["status"] == "stopped"
    monkeypatch.setattr(batch, "_each", instant)
    assert [r.status for r in batch.run(reports, output).results] == ["unchanged", "made", "made"]


def test_ctrl_c_while_a_file_is_written_leaves_nothing_beside_it(tmp_path, output, instant, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            batch.run(plan(notebook(tmp_path), "01"), output)
    assert not list(output.rglob("*.new"))


def test_what_a_killed_run_left_is_cleared_by_the_next(tmp_path, output, instant):
    left = [output / ".01.html.7.new", output / "notebooks/.x.ipynb.7.new", output / "runs/made/.y.json.new"]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("half")
    (output / ".mine").write_text("not ours")
    batch.run(plan(notebook(tmp_path), "01"), output)
    assert not any(path.exists() for path in left)
    assert (output / ".mine").read_text() == "not ours"


def test_without_room_for_a_socket_kernels_are_ordinary(tmp_path, output, monkeypatch):
    monkeypatch.setattr(warm, "Warm", full)
    [result] = batch.run(plan(notebook(tmp_path), "01"), output).results
    assert result.status == "made"


@pytest.mark.skipif(not warm.supported(), reason="kernels are forked on Linux only")
def test_only_what_a_run_makes_is_rehearsed(built, tmp_path, output, monkeypatch, warm_process):
    asked, Warm = [], warm.Warm
    monkeypatch.setattr(warm, "Warm", lambda notebooks: asked.append(set(notebooks)) or Kept(warm_process))
    first = plan(notebook(tmp_path), "01")
    batch.run(first, output, Way())
    batch.run([*first, *plan(notebook(tmp_path), "20")], output, Way())
    assert asked == [{"region"}, {"region"}]
    process = Warm(("region",), ())
    process.close()
    assert process.process.args[-2:] == [process.address, "brapkg.region:rehearse"]


# --- the front page ------------------------------------------------------------------------------


def front_page(output: Path) -> Path:
    return front.write(output, period=2016, language="sv")


def test_the_front_page_links_what_is_there_and_tells_what_failed(output):
    (output / "20-2016-sv.html").write_text("a page of an earlier run")
    (output / "01-2015-sv.html").write_text("another year's")
    (output / "03-2016-sv.html").unlink()
    (output / "failed").mkdir()
    (output / "failed/03-2016-sv.txt").write_text("Traceback …")
    text = front_page(output).read_text()
    assert 'href="20-2016-sv.html"' in text
    assert "01-2015-sv.html" not in text
    assert "Uppsala län <small>rapporten gick inte att framställa" in text
    assert "Stockholms län <small>ingen sida" in text


def test_the_front_page_links_pages_that_are_about_no_county(output):
    (output / "knowledge-sv.html").write_text("a page")
    (output / "problem-arson-sv.html").write_text("a page")
    (output / "problem-robbery-en.html").write_text("in another language")
    text = front_page(output).read_text()
    assert text.index('href="knowledge-sv.html"') < text.index('href="problem-arson-sv.html"')
    assert "problem-robbery" not in text


def test_a_run_without_counties_leaves_the_front_page_its_year(output):
    for path in output.glob("*-2016-sv.html"):
        path.unlink()
    (output / "20-2014-sv.html").write_text("a page of an earlier run")
    text = front.write(output, period=None, language="sv").read_text()
    assert 'href="20-2014-sv.html"' in text and '<span class="status">2014</span>' in text


def test_the_front_page_is_written_when_what_it_lists_has_changed(output):
    index = front_page(output)
    index.write_text("not looked at")
    assert front_page(output).read_text() == "not looked at"
    (output / "20-2016-sv.html").write_text("a page")
    assert "20-2016-sv.html" in front_page(output).read_text()
    index.unlink()
    assert "20-2016-sv.html" in front_page(output).read_text()


@pytest.mark.parametrize("broken", [(Path, "write_bytes"), (os, "replace")], ids=["write", "move"])
def test_a_full_disk_leaves_the_old_front_page(output, monkeypatch, broken):
    index = front_page(output)
    (output / "20-2016-sv.html").write_text("a page")
    before = tree(output)
    with monkeypatch.context() as patch:
        patch.setattr(*broken, full)
        with pytest.raises(DataError, match="cannot be written .No space left"):
            front_page(output)
    assert tree(output) == before and index.exists()
    assert "20-2016-sv.html" in front_page(output).read_text()
