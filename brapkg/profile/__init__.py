"""One area's figures, gathered from the store: what its page shows, and nothing worked out anew."""

from __future__ import annotations

from brapkg.profile.common import FUNNEL_OFFENCE, NATION, Profile, latest_period, periods
from brapkg.profile.of_county import County, county
from brapkg.profile.of_municipality import Municipality, municipality
from brapkg.profile.of_nation import Nation, nation

__all__ = [
    "FUNNEL_OFFENCE",
    "NATION",
    "County",
    "Municipality",
    "Nation",
    "Profile",
    "county",
    "latest_period",
    "municipality",
    "nation",
    "periods",
]
