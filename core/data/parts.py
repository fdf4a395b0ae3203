"""How large the parts of a split are, where nobody has chosen them."""

TEST_PART = 0.2
VALIDATION_PART = 0.1  # of the rest
