"""A register's rows, from a CSV file as spreadsheets save it: their marks, separators, quotes and encodings."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from brapkg.errors import DataError

SEPARATORS = ";,\t"
# The largest file that is read at all.
LARGEST = 20_000_000


def read(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold anything, each with the line it begins on; ``DataError`` where a quote is never closed."""
    text = _text(path)
    if not text.strip():
        raise DataError(f"{path}: is empty. Copy the heading from measures.template.csv.")
    hint = text[:5].casefold().startswith("sep=")  # Excel's own first line
    head = text.split("\n")[hint][:10_000]
    separator = max(SEPARATORS, key=head.count)
    reader, begin = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(
                f"{path}, line {begin}: a cell's quotes do not match ({error}). Rows from here on are not "
                "read; double each quote inside a cell, or take the quotes away."
            ) from None
        if any(cell.strip() for cell in row) and not (hint and begin == 1):
            yield begin, row
        begin = reader.line_num + 1


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}). Check the file's rights.") from None
    if len(content) > LARGEST:
        raise DataError(f"{path}: is {len(content)} bytes; at most {LARGEST} are read. Is it the register?")
    if content.startswith((b"\xff\xfe", b"\xfe\xff", b"PK")) or b"\0" in content:
        raise DataError(f'{path}: is no CSV text (UTF-16 or a workbook?). Save it as "CSV UTF-8" from the spreadsheet.')
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
