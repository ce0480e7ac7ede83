"""Outputs that lie elsewhere: what changed is sent, once, in order; what goes wrong there is told."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import nbformat
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_notebook
from papermill.iorw import papermill_io

from brapkg import areas, cli
from brapkg.errors import DataError, UsageError
from brapkg.reports import lock, plan, remote

URL = "memory://county/reports"
PAGE = """
from IPython.display import display

MIME = "application/vnd.brapkg.page+html"
display({MIME: '<div class="head"><h1>Å</h1></div>'}, raw=True)
display({MIME: '<section id="kort-sagt"><h2>Kort sagt</h2></section>'}, raw=True)
"""


class Memory:
    """A file system in memory behind papermill's own door, which tells what was written and may break."""

    def __init__(self):
        self.files = fsspec.filesystem("memory")
        self.written: list[str] = []
        self.breaks_after: int | None = None

    def write(self, text: str, path: str) -> None:
        if self.breaks_after is not None and len(self.written) >= self.breaks_after:
            raise ConnectionError("the network is away")
        with self.files.open(path, "wb") as file:
            file.write(text.encode())
        self.written.append(path)

    def there(self) -> dict[str, bytes]:
        return {path.removeprefix("/county/reports/"): self.files.cat(path) for path in self.files.find("/county")}


@pytest.fixture
def memory(monkeypatch):
    monkeypatch.setattr(papermill_io, "_handlers", list(papermill_io._handlers))
    handler = Memory()
    papermill_io.register("memory://", handler)
    yield handler
    handler.files.rm("/", recursive=True)


@pytest.fixture
def folder(tmp_path) -> Path:
    """A mirror after a run in which one report failed."""
    for name, text in {
        "20-2016-sv.html": "<p>Dalarnas län",
        "index.html": "front",
        "index-en.html": "front page",
        "notebooks/20-2016-sv.ipynb": "{}",
        "failed/21-2016-sv.txt": "Traceback",
        "failed/21-2016-sv.ipynb": "{}",
        "runs/20261123T001205Z.json": "{}",
        "runs/20261123T001205Z.csv": "a;b\r\n1;2\r\n",
        "runs/made/20-2016-sv.json": "{}",
        "runs/slices.json": "{}",
        "runs/front-sv.txt": "abc",
        ".20-2016-sv.html.new": "half",
    }.items():
        path = tmp_path / "mirror" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return tmp_path / "mirror"


def test_what_readers_need_is_sent_front_pages_last(folder, memory):
    assert remote.upload(folder, URL) == 8
    assert memory.there() == {
        name: (folder / name).read_bytes()
        for name in (
            "20-2016-sv.html", "index.html", "index-en.html", "notebooks/20-2016-sv.ipynb", "failed/21-2016-sv.txt",
            "failed/21-2016-sv.ipynb", "runs/20261123T001205Z.json", "runs/20261123T001205Z.csv",
        )
    }  # fmt: skip
    assert [Path(path).name for path in memory.written[-2:]] == ["index-en.html", "index.html"]
    assert [Path(path).name for path in memory.written[:2]] == ["20-2016-sv.ipynb", "20-2016-sv.html"]


def test_only_what_changed_is_sent_again(folder, memory):
    remote.upload(folder, URL)
    memory.written.clear()
    assert remote.upload(folder, URL) == 0
    (folder / "index.html").touch()
    assert remote.upload(folder, URL) == 0
    (folder / "20-2016-sv.html").write_text("<p>Dalarnas Län")  # of the same length
    assert remote.upload(folder, URL) == 1
    assert memory.written == [f"{URL}/20-2016-sv.html"]
    assert memory.there()["20-2016-sv.html"] == b"<p>Dalarnas L\xc3\xa4n"


def test_an_upload_that_breaks_off_goes_on(folder, memory):
    memory.breaks_after = 3
    with pytest.raises(
        DataError, match=r"ConnectionError: the network is away\). 5 of 8 files are left.*mirror"
    ) as told:
        remote.upload(folder, URL)
    assert memory.written[-1] not in str(told.value)
    assert "index.html" not in memory.there()
    memory.breaks_after = None
    assert remote.upload(folder, URL) == 5
    assert len(memory.written) == len(set(memory.written)) == 8


def test_a_memory_that_was_cut_off_costs_only_its_last_line(folder, memory):
    remote.upload(folder, URL)
    path = folder / remote.MEMORY
    path.write_bytes(path.read_bytes()[:-20])
    assert remote.upload(folder, URL) == 1
    assert remote.upload(folder, URL) == 0
    path.write_bytes(b"\xff\xfe nonsense\n[]\n{}\n" + path.read_bytes())
    assert remote.upload(folder, URL) == 0


def test_a_failure_that_was_mended_is_written_over_and_told_again_when_it_returns(folder, memory):
    remote.upload(folder, URL)
    traceback = (folder / "failed/21-2016-sv.txt").read_text()
    for path in (folder / "failed").iterdir():
        path.unlink()
    assert remote.upload(folder, URL) == 2
    assert memory.there()["failed/21-2016-sv.txt"] == remote.MENDED.encode()
    nbformat.validate(nbformat.reads(memory.there()["failed/21-2016-sv.ipynb"].decode(), as_version=4))
    assert remote.upload(folder, URL) == 0
    (folder / "failed/21-2016-sv.txt").write_text(traceback)
    assert remote.upload(folder, URL) == 1
    assert memory.there()["failed/21-2016-sv.txt"] == traceback.encode()


def test_another_run_in_the_mirror_is_not_disturbed(folder, memory):
    with lock.held(folder), pytest.raises(DataError, match="another run is writing"):
        remote.upload(folder, URL)
    assert not memory.written


def test_a_mirror_for_each_address(tmp_path):
    urls = ["s3://bucket/a", "s3://bucket/a/b", "s3://bucket/a-b", "abs://x.blob.core.windows.net/a", "gs://bucket/a"]
    assert len({remote.mirror(url, tmp_path) for url in urls}) == len(urls)
    assert remote.mirror("s3://bucket/a/", tmp_path) == remote.mirror("s3://bucket/a", tmp_path)
    deep = remote.mirror(f"s3://bucket/../../{'x' * 500}", tmp_path)
    assert deep.parent == tmp_path / "reports/remote" and len(deep.name) < 80


def test_a_key_in_an_address_is_not_kept_and_not_told(folder, tmp_path, memory):
    """A shared access signature of Azure stands after the address's question mark."""
    url = f"{URL}?sig=secret"
    assert "secret" not in str(remote.mirror(url, tmp_path))
    memory.breaks_after = 1
    memory.write = lambda text, path: (_ for _ in ()).throw(ConnectionError(f"refused {path}"))
    with pytest.raises(DataError) as told:
        remote.upload(folder, url)
    assert "refused memory://county/reports/notebooks/20-2016-sv.ipynb?…" in str(told.value)
    assert "secret" not in str(told.value)
    assert not any(b"secret" in path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("url", ["foo://bucket/a", "https://example.org/a", "http://github.com/a/b", "s3://", "1://a"])
def test_an_address_that_cannot_be_written_is_told_before_any_work(url):
    with pytest.raises(UsageError, match="--output"):
        remote.check(url)


@pytest.mark.parametrize(
    ("url", "extra"), [("s3://b/a", "s3"), ("gs://b/a", "gcs"), ("abs://b.blob.core.windows.net/a/b", "azure")]
)
def test_a_missing_library_is_told_before_any_work(url, extra, monkeypatch):
    monkeypatch.setattr(remote.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=rf'pip install "papermill\[{extra}\]"'):
        remote.check(url)


# --- S3 ------------------------------------------------------------------------------------------


@pytest.fixture
def s3(monkeypatch):
    """A server that takes what is put into the bucket ``county``: body and type by path."""
    put = {}

    class Bucket(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # else boto3 waits a second before each body

        def do_PUT(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            known = self.path.startswith("/county/")
            if known:
                put[self.path] = self.headers["Content-Type"], body
            answer = b"" if known else b"<Error><Code>NoSuchBucket</Code><Message>There is none</Message></Error>"
            self.send_response(200 if known else 404)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    pytest.importorskip("boto3", reason='papermill\'s way to S3: pip install "papermill[s3]"')
    from papermill.s3 import S3

    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(S3, "s3_session", (None, None, None))
    monkeypatch.setenv("BOTO3_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    monkeypatch.setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    yield put
    server.shutdown()
    server.server_close()


def test_s3_shows_pages_as_pages(folder, s3):
    remote.check("s3://county/r")
    assert remote.upload(folder, "s3://county/r") == 8
    kind, page = s3["/county/r/20-2016-sv.html"]
    assert (kind, page.decode()) == ("text/html; charset=utf-8", "<p>Dalarnas län")
    assert s3["/county/r/failed/21-2016-sv.txt"][0].startswith("text/plain")
    assert s3["/county/r/notebooks/20-2016-sv.ipynb"][0].startswith("application/")
    assert s3["/county/r/runs/20261123T001205Z.csv"][1] == b"a;b\r\n1;2\r\n"


def test_a_bucket_that_is_not_there_is_told(folder, s3):
    with pytest.raises(DataError, match=r"s3://other/r/notebooks/.*NoSuchBucket.*8 of 8 files are left"):
        remote.upload(folder, "s3://other/r")


def test_credentials_that_are_missing_are_told(folder, s3, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    with pytest.raises(DataError, match="NoCredentialsError"):
        remote.upload(folder, "s3://county/r")


# --- from the command line -----------------------------------------------------------------------


def test_a_run_sends_its_pages_and_a_later_one_what_is_left(built, memory, monkeypatch, tmp_path):
    book = tmp_path / "region.ipynb"
    first = new_code_cell('region = "01"\nperiod = 2016\nlanguage = "sv"', metadata={"tags": ["parameters"]})
    nbformat.write(new_notebook(cells=[first, new_code_cell(PAGE)]), book)
    reports = [plan.Report(book, areas.get("20"), 2016, "sv")]
    monkeypatch.setattr(plan, "area_reports", lambda *_: reports)

    def run(*more: str):
        return CliRunner().invoke(cli.main, ["report", "region", "--all", "--output", f"{URL}?sig=secret", *more])

    memory.breaks_after = 2
    told = run("--cold")
    assert (told.exit_code, "network is away" in told.output) == (1, True)
    memory.breaks_after = None
    told = run("--cold")
    assert told.exit_code == 0, told.output
    there = memory.there()
    mirror = remote.mirror(URL, built)
    names = {"20-2016-sv.html?sig=secret", "index.html?sig=secret", "notebooks/20-2016-sv.ipynb?sig=secret"}
    assert names < there.keys()
    assert there["20-2016-sv.html?sig=secret"] == (mirror / "20-2016-sv.html").read_bytes()
    assert len(memory.written) == len(set(memory.written)) == len(there)
    assert not any(b"secret" in content for content in there.values())
    listed = CliRunner().invoke(cli.main, ["runs", "--output", URL]).output
    assert [path.stem in listed for path in (mirror / "runs").glob("2*.json")] == [True, True]
