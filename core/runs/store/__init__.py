"""What the lab remembers of its runs, in SQLite: rows, the queue, and the lease that a worker holds."""
