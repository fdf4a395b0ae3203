"""What a chain of augmentations makes of one photo."""
