"""SQLite files that survive whatever happens to a process."""
