"""What the tests share: the folder of real files, and exports written by hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

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


def export(
    tmp_path: Path, lines: list[str], encoding: str = "iso-8859-1", name: str = "export.txt"
) -> Path:
    """Write a "databasfil" with these rows under the usual heading, and return its path."""
    path = tmp_path / name
    path.write_bytes("".join(f"{line}\n" for line in [HEADER, *lines]).encode(encoding))
    return path
