"""The one door for bytes from outside: what a student uploads becomes a picture here, or a sentence."""
