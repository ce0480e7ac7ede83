"""Outputs that lie elsewhere: ``--output s3://bucket/folder``, ``abs://``, ``gs://``.

The run writes into a mirror, a folder of this machine, exactly as into any other; what has changed
there is then sent on by papermill's own handlers. The mirror remembers what was sent, so that an
upload which was interrupted goes on with the next run. Papermill can write, and neither move nor
delete: a reader may meet pages of two runs while an upload lasts, and what is no longer true is
written over.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import mimetypes
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from brapkg import files
from brapkg.errors import DataError, UsageError
from brapkg.reports import lock
from brapkg.reports.reasons import FAILED

URL = re.compile(r"([a-z][a-z0-9+.-]*)://([^?]*)(\?.*)?", re.DOTALL | re.IGNORECASE)
# What each of papermill's handlers needs, and the extra that brings it.
NEEDS = {
    "s3": ("boto3", "s3"),
    "abs": ("azure.storage.blob", "azure"),
    "adl": ("azure.datalake.store", "azure"),
    "gs": ("gcsfs", "gcs"),
    "hdfs": ("pyarrow", "hdfs"),
}
# In the order they are sent: what the front pages lead to lies there before them.
SENT = ("notebooks/*.ipynb", "*-*-*.html", f"{FAILED}/*", "runs/*.csv", "runs/[0-9]*.json", "index*.html")
MEMORY = Path("runs") / "sent.jsonl"
MENDED = "This report was made since; there is no failure any more.\n"
MENDED_NOTEBOOK = {"cells": [], "metadata": {"brapkg": MENDED.strip()}, "nbformat": 4, "nbformat_minor": 5}


def shown(url: str) -> str:
    """An address without what follows its ``?``, which may be a key; whoever has it may write there."""
    return url.split("?")[0]


def mirror(url: str, home: Path) -> Path:
    """The folder on this machine in which the pages for an address are made.

    Parameters
    ----------
    url : the address
    home : the workspace
    """
    plain = shown(url).rstrip("/")
    name = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:60]
    return home / "reports" / "remote" / f"{name}-{hashlib.sha256(plain.encode()).hexdigest()[:8]}"


def check(url: str) -> None:
    """Refuse, before any work is done, an address that papermill cannot write to.

    Raises
    ------
    UsageError
        No handler knows such an address, or it names no place.
    DataError
        The library for it is not installed.
    """
    from papermill import iorw

    told = URL.fullmatch(url)
    if told is None:
        raise UsageError(f"--output {shown(url)}: is neither a folder nor an address such as s3://bucket/folder.")
    scheme, place, _ = told.groups()
    handler = iorw.papermill_io.get_handler(f"{scheme}://{place}")
    if isinstance(handler, (iorw.LocalHandler, iorw.GithubHandler)) or handler is iorw.HttpHandler:
        raise UsageError(
            f"--output {shown(url)}: papermill can write no folder of pages there. A folder, s3://, abs:// or gs:// can be."
        )
    if not place.strip("/"):
        raise UsageError(f"--output {shown(url)}: names no place, such as {scheme}://bucket/folder.")
    module, extra = NEEDS.get(scheme, ("", ""))
    if module and not _installed(module):
        raise DataError(
            f'--output {scheme}:// needs {module}, which is not installed here. Run `pip install "papermill[{extra}]"`.'
        )


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package it is in
        return False


def upload(folder: Path, url: str, *, wait: bool = False, waiting: Callable[[str], None] = lambda holder: None) -> int:
    """Send what has changed in a mirror since it was last sent.

    Parameters
    ----------
    folder : the mirror
    url : the address
    wait, waiting : as in ``lock.held``

    Returns
    -------
    Number of files sent

    Raises
    ------
    DataError
        The other side did not take a file (no right, no such bucket, no network), or another run
        writes in the mirror. What was sent is not sent again.
    """
    with lock.held(folder, wait=wait, waiting=waiting):
        memory = _Memory(folder)
        todo = [*_changed(folder, memory), *_mended(folder, memory)]
        todo.sort(key=lambda one: _turn(one[0]))
        send = _sender(url)
        for number, (name, text, told) in enumerate(todo):
            try:
                send(name, text)
            except Exception as error:  # each handler has its own; none of them is a fault of the pages
                raise DataError(_stopped(url, name, error, len(todo) - number, len(todo), folder)) from None
            memory.add(name, told)
        return len(todo)


def _turn(name: str) -> int:
    return next(number for number, pattern in enumerate(SENT) if Path(name).match(pattern))


def _stopped(url: str, name: str, error: Exception, left: int, all_: int, folder: Path) -> str:
    why = (str(error).splitlines() or [""])[0]
    key = url[len(shown(url)) + 1 :]
    why = why.replace(key, "…") if key else why
    return (
        f"{_joined(shown(url), name)}: cannot be written ({type(error).__name__}: {why}). {left} of {all_} files are "
        f"left to send; all of them lie in {folder}. Mend the address, the rights or the network; the same command then "
        "goes on."
    )


def _changed(folder: Path, memory: _Memory) -> Iterator[tuple[str, str, dict]]:
    """Name, text and what is to be remembered of each file that is not there as it is here."""
    for pattern in SENT:
        for path in sorted(folder.glob(pattern)):
            name, found = path.relative_to(folder).as_posix(), path.stat()
            before = memory.files.get(name, {})
            told = {"bytes": found.st_size, "mtime_ns": found.st_mtime_ns}
            if told.items() <= before.items():
                continue
            content = path.read_bytes()
            told["sha256"] = hashlib.sha256(content).hexdigest()
            if told["sha256"] != before.get("sha256"):
                yield name, content.decode(), told


def _mended(folder: Path, memory: _Memory) -> Iterator[tuple[str, str, dict]]:
    """What failed reports left there, and is gone here: papermill cannot delete, and so it is written over."""
    for name, told in memory.files.items():
        if name.startswith(f"{FAILED}/") and told["sha256"] and not (folder / name).exists():
            text = MENDED if name.endswith(".txt") else json.dumps(MENDED_NOTEBOOK, indent=1) + "\n"
            yield name, text, {"sha256": ""}


class _Memory:
    """What lies at the address, by path in the folder; a line of JSON for each file that was sent."""

    def __init__(self, folder: Path):
        self.path = folder / MEMORY
        self.files: dict[str, dict] = {}
        for line in self._lines():
            with contextlib.suppress(ValueError, TypeError, KeyError):  # a line that was cut off: sent again
                told = json.loads(line)
                self.files[told.pop("path")] = {"sha256": told["sha256"]} | told
        try:
            files.write(self.path, "".join(map(_line, self.files.items())))
        except OSError as error:
            raise DataError(f"{self.path}: cannot be written ({error.strerror or error}). Nothing was sent.") from None

    def _lines(self) -> list[str]:
        try:
            return self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []

    def add(self, name: str, told: dict) -> None:
        """Remember that a file was sent. Where that cannot be written, it is sent again."""
        self.files[name] = told
        with contextlib.suppress(OSError), self.path.open("a", encoding="utf-8") as file:
            file.write(_line((name, told)))


def _line(one: tuple[str, dict]) -> str:
    return json.dumps({"path": one[0]} | one[1]) + "\n"


def _joined(url: str, name: str) -> str:
    """The address of a file: what follows a ``?`` stays at the end."""
    place, mark, key = url.partition("?")
    return f"{place.rstrip('/')}/{name}{mark}{key}"


def _sender(url: str) -> Callable[[str, str], None]:
    from papermill.iorw import papermill_io

    handler = papermill_io.get_handler(url)
    if url.startswith("s3://"):
        _tell_types()
    return lambda name, text: handler.write(text, _joined(url, name))


def _tell_types() -> None:
    """Let boto3 say of what type a file is: papermill does not, and a browser would save a page, not show it."""
    from papermill.s3 import S3

    def add(params: dict, **_: object) -> None:
        kind = mimetypes.guess_type(params["Key"])[0] or "application/json"
        params.setdefault("ContentType", f"{kind}; charset=utf-8")

    try:
        S3().s3.meta.client.meta.events.register("provide-client-params.s3.PutObject", add, unique_id="brapkg-types")
    except Exception:  # what is wrong with the settings is told when the first file is sent
        return
