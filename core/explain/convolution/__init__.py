"""One convolution, worked through: the kernel, the picture it makes, the code that does the same."""
