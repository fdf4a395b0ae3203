"""A network's own build, worked out: the table of its layers, and what each place of a map sees of the image."""
