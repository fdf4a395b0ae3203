"""How a convolutional network sees: kernels, feature maps, receptive fields, heat maps, and the size of a Linear.

Numbers and pictures only; nothing here knows a screen. Models that are given stay as they are: no hook is put on
them, no flag is switched, no gradient is stored, because all students share one copy.
"""
