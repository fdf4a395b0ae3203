"""The process that trains one run, and tells the store."""
