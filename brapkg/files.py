"""Files that are there whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

# Ends the name of what is being written; a run that was killed can leave such a file.
BESIDE = ".new"


def write(path: Path, content: bytes | str) -> None:
    """Write a file beside its place and move it there.

    Parameters
    ----------
    path : the file; its folder is made
    content : bytes, or text to be written as UTF-8

    Raises
    ------
    OSError
        It cannot be written; what was there before is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A plan that is only asked for holds no lock, and may write the same file at the same time.
    beside = path.with_name(f".{path.name}.{os.getpid()}{BESIDE}")
    try:
        beside.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(beside, path)
    except BaseException:  # Ctrl-C too
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def prove(folder: Path) -> None:
    """Make a folder and see whether a file can be made in it. Raises ``OSError`` where not."""
    folder.mkdir(parents=True, exist_ok=True)
    file, name = tempfile.mkstemp(prefix=".", suffix=BESIDE, dir=folder)
    os.close(file)
    Path(name).unlink(missing_ok=True)


def parquet(path: Path):
    """A Parquet file as an Arrow table, read by this thread alone.

    Arrow's and pandas' own ways leave threads behind, and a process with threads must not fork.
    """
    import pyarrow.parquet

    return pyarrow.parquet.ParquetFile(path, pre_buffer=False).read(use_threads=False)


def clear(folder: Path) -> None:
    """Remove what a run that was killed left half written in a folder."""
    for left in folder.glob(f".*{BESIDE}"):
        with contextlib.suppress(OSError):
            left.unlink()
