"""Whether a photo is of a network's world at all: how near it comes to what the network was trained on."""
