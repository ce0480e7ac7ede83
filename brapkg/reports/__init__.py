"""Many notebooks in one go: plan, run, render, site.

``plan`` checks every request before a kernel starts; ``batch`` runs the notebooks through papermill
and keeps failures apart; ``render`` makes a page of a notebook; ``site`` makes the front page.
"""
