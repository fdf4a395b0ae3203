"""Experiments: a named series of runs over one setting and several seeds, and which of its points are there."""
