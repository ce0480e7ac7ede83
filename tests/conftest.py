"""What the tests share: the folder of real files, exports written by hand, and built stores."""

from __future__ import annotations

import os
import shutil
from html import escape
from pathlib import Path

import pandas as pd
import pytest

from brapkg import indicators, paths, schemas, store
from brapkg.figures.drawing import Picture
from brapkg.sources import bra

HEADER = "Region;Brott;År;Period;Antal;/100 000 inv"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files (``BRAPKG_SHARED``, else ``../shared/data``), or a skipped test."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("BRAPKG_SHARED") or beside)
    if not folder.is_dir():
        pytest.skip(f"the producers' files are not here: {folder} is no folder (set BRAPKG_SHARED)")
    return folder


@pytest.fixture(scope="session")
def months(shared_data):
    """The 48 monthly exports of 2013–2016, read once: table and account."""
    return bra.read_exports((shared_data / "bra/sol_databasfil_2013_2016").glob("*.txt"))


def row(
    area: str = "Ale kommun",
    offence: str = "Stöldbrott",
    when: str = "2015;Jan",
    count: object = 18,
    rate: object = 64,
) -> str:
    """One row of an export, as Brå writes it."""
    return f"{area};{offence};{when};{count};{rate};"


def export(tmp_path: Path, lines: list[str], encoding: str = "iso-8859-1", name: str = "export.txt") -> Path:
    """Write a "databasfil" with these rows under the usual heading, and return its path."""
    path = tmp_path / name
    path.write_bytes("".join(f"{line}\n" for line in [HEADER, *lines]).encode(encoding))
    return path


# --- stores --------------------------------------------------------------------------------------

RAW = paths.CLONE / "data" / "raw"


@pytest.fixture
def raw(tmp_path) -> Path:
    """The project's own tables in a workspace of the test's own, without any export."""
    return copied(tmp_path / "data" / "raw")


def copied(folder: Path) -> Path:
    """Copy the project's own tables, and only them, to a new folder with a place for exports."""
    (folder / "bra").mkdir(parents=True)
    for path in (*RAW.glob("*.csv"), *RAW.glob("*.meta.json")):
        shutil.copy(path, folder)
    return folder


@pytest.fixture(scope="session")
def processed(tmp_path_factory) -> Path:
    """A store built from the project's own tables; not to be changed."""
    folder = tmp_path_factory.mktemp("store")
    store.build(copied(folder / "raw"), folder / "processed")
    return folder / "processed"


@pytest.fixture
def workspace(processed, tmp_path, monkeypatch) -> Path:
    """A workspace with a built store."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/processed").symlink_to(processed)
    monkeypatch.setenv("BRAPKG_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="session")
def processed_whole(shared_data, tmp_path_factory) -> Path:
    """A store built with the 48 monthly exports beside the project's own tables."""
    folder = tmp_path_factory.mktemp("whole")
    raw = copied(folder / "raw")
    for path in (shared_data / "bra/sol_databasfil_2013_2016").glob("*.txt"):
        (raw / "bra" / path.name).symlink_to(path)
    store.build(raw, folder / "processed")
    return folder / "processed"


@pytest.fixture(scope="session")
def tables(processed) -> dict[str, pd.DataFrame]:
    """Every tidy table of ``processed``."""
    return {name: store.load(name, processed) for name in schemas.tables()}


@pytest.fixture
def quick(monkeypatch, tables):
    """Builds read and check as ever, but take the indicators as computed already."""

    def compute(told):
        return {name: table for name, table in tables.items() if name not in told}

    monkeypatch.setattr(indicators, "compute", compute)


# --- the store in use, and pages without drawings ------------------------------------------------


def use(patch: pytest.MonkeyPatch, processed: Path, folder: Path) -> Path:
    """Make ``folder`` the workspace in use, with ``processed`` as its store."""
    (folder / "data" / "raw").mkdir(parents=True, exist_ok=True)
    (folder / "data" / "processed").symlink_to(processed)
    patch.setenv("BRAPKG_HOME", str(folder))
    return folder


@pytest.fixture(scope="module")
def built(processed, tmp_path_factory):
    """The project's own tables, built and in use for a whole file of tests."""
    with pytest.MonkeyPatch.context() as patch:
        yield use(patch, processed, tmp_path_factory.mktemp("home"))


@pytest.fixture
def built_whole(processed_whole, tmp_path, monkeypatch) -> Path:
    """The store with the 48 monthly exports, in use for one test."""
    return use(monkeypatch, processed_whole, tmp_path / "home")


@pytest.fixture(scope="module")
def undrawn():
    """Pictures with title and description but nothing drawn: drawing takes most of a page's time."""
    from brapkg.figures import country, dots, grid, lines, maps, places, scatter, spreading, wheel, years

    with pytest.MonkeyPatch.context() as patch:
        for module in (country, dots, grid, lines, maps, places, scatter, spreading, wheel, years):
            patch.setattr(module, "picture", _blank)
        patch.setattr(maps, "layout", lambda *_, **__: maps.Layout({}, {}, 1.0))
        yield


def _blank(draw, *, name: str, title: str, description: str, **_) -> Picture:
    def svg(form: str) -> str:
        return (
            f'<svg class="fig-{form}" role="img" aria-labelledby="{name}-{form}-t {name}-{form}-d">'
            f'<title id="{name}-{form}-t">{escape(title)}</title>'
            f'<desc id="{name}-{form}-d">{escape(description)}</desc></svg>'
        )

    return Picture(svg("wide"), svg("narrow"), b"PNG")


GUARDED = "[disclosure]\nyear = 20\n"


@pytest.fixture(scope="session")
def processed_guarded(tmp_path_factory) -> Path:
    """A store built in a workspace whose settings keep back years of 1 to 20 offences; not to be changed."""
    home = tmp_path_factory.mktemp("guarded-store")
    (home / "settings.toml").write_text(GUARDED, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BRAPKG_HOME", str(home))
        store.build(copied(home / "data" / "raw"), home / "data" / "processed")
    return home / "data" / "processed"


@pytest.fixture(scope="module")
def guarded(processed_guarded, tmp_path_factory):
    """A workspace with those settings and that store, in use for a whole file of tests."""
    home = tmp_path_factory.mktemp("guarded")
    (home / "settings.toml").write_text(GUARDED, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        yield use(patch, processed_guarded, home)


# --- the account of the reference cases ----------------------------------------------------------


def pytest_terminal_summary(terminalreporter):
    """End the run with a table: method, cases, passed, failed, not offered and why."""
    from reference.cases import account

    outcomes = []
    for outcome in ("passed", "failed", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            told = dict(report.user_properties)
            if "reference method" in told:
                why = told.get("reference not offered", "")
                outcomes.append((told["reference method"], "not offered" if why else outcome, why))
    if outcomes:
        terminalreporter.section("reference cases")
        for line in account(outcomes):
            terminalreporter.write_line(line)
