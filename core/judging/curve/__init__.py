"""What the curve of a training says about it."""
