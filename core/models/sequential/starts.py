"""What a chain of one's own may begin with."""

from core.models.sequential.layers import EMPTY

LENET = "conv-6-5x5_relu_max-2x2_conv-16-5x5_relu_max-2x2_flatten_dense-120_relu_dense-84_relu_dense-classes"
_HALVING = (8, 16, 32, 64, 128, 128, 128, 128)  # filters of the layers that halve the map


def strided(image_size: int) -> str:
    """Return the course's stack: stride 2 in every layer until one place is left, whose maps are the classes' scores.

    Six layers for 28 pixels, as the course has it.
    """
    side = image_size
    parts: list[str] = []
    while side > 1 and len(parts) < 3 * len(_HALVING):
        side = (side + 1) // 2
        parts += [f"conv-{_HALVING[len(parts) // 3]}-3x3-s2-p1", "batchnorm", "relu"]
    pool = [f"avg-{side}x{side}"] if side > 1 else []
    return "_".join([*parts, *pool, "conv-classes-3x3-s2-p1", "flatten"])


def fitting(image_size: int) -> str:
    """Return what suits images of this side: LeNet's layers, for tiny ones a single convolution, else the stack."""
    if image_size > 64:
        return strided(image_size)
    return LENET if image_size >= 16 else "conv-16-3x3-p1_relu_max-2x2_flatten_dense-64_relu_dense-classes"


def starts(image_size: int) -> dict[str, str]:
    """Return the chains to begin with for images of this side, by their names."""
    return {"LeNet-style": LENET, "Stride 2 throughout": strided(image_size), "Empty": EMPTY}
