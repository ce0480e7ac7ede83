"""One run at a time writes into a folder of reports."""

from __future__ import annotations

import contextlib
import json
import os
import platform
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from brapkg import files
from brapkg.errors import DataError

LOCK = ".lock"
HOLDER = ".lock-holder.json"


@contextlib.contextmanager
def held(output: Path, *, wait: bool = False, waiting: Callable[[str], None] = lambda holder: None) -> Iterator[None]:
    """Hold the folder's lock; it falls when this process ends, however it ends.

    Parameters
    ----------
    output : the folder, which exists
    wait : wait until the other run ends; otherwise that is an error
    waiting : called once, with who holds it, before waiting

    Raises
    ------
    DataError
        Another run holds it: which process, where, since when. Or nobody can.
    """
    lock = FileLock(output / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if not wait:
            raise DataError(
                f"{output}: another run is writing there ({_holder(output)}). Let it end, say --wait to wait for "
                "it, or choose another folder with --output."
            ) from None
        waiting(_holder(output))
        lock.acquire()
    except OSError as error:
        raise DataError(
            f"{output / LOCK}: cannot be locked ({error.strerror or error}). Mend the folder's rights, or choose "
            "another one with --output."
        ) from None
    try:
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        with contextlib.suppress(OSError):  # a courtesy: the lock itself is held
            files.write(output / HOLDER, json.dumps({"process": os.getpid(), "machine": platform.node(), "since": now}))
        yield
    finally:
        with contextlib.suppress(OSError):
            (output / HOLDER).unlink(missing_ok=True)
        lock.release()


def _holder(output: Path) -> str:
    try:
        told = json.loads((output / HOLDER).read_text())
        return f"process {told['process']} on {told['machine']}, since {told['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "it has not yet told who it is"
