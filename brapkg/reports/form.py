"""Checks what a file of JSON holds against its schema in the records.

It knows the words that those schemas use. A library that knows all of JSON Schema takes a second to
load, which is half of what a run with nothing to do may take; the tests hold the two against each other.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

RECORDS = Path(__file__).parents[1] / "records"
KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def problem(content: object, schema: str) -> str:
    """Where the content breaks the schema of that name; empty text where it does not."""
    return _problem(content, _schema(schema), "it")


@cache
def _schema(name: str) -> dict:
    return json.loads((RECORDS / f"{name}.schema.json").read_bytes())


def _problem(value: object, schema: dict, place: str) -> str:
    """Where a value breaks the schema; empty text where it does not."""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    allowed = tuple(kind for name in kinds for kind in KINDS[name])
    if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
        return f"{place} is no {' or '.join(kinds)}"
    if value not in schema.get("enum", [value]) or (
        isinstance(value, str) and not re.search(schema.get("pattern", ""), value, re.ASCII)
    ):
        return f"{place} is {value!r:.40}"
    if not isinstance(value, (dict, list)) and value is not None and value < schema.get("minimum", value):
        return f"{place} is {value!r:.40}"
    if isinstance(value, list):
        return next((w for n, one in enumerate(value) if (w := _problem(one, schema["items"], f"{place}[{n}]"))), "")
    if not isinstance(value, dict):
        return ""
    known, others = schema.get("properties", {}), schema.get("additionalProperties")
    missing = [name for name in schema.get("required", ()) if name not in value]
    unknown = [name for name in value if name not in known and others is False]
    if missing or unknown:
        return (
            f"{place} lacks {', '.join(missing) or 'nothing'} and has {', '.join(unknown)[:40] or 'nothing'} too much"
        )
    parts = ((one, known.get(name, others), f"{place}.{name}") for name, one in value.items())
    return next((w for one, part, at in parts if isinstance(part, dict) and (w := _problem(one, part, at))), "")
