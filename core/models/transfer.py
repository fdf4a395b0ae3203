"""Transfer learning: a backbone that has learned to see elsewhere, and a new head that learns to name what is here."""

from typing import Annotated

from torch import Tensor, nn

from core.models.resize import Resize
from core.registry import Setting

TRAIN = ("head", "last_stage", "all")

Train = Annotated[
    str, Setting(choices=TRAIN, help="What learns: the new head, also the last stage, or the whole network.")
]
InputSize = Annotated[
    int,
    Setting(low=0, high=224, step=16, unit="px", help="Images are scaled to this side first; 0 leaves them alone."),
]


class TransferNetwork(nn.Module):
    """A ``backbone`` that maps an image to ``width`` features, and a new dense ``head`` on them.

    ``architecture`` is the backbone's name in the registry. ``train`` says what learns: the head alone, the head and
    those children of the backbone that are its ``last_stage``, or everything. What does not learn is frozen whole: its
    weights get no gradient and its BatchNorm layers stay in evaluation mode, because ``requires_grad = False`` alone
    would let their running statistics drift.
    """

    def __init__(
        self,
        backbone: nn.Module,
        *,
        architecture: str,
        width: int,
        last_stage: tuple[str, ...],
        classes: int,
        train: str,
        input_size: int,
    ) -> None:
        super().__init__()
        self.architecture = architecture
        self.input_size = input_size
        self.width = width
        self.head_only = train == "head"
        self.resize = Resize(input_size) if input_size else nn.Identity()
        self.backbone = backbone
        self.head = nn.Linear(width, classes)
        self.frozen: list[nn.Module] = []
        if train != "all":
            kept = () if train == "head" else last_stage
            self.frozen = [module for name, module in backbone.named_children() if name not in kept]
        for module in self.frozen:
            module.requires_grad_(False)
        self.train()

    def train(self, mode: bool = True) -> "TransferNetwork":
        """Set training mode, except for what is frozen."""
        super().train(mode)
        for module in self.frozen:
            module.eval()
        return self

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, 3, S, S) to logits (N, classes)."""
        return self.head(self.features(x))  # type: ignore[no-any-return]

    def features(self, x: Tensor) -> Tensor:
        """Map (N, 3, S, S) to features (N, width), enlarging or shrinking to ``input_size`` where one is set."""
        return self.backbone(self.resize(x))  # type: ignore[no-any-return]
