"""Many notebooks in one run: a plan, warm workers, whole pages or none, and a record of what was done.

- What to make: ``plan``, and why (``reasons``): what each report rests on (``fingerprint``,
  ``slices``) is held against what it was made from before (``made``).
- Making: ``batch`` leads a run under a ``lock``; ``workers``, or a Dask cluster (``cluster``,
  ``daskworker``), do it; ``making`` is what a worker does; ``place`` puts the pages into place,
  ``front`` writes the front page, ``remote`` sends them elsewhere, ``watch`` shows how it goes.
- What was done: ``manifest`` (with ``provenance``, ``form``) writes it, ``runs`` and ``compare`` tell it.
"""
