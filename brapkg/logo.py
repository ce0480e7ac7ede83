"""The sender's logo: a small PNG or SVG that shows a picture and does nothing else."""

from __future__ import annotations

import base64
import re
import zlib
from pathlib import Path
from xml.etree import ElementTree

from brapkg.errors import DataError

LARGEST = 200_000
WIDEST = 4000
PNG = b"\x89PNG\r\n\x1a\n"
SVG = "{http://www.w3.org/2000/svg}"
# What draws. Nothing here runs, moves, plays or fetches; "href" and styles are looked at beside it.
DRAWING = frozenset(
    "svg g defs symbol use path rect circle ellipse line polyline polygon text tspan textPath title desc metadata "
    "linearGradient radialGradient stop pattern clipPath mask marker image style switch filter feBlend feColorMatrix "
    "feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight feDropShadow "
    "feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode feMorphology feOffset fePointLight "
    "feSpecularLighting feSpotLight feTile feTurbulence".split()
)
# Addresses that stay inside the file.
INSIDE = re.compile(r"\s*(#|data:image/(png|jpeg);base64,|$)", re.IGNORECASE)
REMEDY = "Save it anew as plain SVG or as PNG."


def data_address(path: Path) -> str:
    """The picture as the ``data:`` address of an ``<img>``. Errors as ``content``."""
    picture = content(path)
    kind = "png" if picture.startswith(PNG) else "svg+xml"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"


def content(path: Path) -> bytes:
    """The bytes of a logo that a page may hold.

    Raises
    ------
    DataError
        It is gone, is no picture or too large, or does more than show one.
    """
    picture, wrong = _read(path)
    if wrong:
        raise DataError(f"{path}: {wrong}")
    return picture


def problem(path: Path) -> str:
    """Why a page cannot hold this picture; empty text where it can."""
    return _read(path)[1]


def _read(path: Path) -> tuple[bytes, str]:
    """What the file holds, and what is wrong with it."""
    try:
        with path.open("rb") as file:
            picture = file.read(LARGEST + 1)
    except OSError as error:
        return b"", f"cannot be read ({error.strerror or error}). Put the file there, or leave logo empty."
    if len(picture) > LARGEST:
        return b"", f"is larger than {LARGEST // 1000} kB. Save it smaller: a page holds a copy of it."
    return picture, _png_problem(picture) if picture.startswith(PNG) else _svg_problem(picture)


def _png_problem(picture: bytes) -> str:
    """Whether every chunk is whole, the first is the header and the last the end."""
    at, names, size = len(PNG), [], (0, 0)
    while at + 12 <= len(picture):
        length = int.from_bytes(picture[at : at + 4])
        name, end = picture[at + 4 : at + 8], at + 8 + length
        if zlib.crc32(picture[at + 4 : end]) != int.from_bytes(picture[end : end + 4]):
            break
        if name == b"IHDR":
            size = (int.from_bytes(picture[at + 8 : at + 12]), int.from_bytes(picture[at + 12 : at + 16]))
        names.append(name)
        at = end + 4
    if at != len(picture) or names[:1] != [b"IHDR"] or names[-1:] != [b"IEND"] or b"IDAT" not in names:
        return "is no whole PNG. Save it anew."
    if not all(0 < side <= WIDEST for side in size):
        return f"is {size[0]} × {size[1]} pixels; 1 to {WIDEST} each way are allowed. Save it smaller."
    return ""


def _svg_problem(picture: bytes) -> str:
    try:
        text = picture.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "is neither a PNG nor an SVG in UTF-8. Save it as one of them."
    declared = re.match(r"\s*<\?xml\b[^>]*?encoding\s*=\s*[\"']([^\"']*)", text)
    if declared and declared[1].casefold() != "utf-8":
        return f"is an SVG in {declared[1]:.20}; only UTF-8 is read. {REMEDY}"
    # A document type can define words that become something else, or endless text.
    own_doctype = re.search(r"<!\s*(ENTITY|DOCTYPE[^>]*\[)", text, re.IGNORECASE)
    if own_doctype:
        return f"is an SVG with definitions of its own ({own_doctype[0]:.20}…). {REMEDY}"
    if more := re.search(r"<\?(?!xml\s)[^>]{0,20}", text):
        return f"is an SVG with an instruction to the reader ({more[0]}…). {REMEDY}"
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        return f"is neither a PNG nor a readable SVG ({error}). Save it as one of them."
    if root.tag != f"{SVG}svg":
        return f"is no SVG: its outermost element is <{_local(root.tag):.40}>. Save it as SVG or PNG."
    wrong = dict.fromkeys(why for element in root.iter() if (why := _does(element)))
    return f"holds {', '.join([*wrong][:5])}, which a page must not. {REMEDY}" if wrong else ""


def _does(element: ElementTree.Element) -> str:
    """What an element does beside drawing; empty text where that is nothing."""
    name = _local(element.tag)
    if element.tag.startswith(SVG):
        if name not in DRAWING:
            return f"<{name:.40}>"
    elif "xhtml" in element.tag:
        return f"a piece of a web page (<{name:.40}>)"
    for key, value in element.items():
        own = _local(key)
        if own.lower().startswith("on"):
            return f"a script ({own:.40})"
        if own in ("href", "src", "base") and not INSIDE.match(value):
            return f"an address outside itself ({value:.40})"
        if own == key and _fetches(value):  # drawing programs' own attributes have a name space, and hold paths
            return f"an address outside itself in {own:.40}"
    return "an address outside itself in <style>" if name == "style" and _fetches("".join(element.itertext())) else ""


def _fetches(style: str) -> bool:
    """Whether a style may fetch something: a backslash can hide the word."""
    addresses = re.findall(r"url\s*\(\s*[\"']?([^)]*)", style, re.IGNORECASE)
    hidden = "\\" in style or re.search(r"@import|image-set\s*\(|javascript:", style, re.IGNORECASE)
    return bool(hidden) or any(not INSIDE.match(one) for one in addresses)


def _local(name: str) -> str:
    return name.rpartition("}")[2]
