"""brapkg: reproducible evidence summaries of local crime and safety in Sweden.

The rooms, from the ground up: ``stats`` and ``records`` know nothing of each other or of
figures; ``areas``, ``catalogue`` and ``sources`` know Sweden and its producers; ``store``
keeps the tidy tables; ``profile``, ``figures``, ``wording`` and ``region`` tell one area's
story; ``kernels`` runs notebooks, ``pages`` makes HTML of them, ``reports`` makes many of them in
one run, ``schedule`` has that done every month; ``cli`` holds the commands.

Nothing is imported here, so that ``import brapkg`` costs nothing.
"""

__version__ = "0.1.0"
