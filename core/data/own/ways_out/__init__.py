"""Ways out for own sets: class folders and Parquet for other programs, one zip for another lab."""
