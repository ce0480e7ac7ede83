"""Warm kernels: notebooks run in kernels that are forked from one process which has imported everything.

Starting a kernel and importing what a report needs takes longer than making the report. Here one
*warm process* (``server``) does that once, and forks (``child``) a kernel for each notebook, which is
as fresh as any: what a notebook does to its kernel dies with it. Jupyter reaches them by its own
extension points, a kernel ``provisioner`` and a papermill ``engine``; ``warm`` starts the process
and talks to it. Where there is no fork, or the warm process has gone, the same calls give ordinary
kernels, and the same output.
"""
