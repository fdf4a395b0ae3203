"""docs/speed.md, made from the newest results of each kind."""
