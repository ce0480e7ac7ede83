"""`brapkg init`: a workspace is made whole or not at all, builds as it is, and leaves others alone."""

import errno
import json
import os
import shutil
import stat
import subprocess
import sys
import threading
import tomllib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import jsonschema
import openpyxl
import pytest
from conftest import copied

from brapkg import areas, paths, settings, shown, store, workspace
from brapkg.effects import register
from brapkg.errors import DataError, UsageError
from brapkg.sources import shipped, snapshot

RAW = paths.CLONE / "data" / "raw"


def everything(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def chosen(folder: Path) -> list[str]:
    return tomllib.loads((folder / "settings.toml").read_text(encoding="utf-8"))["reports"]["areas"]


@pytest.fixture(scope="module")
def county(tmp_path_factory) -> Path:
    """The workspace of Västerbotten; not to be changed."""
    folder = tmp_path_factory.mktemp("made") / "vasterbotten"
    workspace.make(folder, "24")
    return folder


# --- what it holds -------------------------------------------------------------------------------


def test_what_is_told_is_what_is_there(tmp_path):
    folder = tmp_path / "new" / "place"
    made = workspace.make(folder, "2403")
    assert {path for path in made if path.is_file()} == {folder / name for name in everything(folder)}
    assert {path.relative_to(folder).as_posix() for path in made if path.is_dir()} >= {"data/processed"}
    assert [*tmp_path.iterdir()] == [tmp_path / "new"] and [*folder.parent.iterdir()] == [folder]


def test_the_figures_are_the_clone_s_byte_by_byte(county):
    for name in shipped.TABLES:
        path = county / "data/raw" / f"{name}.csv"
        assert path.read_bytes() == (RAW / path.name).read_bytes()
        snapshot.verify(path)
    assert not (county / "data/raw/measures.csv").exists(), "the invented measure is the clone's"
    assert not list((county / "data/raw").rglob("*.txt"))
    assert (county / "data/raw/bra").is_dir() and (county / "data/raw/plans").is_dir()


@pytest.mark.parametrize(
    ("area", "expected"),
    [
        ("24", ["24", *(place.code for place in areas.municipalities("24"))]),
        ("Gotlands län", ["09", "0980"]),
        ("0980", ["09", "0980"]),
        ("Bjurholm", ["24", "2403"]),
        ("00", []),
        (None, []),
    ],
)
def test_settings_name_the_areas(tmp_path, monkeypatch, area, expected):
    workspace.make(tmp_path / "w", area)
    assert chosen(tmp_path / "w") == expected
    monkeypatch.setenv("BRAPKG_HOME", str(tmp_path / "w"))
    assert settings.settings().reports.areas == tuple(expected)


def test_settings_are_the_project_s_own_but_for_the_areas(county, monkeypatch, tmp_path):
    monkeypatch.setenv("BRAPKG_HOME", str(tmp_path))
    own = settings.shown()
    monkeypatch.setenv("BRAPKG_HOME", str(county))
    assert settings.shown() == own


def test_settings_point_at_their_schema(county):
    first, _, rest = (county / "settings.toml").read_text(encoding="utf-8").partition("\n")
    assert first.startswith("#:schema ./")
    schema = json.loads((county / first.removeprefix("#:schema ./")).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(tomllib.loads(rest))


def test_the_templates_are_for_the_area(county, tmp_path):
    workspace.make(tmp_path / "w", "2403")
    for folder, names in (
        (county, {place.short for place in areas.municipalities("24")}),
        (tmp_path / "w", {"Bjurholm"}),
    ):
        book = openpyxl.load_workbook(BytesIO((folder / "data/raw/structure.template.xlsx").read_bytes()))
        cells = " ".join(str(cell) for row in book.worksheets[0].iter_rows(values_only=True) for cell in row if cell)
        others = {place.short for place in areas.municipalities("23")}
        assert all(name in cells for name in names) and not any(f" {name} " in cells for name in others)
    template = county / "data/raw" / "measures.template.csv"
    assert template.read_bytes() == (RAW / template.name).read_bytes()


def test_an_untouched_workspace_has_no_faults(county, monkeypatch):
    from brapkg import structure

    monkeypatch.setenv("BRAPKG_HOME", str(county))
    assert register.read().measures == () and register.read().problems == ()
    assert not structure.read().problems


def test_the_guide_names_everything_and_nothing_of_this_machine(county):
    guide = (county / "README.md").read_text(encoding="utf-8")
    assert guide.startswith("# Västerbottens län") and guide.index("```") < guide.index("## In English")
    for name in ("settings.toml", "settings.schema.json", *(f"data/raw/{n}" for n in ("bra/", "plans/"))):
        assert guide.count(f"`{name}`") == 2 and (county / name).exists()
    for name in (county / "data/raw").glob("*.template.*"):
        assert guide.count(f"`data/raw/{name.name}`") == 2
    for content in everything(county).values():
        assert str(county).encode() not in content and str(paths.CLONE).encode() not in content


def test_the_guide_s_commands_are_commands(county):
    from brapkg.cli import main

    told = (county / "README.md").read_text(encoding="utf-8").split("```")[1].split("\n")
    names = [line.split()[1] for line in told if line]
    assert len(names) == 3 and set(names) <= set(main.commands)


def test_the_same_area_gives_the_same_bytes(county, tmp_path):
    workspace.make(tmp_path / "again", "Västerbottens län")
    assert everything(tmp_path / "again") == everything(county)


def test_its_files_have_ordinary_rights(county, tmp_path):
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain/x").write_bytes(b"")
    for path in (county, *county.rglob("*")):
        like = tmp_path / "plain" if path.is_dir() else tmp_path / "plain/x"
        assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(like.stat().st_mode), path


# --- what it refuses -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["settings.toml", "data", "README.md", "settings.schema.json"])
def test_nothing_that_is_there_is_overwritten(tmp_path, name):
    path = tmp_path / name
    path.mkdir() if name == "data" else path.write_text("mine")
    (tmp_path / "notes.txt").write_text("mine")
    before = everything(tmp_path)
    with pytest.raises(UsageError, match=f"already {name}, and nothing is overwritten"):
        workspace.make(tmp_path, "24")
    assert everything(tmp_path) == before and len([*tmp_path.iterdir()]) == 2


def test_everything_that_is_there_is_named(tmp_path):
    workspace.make(tmp_path / "w", "24")
    before = everything(tmp_path)
    with pytest.raises(UsageError, match="data, settings.toml, settings.schema.json, README.md"):
        workspace.make(tmp_path / "w", "25")
    assert everything(tmp_path) == before


def test_other_files_in_the_folder_stay(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "reports").mkdir()
    workspace.make(tmp_path, "24")
    assert (tmp_path / "notes.txt").read_text() == "mine" and chosen(tmp_path)[0] == "24"
    assert {path.name for path in tmp_path.iterdir()} == {*workspace.PARTS, "notes.txt", "reports"}


def test_a_file_in_the_folder_s_place_is_refused(tmp_path):
    (tmp_path / "w").write_text("mine")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name in ("w", "dangling"):
        with pytest.raises(UsageError, match="is no folder"):
            workspace.make(tmp_path / name)
    with pytest.raises(DataError, match="no workspace can be made there"):
        workspace.make(tmp_path / "w" / "below")
    assert (tmp_path / "w").read_text() == "mine" and len([*tmp_path.iterdir()]) == 2


@pytest.mark.parametrize("area", ["P01", "A1", "Nowhere", "Gotland", "", "24/../25"])
def test_an_area_without_pages_makes_nothing(tmp_path, area):
    with pytest.raises(UsageError):
        workspace.make(tmp_path / "w", area)
    assert not [*tmp_path.iterdir()]


def test_a_name_that_is_too_long_is_told(tmp_path):
    with pytest.raises(DataError, match="no workspace can be made there"):
        workspace.make(tmp_path / ("x" * 300))
    assert not [*tmp_path.iterdir()]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_rights_is_told(tmp_path):
    (tmp_path / "closed").mkdir(mode=0o555)
    with pytest.raises(DataError, match="check the folder's rights"):
        workspace.make(tmp_path / "closed" / "w")


def test_no_rights_above_are_told_and_leave_nothing(tmp_path, monkeypatch):
    def closed(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(workspace.tempfile, "TemporaryDirectory", closed)
    with pytest.raises(DataError, match="Permission denied.*check the folder's rights"):
        workspace.make(tmp_path / "a" / "b" / "w")
    assert not [*tmp_path.iterdir()]


def test_figures_that_were_changed_are_not_copied(tmp_path, monkeypatch):
    clone = tmp_path / "clone"
    copied(clone / "data" / "raw")
    with (clone / "data/raw/population.csv").open("a") as file:
        file.write("00,2030,1\n")
    (clone / "data/raw/official_totals.csv").unlink()
    monkeypatch.setattr(paths, "CLONE", clone)
    with pytest.raises(DataError) as told:
        workspace.make(tmp_path / "w")
    assert len(told.value.problems) == 2 and not (tmp_path / "w").exists()


# --- whole or not at all -------------------------------------------------------------------------


@pytest.mark.parametrize("there", [False, True], ids=["new", "with other files"])
@pytest.mark.parametrize("after", [0, 1, 5, 9, 16])
def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch, there, after):
    folder = tmp_path / "above" / "w"
    if there:
        folder.mkdir(parents=True)
        (folder / "notes.txt").write_text("mine")
    before, written, real = everything(tmp_path), [], Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if len(written) == after:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(path)
        return real(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DataError, match="No space left on device"):
        workspace.make(folder, "2403")
    assert everything(tmp_path) == before
    assert [path.name for path in tmp_path.rglob("*")] == (["above", "w", "notes.txt"] if there else [])


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), KeyboardInterrupt()])
@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_a_move_that_fails_is_taken_back(tmp_path, monkeypatch, at, error):
    (tmp_path / "notes.txt").write_text("mine")
    calls, real = [], os.rename

    def rename(source, target):
        calls.append(target)
        if len(calls) == at + 1:
            raise error
        real(source, target)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(DataError if isinstance(error, OSError) else KeyboardInterrupt):
        workspace.make(tmp_path, "2403")
    assert [path.name for path in tmp_path.rglob("*")] == ["notes.txt"]


@pytest.mark.parametrize("there", [False, True], ids=["new", "with other files"])
def test_of_two_that_make_the_same_one_wins_whole(tmp_path, there):
    folder = tmp_path / "w"
    if there:
        folder.mkdir()
        (folder / "notes.txt").write_text("mine")
    start = threading.Barrier(4)

    def make(area: str) -> str | None:
        start.wait()
        try:
            workspace.make(folder, area)
        except (DataError, UsageError):
            return None
        return area

    with ThreadPoolExecutor(4) as pool:
        won = [area for area in pool.map(make, ["24", "25", "23", "09"]) if area]
    assert len(won) == 1 and chosen(folder)[0] == won[0]
    county = areas.get(won[0]).name
    assert (folder / "README.md").read_text(encoding="utf-8").startswith(f"# {county}")
    assert {path.name for path in folder.iterdir()} == {*workspace.PARTS, *(["notes.txt"] if there else [])}
    assert [*tmp_path.iterdir()] == [folder]


# --- two workspaces at the same time -------------------------------------------------------------

# Reads every setting and a table, over and over, as the workspace it stands in has them.
LOOK = """
import json, sys
from brapkg import paths, settings, shown, store
seen = set()
for _ in range(20):
    store.check_settings()
    rows = len(shown.tables().built("withheld"))
    seen.add(json.dumps([str(paths.home()), settings.settings().largest_hidden, settings.output(), rows]))
print("\\n".join(seen))
"""


@pytest.fixture
def two(tmp_path, processed, guarded) -> tuple[Path, Path]:
    """Two workspaces with settings and stores of their own: one shows all years, the other hides the small."""
    made = []
    for name, area, built, text in (
        ("open", "24", processed, ""),
        ("guarded", "09", guarded / "data/processed", "[disclosure]\nyear = 20\n"),
    ):
        folder = tmp_path / name
        workspace.make(folder, area)
        (folder / "data/processed").rmdir()
        shutil.copytree(built, folder / "data/processed")
        if text:
            (folder / "settings.toml").write_text(text, encoding="utf-8")
        made.append(folder)
    return tuple(made)


def run(folder: Path, *command: str) -> subprocess.Popen:
    own = {name: value for name, value in os.environ.items() if name != "BRAPKG_HOME"}
    return subprocess.Popen(command, cwd=folder, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen) -> str:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out


def test_two_processes_each_see_their_own(two):
    told = [ended(one) for one in [run(folder, sys.executable, "-c", LOOK) for folder in two]]
    seen = [json.loads(text) for text in told]  # one line each: nothing changed under way
    assert [one[0] for one in seen] == [str(folder) for folder in two]
    assert [one[1]["year"] for one in seen] == [0, 20]
    assert [one[2] for one in seen] == [str(folder / "reports") for folder in two]
    assert seen[0][3] < seen[1][3]


def test_one_process_that_goes_from_one_to_the_other_sees_each_as_it_is(two, monkeypatch):
    sizes = []
    for folder in (*two, *two):
        monkeypatch.setenv("BRAPKG_HOME", str(folder))
        store.check_settings()
        sizes.append((len(shown.tables().built("withheld")), settings.settings().largest_hidden["year"]))
    assert sizes[:2] == sizes[2:] and sizes[0] != sizes[1]


def test_a_store_of_the_other_s_rule_is_refused(two, monkeypatch):
    monkeypatch.setenv("BRAPKG_HOME", str(two[0]))
    shutil.rmtree(two[0] / "data/processed")
    shutil.copytree(two[1] / "data/processed", two[0] / "data/processed")
    with pytest.raises(DataError, match="Run `brapkg build`"):
        store.check_settings()


def test_two_runs_at_the_same_time_make_the_pages_of_each_in_its_own_place(two):
    before = [everything(folder / "data/raw") for folder in two]
    command = [sys.executable, "-c", "from brapkg.cli import main; main()", "report", "region", "--area", "24"]
    runs = [run(folder, *command) for folder in two]
    for one in runs:
        ended(one)
    pages = []
    for folder, raw in zip(two, before, strict=True):
        [page] = (folder / "reports").glob("24-*.html")
        pages.append(page.read_text(encoding="utf-8"))
        [manifest] = (folder / "reports/runs").glob("2*.json")
        other = next(one for one in two if one != folder)
        for path, content in everything(folder / "reports").items():
            assert str(other).encode() not in content, path
        year = json.loads(manifest.read_text(encoding="utf-8"))["settings"]["largest_hidden"]["year"]
        assert year == (20 if folder.name == "guarded" else 0)
        assert everything(folder / "data/raw") == raw
    assert pages[0] != pages[1]
