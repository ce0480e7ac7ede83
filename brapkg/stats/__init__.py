"""Pure statistics: arrays and tables in, tables out. Nothing here knows of Sweden.

Rates: ``rates`` and proportions with their intervals, ``published`` whole rates as printed,
``standardisation`` direct and indirect, ``survey`` weighted proportions (with ``sampling``, the
design).

Many areas: ``comparison`` part and whole, before and after, and the verdict; ``two_rates`` exact
tests; ``funnel`` and ``funnel_limits`` who stands out; ``shrinkage`` and ``marshall`` small areas borrow
strength; ``ranks`` places with their uncertainty; ``multiplicity`` many tests at once.

Concentration: ``concentration`` Lorenz and Gini, ``top_shares``, ``mix`` of offences.

Time (``time/``): ``monthly`` and ``annual`` trends, ``rank_trend``, ``season``, ``breaks``;
``signals`` for many series; for one ``farrington``, ``farrington_flexible``, ``charts``.

Effect of measures (``effect/``): ``displacement``, ``ratios``, ``did``, ``interrupted``,
``synthetic`` control, ``power`` and ``power_trend`` the smallest effect that could be seen.

Studies: ``pooling``, ``pooling_bias``.

Small counts (``disclosure/``): ``suppression`` and its ``audit``, ``rounding``.

Beneath them: ``_check`` refuses bad input by name and key, ``thin`` series too thin for a method,
``poisson`` the regression under the trends. Import the module that is needed; nothing is imported
here.
"""
