"""A network, its training and what was found with it, as files that need nothing of the lab."""
