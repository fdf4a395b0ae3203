"""The training loop and what it works with: batches, optimizer, kept features, and the folder a training lives in."""
