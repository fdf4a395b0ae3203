"""A network as a chain of layers that people put together: what they are, whether they fit, the module, its code."""
