"""Reference cases from independent programs, and the functions of brapkg that must meet them.

``cases``
    Finds the cases of a folder, runs the check of each case's method, and tells the account.

The other modules hold the checks, one module for each folder of cases. A check is found by the
case's *method* and reads the options from the case, so another folder of the same form runs as
it is.
"""
