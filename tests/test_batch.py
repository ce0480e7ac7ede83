"""Many notebooks: one failure stays one failure, and what was there before is never half replaced."""

from __future__ import annotations

import errno
import os
import re
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from brapkg import areas
from brapkg.errors import DataError
from brapkg.reports import batch
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
KILLS_ITS_WORKER = 'if region == "03":\n    import os, signal\n    os.kill(os.getppid(), signal.SIGKILL)'


def notebook(folder: Path, *cells: str) -> Path:
    """A notebook with the three parameters, these cells, and the least that makes a page."""
    first = new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
    book = new_notebook(cells=[first, *map(new_code_cell, cells), new_code_cell(PAGE)])
    path = folder / "region.ipynb"
    nbformat.write(book, path)
    return path


def plan(book: Path, *codes: str, language: str = "sv") -> list[Report]:
    return [Report(book, areas.get(code), 2016, language) for code in codes]


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below the folder by its path, hidden ones too."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def output(tmp_path) -> Path:
    """A folder that holds a page and a notebook of an earlier run."""
    folder = tmp_path / "reports"
    (folder / "notebooks").mkdir(parents=True)
    (folder / "03-2016-sv.html").write_text("the old page")
    (folder / "notebooks/03-2016-sv.ipynb").write_text("the old notebook")
    return folder


# --- with real kernels ---------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    ("cell", "told"),
    [(RAISES, "RuntimeError: Uppsala is away"), (DIES, "DeadKernelError"), (KILLS_ITS_WORKER, "worker process died")],
    ids=["raises", "kernel dies", "worker dies"],
)
def test_one_failure_leaves_the_others_and_the_old_page(tmp_path, output, cell, told, jobs):
    if cell is KILLS_ITS_WORKER and jobs == 1:
        pytest.skip("with one job there is no worker: the process is the caller's own")
    seen = []
    results = batch.run(plan(notebook(tmp_path, cell), "01", "03", "04"), output, jobs=jobs, progress=seen.append)

    assert [result.report.area.code for result in results] == ["01", "03", "04"]
    assert [bool(result.error) for result in results] == [False, True, False]
    assert sorted(r.report.area.code for r in seen) == ["01", "03", "04"]
    assert told in results[1].error and results[1].page is None
    assert (output / "failed/03-2016-sv.txt").read_text() == results[1].error
    assert results[0].page == output / "01-2016-sv.html"
    assert "<h1>01 2016</h1>" in results[0].page.read_text()
    assert (output / "03-2016-sv.html").read_text() == "the old page"
    assert (output / "notebooks/03-2016-sv.ipynb").read_text() == "the old notebook"
    assert set(tree(output)) == {
        "01-2016-sv.html", "03-2016-sv.html", "04-2016-sv.html",
        "failed/03-2016-sv.ipynb", "failed/03-2016-sv.txt",
        "notebooks/01-2016-sv.ipynb", "notebooks/03-2016-sv.ipynb", "notebooks/04-2016-sv.ipynb",
    }  # fmt: skip
    assert not list(output.glob(".*"))

    # The next run mends it, and takes away what the failure left.
    [mended] = batch.run(plan(notebook(tmp_path), "03"), output)
    assert not mended.error
    assert "<h1>03 2016</h1>" in (output / "03-2016-sv.html").read_text()
    assert not (output / "failed").exists()


def test_a_failed_notebook_is_kept_as_far_as_it_came(tmp_path, output):
    batch.run(plan(notebook(tmp_path, "print('so far')", RAISES), "03"), output)
    book = nbformat.read(output / "failed/03-2016-sv.ipynb", as_version=4)
    kinds = [out.output_type for cell in book.cells for out in cell.get("outputs", ())]
    assert "stream" in kinds and "error" in kinds


def test_a_page_that_cannot_be_rendered_is_a_failure_too(tmp_path, output):
    """The notebook runs, but publishes no page."""
    book = notebook(tmp_path, 'raise SystemExit("leaves early")')
    [result] = batch.run(plan(book, "03"), output)
    assert "leaves early" in result.error
    assert (output / "03-2016-sv.html").read_text() == "the old page"


def test_the_same_run_gives_the_same_bytes_however_many_jobs(tmp_path):
    reports = plan(notebook(tmp_path), "01", "20")
    first, again, both = (tmp_path / name for name in ("first", "again", "both"))
    for folder, jobs in ((first, 1), (again, 1), (both, 2)):
        assert not any(result.error for result in batch.run(reports, folder, jobs=jobs))
    assert len(tree(first)) == 4
    assert tree(first) == tree(again) == tree(both)


def test_a_made_notebook_tells_neither_when_nor_where_it_was_made(tmp_path, output):
    batch.run(plan(notebook(tmp_path), "20"), output)
    text = (output / "notebooks/20-2016-sv.ipynb").read_text()
    assert 'region = "20"' in text.replace('\\"', '"')
    assert_timeless(text)
    assert str(tmp_path) not in text


def assert_timeless(text: str) -> None:
    assert not re.search(r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d", text)
    assert "papermill" not in text and "duration" not in text and "iopub" not in text
    assert str(Path.home()) not in text and str(Path(__file__).parents[1]) not in text


def test_parameters_reach_the_notebook_in_their_own_types(tmp_path, output):
    """Papermill's command line would turn "01" into 1."""
    book = notebook(tmp_path, 'assert (region, period, language) == ("01", 2016, "en"), (region, period)')
    [result] = batch.run(plan(book, "01", language="en"), output)
    assert not result.error
    page = (output / "01-2016-en.html").read_text()
    assert '<html lang="en">' in page and 'href="index-en.html"' in page
    assert "<title>Stockholm County 2016 – " in page


def test_a_kernel_gets_one_thread_and_the_workspace(tmp_path, output, monkeypatch):
    monkeypatch.setenv("BRAPKG_HOME", str(tmp_path))
    check = (
        "import os\n"
        f"assert os.environ['BRAPKG_HOME'] == {str(tmp_path)!r} == os.getcwd()\n"
        "assert os.environ['OPENBLAS_NUM_THREADS'] == '1'"
    )
    before = dict(os.environ)
    [result] = batch.run(plan(notebook(tmp_path, check), "01"), output)
    assert not result.error
    assert dict(os.environ) == before


# --- with a made-up run of the notebook, since what is tested comes after it ----------------------


@pytest.fixture
def instant(monkeypatch):
    """Every notebook succeeds at once."""

    def execute(report, executed):
        executed.write_text(f"notebook {report.name}")
        return f"page {report.name}"

    monkeypatch.setattr(batch, "_execute_and_render", execute)
    return execute


def full(*_args, **_more):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("broken", [(Path, "write_text"), (os, "replace")], ids=["write", "move"])
def test_a_full_disk_leaves_what_was_there(tmp_path, output, instant, monkeypatch, broken):
    before = tree(output)
    with monkeypatch.context() as patch:
        patch.setattr(*broken, full)
        [result] = batch.run(plan(tmp_path / "region.ipynb", "03"), output)
    assert "No space left on device" in result.error
    left = {name: text for name, text in tree(output).items() if not name.startswith("failed/")}
    assert left == before


def test_a_folder_that_turns_unwritable_fails_the_reports_and_not_the_run(tmp_path, output, instant, monkeypatch):
    def refuse(source, target):
        if Path(target).parent == output:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(source, target)

    real = os.replace
    monkeypatch.setattr(os, "replace", refuse)
    results = batch.run(plan(tmp_path / "region.ipynb", "01", "03"), output)
    assert all("Permission denied" in result.error for result in results)
    assert (output / "03-2016-sv.html").read_text() == "the old page"
    assert not list(output.glob(".*"))


@pytest.mark.parametrize("name", ["mkdir", "NamedTemporaryFile"])
@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_an_output_that_cannot_be_written_is_told_before_any_work(tmp_path, output, monkeypatch, name, code):
    def refuse(*_args, **_more):
        raise OSError(code, os.strerror(code))

    before = tree(output)
    monkeypatch.setattr(Path if name == "mkdir" else batch.tempfile, name, refuse)
    monkeypatch.setattr(batch, "_execute_and_render", None)
    with pytest.raises(DataError, match=f"cannot be written .{os.strerror(code)}.*--output"):
        batch.run(plan(tmp_path / "region.ipynb", "03"), output)
    assert tree(output) == before


def test_an_output_below_a_file_is_told(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataError, match="cannot be written"):
        batch.run(plan(tmp_path / "region.ipynb", "03"), tmp_path / "file" / "reports")
    assert (tmp_path / "file").read_text() == "mine"


def test_ctrl_c_keeps_what_is_whole_and_leaves_nothing_half_made(tmp_path, output, instant, monkeypatch):
    def interrupted(report, executed):
        text = instant(report, executed)
        if report.area.code == "03":
            raise KeyboardInterrupt
        return text

    monkeypatch.setattr(batch, "_execute_and_render", interrupted)
    before = tree(output)
    with pytest.raises(KeyboardInterrupt):
        batch.run(plan(tmp_path / "region.ipynb", "01", "03", "04"), output)
    new = {name: text for name, text in tree(output).items() if name not in before}
    assert new == {
        "01-2016-sv.html": b"page 01-2016-sv",
        "notebooks/01-2016-sv.ipynb": b"notebook 01-2016-sv",
    }
    assert before.items() <= tree(output).items()
    assert not list(output.glob(".*"))


def test_what_a_killed_run_left_is_cleared_a_day_later(tmp_path, output, instant):
    old, young = output / ".making-old", output / ".making-young"
    for folder in (old, young):
        folder.mkdir()
        (folder / "half.html").write_text("half")
    yesterday = time.time() - batch.STALE - 60
    os.utime(old, (yesterday, yesterday))
    batch.run(plan(tmp_path / "region.ipynb", "01"), output)
    assert [folder.name for folder in output.glob(".*")] == [".making-young"]


# --- the front page ------------------------------------------------------------------------------


def front(output: Path, results=()) -> Path:
    return batch.write_front_page(output, period=2016, language="sv", preliminary=True, results=list(results))


def test_the_front_page_links_what_is_there_and_tells_what_failed(tmp_path, output):
    (output / "20-2016-sv.html").write_text("a page of an earlier run")
    (output / "01-2015-sv.html").write_text("another year's")
    [uppsala] = plan(tmp_path / "region.ipynb", "03")
    text = front(output, [batch.Result(uppsala, None, "Traceback …")]).read_text()
    assert 'href="20-2016-sv.html"' in text
    assert "01-2015-sv.html" not in text
    assert "Uppsala län <small>rapporten gick inte att framställa" in text
    assert "Stockholms län <small>ingen rapport" in text


@pytest.mark.parametrize("broken", [(Path, "write_text"), (os, "replace")], ids=["write", "move"])
def test_a_full_disk_leaves_the_old_front_page(output, monkeypatch, broken):
    index = front(output)
    before = tree(output)
    with monkeypatch.context() as patch:
        patch.setattr(*broken, full)
        with pytest.raises(DataError, match="index.html: cannot be written .No space left"):
            front(output)
    assert tree(output) == before and index.exists()
