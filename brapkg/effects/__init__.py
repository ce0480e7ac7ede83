"""The effect of local measures: what was done, how it is judged, and what the judgement may say.

``register`` reads the measures of ``data/raw/measures.csv`` (by ``lines`` and ``cells``); ``design`` lays
one of them out in time and space, or says with ``refusals`` why not; ``estimators`` holds the four
designs that estimate its effect, one by one or by the thousand; ``null`` sets an estimate against
placebos, the same design where nothing was done;
``verdict`` puts the designs together into one of a fixed scale of words. The placebos lie in the
store's table ``placebos`` (``brapkg.indicators.placebos``), the mathematics of calibration in
``brapkg.stats.effect.calibration``; what calibration is worth stands in ``data/raw/placebo_study.csv``, how
often the verdict is wrong in ``data/raw/verdict_study.csv``.
"""
