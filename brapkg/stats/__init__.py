"""Pure statistics: arrays and tables in, tables out. Nothing here knows of Sweden.

Rates: ``rates`` and proportions with their intervals, ``published`` whole rates as printed,
``standardisation`` direct and indirect, ``survey`` weighted proportions (with ``sampling``, the
design), ``spread`` how much single years vary, ``swing`` how much of that is more than chance.

Many areas: ``comparison`` part and whole, before and after, and the verdict; ``reference`` each area
and a reference of its own; ``two_rates`` exact tests; ``funnel``, ``funnel_limits`` and
``significance`` who stands out; ``shrinkage`` and ``marshall`` small areas borrow strength; ``ranks``
places with their uncertainty; ``multiplicity`` many tests.

Concentration: ``concentration`` Lorenz and Gini, ``top_shares``, ``mix`` of offences, ``harm``.

Time (``time/``): ``monthly`` and ``annual`` trends, ``rank_trend``, ``season``, ``joinpoint``,
``breaks``; ``signals`` for many series; for one ``farrington``, ``farrington_flexible``, ``charts``.

Effect of measures (``effect/``): ``displacement``, ``ratios``, ``did``, ``interrupted``,
``synthetic`` control, ``power`` and ``power_trend`` the smallest effect that could be seen.

Studies: ``pooling``, ``pooling_bias``.

Small counts (``disclosure/``): ``suppression`` and its ``audit``, ``rounding``.

Beneath them: ``_check`` refuses bad input by name and key, ``_rows`` builds results, ``thin`` series
too thin for a method, ``poisson`` the regression under the trends. Import the module that is needed;
nothing is imported here.

Every row of a result carries value, lower, upper, level, method and the counts behind it; lower and
upper are NaN where a method has no interval. P-values are called p_value, standard errors se. Where a
value or its limits are withheld they are NaN and the column missing says why: "few" (too few events,
areas, studies or respondents), "none" (no event at all: undefined), "thin" (a series too thin),
"alike" (nothing varies, so no limits), "fixed" (common effect: no prediction), "undetectable" (no fall
would be seen), "no success" and "no comparison" (a quotient of nothing), "poor fit", "no placebos" and
"not constant" (a synthetic control without limits), "suppressed, small" and "suppressed, to protect
others". Bad input is a ValueError that names the argument, the key and the remedy; TooThin is one.
"""
