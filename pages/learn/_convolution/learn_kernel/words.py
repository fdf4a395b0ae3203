"""What a descent came to, in one sentence, and why."""

from core.explain.convolution.learning import CLOSE, UNKNOWN, Descent, Learned
from pages._ui.frame import number


def verdict(learned: Learned, descent: Descent, noise: float) -> str:
    """Return whether the kernel was found and, where it was not, what stood in the way, with both numbers."""
    if learned.diverged:
        return (
            f"It diverges: each step overshoots by more than the last. With a momentum of {descent.momentum:g} this "
            f"picture bears a learning rate of {learned.largest_rate:.3g} at most, and {descent.rate:g} is more."
        )
    if learned.rank < UNKNOWN:
        return _too_few(learned)
    equations = f"{learned.equations:,} equations for {UNKNOWN} unknowns, all {UNKNOWN} of which they fix"
    if learned.found:
        return (
            f"Found: after {learned.steps[-1]:,} steps no weight is further than {CLOSE} from the secret one. The "
            f"output gives {equations}."
        )
    if learned.uncertain and learned.off < 4 * learned.uncertain:
        return (
            f"Noise hides it: a weight is off by {number(learned.off, 3)}. There are {equations}, but with a noise of "
            f"{noise:g} on each they leave a weight uncertain by {number(learned.uncertain, 3)}."
        )
    return (
        f"Not yet: after {learned.steps[-1]:,} steps a weight is still off by {number(learned.off, 3)}, although there "
        f"are {equations}. Neighbouring pixels are alike, so some directions of the loss are nearly flat: more steps, "
        "or more momentum."
    )


def _too_few(learned: Learned) -> str:
    new = "none of them says" if learned.rank == 0 else f"only {learned.rank} of them say" + "s" * (learned.rank == 1)
    why = (
        "the picture is too small"
        if learned.equations < UNKNOWN
        else "its windows are too much alike"
        if learned.rank > 1
        else "the picture is the same everywhere"
    )
    equations = f"{learned.equations:,} equation{'s' * (learned.equations != 1)}"
    return (
        f"It cannot be found: {why}. The output gives {equations} for {UNKNOWN} unknowns, and {new} anything new (rank "
        f"{learned.rank}). The loss ends at {learned.losses[-1]:.2g}, yet a weight is off by {number(learned.off, 3)}: "
        "many kernels make this output."
    )
