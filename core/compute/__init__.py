"""Where and in what precision a network computes: device, arithmetic, and the probe that chooses."""
