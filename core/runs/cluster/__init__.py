"""A Ray cluster as the place for workers (Ray Core; `requirements-ray.txt`).

Ray only starts workers and says when they are gone: it retries nothing by itself, and the store is the truth.
"""
