"""One run at a time writes into a folder of reports."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from brapkg.errors import DataError
from brapkg.reports import lock

HOLDS = """
import sys, time
from pathlib import Path
from brapkg.reports import lock

with lock.held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def holder(output: Path, seconds: float) -> subprocess.Popen:
    """Another process that holds the lock."""
    started = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(output), str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert started.stdout.readline() == "held\n"
    return started


def test_the_second_is_told_who_holds_it(tmp_path):
    other = holder(tmp_path, 60)
    try:
        with pytest.raises(DataError, match=rf"another run .*process {other.pid} on \S+, since 20.* UTC.*--wait"):
            with lock.held(tmp_path):
                pass
    finally:
        other.kill()
        other.communicate()


def test_one_that_waits_says_so_once_and_gets_it(tmp_path):
    other = holder(tmp_path, 1)
    told = []
    with lock.held(tmp_path, wait=True, waiting=told.append):
        assert other.poll() is not None or other.wait(10) == 0
    assert len(told) == 1 and f"process {other.pid} on" in told[0]
    other.communicate()


def test_it_falls_with_a_process_that_is_killed(tmp_path):
    other = holder(tmp_path, 60)
    other.kill()
    other.communicate()
    assert (tmp_path / lock.HOLDER).exists()
    with lock.held(tmp_path):
        assert f'"process": {os.getpid()}' in (tmp_path / lock.HOLDER).read_text()
    assert not (tmp_path / lock.HOLDER).exists()


def test_it_falls_with_what_was_done_under_it(tmp_path):
    for _ in range(2):
        with pytest.raises(ValueError), lock.held(tmp_path):
            raise ValueError


@pytest.mark.parametrize("text", ["", "{", "[]", '{"process": 1}'])
def test_a_holder_that_is_not_told_yet(tmp_path, text):
    taken, over = threading.Event(), threading.Event()

    def hold():
        with lock.held(tmp_path):
            (tmp_path / lock.HOLDER).write_text(text)
            taken.set()
            over.wait(30)

    other = threading.Thread(target=hold)
    other.start()
    taken.wait(30)
    try:
        with pytest.raises(DataError, match="not yet told who it is"), lock.held(tmp_path):
            pass
    finally:
        over.set()
        other.join()


def test_a_folder_that_cannot_be_locked_is_told(tmp_path):
    (tmp_path / lock.LOCK).mkdir()
    with pytest.raises(DataError, match="cannot be locked .*--output"), lock.held(tmp_path):
        pass
