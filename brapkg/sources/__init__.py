"""One module per producer, and snapshots with provenance.

``bra`` reads Brå's exports, ``kolada`` Kolada's and SCB's population tables and indicators,
``snapshot`` writes and verifies the tables of ``data/raw`` with their sidecars, ``shipped``
computes the project's own compact tables from the producers' files.
"""
