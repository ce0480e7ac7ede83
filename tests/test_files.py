"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from multiprocessing import get_context
from pathlib import Path

import pytest

from brapkg import files


@pytest.mark.parametrize("content", ["åäö\n", b"\x00\xff", ""])
def test_what_is_written_is_there_and_nothing_beside_it(tmp_path, content):
    path = tmp_path / "new/folder/file.txt"
    files.write(path, content)
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    files.write(path, "again")
    assert path.read_text() == "again"
    assert os.listdir(path.parent) == ["file.txt"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt(), MemoryError()])
@pytest.mark.parametrize("broken", [(Path, "write_bytes"), (os, "replace")], ids=["write", "move"])
def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, broken, error):
    path = tmp_path / "file.txt"
    files.write(path, "old")

    def fail(*_):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(*broken, fail)
        with pytest.raises(type(error)):
            files.write(path, "new")
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["file.txt"]


def write_often(path: str, letter: str) -> None:
    for _ in range(300):
        files.write(Path(path), letter * 20_000)


def test_two_processes_that_write_the_same_file_leave_a_whole_one(tmp_path):
    """A plan that is only asked for holds no lock."""
    path = tmp_path / "file.txt"
    start = get_context("spawn")
    both = [start.Process(target=write_often, args=(str(path), letter)) for letter in "ab"]
    for process in both:
        process.start()
    while any(process.is_alive() for process in both):
        if path.exists():
            assert path.read_text() in ("a" * 20_000, "b" * 20_000)
    assert [process.exitcode for process in both] == [0, 0]
    assert os.listdir(tmp_path) == ["file.txt"]


def test_a_folder_is_proved_by_writing_in_it(tmp_path, monkeypatch):
    files.prove(tmp_path / "a/b")
    assert os.listdir(tmp_path / "a/b") == []
    (tmp_path / "file").touch()
    with pytest.raises(OSError):
        files.prove(tmp_path / "file/folder")


def test_only_what_was_being_written_is_cleared(tmp_path):
    for name in (".a.html.12.new", ".b.new", "c.new", ".d", "e.html"):
        (tmp_path / name).touch()
    files.clear(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".d", "c.new", "e.html"]
    files.clear(tmp_path / "missing")


def test_what_is_written_can_be_read_by_others(tmp_path):
    """A web server is another user."""
    files.write(tmp_path / "page.html", "page")
    before = os.umask(0)
    os.umask(before)
    assert stat.S_IMODE((tmp_path / "page.html").stat().st_mode) == 0o666 & ~before
