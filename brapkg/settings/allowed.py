"""The rule of every setting, and all of them as JSON Schema.

``records/settings.schema.json`` tells editors the same with texts; a test holds the two together.
"""

from __future__ import annotations

from brapkg.settings.rules import Areas, Number, Rule, Some, Text

LANGUAGES = ("sv", "en")
LEVELS = ("nation", "county", "municipality", "knowledge", "evaluations")
PEERS = ("group", "similar", "neighbours", "county", "nation")
WEIGHTS = ("level", "development", "municipalities", "harm", "control")
REASONS = ("preliminary", "probably", "single_year", "depends", "control")
# The offence groups of the catalogue, which itself loads numpy.
HARMED = ("violence", "threats", "negligence", "theft", "vehicle", "damage", "traffic", "drugs", "weapons")
# The law's duties and the most months that may be set: 6 § says at least every second year of two of them.
LONGEST = {"picture": 24, "plan": 120, "follow_up": 24}
DUTIES = ("picture", "plan", "follow_up", "agreements", "council", "coordination", "board")
ALLOWED: dict[tuple[str, str], Rule] = {
    ("reports", "areas"): Areas(),
    ("reports", "period"): Number(1975, 2100, whole=True, also=0),
    ("reports", "languages"): Some(LANGUAGES),
    ("reports", "levels"): Some(LEVELS),
    ("output", "folder"): Text(300, "[^~].*", "a folder, seen from this file, or an address such as s3://bucket/pages"),
    ("sender", "name"): Text(100),
    ("sender", "unit"): Text(100),
    ("sender", "contact"): Text(150),
    ("sender", "web"): Text(200, "(https?://[^\\s\"'<>]+)?", "an address that begins with https://"),
    ("sender", "logo"): Text(200, "([^/\\\\][^\\\\]*\\.(png|svg|PNG|SVG))?", 'a .png or .svg, such as "logo.svg"'),
    ("peers", "show"): Some(PEERS),
    ("small", "residents"): Number(0, 100_000, whole=True),
    ("small", "expected"): Number(10, 100, whole=True),
    ("small", "most_years"): Number(1, 10, whole=True),
    ("disclosure", "year"): Number(0, 20, whole=True),
    ("disclosure", "month"): Number(0, 20, whole=True),
    ("signals", "false_share"): Number(0.001, 0.5),
    ("priorities", "most"): Number(1, 5, whole=True),
    **{("priorities", name): Number(0, 10) for name in WEIGHTS},
    **{("certainty", reason): Number(0, 3, whole=True) for reason in REASONS},
    **{("harm", offence): Number(0, 3, whole=True) for offence in HARMED},
    **{("structure", duty): Number(1, LONGEST.get(duty, 120), whole=True) for duty in DUTIES},
    ("limits", "minutes"): Number(0.05, 1440),
    ("limits", "memory"): Number(50, 1_000_000, whole=True),
    ("limits", "output"): Number(1, 1000, whole=True),
}
SECTIONS = tuple(dict.fromkeys(section for section, _ in ALLOWED))


def schema() -> dict[str, object]:
    """The rules as JSON Schema (draft 2020-12), without the texts of ``records/settings.schema.json``."""
    sections: dict[str, dict] = {section: {} for section in SECTIONS}
    for (section, name), rule in ALLOWED.items():
        sections[section][name] = rule.schema()
    closed = {"type": "object", "additionalProperties": False}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **closed,
        "properties": {section: closed | {"properties": names} for section, names in sections.items()},
    }
