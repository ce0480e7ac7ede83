"""The manifest of a run: its schema, what it tells, and what happens to one that is not whole."""

from __future__ import annotations

import copy
import csv
import errno
import hashlib
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pandas as pd
import pytest
from run_examples import NOW, figure, result, run

from brapkg import __version__, files, keyfigures, paths, store
from brapkg.errors import DataError
from brapkg.reports import form, manifest, provenance

pytestmark = pytest.mark.usefixtures("built")

SCHEMA = json.loads((Path(manifest.__file__).parents[1] / "records" / "manifest.schema.json").read_text("utf-8"))


@pytest.fixture
def output(tmp_path) -> Path:
    return tmp_path / "reports"


@pytest.fixture
def written(output) -> Path:
    """The manifest of a run with a report of each status."""
    told = run(output, result("09"), result("20", "unchanged"), result("24", "failed"))
    return output / "runs" / f"{told.id}.json"


def content(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


# --- the schema ----------------------------------------------------------------------------------


def subschemas(schema: dict):
    yield schema
    for part in (*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")):
        if isinstance(part, dict):
            yield from subschemas(part)


def test_the_schema_is_one_and_describes_everything():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    parts = list(subschemas(SCHEMA))
    assert len(parts) > 50
    assert all(len(part.get("description", "")) > 6 for part in parts)


def test_a_manifest_keeps_its_schema(written):
    jsonschema.Draft202012Validator(SCHEMA).validate(content(written))


def places(value: object, path: tuple = ()):
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


def changed(told: dict, path: tuple, value: object) -> dict:
    told = copy.deepcopy(told)
    at = told
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return told


def test_what_is_read_keeps_the_schema_as_a_whole_library_understands_it(written):
    told, validator = content(written), jsonschema.Draft202012Validator(SCHEMA)
    refused = 0
    for path in [path for path in places(told) if path and "libraries" not in path]:
        for value in (None, True, -1, 0.5, "x", "", [], {}, ["x"], {"x": "y"}, "9" * 64):
            other = changed(told, path, value)
            mine, theirs = bool(form.problem(other, "manifest")), not validator.is_valid(other)
            assert mine == theirs, (path, value)
            refused += mine
    assert refused > 500
    for name in told:
        assert form.problem({key: told[key] for key in told if key != name}, "manifest")
    assert form.problem(told | {"more": 1}, "manifest")


# --- what it tells -------------------------------------------------------------------------------


def test_it_tells_who_made_what_from_which_data(written, built):
    told = content(written)
    assert told["id"] == written.stem == "20261123T001205Z"
    assert (told["started"], told["ended"]) == ("2026-11-23T00:12:05.123Z", "2026-11-23T00:12:36.323Z")
    assert told["seconds"] == pytest.approx(31.2)
    assert told["command"] == ["brapkg", "report", "region", "--all"]
    versions = told["versions"]
    assert versions["brapkg"] == __version__ and versions["pandas"] == pd.__version__
    assert versions["python"] == sys.version.split()[0] and "pytest" not in versions
    assert told["settings"]["largest_hidden"] == {"year": 0, "month": 3}
    for name, known in told["data"]["tables"].items():
        assert known == hashlib.sha256((paths.processed() / f"{name}.parquet").read_bytes()).hexdigest()
    assert set(told["data"]["tables"]) == set(store.hashes())
    assert {"raw/population.csv", "raw/municipalities.csv"} <= set(told["data"]["built_from"])


def test_raw_files_come_with_the_hash_of_their_sidecar(raw, monkeypatch):
    (raw / "bra" / "Databasfil.txt").write_bytes(b"export")
    (raw / "population.csv.meta.json").write_bytes(b"{")
    monkeypatch.setattr(paths, "raw", lambda: raw)
    told = provenance.data()["raw"]
    sidecar = json.loads((raw / "official_totals.csv.meta.json").read_bytes())
    assert told["official_totals.csv"] == {"sha256": sidecar["sha256"], "bytes": sidecar["bytes"]}
    assert told["bra/Databasfil.txt"] == {"sha256": None, "bytes": 6}
    assert told["population.csv"]["sha256"] is None and len(told) == len(list(raw.glob("*.csv"))) + 1


def test_each_report_is_told(written):
    made, unchanged, failed = content(written)["reports"]
    assert made["name"] == "09-2016-sv" and made["kind"] == "region" and made["parameters"]["region"] == "09"
    assert made["outputs"]["09-2016-sv.html"] == hashlib.sha256(b"page").hexdigest()
    assert (made["seconds"], made["tries"], made["why"], made["error"]) == (1.25, 1, "never made", "")
    assert (unchanged["status"], unchanged["tries"], unchanged["why"]) == ("unchanged", 0, "")
    assert unchanged["made_by"] == "20261123T001205Z"
    assert failed["outputs"] == {} and failed["made_by"] == ""
    assert failed["error"] == "ZeroDivisionError: division by zero"


PAPERMILL = """Traceback (most recent call last):
  File "making.py", line 109, in make
    raise error
papermill.exceptions.PapermillExecutionError: 
---------------------------------------------------------------------------
Exception encountered at "In [9]":
---------------------------------------------------------------------------
\x1b[31mValueError\x1b[39m                                Traceback (most recent call last)
Cell In[9], line 1
----> 1 page.municipalities()

ValueError: cannot convert float NaN to integer

"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (PAPERMILL, 'Exception encountered at "In [9]": … ValueError: cannot convert float NaN to integer'),
        ("The worker died (out of memory?).\n", "The worker died (out of memory?)."),
        ("KeyError: 'a'\n\nDuring handling …\n\nValueError: b\n", "KeyError: 'a' … ValueError: b"),
        ("Traceback (most recent call last):\n  File x\nKeyboardInterrupt\n", "KeyboardInterrupt"),
        ("", ""),
    ],
)
def test_an_error_is_told_by_where_and_what(output, text, told):
    assert run(output, result("09", "failed", error=text)).reports[0]["error"] == told


@pytest.mark.parametrize(
    ("results", "more", "status"),
    [
        ((result("09"), result("20", "unchanged")), {}, "good"),
        ((result("09", "unchanged"),), {}, "good"),
        ((result("09"), result("20", "failed")), {}, "failed"),
        ((result("09"),), {"planned": 21, "stopped": True}, "stopped"),
        ((result("09", "failed"),), {"planned": 21, "stopped": True}, "stopped"),
        ((result("09"),), {"planned": 21}, "stopped"),
        ((), {"planned": 21, "stopped": True}, "stopped"),
    ],
)
def test_a_run_is_good_failed_or_stopped(output, results, more, status):
    told = run(output, *results, **more)
    assert told.status == status
    assert manifest.read(output / "runs" / f"{told.id}.json") == told


def test_runs_of_one_second_have_ids_of_their_own(output):
    ids = [run(output, result()).id for _ in range(12)]
    assert ids[:3] == ["20261123T001205Z", "20261123T001205Z-2", "20261123T001205Z-3"] and len(set(ids)) == 12


def test_the_manifest_holds_no_name_and_no_home(output, monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: Path("/home/anna.svensson"))
    error = (
        "\x1b[31mOSError\x1b[0m: /home/anna.svensson/x\x07\nTraceback (most recent call last):\n-----\nOSError: gone"
    )
    told = run(
        output, result("09", "failed", error=error, warnings=("see /home/anna.svensson/y\n\x1b[2Jnow", *"abc" * 20))
    )
    text = (output / "runs" / f"{told.id}.json").read_text(encoding="utf-8")
    assert "anna" not in text and "\\u001b" not in text and "\\u0007" not in text
    [report] = told.reports
    assert report["error"] == "OSError: ~/x … OSError: gone"
    assert report["warnings"][0] == "see ~/y now" and len(report["warnings"]) == manifest.WARNINGS


# --- the clone -----------------------------------------------------------------------------------


@pytest.fixture
def clone(tmp_path, monkeypatch) -> Path:
    """A clone with one commit, in place of the package's own."""
    folder = tmp_path / "clone"
    (folder / "brapkg").mkdir(parents=True)
    (folder / "notebooks").mkdir()
    for path in ("brapkg/__init__.py", "notebooks/region.ipynb", "README.md"):
        (folder / path).write_text("first\n", encoding="utf-8")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=n", "-c", "user.email=e@example.org", "commit", "-qm", "first")
    monkeypatch.setattr(paths, "CLONE", folder)
    return folder


def git(folder: Path, *arguments: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=clean).stdout.strip()


def test_the_commit_is_told_and_whether_anything_was_changed_since(clone, monkeypatch):
    commit = git(clone, "rev-parse", "HEAD")
    assert provenance.git() == {"commit": commit, "changed": False}
    (clone / "README.md").write_text("second\n", encoding="utf-8")
    assert not provenance.git()["changed"]
    (clone / "brapkg" / "new.py").write_text("", encoding="utf-8")
    assert provenance.git()["changed"]
    monkeypatch.setenv("GIT_DIR", str(clone.parent / "elsewhere"))  # as inside a hook
    assert provenance.git()["commit"] == commit


def test_outside_a_clone_of_its_own_there_is_no_commit(clone, monkeypatch):
    inside = clone / "venv"
    inside.mkdir()
    monkeypatch.setattr(paths, "CLONE", inside)
    assert provenance.git() is None


def test_without_git_or_a_commit_there_is_no_commit(clone, monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        assert provenance.git() is None
    (clone / ".git" / "HEAD").write_text("ref: refs/heads/none\n", encoding="utf-8")
    assert provenance.git() is None


# --- the key figures -----------------------------------------------------------------------------


def test_key_figures_are_plain_csv(output):
    hostile = figure("theft", 0.1 + 0.2, name='A, "B"\r\nC', method="=1+1")
    rows = [figure(), hostile, figure("drugs", None, count=None)]
    told = run(output, result("09", figures=rows))
    text = (output / "runs" / f"{told.id}.csv").read_bytes()
    assert not text.startswith(b"\xef\xbb\xbf") and text.startswith(b"area,name,period,") and text.count(b"\r\n") == 5
    assert told.key_figures == {"path": f"{told.id}.csv", "rows": 3, "sha256": hashlib.sha256(text).hexdigest()}
    plain = list(csv.reader(io.StringIO(text.decode(), newline="")))
    assert plain[0] == [*keyfigures.FIELDS, "reports"] and {len(row) for row in plain} == {17}
    table = pd.read_csv(io.BytesIO(text), dtype={"area": str}, keep_default_na=False, na_values={"value": [""]})
    assert table["value"].isna().sum() == 1
    read = manifest.read_figures(output, manifest.read(output / "runs" / f"{told.id}.json"))["09-2016-sv"]
    assert read["09", "2016", "theft", "rate"]["value"] == 0.1 + 0.2
    assert read["09", "2016", "theft", "rate"]["name"] == 'A, "B"\r\nC'
    assert read["09", "2016", "drugs", "rate"]["count"] is None


def test_a_figure_stands_once_with_every_report_that_rests_on_it(output):
    told = run(output, result("09"), result("20", "unchanged"), result("24", figures=[figure(value=1200.0)]))
    rows = list(csv.DictReader((output / "runs" / f"{told.id}.csv").open(encoding="utf-8", newline="")))
    assert [(row["value"], row["reports"]) for row in rows] == [
        ("1165.688", "09-2016-sv 20-2016-sv"),
        ("1200.0", "24-2016-sv"),
    ]


def test_damaged_key_figures_of_an_older_page_are_told_and_left_out(output):
    told = run(output, result("09", "unchanged", figures=[{"area": "09"}]), result("20"))
    assert told.status == "good" and told.key_figures["rows"] == 1
    assert "left out" in told.reports[0]["warnings"][0]


def test_changed_or_missing_key_figures_are_refused(output):
    told = run(output, result())
    path = output / "runs" / f"{told.id}.csv"
    path.write_bytes(path.read_bytes().replace(b"1165.688", b"1165.689"))
    with pytest.raises(DataError, match=f"{told.id}.csv: was changed"):
        manifest.read_figures(output, told)
    path.unlink()
    with pytest.raises(DataError, match=f"{told.id}.csv: cannot be read"):
        manifest.read_figures(output, told)


# --- whole or not at all -------------------------------------------------------------------------


DAMAGES = {
    "empty": b"",
    "null": b"null",
    "a list": b"[]",
    "no field": b"{}",
    "no UTF-8": b"\xff\xfe{",
    "deep": b"[" * 100_000,
    "nan": b'{"seconds": NaN}',
    "long number": b"1" * 10_000,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_manifest_is_named_with_the_remedy(written, damage):
    written.write_bytes(DAMAGES[damage])
    with pytest.raises(DataError, match=f"{written}: is damaged .*Remove it") as caught:
        manifest.read(written)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


def test_a_manifest_cut_off_anywhere_is_refused(written):
    whole = written.read_bytes()
    for end in range(0, len(whole) - 2, 97):
        written.write_bytes(whole[:end])
        with pytest.raises(DataError, match="is damaged"):
            manifest.read(written)


def test_another_runs_manifest_a_newer_one_and_an_impossible_time_are_refused(written):
    told = content(written)
    other = written.with_name("20260101T000000Z.json")
    other.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(DataError, match="is of run 20261123T001205Z"):
        manifest.read(other)
    written.write_text(json.dumps(told | {"format": 2, "more": 1}), encoding="utf-8")
    with pytest.raises(DataError, match="written by a newer version"):
        manifest.read(written)
    written.write_text(json.dumps(told | {"ended": "2026-13-23T00:12:05.123Z"}), encoding="utf-8")
    with pytest.raises(DataError, match="is damaged"):
        manifest.read(written)


@pytest.mark.parametrize("fails", ["csv", "json"])
def test_a_full_disk_leaves_what_was_there(output, monkeypatch, fails):
    first = run(output, result())
    before = {path: path.read_bytes() for path in (output / "runs").iterdir()}
    write = files.write

    def full(path, text):
        if path.suffix == f".{fails}":
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, text)

    monkeypatch.setattr(files, "write", full)
    with pytest.raises(DataError, match="cannot be written .*No space left.*pages are whole"):
        run(output, result())
    assert all(path.read_bytes() == text for path, text in before.items())
    assert [path.stem for path in (output / "runs").glob("*.json")] == [first.id]


def test_the_manifest_is_compact_and_the_same_each_time(output, tmp_path):
    first = run(output, result("09"), result("20"))
    text = (output / "runs" / f"{first.id}.json").read_text(encoding="utf-8")
    again = run(tmp_path / "again", result("09"), result("20"))
    assert text == (tmp_path / "again" / "runs" / f"{again.id}.json").read_text(encoding="utf-8")
    assert sum(line.startswith('  {"name"') for line in text.splitlines()) == 2 and len(text) < 12_000


# --- cheap ---------------------------------------------------------------------------------------


def test_a_run_with_nothing_to_do_is_told_without_the_heavy_libraries(output):
    code = (
        "import sys; from pathlib import Path; from brapkg.reports import manifest, runs; "
        "output = Path(sys.argv[1]); told = manifest.begin(output, command=[], planned=0, jobs=1, way='x'); "
        "manifest.write(output, told); print(runs.status(output, '1d')); "
        "heavy = {'pandas', 'numpy', 'nbformat', 'papermill', 'jsonschema'} & set(sys.modules); sys.exit(heavy or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(output)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("('ok: ")


def test_telling_of_a_run_of_42_unchanged_reports_is_cheap(output):
    figures = [figure(offence, value) for offence in map(str, range(30)) for value in (1.5,)] * 10
    results = [result("09", "unchanged", figures=figures) for _ in range(42)]
    took = []
    for _ in range(3):
        began = time.process_time()
        told = manifest.begin(output, command=[], planned=42, jobs=1, way="x", now=NOW)
        for one in results:
            told.add(one)
        manifest.write(output, told)
        took.append(time.process_time() - began)
    assert min(took) < 0.4
