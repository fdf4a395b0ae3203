"""Seeds that do not depend on what ran before: each use derives its own from the run's seed.

Standard library only.
"""

import hashlib


def derive_seed(seed: int, *purpose: int | str) -> int:
    """Return a seed in [0, 2**63) that is a function of ``seed`` and of what it is for, and of nothing else.

    ``derive_seed(7, "order", epoch)`` gives each epoch its own batch order, so that a resumed run finds its place
    without replaying what came before.
    """
    text = "/".join(str(part) for part in (seed, *purpose))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
