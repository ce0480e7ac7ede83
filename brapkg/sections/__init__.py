"""What pages of more than one kind show: the base of every area's page, and whole sections.

A section is a function of a page; each depends on no more of it than it says.
"""
