"""One area's figures, gathered from the store: what its page shows, and nothing worked out anew."""

from __future__ import annotations

from brapkg.profile.common import FUNNEL_OFFENCE, NATION, latest_period, periods
from brapkg.profile.of_county import County, county

__all__ = ["FUNNEL_OFFENCE", "NATION", "County", "county", "latest_period", "periods"]
