"""``python -m core``: the same core without a screen, a file for each group of commands."""
