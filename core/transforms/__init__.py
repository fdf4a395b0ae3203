"""Named augmentations that work on a whole batch, each image with values of its own.

Nothing in this package is ever called on validation or test images.
"""

from core.transforms import geometry, warps, appearance  # isort: skip  # noqa: F401  (they register themselves)
from core.transforms.chain import COURSE_CHAIN, Applied, Chain, chain_code, chain_from_json, chain_json, chain_lines
from core.transforms.transform import Transform, transforms
from core.transforms.written import chain_from_word, chain_word

__all__ = [
    "COURSE_CHAIN",
    "Applied",
    "Chain",
    "Transform",
    "chain_code",
    "chain_from_json",
    "chain_from_word",
    "chain_json",
    "chain_lines",
    "chain_word",
    "transforms",
]
