"""The sizes that layers hand on: of feature maps, and of the first dense layer."""
