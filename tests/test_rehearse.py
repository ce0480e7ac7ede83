"""The rehearsal of a page before a process is forked: everything ready, nothing changed, no thread."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from test_reads import cells

from brapkg import municipality, nation, paths, region
from brapkg.errors import DataError
from brapkg.kernels.warm import NO_THREADS, READY

# Makes a page with or without a rehearsal before it, and tells what the page needed beyond that.
CODE = """
import hashlib, importlib, json, os, sys
from brapkg import blocks, store

how, room, name, cells, *about = sys.argv[1:]
published = []
blocks._publish = published.extend
for call in how.split():
    module, _, call = call.partition(":")
    found = importlib.import_module(module)
    if call:
        getattr(found, call)()
rehearsed = len(published)
threads = len(os.listdir("/proc/self/task")) if sys.platform == "linux" else 1
modules, loaded = set(sys.modules), store.reading._load.cache_info().misses
page = getattr(importlib.import_module(f"brapkg.{room}"), name)(*about, 2014, "en")
for cell in cells.split():
    getattr(page, cell)()._ipython_display_()
print(json.dumps({
    "published": rehearsed,
    "threads": threads,
    "modules": sorted(set(sys.modules) - modules),
    "tables": store.reading._load.cache_info().misses - loaded,
    "page": hashlib.sha256(json.dumps(published).encode()).hexdigest(),
}))
"""


# The room, its page, and of whom.
PAGES = [("region", "Region", "09"), ("municipality", "Municipality", "2425"), ("nation", "National")]


def made(how: str, room: str, name: str, *about: str) -> dict:
    told = [how, room, name, " ".join(cells("national" if room == "nation" else room)), *about]
    command = [sys.executable, "-c", CODE, *told]
    done = subprocess.run(command, env=os.environ | NO_THREADS, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)  # which holds nothing else: the rehearsal prints nothing


@pytest.mark.parametrize("page", PAGES, ids=[room for room, *_ in PAGES])
def test_a_rehearsal_readies_everything_changes_nothing_and_starts_no_thread(workspace, page):
    # The nation's page is rehearsed by nobody, but could be.
    calls = ["brapkg.nation:rehearse"] if page[0] == "nation" else READY.values()
    first, later = made("", *page), made(" ".join(calls), *page)
    assert first["modules"] and first["tables"] > 10
    assert later == first | {"modules": [], "tables": 0, "threads": 1}


def test_there_is_something_to_make_ready_for_every_notebook():
    assert set(READY) == {book.stem for book in paths.notebooks().glob("*.ipynb")}


@pytest.mark.parametrize("room", [region, municipality, nation])
def test_a_rehearsal_without_a_store_is_refused(tmp_path, monkeypatch, room):
    monkeypatch.setenv("BRAPKG_HOME", str(tmp_path))
    with pytest.raises(DataError, match="brapkg build"):
        room.rehearse()
