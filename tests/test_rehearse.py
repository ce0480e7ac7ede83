"""The rehearsal of a page before a process is forked: everything ready, nothing changed, no thread."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from brapkg.errors import DataError
from brapkg.kernels.warm import NO_THREADS
from brapkg.region import rehearse

# Makes a page with or without a rehearsal before it, and tells what the page needed beyond that.
CODE = """
import hashlib, json, os, sys
from brapkg import blocks, region, store

published = []
blocks._publish = published.extend
if sys.argv[1] == "rehearsed":
    region.rehearse()
rehearsed = len(published)
threads = len(os.listdir("/proc/self/task")) if sys.platform == "linux" else 1
modules, loaded = set(sys.modules), store._load.cache_info().misses
page = region.Region("09", 2014, "en")
for name in "head brief facts level development municipalities stands_out priorities law limits sources".split():
    getattr(page, name)()._ipython_display_()
print(json.dumps({
    "published": rehearsed,
    "threads": threads,
    "modules": sorted(set(sys.modules) - modules),
    "tables": store._load.cache_info().misses - loaded,
    "page": hashlib.sha256(json.dumps(published).encode()).hexdigest(),
}))
"""


def made(how: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", CODE, how], env=os.environ | NO_THREADS, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)  # which holds nothing else: the rehearsal prints nothing


def test_a_rehearsal_readies_everything_changes_nothing_and_starts_no_thread(workspace):
    first, later = made("at once"), made("rehearsed")
    assert first["modules"] and first["tables"] > 10
    assert later == first | {"modules": [], "tables": 0, "threads": 1}


def test_a_rehearsal_without_a_store_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("BRAPKG_HOME", str(tmp_path))
    with pytest.raises(DataError, match="brapkg build"):
        rehearse()
