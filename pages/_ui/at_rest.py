"""How often a page looks again at what has come to rest.

Nothing moves there by itself, but another tab, another student or the teacher may resume, rename or delete it.
"""

AT_REST = 10.0  # seconds between two looks
