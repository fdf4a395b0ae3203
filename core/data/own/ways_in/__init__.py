"""Ways in for pictures that are already in classes somewhere: folders, zips, IDX and Parquet files.

Each way yields what it finds, one picture at a time, and says of everything that it passes over why.
"""
