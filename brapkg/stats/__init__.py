"""Pure statistics: arrays and tables in, tables out. Nothing here knows of Sweden.

``rates``
    Rates and proportions with their intervals.
``comparison``
    An area against the whole that holds it, a year against another, and the verdict.
``funnel``
    Funnel limits with overdispersion: who stands out among many areas.
``shrinkage``
    Empirical Bayes estimates: small areas borrow strength from the rest.
``trend``
    Monthly and annual trend of counts with season and a possible break.
``poisson``
    The regression under the trends, for many series at once.

Import the module that is needed; nothing is imported here.
"""
