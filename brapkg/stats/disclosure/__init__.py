"""Disclosure control: what must not be told of small counts, and what may."""
