"""When a training will be done: what its work is, timed on a few real steps, and who shares the machine with it."""
