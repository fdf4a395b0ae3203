"""The networks of the course, one file a family, behind one registry."""

from core.models import efficientnet_lite0, enhanced_cnn, fast_cnn, lenet, resnet18, simple_nn, strided_cnn  # noqa: F401  (they register)
from core.models.architecture.table import LayerRow, architecture
from core.models.sequential import network  # noqa: F401
from core.models.spec import ModelSpec, build_model, models

__all__ = ["LayerRow", "ModelSpec", "architecture", "build_model", "models"]
