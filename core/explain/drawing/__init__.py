"""Numbers into pixels: colour scales, and many maps in one picture."""
