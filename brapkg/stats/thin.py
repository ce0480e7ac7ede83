"""The refusal of a series that is too thin for a method: by name and with the reason."""

NOT_SETTLED = "the model did not settle; the counts are too few or too uneven"


class TooThin(ValueError):
    """The series is too short, or holds too few events, for the method that was asked for."""
