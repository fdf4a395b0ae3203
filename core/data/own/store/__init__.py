"""What the lab keeps of own sets: one SQLite file, a folder a set, a file a picture."""
