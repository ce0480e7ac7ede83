"""Where a workspace keeps its figures.

A workspace is a folder that holds ``data/raw``. It is the one named by ``BRAPKG_HOME``, else the
nearest folder at or above the working folder, else the clone that the package was installed from.
"""

from __future__ import annotations

import os
from pathlib import Path

CLONE = Path(__file__).resolve().parents[1]


def home() -> Path:
    """The workspace in use, as an absolute path (it need not hold any data yet)."""
    named = os.environ.get("BRAPKG_HOME")
    if named:
        return Path(named).resolve()
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if (folder / "data" / "raw").is_dir():
            return folder
    return CLONE


def raw() -> Path:
    """``data/raw`` of the workspace in use."""
    return home() / "data" / "raw"


def processed() -> Path:
    """``data/processed`` of the workspace in use."""
    return home() / "data" / "processed"


def notebooks() -> Path:
    """The clone's notebooks; a workspace shares them."""
    return CLONE / "notebooks"
